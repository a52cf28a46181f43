/** The nodes as the scheduler sees them: one object a node, the same one until something about the node has changed. */
import type { NodeId } from '../../model/ids.ts'
import type { Member } from '../../model/node.ts'
import { sharedMib } from '../state/devices.ts'
import { usageOf, workloadsAt } from '../state/holdings.ts'
import type { MeshState, Usage } from '../state/types.ts'
import { boundVolumes } from '../state/volumes.ts'
import type { NodeSnapshot, Observed } from './types.ts'

type Source = Pick<MeshState, 'members' | 'workloads' | 'holders' | 'shares' | 'usage' | 'residents' | 'volumes'>

interface View {
  readonly member: Member
  /** Made anew whenever a placement comes to the node or leaves it. */
  readonly usage: Usage
  readonly node: NodeSnapshot
}

export class NodeViews {
  #views = new Map<NodeId, View>()
  #bound: ReadonlyMap<string, NodeId> = new Map()

  look(state: Source, observe: (node: NodeId) => Observed): readonly NodeSnapshot[] {
    const views = new Map<NodeId, View>()
    const bound = this.#boundIn(state)
    for (const member of state.members.values()) {
      const before = this.#views.get(member.id)
      const usage = usageOf(state, member.id)
      const observed = observe(member.id)
      const isSame =
        before?.member === member &&
        before.usage === usage &&
        before.node.bound === bound &&
        isAlike(before.node, observed) &&
        areHeldAlike(before.node, state)
      views.set(
        member.id,
        isSame ? before : { member, usage, node: { ...viewOf(state, { member, usage, observed }), bound } },
      )
    }
    this.#views = views
    return Array.from(views.values(), ({ node }) => node)
  }

  /** The one before, unless something has changed: nodes that are the same need not be looked at again. */
  #boundIn(state: Source): ReadonlyMap<string, NodeId> {
    const bound = boundVolumes(state)
    const isSame = bound.size === this.#bound.size && [...bound].every(([key, node]) => this.#bound.get(key) === node)
    if (!isSame) this.#bound = bound
    return this.#bound
  }
}

interface Known {
  readonly member: Member
  readonly usage: Usage
  readonly observed: Observed
}

function viewOf(state: Source, { member, usage, observed }: Known): NodeSnapshot {
  const { id, name, labels, taints, scheduling, inventory } = member
  const here = workloadsAt(state, id)
  const uuids = (inventory?.gpus ?? []).map(({ uuid }) => uuid)
  return {
    ...{ id, name, labels, taints, scheduling, inventory },
    ...observed,
    held: new Set(uuids.filter((uuid) => state.holders.has(uuid))),
    shared: new Map(uuids.filter((uuid) => state.shares.has(uuid)).map((uuid) => [uuid, sharedMib(state, uuid)])),
    usage,
    residents: here.map(({ spec }) => spec.labels ?? {}),
    groups: new Set(here.flatMap(({ part }) => (part === null ? [] : [part.group]))),
  }
}

const isSameSet = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean => a.size === b.size && a.isSubsetOf(b)

/** Each by itself: what is not compared here does not compile. */
const alike: { readonly [K in keyof Required<Observed>]: (a: Observed, b: Observed) => boolean } = {
  liveness: (a, b) => a.liveness === b.liveness,
  failed: (a, b) => isSameSet(a.failed, b.failed),
  hot: (a, b) => isSameSet(a.hot, b.hot),
  diskFreeMib: (a, b) => a.diskFreeMib === b.diskFreeMib,
  isOutdated: (a, b) => a.isOutdated === b.isOutdated,
}
const comparisons = Object.values(alike)

const isAlike = (a: Observed, b: Observed): boolean => comparisons.every((isSame) => isSame(a, b))

/** Looked at device by device: one that has moved to another host may be held by work that is still counted where it was. */
const areHeldAlike = ({ inventory, held, shared }: NodeSnapshot, state: Source): boolean =>
  inventory === null ||
  inventory.gpus.every(
    ({ uuid }) => state.holders.has(uuid) === held.has(uuid) && sharedMib(state, uuid) === (shared.get(uuid) ?? 0),
  )
