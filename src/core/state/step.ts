/** One command on its way through the state: what the handlers read, and how they answer. */
import type { Facts, FailureCode } from '../../model/failure.ts'
import { ClawError, failureBody } from '../../model/failure.ts'
import type { NodeId, WorkloadId } from '../../model/ids.ts'
import type { Instant } from '../../model/time.ts'
import { keepDecision } from './decisions.ts'
import type { State } from './state.ts'
import { limits } from './state.ts'
import type { Change, MeshEvent, Outcome, OutcomeValue } from './types.ts'

export interface Step {
  readonly state: State
  /** Time of the command: the leader's stamp, but never before the previous command's. */
  readonly at: Instant
  readonly by: string
  readonly term: number
  readonly changes: Change[]
}

export const accepted = (value: OutcomeValue = {}): Outcome => ({ ok: true, value })

export const refused = <C extends FailureCode>(code: C, facts: Facts<C>): Outcome => ({
  ok: false,
  failure: failureBody(new ClawError(code, facts)),
})

export interface Happening {
  readonly type: string
  readonly node?: NodeId | null
  readonly workload?: WorkloadId | null
  readonly message: string
}

/** Adds an event for those who watch. When there are too many, the oldest goes of those that take more than half of the room. */
export function emit({ state, at, changes }: Step, happening: Happening): void {
  const { type, node = null, workload = null, message } = happening
  if (workload !== null) keepDecision(state, workload, { at, type, message })
  state.sequence += 1
  const event = { sequence: state.sequence, at, type, node, workload, message }
  state.events.push(event)
  if (state.events.length > limits.events) state.events.splice(superfluous(state.events), 1)
  changes.push({ type: 'event', event })
}

/** Work makes many events, the mesh itself few: neither may push all of the other's out. The oldest of those that are too many. */
function superfluous(events: readonly MeshEvent[]): number {
  const counts = { work: 0, mesh: 0 }
  for (const { type } of events) {
    const kind = type.startsWith('workload.') ? 'work' : 'mesh'
    counts[kind] += 1
    if (2 * counts[kind] > events.length)
      return events.findIndex((event) => event.type.startsWith('workload.') === (kind === 'work'))
  }
  return 0
}
