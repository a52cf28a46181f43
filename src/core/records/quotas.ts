/** How much of each issuer is kept: what is stored for anybody must not be a way to fill everybody's disk. */
import type { NodeId } from '../../model/ids.ts'

export interface QuotaLimits {
  /** Of one issuer. */
  readonly records: number
  readonly bytes: number
  /** Of all together. */
  readonly allRecords: number
  readonly allBytes: number
}

export const defaultQuotas: QuotaLimits = {
  records: 256,
  bytes: 524_288,
  allRecords: 50_000,
  allBytes: 67_108_864,
}

interface Kept {
  readonly issuer: NodeId
  readonly bytes: number
}

interface Use {
  records: number
  bytes: number
}

/** Of all the room, what is only for those that are known: others get no more than the rest. */
const reserve = 0.25

export class Quotas {
  readonly #limits: QuotaLimits
  readonly #isKnown: (issuer: NodeId) => boolean
  readonly #kept = new Map<string, Kept>()
  readonly #uses = new Map<NodeId, Use>()
  readonly #all: Use = { records: 0, bytes: 0 }

  constructor(limits: QuotaLimits = defaultQuotas, isKnown: (issuer: NodeId) => boolean = () => true) {
    this.#limits = limits
    this.#isKnown = isKnown
  }

  get bytes(): number {
    return this.#all.bytes
  }

  /** Whether a record of so many bytes may take the place of what is kept under its key; `full` when others have taken all the room. */
  problem(key: string, { issuer, bytes }: Kept): 'quota' | 'full' | null {
    const { records, bytes: most, allRecords, allBytes } = this.#limits
    const before = this.#kept.get(key)
    const own = this.#uses.get(issuer) ?? { records: 0, bytes: 0 }
    const mine = before?.issuer === issuer ? before : null
    if (own.records + (mine === null ? 1 : 0) > records || own.bytes + bytes - (mine?.bytes ?? 0) > most) return 'quota'
    const isNew = before === undefined
    const part = this.#isKnown(issuer) ? 1 : 1 - reserve
    const isTooMany = this.#all.records + (isNew ? 1 : 0) > allRecords * part
    return isTooMany || this.#all.bytes + bytes - (before?.bytes ?? 0) > allBytes * part ? 'full' : null
  }

  keep(key: string, kept: Kept): void {
    this.drop(key)
    this.#kept.set(key, kept)
    this.#add(kept, 1)
  }

  drop(key: string): void {
    const before = this.#kept.get(key)
    if (before === undefined) return
    this.#kept.delete(key)
    this.#add(before, -1)
  }

  #add({ issuer, bytes }: Kept, sign: 1 | -1): void {
    const use = this.#uses.get(issuer) ?? { records: 0, bytes: 0 }
    for (const each of [use, this.#all]) {
      each.records += sign
      each.bytes += sign * bytes
    }
    if (use.records === 0) this.#uses.delete(issuer)
    else this.#uses.set(issuer, use)
  }
}
