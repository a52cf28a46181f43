/** One thing that was looked at, and how it is: what `doctor` and `preflight` say. */

export interface Check {
  readonly name: string
  readonly status: 'ok' | 'warn' | 'fail'
  /** What was seen. */
  readonly evidence: string
  /** Command, or sentence, that puts it right; null when nothing has to be. */
  readonly fix: string | null
  /** Where to read on. */
  readonly docs: string
}

/** 0 when all is well, 1 when something could be better, 2 when something will not work. */
export function checksExitCode(checks: readonly Check[]): number {
  if (checks.some(({ status }) => status === 'fail')) return 2
  return checks.some(({ status }) => status === 'warn') ? 1 : 0
}

const mark = { ok: 'ok  ', warn: 'WARN', fail: 'FAIL' } as const

/** Lines for people: one a check, and below it what to do. */
export const checkLines = (checks: readonly Check[]): readonly string[] =>
  checks.flatMap(({ name, status, evidence, fix, docs }) => [
    `${mark[status]}  ${name.padEnd(width(checks))}  ${evidence}`,
    ...(fix === null ? [] : [`      try: ${fix}`, `      see: ${docs}`]),
  ])

const width = (checks: readonly Check[]): number => Math.max(...checks.map(({ name }) => name.length))
