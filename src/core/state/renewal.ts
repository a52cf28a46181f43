/**
 * The state with which a new era begins: after a recovery what the survivor had, after a restore what was in a backup. Who belongs to the
 * mesh is never taken from a backup: a node that was removed must not come back with an old file, and keys are worth nothing elsewhere.
 */
import type { Slices } from '../../lib/slices.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Instant } from '../../model/time.ts'
import type { Workload } from '../../model/workload.ts'
import { isTerminal } from '../../model/workload.ts'
import { keepGangsWhole } from './gangs.ts'
import { change, end, fail } from './lifecycle.ts'
import { goBack } from './moves.ts'
import { restoreSlices } from './restore.ts'
import { snapshotInSlices } from './snapshot.ts'
import type { State } from './state.ts'
import type { Step } from './step.ts'
import { emit } from './step.ts'

export interface Renewal {
  readonly at: Instant
  /** Who asked for it. */
  readonly by: string
  readonly node: NodeId
}

/** A copy of the survivor's state that tells of the recovery. It is made of the state as it is at the first slice. */
export function* recovered(survivor: State, lost: readonly string[], { at, by, node }: Renewal): Slices<void, State> {
  const state = yield* copyOf(survivor)
  const step = stepAt(state, { at, by })
  const name = state.members.get(node)?.name ?? node
  const others = lost.length === 0 ? '' : `; ${lost.join(', ')} vote no more`
  emit(step, { type: 'mesh.recovered', node, message: `${by} had ${name} go on as the only voter${others}` })
  return state
}

/** The backup's state in the mesh that is there, as that is at the first slice. */
export function* restored(present: State, backup: State, renewal: Renewal): Slices<void, State> {
  const { node, by } = renewal
  const state = yield* copyOf(transplanted(present, backup))
  const step = stepAt(state, renewal)
  const { genesis } = backup.mesh ?? {}
  const when = new Date(backup.at).toISOString()
  const message = `${by} restored the state of ${genesis?.name ?? 'a mesh'} as it was at ${when}`
  emit(step, { type: 'mesh.restored', node, message })
  for (const [i, workload] of [...state.workloads.values()].entries()) {
    if (!isTerminal(workload.state)) revive(step, workload)
    if (i % revivedAtOnce === revivedAtOnce - 1) yield
  }
  keepGangsWhole(step)
  return state
}

const revivedAtOnce = 200

/** Written and read back, so that every index is built anew. */
function* copyOf(state: State): Slices<void, State> {
  return yield* restoreSlices(yield* snapshotInSlices(state))
}

function transplanted(present: State, backup: State): State {
  const isSame = present.mesh?.id === backup.mesh?.id
  const { mesh, version, members, removed, tokens, sealedKeys, vault, liveness, auditHeads, skipped, workerResults } =
    present
  return {
    ...backup,
    ...{ mesh, version, members, removed, tokens, sealedKeys, vault, liveness, auditHeads, skipped, workerResults },
    // A key that was taken away since must not count again; on another mesh there was none to take away.
    ...(isSame ? rightsOf(present) : joined(rightsOf(backup), rightsOf(present))),
    // What has happened has happened, also if it is undone.
    events: isSame ? present.events : backup.events,
    epoch: Math.max(present.epoch, backup.epoch),
    index: Math.max(present.index, backup.index),
    at: Math.max(present.at, backup.at),
    sequence: Math.max(present.sequence, backup.sequence),
  }
}

type Rights = Pick<State, 'operators' | 'roles' | 'users' | 'apikeys'>

const rightsOf = ({ operators, roles, users, apikeys }: State): Rights => ({ operators, roles, users, apikeys })

/** What is said here has the last word. */
const joined = (theirs: Rights, ours: Rights): Rights => ({
  operators: new Map([...theirs.operators, ...ours.operators]),
  roles: new Map([...theirs.roles, ...ours.roles]),
  users: new Map([...theirs.users, ...ours.users]),
  apikeys: new Map([...theirs.apikeys, ...ours.apikeys]),
})

function stepAt(state: State, { at, by }: Pick<Renewal, 'at' | 'by'>): Step {
  state.at = Math.max(state.at, at)
  return { state, at: state.at, by, term: 0, changes: [] }
}

/** Attempts that may have been made since the backup, and whose tasks may still be on some host. None of them may be taken for a new one. */
const attemptsSince = 1_000

/**
 * Work on a node of this mesh stays in the books as it was, and that node says what is true of it. What was on a node that is none of
 * this mesh's is lost, and becomes what lost work was to become.
 */
function revive(step: Step, before: Workload): void {
  const workload = change(step, before, { attempt: before.attempt + attemptsSince })
  const { placement, spec, stopRequested } = workload
  if (placement === null || step.state.members.has(placement.node)) return
  const reason = 'it was restored without the node that it was on'
  const over = { endedAt: step.at, exitCode: null, error: null }
  if (stopRequested !== null) end(step, workload, { ...over, state: 'stopped' })
  else if (placement.state === 'placed' || spec.onPartition === 'stop' || spec.onPartition === 'replace')
    goBack(step, { ...workload, placement }, { ...over, reason })
  else fail(step, workload, { code: 'WORKLOAD_LOST', facts: { reason } })
}
