/** Carries out one check of a probe: on a port of the task, or by a command inside it. */
import type { Answer } from '../../core/agent/health.ts'
import { ClawError } from '../../model/failure.ts'
import type { PlacementId } from '../../model/ids.ts'
import type { Check, Probe } from '../../model/probe.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Executor } from '../../ports/executor.ts'
import type { Finding, HealthChecks } from '../../ports/health-check.ts'
import { tooLate } from '../../ports/health-check.ts'

export interface CheckDeps {
  readonly clock: Pick<Clock, 'after'>
  readonly checks: HealthChecks
  readonly executor: Pick<Executor, 'kind' | 'exec'>
  /** Where this host reaches a port that the task declares. */
  readonly address: (port: number, signal: AbortSignal) => Promise<{ readonly host: string; readonly port: number }>
}

/** What came of it, and whether it was given up for being late. */
export interface Checked {
  readonly answer: Answer
  readonly isLate: boolean
}

export const unclear: Checked = { answer: { verdict: 'unclear' }, isLate: false }

const longestDetail = 200

/** Never throws an expected failure, nor when it was called off. */
export async function checkTask(
  deps: CheckDeps,
  placement: PlacementId,
  { check, timeoutMs }: Pick<Probe, 'check' | 'timeoutMs'>,
  signal: AbortSignal,
): Promise<Checked> {
  const late = new AbortController()
  const reason = new ClawError('DEADLINE_EXCEEDED', { what: 'the check', ms: timeoutMs })
  const cancel = deps.clock.after(timeoutMs, () => late.abort(reason))
  try {
    const finding = await find(deps, placement, check, AbortSignal.any([signal, late.signal]))
    return { answer: finding.isWell ? { verdict: 'well' } : unwell(finding.detail), isLate: false }
  } catch (error) {
    if (signal.aborted) return unclear
    if (late.signal.aborted) return { answer: unwell(tooLate(timeoutMs)), isLate: true }
    if (ClawError.is(error, 'EXEC_FAILED') || ClawError.is(error, 'PORT_UNREACHABLE'))
      return { answer: unwell(error.message), isLate: false }
    // The engine does not answer, or the task has just ended: that says nothing of how it is.
    if (error instanceof ClawError) return unclear
    throw error
  } finally {
    cancel()
  }
}

const unwell = (detail: string): Answer => ({ verdict: 'unwell', detail: detail.slice(0, longestDetail) })

async function find(
  { executor, checks, address }: CheckDeps,
  placement: PlacementId,
  check: Check,
  signal: AbortSignal,
): Promise<Finding> {
  if (check.type === 'exec') return runInside(executor, placement, check.command, signal)
  // What is only played listens nowhere, and is well as long as it runs.
  if (executor.kind === 'simulated') return { isWell: true, detail: 'simulated' }
  const target = await address(check.port, signal)
  return check.type === 'tcp' ? checks.tcp(target, signal) : checks.http({ ...target, path: check.path }, signal)
}

async function runInside(
  executor: Pick<Executor, 'exec'>,
  placement: PlacementId,
  command: readonly string[],
  signal: AbortSignal,
): Promise<Finding> {
  const request = { command, workdir: null, env: {}, terminal: null, stdin: false }
  const session = await executor.exec(placement, request, signal)
  let said = ''
  const text = new TextDecoder()
  for await (const { data } of session.output) said = `${said}${text.decode(data, { stream: true })}`.slice(-1_000)
  const code = await session.exitCode()
  const last = said.trim().split('\n').at(-1) ?? ''
  return { isWell: code === 0, detail: `exit code ${code}${last === '' ? '' : `: ${last.slice(0, 120)}`}` }
}
