/** Which members a node keeps connections to: to all in a small mesh, to the voters and a few that hold the whole together in a large one. */
import { textHash } from '../../lib/text-hash.ts'
import type { NodeId } from '../../model/ids.ts'

/** Up to so many members, everybody is connected to everybody. */
export const smallMesh = 32

/**
 * In a large mesh every node links to the next on a ring in hash order, to the one two places on, four, eight …: every node is
 * linked to about 2 log₂ n others, and any two are log₂ n steps apart (Chord's fingers, Stoica et al. 2001).
 *
 * Voters are linked to everybody, whatever the size. What a voter says goes over links that are there: the votes of an election, and
 * the log that the leader sends to all. Voters that are linked only to a leader that has died could never elect another.
 */
export function wantedLinks(self: NodeId, members: Iterable<NodeId>, voters: Iterable<NodeId>): ReadonlySet<NodeId> {
  const linkedToAll = new Set(voters)
  const all = [...new Set([...members, ...linkedToAll, self])]
  if (all.length <= smallMesh || linkedToAll.has(self)) return new Set(all.filter((node) => node !== self))

  const ring = all
    .map((node) => ({ node, place: textHash(node) }))
    .toSorted((a, b) => a.place - b.place || (a.node < b.node ? -1 : 1))
  const here = ring.findIndex(({ node }) => node === self)
  const wanted = new Set(linkedToAll)
  for (let step = 1; step < ring.length; step *= 2) {
    const finger = ring[(here + step) % ring.length]
    if (finger !== undefined) wanted.add(finger.node)
  }
  return wanted
}
