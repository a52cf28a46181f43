/** Whom a market host knows besides those it was told of when it began: what peers say of themselves, and what they say of each other. */
import { isPeerAddress } from '../../lib/peer-id.ts'
import type { NodeId } from '../../model/ids.ts'
import { nodeId } from '../../model/ids.ts'
import { minute, type Millis } from '../../model/time.ts'
import { worthDialling } from './reachable.ts'

interface Acquaintance {
  readonly addresses: readonly string[]
  /** Who has told us: itself, or somebody else. */
  readonly source: NodeId
  /** On the steady clock. */
  readonly heardAt: Millis
}

export type Acquaintances = ReadonlyMap<NodeId, Acquaintance>

/** Parties that are remembered, and addresses of each. */
export const mostAcquaintances = 256
export const mostAddresses = 8
/** Those that one peer may have us know by hearsay. */
export const mostOfOneSource = 32
/** Addresses in one answer. */
export const mostTold = 64
/** Who has not been heard of for so long is forgotten. */
const memory: Millis = 30 * minute

interface Word {
  readonly addresses: readonly string[]
  /** Whose word it is; what it says of others is hearsay. */
  readonly from: NodeId
  readonly self: NodeId
  /** Where this host can be found itself. */
  readonly own: readonly string[]
  /** Those that this host is linked to: they are forgotten for nobody. */
  readonly up: ReadonlySet<NodeId>
  readonly at: Millis
}

/** Whom these addresses are of. */
export const partyIn = (address: string): NodeId => nodeId(/\/p2p\/([^/]+)$/.exec(address)?.[1] ?? '')

/** With what a peer has said. Nobody speaks for whom we have heard ourselves. */
export function learn(before: Acquaintances, word: Word): Acquaintances {
  const { addresses, from, self, own, up, at } = word
  const known = new Map([...before].filter(([, { heardAt }]) => at - heardAt < memory))
  const told = Map.groupBy(addresses.slice(0, mostTold + mostAddresses).filter(isPeerAddress), partyIn)
  let room = mostOfOneSource - hearsayOf(known, from)
  for (const [party, said] of told) {
    const isOwnWord = party === from
    const present = known.get(party)
    const where = worthDialling(said, { own, isOwnWord })
    if (party === self || where.length === 0 || (!isOwnWord && present?.source === party)) continue
    if (!isOwnWord && (present === undefined || present.source !== from) && room <= 0) continue
    if (present === undefined && known.size >= mostAcquaintances && !makeRoom(known, { isOwnWord, up })) continue
    if (!isOwnWord && present?.source !== from) room -= 1
    known.set(party, { addresses: where.slice(0, mostAddresses), source: from, heardAt: at })
  }
  return known
}

const hearsayOf = (known: Acquaintances, source: NodeId): number =>
  [...known].filter(([party, acquaintance]) => acquaintance.source === source && party !== source).length

/** Those of whom something was heard just now because they are up. */
export const stillUp = (before: Acquaintances, up: Iterable<NodeId>, at: Millis): Acquaintances => {
  const known = new Map(before)
  for (const party of up) {
    const present = known.get(party)
    if (present !== undefined) known.set(party, { ...present, heardAt: at })
  }
  return known
}

/** Hearsay has to give way to who has come to us, and then who has gone; other hearsay has not, nor has anybody who is up. */
function makeRoom(
  known: Map<NodeId, Acquaintance>,
  { isOwnWord, up }: { readonly isOwnWord: boolean; readonly up: ReadonlySet<NodeId> },
): boolean {
  if (!isOwnWord) return false
  const [oldest] = [...known]
    .filter(([party]) => !up.has(party))
    .toSorted(
      ([a, one], [b, other]) => Number(one.source === a) - Number(other.source === b) || one.heardAt - other.heardAt,
    )
  return oldest !== undefined && known.delete(oldest[0])
}
