/** Tells a program that could not be started from one that ended with 126 or 127 by itself: the engine's init says so in the log. */
import type Dockerode from 'dockerode'
import { linesOf } from '../../lib/log-block.ts'
import { ClawError } from '../../model/failure.ts'
import type { TaskState } from '../../ports/executor.ts'
import { microseconds } from './entry-lines.ts'
import { readTail } from './read-log.ts'

const complaint = /^\[FATAL tini \(\d+\)\] exec (.*) failed: (.*)$/

/** The same state, or with CONTAINER_FAILED when the program never started. */
export async function withInitFailure(
  docker: Dockerode,
  { Id, Created, Config }: Pick<Dockerode.ContainerInspectInfo, 'Id' | 'Created' | 'Config'>,
  state: TaskState,
  signal: AbortSignal,
): Promise<TaskState> {
  if (state.state !== 'ended' || state.error?.code !== 'NONZERO_EXIT') return state
  if (state.exitCode !== 126 && state.exitCode !== 127) return state
  const source = { docker, container: Id, base: microseconds(Created), path: null, hasTerminal: Config.Tty }
  for (const { text } of linesOf(await readTail(source, 5, signal))) {
    const [, program, reason] = complaint.exec(text) ?? []
    if (program === undefined || reason === undefined) continue
    const { code, message } = new ClawError('CONTAINER_FAILED', { detail: `${program}: ${reason}` })
    return { ...state, error: { code, message } }
  }
  return state
}
