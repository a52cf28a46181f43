/** Which members a node keeps connections to: to all in a small mesh, to a few that hold the whole together in a large one. */
import { textHash } from '../../lib/text-hash.ts'
import type { NodeId } from '../../model/ids.ts'

/** Up to so many members, everybody is connected to everybody. */
export const smallMesh = 32

/**
 * In a large mesh every node links to the next on a ring in hash order, to the one two places on, four, eight …: every node is
 * linked to about 2 log₂ n others, and any two are log₂ n steps apart (Chord's fingers, Stoica et al. 2001).
 */
export function wantedLinks(self: NodeId, members: Iterable<NodeId>): ReadonlySet<NodeId> {
  const all = [...new Set([...members, self])]
  if (all.length <= smallMesh) return new Set(all.filter((node) => node !== self))

  const ring = all
    .map((node) => ({ node, place: textHash(node) }))
    .toSorted((a, b) => a.place - b.place || (a.node < b.node ? -1 : 1))
  const here = ring.findIndex(({ node }) => node === self)
  const wanted = new Set<NodeId>()
  for (let step = 1; step < ring.length; step *= 2) {
    const finger = ring[(here + step) % ring.length]
    if (finger !== undefined) wanted.add(finger.node)
  }
  return wanted
}
