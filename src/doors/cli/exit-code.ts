/** What a command ends with, so that scripts can tell what happened. */
import type { ClawError } from '../../model/failure.ts'
import type { FailureKind } from '../../model/failures.ts'
import type { OutputOf } from '../../operations/registry.ts'

const byKind: Record<FailureKind, number> = {
  invalid: 5,
  'not-found': 4,
  conflict: 7,
  refused: 1,
  unauthenticated: 3,
  unavailable: 2,
  capacity: 6,
  timeout: 2,
  internal: 1,
}

const byCode: Readonly<Record<string, number>> = {
  PERMISSION_DENIED: 3,
  POLICY_DENIED: 3,
  LIMIT_EXCEEDED: 3,
  MOUNT_DENIED: 3,
  WORKLOAD_TIMEOUT: 124,
  OOM_KILLED: 137,
  WORKLOAD_LOST: 102,
}

/** What was waited for is not so yet. */
export const notFinished = 101
/** Ended by Ctrl-C. */
export const interrupted = 130
/** Ended by SIGTERM. */
export const terminated = 143
export const cancelled = 103
/** Some of it worked. */
export const partly = 8
/** A peer keeps it; the mesh does not know of it yet. */
export const spooled = 8

export const exitCodeOf = ({ code, kind }: Pick<ClawError, 'code' | 'kind'>): number => byCode[code] ?? byKind[kind]

type Ended = Pick<OutputOf<'workload.info'>, 'state' | 'exitCode' | 'error'>

/** A workload's own exit code, or one that says why it has none. `kindOf` tells the kind of a failure code. */
export function workloadExitCode({ state, exitCode, error }: Ended, kindOf: (code: string) => FailureKind): number {
  if (state === 'completed') return 0
  if (state === 'stopped') return cancelled
  if (error === null || error.code === 'NONZERO_EXIT') return exitCode === null || exitCode === 0 ? 1 : exitCode
  return byCode[error.code] ?? byKind[kindOf(error.code)]
}

/** For docs/reference/cli.md. */
export const exitCodes: readonly (readonly [code: string, meaning: string])[] = [
  ['0', 'It worked'],
  ['1', 'Something else went wrong'],
  ['2', 'No connection: nothing answers, the mesh has no leader, or it took too long'],
  ['3', 'Not authenticated, or not allowed'],
  ['4', 'There is no such node, workload, image or operation'],
  ['5', 'The command line or the request is not valid, or a question was answered with no'],
  ['6', 'No capacity: no node has what was asked for'],
  ['7', 'Conflict: the name is taken, or things have changed meanwhile'],
  ['8', 'Some of it worked, and some did not; `run --spool`: accepted by the peer, not by the mesh yet'],
  ['101', '`wait`: it is not so yet, and --timeout is over'],
  ['102', '`run`, `wait`: the workload is lost'],
  ['103', '`run`, `wait`: the workload was stopped'],
  ['124', '`run`, `wait`: the workload ran longer than its --timeout'],
  ['130', 'Ctrl-C; after `run` the workload goes on'],
  ['137', '`run`, `wait`: the workload ran out of memory'],
  ['143', 'SIGTERM to the command line; otherwise as with Ctrl-C'],
  ['any', '`run`, `wait`: the workload’s own exit code'],
]
