/**
 * The part of JSONPath (RFC 9535) that command lines use: `.name`, `['name']`, `[0]`, `[-1]`, `[1:3]`, `[*]`, `.*`, `..name`,
 * and `[?(@.name > 5)]`. A path may begin with `$`, with `.` or with neither.
 */

type Operator = '==' | '!=' | '<=' | '>=' | '<' | '>'

export type Step =
  | { readonly type: 'name'; readonly name: string }
  | { readonly type: 'index'; readonly index: number }
  | { readonly type: 'slice'; readonly from: number | null; readonly to: number | null }
  | { readonly type: 'all' }
  | { readonly type: 'below'; readonly name: string }
  | { readonly type: 'where'; readonly path: Path; readonly operator: Operator | null; readonly value: unknown }

export type Path = readonly Step[]

/** Thrown for text that is no path; says where it stops to be one. */
export class PathError extends Error {
  override readonly name = 'PathError'
}

interface Rule {
  readonly pattern: RegExp
  step(parts: readonly string[]): Step
}

const numberOrNull = (text: string): number | null => (text === '' ? null : Number(text))

const rules: readonly Rule[] = [
  { pattern: /^\.\.([\w-]+)/, step: ([, name = '']) => ({ type: 'below', name }) },
  { pattern: /^\.?\[\*\]|^\.\*/, step: () => ({ type: 'all' }) },
  { pattern: /^\.([\w-]+)/, step: ([, name = '']) => ({ type: 'name', name }) },
  { pattern: /^\.?\['([^']*)'\]/, step: ([, name = '']) => ({ type: 'name', name }) },
  { pattern: /^\.?\["([^"]*)"\]/, step: ([, name = '']) => ({ type: 'name', name }) },
  { pattern: /^\.?\[(-?\d+)\]/, step: ([, index = '']) => ({ type: 'index', index: Number(index) }) },
  {
    pattern: /^\.?\[(-?\d*):(-?\d*)\]/,
    step: ([, from = '', to = '']) => ({ type: 'slice', from: numberOrNull(from), to: numberOrNull(to) }),
  },
  {
    pattern:
      /^\.?\[\?\(\s*@((?:[^()"']|"[^"]*"|'[^']*')*?)\s*(?:(==|!=|<=|>=|<|>)\s*("[^"]*"|'[^']*'|[^\s()]+)\s*)?\)\]/,
    step: ([, path = '', operator, value]) => ({
      type: 'where',
      path: parsePath(path),
      operator: (operator as Operator | undefined) ?? null,
      value: value === undefined ? null : literal(value),
    }),
  },
]

/** Throws PathError for what is no path. */
export function parsePath(text: string): Path {
  let rest = text.trim().replace(/^\$/, '')
  if (/^[\w*-]/.test(rest)) rest = `.${rest}`
  if (rest === '.') return []
  const steps: Step[] = []
  while (rest !== '') {
    const now = rest
    const rule = rules.find(({ pattern }) => pattern.test(now))
    if (rule === undefined) throw new PathError(`${now} is not understood`)
    const parts = rule.pattern.exec(now) ?? []
    steps.push(rule.step(parts))
    rest = now.slice(parts[0]?.length ?? 0)
  }
  return steps
}

function literal(text: string): unknown {
  const quoted = /^(["'])(.*)\1$/.exec(text)
  if (quoted !== null) return quoted[2]
  if (text === 'true' || text === 'false') return text === 'true'
  if (text === 'null') return null
  const number = Number(text)
  if (!Number.isNaN(number)) return number
  throw new PathError(`${text} is none of a number, "text", true, false and null`)
}

/** Everything that the path leads to, in order. What is not there leads nowhere. */
export function follow(path: Path, value: unknown): readonly unknown[] {
  let found: readonly unknown[] = [value]
  for (const step of path) found = found.flatMap((one) => taken(step, one))
  return found
}

function taken(step: Step, value: unknown): readonly unknown[] {
  switch (step.type) {
    case 'name':
      return isRecord(value) && Object.hasOwn(value, step.name) ? [value[step.name]] : []
    case 'index':
      return Array.isArray(value) ? value.slice(step.index, step.index === -1 ? undefined : step.index + 1) : []
    case 'slice':
      return Array.isArray(value) ? value.slice(step.from ?? 0, step.to ?? undefined) : []
    case 'all':
      return inside(value)
    case 'below':
      return below(step.name, value)
    case 'where':
      return inside(value).filter((one) => holds(step, one))
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const inside = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : isRecord(value) ? Object.values(value) : []

const below = (name: string, value: unknown): readonly unknown[] => [
  ...(isRecord(value) && Object.hasOwn(value, name) ? [value[name]] : []),
  ...inside(value).flatMap((one) => below(name, one)),
]

function holds({ path, operator, value }: Extract<Step, { readonly type: 'where' }>, item: unknown): boolean {
  const found = follow(path, item)
  if (operator === null) return found.length > 0
  return found.some((one) => compares(one, operator, value))
}

/** Numbers compare as numbers, texts as texts; things of different kinds are only unequal. */
export function compares(left: unknown, operator: Operator, right: unknown): boolean {
  if (operator === '==') return left === right
  if (operator === '!=') return left !== right
  const bothNumbers = typeof left === 'number' && typeof right === 'number'
  const bothTexts = typeof left === 'string' && typeof right === 'string'
  if (!bothNumbers && !bothTexts) return false
  switch (operator) {
    case '<':
      return left < right
    case '<=':
      return left <= right
    case '>':
      return left > right
    case '>=':
      return left >= right
  }
}
