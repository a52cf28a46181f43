/** What a namespace asks of its records beyond what all have in common. */
import { z } from 'zod'
import type { NodeId } from '../../../model/ids.ts'
import { longestRecordLife, type RecordRefusal } from '../../../model/record.ts'
import type { Instant, Millis } from '../../../model/time.ts'
import type { Verifier } from '../../../ports/signer.ts'
import type { RecordEnvelope } from '../../../wire/record.ts'
import type { Network } from '../../molt/network.ts'
import type { Hash } from '../../molt/signing.ts'
import { readPayload } from '../payload.ts'

/** The last line of an account that a node has seen. */
export interface Head {
  readonly sequence: number
  readonly head: Hash
}

export interface RuleContext {
  readonly network: Network
  readonly verifier: Verifier
  readonly now: Instant
  /** The key that has taken the place of this one; null while it is in use itself. */
  readonly successorOf: (key: NodeId) => NodeId | null
  readonly headOf: (account: string) => Head | null
}

/** `rank` is what the selector looks at first. */
export type Ruling =
  | { readonly ok: true; readonly rank: readonly bigint[]; readonly value: unknown }
  | { readonly ok: false; readonly refusal: RecordRefusal }

export interface Rule {
  readonly longest: Millis
  readonly judge: (record: RecordEnvelope, context: RuleContext) => Ruling
}

interface Kind<Value> {
  readonly payload: z.ZodType<Value>
  /** By default as long as any record may. */
  readonly longest?: Millis
  /** Why it may not be; null when it may. */
  readonly problem: (value: Value, record: RecordEnvelope, context: RuleContext) => 'issuer' | 'key' | 'rule' | null
  readonly rank?: (value: Value) => readonly bigint[]
  /** What a tombstone says, and why that may not be. Without it, records of this kind are not withdrawn. */
  readonly tombstone?: {
    readonly payload: z.ZodType<TombstoneValue>
    readonly problem: (value: TombstoneValue, record: RecordEnvelope) => 'issuer' | 'key' | null
  }
}

/** Offers are called by a number, which is all that is left of one. */
interface TombstoneValue {
  readonly number?: number | undefined
}

export function ruleOf<Value>({
  payload,
  longest = longestRecordLife,
  problem,
  rank = () => [],
  tombstone,
}: Kind<Value>): Rule {
  const put = (record: RecordEnvelope, context: RuleContext): Ruling => {
    const read = readPayload(payload, record.payload)
    if (read === null) return { ok: false, refusal: 'payload' }
    const refusal = problem(read.value, record, context)
    return refusal === null ? { ok: true, rank: rank(read.value), value: read.value } : { ok: false, refusal }
  }
  const withdraw = (record: RecordEnvelope): Ruling => {
    if (tombstone === undefined) return { ok: false, refusal: 'kind' }
    const read = readPayload(tombstone.payload, record.payload)
    if (read === null) return { ok: false, refusal: 'payload' }
    const refusal = tombstone.problem(read.value, record)
    return refusal === null ? { ok: true, rank: [], value: read.value } : { ok: false, refusal }
  }
  return {
    longest,
    judge: (record, context) => (record.kind === 'put' ? put(record, context) : withdraw(record)),
  }
}

/** A tombstone that says nothing but that the record is gone. */
export const emptyTombstone = z.strictObject({})
