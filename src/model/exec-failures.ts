/** What can go wrong with commands in, connections to and copies from workloads. */
import { failure } from './failure-row.ts'

export const execFailures = {
  WORKLOAD_NOT_RUNNING: failure(
    'conflict',
    ({ workload, state }: { workload: string; state: string }) =>
      `The workload ${workload} does not run: it is ${state}.`,
    'See what became of it with `clawbernetes workload info`; what it printed is in `clawbernetes logs`.',
  ),
  EXEC_FAILED: failure(
    'refused',
    ({ detail }: { detail: string }) => `The command could not be run in the workload: ${detail}.`,
    'Check the command and its working directory; images without a shell need the path of a program that they hold.',
  ),
  ATTACH_UNSUPPORTED: failure(
    'refused',
    ({ workload, executor }: { workload: string; executor: string }) =>
      `${workload} cannot be attached to: the ${executor} executor has no way into what it runs.`,
    'Follow its output with `clawbernetes logs -f`, and run commands beside it with `clawbernetes exec`.',
  ),
  PAUSE_UNSUPPORTED: failure(
    'refused',
    ({ workload, executor }: { workload: string; executor: string }) =>
      `${workload} cannot be held still: the ${executor} executor cannot do that.`,
    'Lend GPUs only from nodes that run work on Docker.',
  ),
  FILE_NOT_FOUND: failure(
    'not-found',
    ({ path, where }: { path: string; where: string }) => `There is no ${path} ${where}.`,
    'Check the path; `clawbernetes exec WORKLOAD -- ls PATH` shows what is in the workload.',
  ),
  COPY_FAILED: failure(
    'refused',
    ({ path, detail }: { path: string; detail: string }) => `${path} was not copied: ${detail}.`,
    'Nothing half-copied has taken its place. Check permissions and room on both sides; the workload needs sh and tar.',
  ),
  PORT_UNREACHABLE: failure(
    'unavailable',
    ({ address, detail }: { address: string; detail: string }) =>
      `The workload cannot be reached at ${address}: ${detail}.`,
    'Check the port, and with `clawbernetes logs` whether the workload has come so far as to listen on it.',
  ),
} as const
