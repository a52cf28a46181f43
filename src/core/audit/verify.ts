/** Finds the first entry of a chain that is not as it was written, and says what was done to it. */
import type { AuditHead } from '../../model/audit.ts'
import type { NodeId } from '../../model/ids.ts'
import { claimedSeq, originOf, readLine } from './entry.ts'
import { readDropped } from './own.ts'

export const faultKinds = ['edited', 'dropped', 'reordered', 'duplicated', 'truncated', 'rewritten'] as const
export type FaultKind = (typeof faultKinds)[number]

export interface Fault {
  /** The first entry that is not right, or is not there. */
  readonly seq: number
  readonly kind: FaultKind
  readonly detail: string
}

export interface Verdict {
  /** Lines that were looked at. */
  readonly entries: number
  readonly first: number | null
  /** The last entry up to which all is well. */
  readonly last: AuditHead | null
  /** The newest of the heads that others hold and that agree. */
  readonly confirmed: number | null
  readonly fault: Fault | null
}

export interface Expectation {
  readonly node: NodeId
  /** What others know of this chain, in any order. */
  readonly heads: readonly AuditHead[]
  /** The log was cut off there on purpose, as an export is; null where it has to say itself why it does not begin with 1. */
  readonly after: AuditHead | null
}

interface Doubt {
  readonly seq: number
  readonly hash: string
}

export class Verifier {
  readonly #expected: Expectation
  readonly #heads: ReadonlyMap<number, string>
  #entries = 0
  #first: { readonly seq: number; readonly prev: string } | null = null
  #last: AuditHead | null = null
  #confirmed: number | null = null
  /** What the log says that it has dropped. After a crash the last part of it may still be there. */
  readonly #dropped: AuditHead[] = []
  #fault: Fault | null = null
  /** An entry that does not name the one before it: either of the two was changed, and the next one knows which. */
  #doubt: Doubt | null = null

  constructor(expected: Expectation) {
    this.#expected = expected
    this.#heads = new Map(expected.heads.map(({ seq, hash }) => [seq, hash]))
  }

  get fault(): Fault | null {
    return this.#fault
  }

  line(text: string): void {
    this.#entries += 1
    if (this.#fault !== null) return this.#lookFor(this.#fault, text)
    const link = readLine(text)
    const wanted = this.#last === null ? null : this.#last.seq + 1
    if (this.#doubt !== null) return this.#settle(this.#doubt, link?.entry.prev ?? null)
    if (link === null)
      return this.#found(wanted ?? claimedSeq(text) ?? 1, 'edited', 'its content does not agree with its hash')
    const { entry, hash } = link
    if (entry.node !== this.#expected.node)
      return this.#found(wanted ?? entry.seq, 'edited', 'it is of another node’s log')
    if (wanted === null) this.#begin(entry)
    else if (entry.seq > wanted) return this.#found(wanted, 'dropped', missing(wanted, entry.seq - 1))
    else if (entry.seq < wanted)
      return this.#found(entry.seq, 'duplicated', `it is there again after entry ${wanted - 1}`)
    else if (entry.prev !== this.#last?.hash) {
      this.#doubt = { seq: entry.seq, hash }
      return
    }
    const dropped = readDropped(entry)
    if (dropped !== null) this.#dropped.push(dropped)
    this.#accept({ seq: entry.seq, hash })
  }

  end(): Verdict {
    if (this.#doubt !== null) this.#settle(this.#doubt, null)
    if (this.#fault === null) this.#checkBeginning()
    if (this.#fault === null) this.#checkEnd()
    const { first, last, confirmed } = { first: this.#first, last: this.#last, confirmed: this.#confirmed }
    return { entries: this.#entries, first: first?.seq ?? null, last, confirmed, fault: this.#fault }
  }

  #begin({ seq, prev }: { readonly seq: number; readonly prev: string }): void {
    this.#first = { seq, prev }
    const before = this.#heads.get(seq - 1)
    if (before !== undefined && before !== prev)
      this.#found(seq, 'rewritten', `others hold another hash of entry ${seq - 1}, which it follows`)
  }

  #accept(head: AuditHead): void {
    const known = this.#heads.get(head.seq)
    if (known !== undefined && known !== head.hash)
      return this.#found(head.seq, 'rewritten', 'others hold another hash of it: all up to it was written anew')
    if (known !== undefined) this.#confirmed = Math.max(head.seq, this.#confirmed ?? 0)
    if (this.#fault === null) this.#last = head
  }

  /** `named` is what the entry after the doubtful one says that came before it. */
  #settle({ seq, hash }: Doubt, named: string | null): void {
    this.#doubt = null
    const isItself = named !== null ? named !== hash : this.#heads.get(seq - 1) === this.#last?.hash
    if (isItself) return this.#found(seq, 'edited', `it does not name entry ${seq - 1} as the one before it`)
    this.#found(seq - 1, 'edited', `entry ${seq} was written after another one in its place`)
  }

  #found(seq: number, kind: FaultKind, detail: string): void {
    this.#fault ??= { seq, kind, detail }
  }

  /** What is missing may come later: then nothing was taken away, it was moved. */
  #lookFor(fault: Fault, text: string): void {
    if (fault.kind !== 'dropped' || claimedSeq(text) !== fault.seq) return
    this.#fault = { seq: fault.seq, kind: 'reordered', detail: 'it is not where it was written, but further on' }
  }

  #checkBeginning(): void {
    const { node, after } = this.#expected
    const first = this.#first
    if (first === null || (first.seq === 1 && first.prev === originOf(node))) return
    if (first.seq === 1) return this.#found(1, 'edited', 'it does not begin as a log of this node does')
    const cuts = after === null ? this.#dropped : [after]
    if (cuts.some(({ seq, hash }) => seq === first.seq - 1 && hash === first.prev)) return
    const known = Math.max(0, ...cuts.map(({ seq }) => seq).filter((seq) => seq < first.seq - 1))
    this.#found(known + 1, 'dropped', missing(known + 1, first.seq - 1))
  }

  #checkEnd(): void {
    const newest = Math.max(0, ...this.#heads.keys())
    const last = this.#last?.seq ?? 0
    if (newest > last) this.#found(last + 1, 'truncated', `others know of entries up to ${newest}`)
  }
}

const missing = (from: number, to: number): string =>
  from === to ? `entry ${from} is missing` : `entries ${from} to ${to} are missing`

/** The verdict on lines that are at hand. */
export function verify(lines: Iterable<string>, expected: Expectation): Verdict {
  const verifier = new Verifier(expected)
  for (const line of lines) verifier.line(line)
  return verifier.end()
}
