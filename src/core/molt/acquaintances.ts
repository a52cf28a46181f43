/** Whom a market host knows besides those it was told of when it began: what peers say of themselves, and what they say of each other. */
import { isPeerAddress } from '../../lib/peer-id.ts'
import type { NodeId } from '../../model/ids.ts'
import { nodeId } from '../../model/ids.ts'
import { minute, type Millis } from '../../model/time.ts'

interface Acquaintance {
  readonly addresses: readonly string[]
  /** It has told us itself. */
  readonly isOwnWord: boolean
  /** On the steady clock. */
  readonly heardAt: Millis
}

export type Acquaintances = ReadonlyMap<NodeId, Acquaintance>

/** Parties that are remembered, and addresses of each. */
export const mostAcquaintances = 256
export const mostAddresses = 8
/** Addresses in one answer. */
export const mostTold = 64
/** Who has not been heard of for so long is forgotten. */
const memory: Millis = 30 * minute

interface Word {
  readonly addresses: readonly string[]
  /** Whose word it is; what it says of others is hearsay. */
  readonly from: NodeId
  readonly self: NodeId
  readonly at: Millis
}

/** Whom these addresses are of. */
export const partyIn = (address: string): NodeId => nodeId(/\/p2p\/([^/]+)$/.exec(address)?.[1] ?? '')

/** With what a peer has said. Nobody speaks for whom we have heard ourselves. */
export function learn(before: Acquaintances, { addresses, from, self, at }: Word): Acquaintances {
  const known = new Map([...before].filter(([, { heardAt }]) => at - heardAt < memory))
  const told = Map.groupBy(addresses.slice(0, mostTold + mostAddresses).filter(isPeerAddress), partyIn)
  for (const [party, where] of told) {
    const isOwnWord = party === from
    const present = known.get(party)
    if (party === self || (present?.isOwnWord === true && !isOwnWord)) continue
    if (present === undefined && known.size >= mostAcquaintances && !makeRoom(known, isOwnWord)) continue
    known.set(party, { addresses: where.slice(0, mostAddresses), isOwnWord, heardAt: at })
  }
  return known
}

/** Those of whom something was heard just now because they are up. */
export const stillUp = (before: Acquaintances, up: Iterable<NodeId>, at: Millis): Acquaintances => {
  const known = new Map(before)
  for (const party of up) {
    const present = known.get(party)
    if (present !== undefined) known.set(party, { ...present, heardAt: at })
  }
  return known
}

/** Hearsay has to give way to who has come to us; other hearsay has not. */
function makeRoom(known: Map<NodeId, Acquaintance>, isOwnWord: boolean): boolean {
  if (!isOwnWord) return false
  const [oldest] = [...known].toSorted(
    ([, a], [, b]) => Number(a.isOwnWord) - Number(b.isOwnWord) || a.heardAt - b.heardAt,
  )
  return oldest !== undefined && known.delete(oldest[0])
}
