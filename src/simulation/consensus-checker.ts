/** What must hold of a consensus group after every step, whatever happens to it. */
import type { Raft } from '../core/consensus/raft.ts'
import type { Entry } from '../model/raft.ts'
import type { NodeId } from '../model/ids.ts'

export class Violation extends Error {
  override readonly name = 'Violation'
  readonly invariant: string

  constructor(invariant: string, detail: string) {
    super(`${invariant}: ${detail}`)
    this.invariant = invariant
  }
}

/** What the checker sees of a peer. */
export interface Watched {
  readonly id: NodeId
  readonly raft: Raft
  /** Is this entry, or a snapshot that covers it, flushed to its disk, and does its word count? */
  holds(index: number, term: number): boolean
}

interface Chosen {
  readonly term: number
  /** Term of the leader that committed it. */
  readonly by: number
}

const same = (a: Entry, b: Entry): boolean => {
  if (a.term !== b.term || a.kind !== b.kind) return false
  if (a.kind === 'command' && b.kind === 'command') return a.payload === b.payload || equal(a.payload, b.payload)
  return a.kind !== 'voters' || b.kind !== 'voters' || a.voters.join() === b.voters.join()
}

const equal = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i])

/** The simulated state machine: a number that depends on every entry and their order. */
export function digestAfter(before: number, entry: Entry): number {
  let digest = Math.imul(before ^ entry.index, 0x01000193) ^ entry.term
  if (entry.kind === 'command') for (const byte of entry.payload) digest = Math.imul(digest ^ byte, 0x01000193)
  return digest >>> 0
}

/** Has so many disks that every later majority meets one of them; voters that lost theirs are part of no majority. */
function isSafe(voters: readonly Watched[], index: number, term: number): boolean {
  const holding = voters.filter((voter) => voter.holds(index, term)).length
  const mute = voters.filter((voter) => voter.raft.mute).length
  const majority = Math.floor(voters.length / 2) + 1
  return mute === 0 ? holding >= majority : holding + majority > voters.length - mute
}

export class Checker {
  readonly #leaders = new Map<number, NodeId>()
  /** Every entry that ever was in a log, by place, with the term of the entry before it. */
  readonly #written = new Map<string, { readonly entry: Entry; readonly after: number }>()
  readonly #applied: Entry[] = []
  /** Of everything applied up to each index. */
  readonly #digests: number[] = [0]
  readonly #chosen: Chosen[] = []
  readonly #acknowledged = new Map<number, Entry>()
  #maxAcknowledged = 0

  get highestAcknowledged(): number {
    return this.#maxAcknowledged
  }

  get acknowledged(): number {
    return this.#acknowledged.size
  }

  get terms(): number {
    return this.#leaders.size
  }

  /** The highest index that any peer has applied. */
  get applied(): number {
    return this.#applied.length
  }

  /** After each step of a peer; `entries` are those that it wrote in it. */
  stepped(peer: Watched, entries: readonly Entry[]): void {
    const { raft } = peer
    for (const entry of entries) this.#checkWritten(raft, entry)
    if (raft.phase === 'leader') this.#checkLeader(peer)
    if (raft.applied > raft.commit) throw new Violation('state machine safety', `${peer.id} applied before commit`)
    if (entries.some(({ kind }) => kind === 'voters')) this.#checkVoters(raft)
  }

  /** Log matching: the same index and term means the same entry after the same entry. */
  #checkWritten(raft: Raft, entry: Entry): void {
    const key = `${entry.index}:${entry.term}`
    const after = raft.log.termAt(entry.index - 1)
    const known = this.#written.get(key)
    if (known === undefined) {
      if (after !== undefined) this.#written.set(key, { entry, after })
    } else if (!same(known.entry, entry) || (after !== undefined && after !== known.after))
      throw new Violation('log matching', `two entries at index ${entry.index} in term ${entry.term}`)
  }

  #checkLeader({ id, raft }: Watched): void {
    const leader = this.#leaders.get(raft.term)
    if (leader === undefined) {
      this.#leaders.set(raft.term, id)
      this.#checkComplete(id, raft)
    } else if (leader !== id) throw new Violation('one leader a term', `${leader} and ${id} in term ${raft.term}`)
  }

  /** Leader completeness: a new leader has everything that leaders of earlier terms committed. */
  #checkComplete(id: NodeId, raft: Raft): void {
    for (let index = this.#chosen.length; index > raft.log.base.index; index -= 1) {
      const chosen = this.#chosen[index - 1]
      if (chosen === undefined || chosen.by >= raft.term) continue
      if (raft.log.termAt(index) !== chosen.term)
        throw new Violation('leader completeness', `${id} leads term ${raft.term} without committed entry ${index}`)
      return
    }
  }

  #checkVoters(raft: Raft): void {
    const open = raft.log.changesAfter(Math.max(this.#chosen.length, raft.commit))
    if (open > 1) throw new Violation('one voter change at a time', `${open} uncommitted on ${raft.self}`)
  }

  /** A leader counts entries up to `index` as committed; a majority must have the last of them on disk. */
  committed(leader: Watched, index: number, peers: ReadonlyMap<NodeId, Watched>): void {
    const { log, term } = leader.raft
    const entryTerm = log.termAt(index) ?? 0
    const safe = (voters: readonly NodeId[]): boolean =>
      isSafe(
        voters.flatMap((id) => peers.get(id) ?? []),
        index,
        entryTerm,
      )
    if (!safe(log.voters) && !safe(log.votersAt(log.votersChangedAt - 1)))
      throw new Violation('durable majority', `entry ${index} of term ${entryTerm} is not on the disks of a majority`)
    for (let next = this.#chosen.length + 1; next <= index; next += 1)
      this.#chosen.push({ term: log.termAt(next) ?? entryTerm, by: term })
  }

  /** `digest` is of the peer's whole state after the entry, so it also covers what came in a snapshot. */
  appliedAt(id: NodeId, entry: Entry, digest: number): void {
    const known = this.#applied[entry.index - 1]
    if (known === undefined && entry.index === this.#applied.length + 1) {
      this.#applied.push(entry)
      this.#digests.push(digestAfter(this.#digests.at(-1) ?? 0, entry))
    } else if (known === undefined || !same(known, entry))
      throw new Violation('state machine safety', `${id} applied another entry at ${entry.index}`)
    if (this.#digests[entry.index] !== digest)
      throw new Violation('state machine safety', `${id} has another state after ${entry.index}`)
  }

  acknowledge(entry: Entry): void {
    this.#acknowledged.set(entry.index, entry)
    this.#maxAcknowledged = Math.max(this.#maxAcknowledged, entry.index)
  }

  readServed(id: NodeId, index: number, floor: number): void {
    if (index < floor)
      throw new Violation('linearizable reads', `${id} served ${index} after ${floor} was acknowledged`)
  }

  /** At the end: nothing that was acknowledged is missing from what was applied. */
  finish(): void {
    for (const [index, entry] of this.#acknowledged) {
      const applied = this.#applied[index - 1]
      if (applied === undefined || !same(applied, entry))
        throw new Violation('acknowledged entries survive', `entry ${index} is lost`)
    }
  }
}
