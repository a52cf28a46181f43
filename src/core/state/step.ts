/** One command on its way through the state: what the handlers read, and how they answer. */
import type { Facts, FailureCode } from '../../model/failure.ts'
import { ClawError, failureBody } from '../../model/failure.ts'
import type { NodeId, WorkloadId } from '../../model/ids.ts'
import type { Instant } from '../../model/time.ts'
import { keepDecision } from './decisions.ts'
import type { State } from './state.ts'
import { limits } from './state.ts'
import type { Change, MeshEvent, Outcome, OutcomeValue, Severity } from './types.ts'

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
  /** Of what is of one, and is no workload. */
  readonly namespace?: string
  readonly message: string
  readonly source?: string
  readonly severity?: Severity
}

/** Adds an event for those who watch. */
export function emit({ state, at, changes }: Step, happening: Happening): void {
  const { type, node = null, workload = null, message, ...told } = happening
  if (workload !== null) keepDecision(state, workload, { at, type, message })
  state.sequence += 1
  const event = { sequence: state.sequence, at, type, node, workload, message, ...told }
  state.events.push(event)
  if (state.events.length > limits.events) forgetOldest(state.events)
  changes.push({ type: 'event', event })
}

/** A tenth goes at a time, so that not every event pays for it. */
const tenth = limits.events / 10

type Origin = 'work' | 'mesh' | 'told'
const origins: readonly Origin[] = ['work', 'told', 'mesh']

/** Work makes many events, the mesh itself few, and people any number: none may push all of another's out. Those go first of which there are most. */
function forgetOldest(events: MeshEvent[]): void {
  const left: Record<Origin, number> = { work: 0, told: 0, mesh: 0 }
  for (const event of events) left[originOf(event)] += 1
  const kept = events.filter((event) => {
    const most = Math.max(left.work, left.told, left.mesh)
    const origin = origins.find((one) => left[one] === most)
    if (left.work + left.told + left.mesh <= limits.events - tenth || originOf(event) !== origin) return true
    left[origin] -= 1
    return false
  })
  events.splice(0, Infinity, ...kept)
}

const originOf = ({ type, source }: MeshEvent): Origin =>
  source !== undefined ? 'told' : /^(workload|deployment|job|cron|workflow)\./.test(type) ? 'work' : 'mesh'
