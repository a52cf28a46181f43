/** The replicated log in memory: a base, the entries after it, and who has a vote at its end. Mutated in place by its one owner. */
import type { NodeId } from '../../model/ids.ts'
import type { Entry, Position } from '../../model/raft.ts'
import type { Base } from './types.ts'

/** What an entry weighs besides its payload; only limits depend on it. */
const overhead = 32

export const entryBytes = (entry: Entry): number => {
  if (entry.kind === 'command') return overhead + entry.payload.length
  return entry.kind === 'voters' ? overhead + 64 * entry.voters.length : overhead
}

export class RaftLog {
  #base: Base
  readonly #entries: Entry[] = []
  /** Where the voters changed, oldest first; the first is the base. */
  readonly #configs: { readonly index: number; readonly voters: readonly NodeId[] }[]
  #bytes = 0

  constructor(base: Base, entries: readonly Entry[] = []) {
    this.#base = base
    this.#configs = [base]
    this.append(entries)
  }

  get base(): Base {
    return this.#base
  }

  get lastIndex(): number {
    return this.#base.index + this.#entries.length
  }

  get last(): Position {
    const last = this.#entries.at(-1) ?? this.#base
    return { index: last.index, term: last.term }
  }

  /** Of all entries kept, in bytes. */
  get bytes(): number {
    return this.#bytes
  }

  get length(): number {
    return this.#entries.length
  }

  /** Who has a vote: the newest change in the log counts, committed or not. */
  get voters(): readonly NodeId[] {
    return this.#configs.at(-1)?.voters ?? []
  }

  /** Index of the newest voter change, or of the base. */
  get votersChangedAt(): number {
    return this.#configs.at(-1)?.index ?? 0
  }

  votersAt(index: number): readonly NodeId[] {
    return (this.#configs.findLast((config) => config.index <= index) ?? this.#base).voters
  }

  /** Was this peer a voter at `index`, or at any time since? */
  hadVote(peer: NodeId, index: number): boolean {
    const from = this.#configs.findLastIndex((config) => config.index <= index)
    return this.#configs.slice(Math.max(0, from)).some(({ voters }) => voters.includes(peer))
  }

  /** How many voter changes stand after an index. */
  changesAfter(index: number): number {
    return this.#configs.reduce((count, config) => (config.index > index ? count + 1 : count), 0)
  }

  /** Undefined before the base and after the end. */
  termAt(index: number): number | undefined {
    if (index === this.#base.index) return this.#base.term
    return this.#entries[index - this.#base.index - 1]?.term
  }

  /** Entries must follow the end without a gap. */
  append(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.index !== this.lastIndex + 1)
        throw new Error(`entry ${entry.index} does not follow ${this.lastIndex} in the log`)
      this.#entries.push(entry)
      this.#bytes += entryBytes(entry)
      if (entry.kind === 'voters') this.#configs.push(entry)
    }
  }

  /** Removes the entry at `index` and all after it, and with them their voter changes. */
  truncate(index: number): void {
    for (const entry of this.#entries.splice(index - this.#base.index - 1)) this.#bytes -= entryBytes(entry)
    while (this.#configs.length > 1 && this.votersChangedAt >= index) this.#configs.pop()
  }

  /** Entries from `from` to `to` inclusive, as many as fit into `maxBytes` but at least one. */
  slice(from: number, to: number, maxBytes = Infinity): readonly Entry[] {
    const start = from - this.#base.index - 1
    const end = to - this.#base.index
    if (maxBytes === Infinity) return this.#entries.slice(start, end)
    const taken: Entry[] = []
    let bytes = 0
    for (let i = start; i < end; i += 1) {
      const entry = this.#entries[i]
      if (entry === undefined) break
      bytes += entryBytes(entry)
      if (taken.length > 0 && bytes > maxBytes) break
      taken.push(entry)
    }
    return taken
  }

  /** The last index up to `from` whose term is at most `term`: where two logs may still be equal. */
  lastNotAfter(from: number, term: number): Position {
    for (let index = Math.min(from, this.lastIndex); index > this.#base.index; index -= 1) {
      const here = this.termAt(index)
      if (here !== undefined && here <= term) return { index, term: here }
    }
    return { index: this.#base.index, term: this.#base.term }
  }

  /** Forgets entries up to `index`, which becomes the base. */
  compact(index: number): void {
    const term = this.termAt(index)
    if (term === undefined || index <= this.#base.index) return
    this.#base = { index, term, voters: this.votersAt(index) }
    const kept = this.#entries.findIndex((entry) => entry.index > index)
    for (const entry of this.#entries.splice(0, kept === -1 ? this.#entries.length : kept))
      this.#bytes -= entryBytes(entry)
    const changes = this.#configs.filter((config) => config.index > index)
    this.#configs.splice(0, this.#configs.length, this.#base, ...changes)
  }

  /** Starts over from a snapshot. */
  reset(base: Base): void {
    this.#base = base
    this.#entries.length = 0
    this.#configs.splice(0, this.#configs.length, base)
    this.#bytes = 0
  }
}

/**
 * How the log of a founder begins: with an entry that says who has a vote, the same on all of them, so that whoever joins later learns it
 * from the log. A peer that joins begins with nothing.
 */
export function foundingLog(founders: readonly NodeId[]): RaftLog {
  const first: Entry = { kind: 'voters', index: 1, term: 0, voters: founders }
  return new RaftLog({ index: 0, term: 0, voters: [] }, founders.length === 0 ? [] : [first])
}
