/** What the end of a process means for its task. */
import { ClawError } from '../../model/failure.ts'
import type { WorkloadError } from '../../model/workload.ts'
import type { TaskState } from '../../ports/executor.ts'
import type { ExitRecord, TaskRecord } from './records.ts'

export const endedState = (exit: ExitRecord, task: TaskRecord): TaskState => ({
  state: 'ended',
  exitCode: exit.exitCode,
  error: errorOf(exit, task),
  endedAt: exit.endedAt,
})

function errorOf({ reason, exitCode, detail }: ExitRecord, { timeout, memoryMib }: TaskRecord): WorkloadError | null {
  switch (reason) {
    case 'stopped':
      return null
    case 'timeout':
      return asData(new ClawError('WORKLOAD_TIMEOUT', { seconds: (timeout ?? 0) / 1_000 }))
    case 'oom':
      return asData(new ClawError('OOM_KILLED', { limitMib: memoryMib }))
    case 'failed':
      return asData(new ClawError('CONTAINER_FAILED', { detail }))
    case 'lost':
      return asData(new ClawError('WORKLOAD_LOST', { reason: detail }))
    case 'exited':
      return exitCode === 0 ? null : asData(new ClawError('NONZERO_EXIT', { exitCode: exitCode ?? -1 }))
  }
}

const asData = ({ code, message }: ClawError): WorkloadError => ({ code, message })
