/** Signed records of a MOLT network: what kinds there are, how each is named, and why one may be refused. */
import { toBase32 } from '../lib/base32.ts'
import { hour, type Millis, minute, second } from './time.ts'

export const recordNamespaces = [
  'claw-node',
  'claw-offer',
  'claw-agr',
  'claw-close',
  'claw-head',
  'claw-warr',
  'claw-rep',
  'claw-rvk',
  'claw-disp',
] as const
export type RecordNamespace = (typeof recordNamespaces)[number]

export const isRecordNamespace = (text: string): text is RecordNamespace =>
  (recordNamespaces as readonly string[]).includes(text)

/** No record has more bytes, signature and all. */
export const mostRecordBytes = 4_096
/** None lives longer, whatever its namespace allows; so long after its end a withdrawn one is still remembered. */
export const longestRecordLife: Millis = 48 * hour
/** So far the clock of an issuer may be ahead. */
export const mostRecordSkew: Millis = 120 * second
/** What is known of a key is kept so long after the end of the record that taught it: no older record can still be alive then. */
export const floorMargin: Millis = longestRecordLife + mostRecordSkew + minute

/** Which record is meant, whoever issued it. */
export interface RecordName {
  readonly namespace: RecordNamespace
  readonly id: string
}

/** Where it is in the table: ASCII, `/claw-offer/mfrgg…`. */
export const recordKey = ({ namespace, id }: { readonly namespace: string; readonly id: string }): string =>
  `/${namespace}/${toBase32(new TextEncoder().encode(id))}`

/**
 * Why a record is not taken. `stale`: a later one is known. `conflict`: it contradicts one with its number, and loses. `quota`, `pace`,
 * `full`: there are too many of its issuer, they come too fast, or there is no room for anybody's.
 */
export type RecordRefusal =
  | ('size' | 'encoding' | 'version' | 'network' | 'namespace' | 'key' | 'kind')
  | ('future' | 'lifetime' | 'expired' | 'standing' | 'revoked' | 'closed-out')
  | ('signature' | 'payload' | 'issuer' | 'rule' | 'stale' | 'conflict' | 'quota' | 'pace' | 'full')
