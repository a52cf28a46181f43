/** Signed records of a MOLT network: their one encoding, and how peers ask each other for them. See protocols/record.md. */
import { sameBytes } from '../lib/same-bytes.ts'
import type { NodeId } from '../model/ids.ts'
import { nodeId } from '../model/ids.ts'
import { mostRecordBytes } from '../model/record.ts'
import type { Instant } from '../model/time.ts'
import type { Codec } from '../ports/codec.ts'
import type { Topic } from '../ports/gossip.ts'
import type { Protocol } from '../ports/rpc.ts'
import {
  RecordAskRequest,
  RecordAskResponse,
  RecordEnvelope as Envelope,
  RecordKind,
  RecordStandingRequest,
  RecordStandingResponse,
} from './gen/record.ts'

export const recordVersion = 1

/** A record as it travels and as it is kept. Nothing of it is checked but how it is written. */
export interface RecordEnvelope {
  readonly version: number
  readonly network: string
  readonly namespace: string
  readonly id: string
  readonly issuer: NodeId
  readonly sequence: bigint
  readonly issuedAt: Instant
  readonly endOfLife: Instant
  readonly kind: 'put' | 'tombstone'
  readonly payload: Uint8Array
  readonly certificate: Uint8Array
  readonly signature: Uint8Array
}

const kinds = { put: RecordKind.RECORD_PUT, tombstone: RecordKind.RECORD_TOMBSTONE } as const

export const encodeRecord = (record: RecordEnvelope): Uint8Array =>
  Envelope.encode({ ...record, kind: kinds[record.kind] } as Envelope)

/**
 * Null for what is no record, and for what is one but not written as it must be: a record has one encoding, so that its hash is
 * that of its bytes wherever it was decoded.
 */
export function decodeRecord(bytes: Uint8Array): RecordEnvelope | null {
  try {
    const { kind, issuer, ...rest } = Envelope.decode(bytes)
    if (kind === RecordKind.RECORD_UNKNOWN) return null
    const times = [rest.issuedAt, rest.endOfLife]
    if (!times.every((at) => Number.isSafeInteger(at) && at >= 0)) return null
    const kindName = kind === RecordKind.RECORD_PUT ? ('put' as const) : ('tombstone' as const)
    const record = { ...rest, issuer: nodeId(issuer), kind: kindName }
    return sameBytes(encodeRecord(record), bytes) ? record : null
  } catch {
    // Bytes from outside: whatever was wrong with them, they are no record.
    return null
  }
}

const nothing = new Uint8Array(0)

/**
 * The bytes that an issuer signs: all of the record but for the signature, with the payload's SHA-256 in the place of the payload, so that
 * what somebody has signed twice can be shown without it.
 */
export const signedPart = (record: RecordEnvelope, payloadHash: Uint8Array): Uint8Array =>
  encodeRecord({ ...record, payload: payloadHash, signature: nothing })

const recordBytes: Codec<Uint8Array> = { encode: (bytes) => bytes, decode: (bytes) => bytes }

/** Records that were issued a moment ago, for whoever has them in use. */
export const recordSightings: Topic<Uint8Array> = {
  name: 'records/1',
  message: recordBytes,
  maxBytes: mostRecordBytes,
}

export interface RecordAsk {
  readonly namespace: string
  /** Null for all that are the peer's own. */
  readonly id: string | null
}

export interface RecordAnswer {
  readonly records: readonly Uint8Array[]
}

/** So many records a peer shows at most. */
export const mostShown = 64

const askCodec: Codec<RecordAsk> = {
  encode: ({ namespace, id }) => RecordAskRequest.encode({ namespace, id: id ?? '' }),
  decode(bytes) {
    const { namespace, id } = RecordAskRequest.decode(bytes)
    if (namespace.length > 32 || id.length > 256) throw new Error('a name too long')
    return { namespace, id: id === '' ? null : id }
  },
}

const answerCodec: Codec<RecordAnswer> = {
  encode: ({ records }) => RecordAskResponse.encode({ records: records as Uint8Array<ArrayBuffer>[] }),
  decode(bytes) {
    const { records } = RecordAskResponse.decode(bytes)
    if (records.length > mostShown) throw new Error('too many records')
    return { records }
  },
}

/** Asks a peer for records that it has issued, or for one that it keeps. Safe to repeat. */
export const askRecords: Protocol<RecordAsk, RecordAnswer> = {
  kind: 'call',
  id: '/clawbernetes/record/ask/1.0.0',
  audience: 'members',
  lane: 'control',
  request: askCodec,
  response: answerCodec,
  maxBytes: mostShown * (mostRecordBytes + 8),
  timeout: 5_000,
  maxInbound: 8,
}

export interface StandingAnswer {
  readonly certificate: Uint8Array
}

/** Asks a witness to certify the peer that asks. Safe to repeat. Throws RATE_LIMITED where too many have come lately. */
export const askStanding: Protocol<RecordStandingRequest, StandingAnswer> = {
  kind: 'call',
  id: '/clawbernetes/record/standing/1.0.0',
  audience: 'members',
  lane: 'control',
  request: RecordStandingRequest,
  response: RecordStandingResponse as Codec<StandingAnswer>,
  maxBytes: 1_024,
  timeout: 5_000,
  maxInbound: 2,
}
