/** Which neighbours' traffic may go by the next lane, and when all of it does. */
import type { NodeId } from '../../model/ids.ts'
import type { Instant } from '../../model/time.ts'
import { type Known, laneOf, sitesOf } from './sites.ts'
import type { Neighbour } from './topology.ts'
import { areApart, hubsOf } from './topology.ts'
import type { Seen } from './search.ts'
import { isFresh } from './search.ts'

interface Lanes {
  readonly self: NodeId
  /** Of the present lane, and of the next. */
  readonly present: readonly Neighbour[]
  readonly next: readonly Neighbour[]
  readonly seen: (node: NodeId, lane: 'present' | 'next') => Seen | undefined
}

export interface Progress {
  /** Whose traffic may go by the next lane. */
  readonly moved: ReadonlySet<NodeId>
  /** Nobody that can be waited for is left. */
  readonly isDone: boolean
}

/** A neighbour has moved once keys were agreed on with it there; one that does not answer on the present lane loses nothing by it. */
export function progressOf(state: Known, { self, present, next, seen }: Lanes, at: Instant): Progress {
  const { overlay } = state
  const target = overlay?.rotation?.generation
  if (!overlay || target === undefined) return { moved: new Set(), isDone: false }
  const isWaitedFor = (node: NodeId): boolean => {
    const liveness = state.liveness.get(node)
    return overlay.nodes.get(node)?.isManaged === true && liveness !== 'lost' && liveness !== 'left'
  }
  const others = [...overlay.nodes.values()].filter(({ node, lanes }) => node !== self && lanes.length > 0)
  const isMissing = others.some((one) => isWaitedFor(one.node) && laneOf(one, target) === undefined)
  // Whoever passes on for others has a lane that is of use once they are all there.
  const sites = sitesOf(state, overlay.generation)
  const isPassedOn = areApart(sites) || hubsOf(sites, overlay.settings).length > 0
  if (isPassedOn && isMissing) return { moved: new Set(), isDone: false }
  const carries = ({ allowed }: Neighbour): boolean => allowed.length > 0
  const moved = next.filter(carries).filter(({ node }) => {
    const [there, here] = [seen(node, 'next'), seen(node, 'present')]
    if (there !== undefined && isFresh(there, at)) return true
    return isWaitedFor(node) && here !== undefined && here.handshakeAt !== null && !isFresh(here, at)
  })
  const nodes = new Set(moved.map(({ node }) => node))
  const toMove = [...present, ...next].filter(carries)
  const isDone = !isMissing && toMove.every(({ node }) => nodes.has(node) || !isWaitedFor(node))
  return { moved: nodes, isDone }
}
