/** Says of one workload, node by node, why it can or cannot run there now. */
import type { NodeId } from '../../model/ids.ts'
import type { Workload } from '../../model/workload.ts'
import { NodeLedger } from './ledger.ts'
import { shortage } from './offer.ts'
import { avoidedNodes, tooEarly } from './planner.ts'
import { summarize } from './reasons.ts'
import { refusedRecently, standingOf } from './standing.ts'
import type { NodeSnapshot, Obstacle, SchedulerSettings, Snapshot } from './types.ts'

export interface Explanation {
  /** Null when some node fits: the workload is next, or was placed already. */
  readonly reason: string | null
  readonly nodes: readonly {
    readonly node: NodeId
    readonly name: string
    /** Why the node does not fit, in words that follow its name; null when it fits. */
    readonly obstacle: string | null
  }[]
}

export function explain(snapshot: Snapshot, workload: Workload, settings: SchedulerSettings): Explanation {
  const avoided = avoidedNodes(workload, snapshot.at, settings)
  const verdicts = snapshot.nodes.map((node) => ({ node, obstacle: obstacleTo(workload, node, avoided) }))
  const early = tooEarly(workload, snapshot)
  const obstacles = verdicts.flatMap(({ obstacle }) => (obstacle === null ? [] : [obstacle]))
  return {
    reason: early ?? (obstacles.length < verdicts.length ? null : summarize(obstacles)),
    nodes: verdicts.map(({ node, obstacle }) => ({
      node: node.id,
      name: node.name,
      obstacle: obstacle?.one ?? null,
    })),
  }
}

function obstacleTo({ spec }: Workload, node: NodeSnapshot, avoided: ReadonlyMap<string, string>): Obstacle | null {
  const standing = standingOf(node, spec)
  if ('one' in standing) return standing
  const reason = avoided.get(node.id)
  if (reason !== undefined) return refusedRecently(reason)
  return shortage(new NodeLedger(node), standing, spec)
}
