/** What a container's state, as the engine tells it, means for its task. */
import type { ContainerInspectInfo } from 'dockerode'
import { ClawError } from '../../model/failure.ts'
import type { Instant, Millis } from '../../model/time.ts'
import type { WorkloadError } from '../../model/workload.ts'
import type { TaskState } from '../../ports/executor.ts'

export type ContainerState = Pick<
  ContainerInspectInfo['State'],
  'Status' | 'OOMKilled' | 'ExitCode' | 'Error' | 'StartedAt' | 'FinishedAt'
>

/** What the engine does not know: why we ended it. */
export interface Circumstances {
  readonly stopAsked: boolean
  readonly timedOut: boolean
  readonly timeout: Millis | null
  readonly limitMib: number | null
}

export function taskState(state: ContainerState, circumstances: Circumstances): TaskState {
  switch (state.Status) {
    case 'created':
      return { state: 'starting', progress: 'starting container' }
    case 'exited':
    case 'dead':
    case 'removing':
      return {
        state: 'ended',
        exitCode: state.ExitCode,
        error: errorOf(state, circumstances),
        endedAt: instant(state.FinishedAt),
      }
    default:
      return { state: 'running', startedAt: instant(state.StartedAt) }
  }
}

export const lostState = (reason: string, at: Instant): TaskState => ({
  state: 'ended',
  exitCode: null,
  error: asData(new ClawError('WORKLOAD_LOST', { reason })),
  endedAt: at,
})

function errorOf(
  state: ContainerState,
  { stopAsked, timedOut, timeout, limitMib }: Circumstances,
): WorkloadError | null {
  const { ExitCode: exitCode } = state
  if (timedOut && timeout !== null) return asData(new ClawError('WORKLOAD_TIMEOUT', { seconds: timeout / 1_000 }))
  if (stopAsked || exitCode === 0) return null
  // OOMKilled alone says only that some process of the container was killed; the task may have lived on.
  if (state.OOMKilled && exitCode === 137) return asData(new ClawError('OOM_KILLED', { limitMib }))
  if (state.Error !== '') return asData(new ClawError('CONTAINER_FAILED', { detail: state.Error }))
  // An earlier daemon stopped it, and took the reason with it.
  if (timeout !== null && instant(state.FinishedAt) - instant(state.StartedAt) >= timeout)
    return asData(new ClawError('WORKLOAD_TIMEOUT', { seconds: timeout / 1_000 }))
  return asData(new ClawError('NONZERO_EXIT', { exitCode }))
}

const asData = ({ code, message }: ClawError): WorkloadError => ({ code, message })

/** The engine writes years before 1970 for what has not happened. */
const instant = (text: string): Instant => Math.max(0, Date.parse(text) || 0)
