/** Says of one workload, node by node, why it can or cannot run there now. */
import type { NodeId } from '../../model/ids.ts'
import type { Workload } from '../../model/workload.ts'
import type { Ask } from '../queue/ask.ts'
import { asksOf } from '../queue/ask.ts'
import { Budget } from '../queue/budget.ts'
import { mayUse } from '../queue/reservation.ts'
import { isGang } from '../state/groups.ts'
import { NodeLedger } from './ledger.ts'
import { shortagesOf } from './offer.ts'
import { avoidedNodes, kept, Planner, tooEarly } from './planner.ts'
import { summarize } from './reasons.ts'
import { refusedRecently, standingOf } from './standing.ts'
import { nearestFit } from './would-fit.ts'
import type { NodeSnapshot, Obstacle, SchedulerSettings, Snapshot } from './types.ts'

export interface Explanation {
  /** Null when some node fits: the workload is next, or was placed already. */
  readonly reason: string | null
  /** The fewest changes that would give it a place now, such as `with 2 GPUs instead of 4 (on node-2)`; null when none would, or it fits. */
  readonly wouldFit: string | null
  readonly nodes: readonly {
    readonly node: NodeId
    readonly name: string
    /** Why the node does not fit, in words that follow its name; null when it fits. */
    readonly obstacle: string | null
  }[]
}

export function explain(snapshot: Snapshot, workload: Workload, settings: SchedulerSettings): Explanation {
  const avoided = avoidedNodes([workload], snapshot.at, settings)
  const verdicts = verdictsOn(snapshot, workload, avoided)
  const fits = verdicts.some(({ obstacle }) => obstacle === null)
  // Neither a change of the work brings its turn nearer, nor one that a node is to be asked again.
  const isItsTurn = whyNotYet(snapshot, workload) === null
  const open = snapshot.nodes.filter(({ id }) => !avoided.has(id) && isFree(id, snapshot, workload))
  return {
    reason: reasonIn(verdicts, { snapshot, workload, settings }),
    wouldFit: fits || !isItsTurn ? null : nearestFit(workload.spec, open),
    nodes: verdicts.map(({ node, obstacle }) => ({
      node: node.id,
      name: node.name,
      obstacle: obstacle?.one ?? null,
    })),
  }
}

/** Only the reason of an explanation. */
export const reasonOf = (snapshot: Snapshot, workload: Workload, settings: SchedulerSettings): string | null =>
  reasonIn(verdictsOn(snapshot, workload, avoidedNodes([workload], snapshot.at, settings)), {
    snapshot,
    workload,
    settings,
  })

interface Verdict {
  readonly node: NodeSnapshot
  readonly obstacle: Obstacle | null
}

/** Nodes that refused it a while ago, and why. */
type Avoided = ReturnType<typeof avoidedNodes>

const verdictsOn = (snapshot: Snapshot, workload: Workload, avoided: Avoided): readonly Verdict[] =>
  snapshot.nodes.map((node) => ({
    node,
    obstacle: obstacleTo(workload, node, avoided) ?? (isFree(node.id, snapshot, workload) ? null : kept),
  }))

const isFree = (node: NodeId, { reservations, at }: Snapshot, workload: Workload): boolean =>
  mayUse(reservations.get(node), workload, at)

interface Question {
  readonly snapshot: Snapshot
  readonly workload: Workload
  readonly settings: SchedulerSettings
}

function reasonIn(verdicts: readonly Verdict[], { snapshot, workload, settings }: Question): string | null {
  const early = whyNotYet(snapshot, workload)
  if (early !== null) return early
  if (workload.part !== null) return reasonOfGroup(snapshot, workload, settings)
  const obstacles = verdicts.flatMap(({ obstacle }) => (obstacle === null ? [] : [obstacle]))
  return obstacles.length < verdicts.length ? null : summarize(obstacles)
}

/** What keeps it from being looked a place for, however much room there is; null when nothing does. */
function whyNotYet(snapshot: Snapshot, workload: Workload): string | null {
  const early = tooEarly(workload, snapshot)
  if (early !== null) return early
  const allowance = new Budget(snapshot.accounts).allows(askOf(snapshot, workload))
  return allowance.kind === 'over' ? allowance.reason : null
}

/** Each node may have room for some of a gang, and all together not for the whole; of an array, only so many may run at once. */
function reasonOfGroup(snapshot: Snapshot, workload: Workload, settings: SchedulerSettings): string | null {
  const decision = new Planner(snapshot, settings).decide(askOf(snapshot, workload))
  return decision.decision === 'wait' ? decision.reason : null
}

/** It, with the rest of its gang that waits. */
const askOf = ({ pending }: Snapshot, workload: Workload): Ask =>
  (isGang(workload) ? asksOf(pending) : []).find(({ parts }) => parts.some(({ id }) => id === workload.id)) ?? {
    lead: workload,
    parts: [workload],
  }

function obstacleTo({ spec }: Workload, node: NodeSnapshot, avoided: Avoided): Obstacle | null {
  const standing = standingOf(node, spec)
  if ('one' in standing) return standing
  const reason = avoided.get(node.id)
  if (reason !== undefined) return refusedRecently(reason)
  return shortagesOf(spec)(new NodeLedger(node), standing)
}
