/** The newest report of every member, and which reports are believed. */
import type { NodeId } from '../../model/ids.ts'
import type { NodeReport } from '../../model/report.ts'
import { compareVersions } from '../../model/report.ts'
import type { Instant, Millis } from '../../model/time.ts'
import { minute } from '../../model/time.ts'
import type { HeldVersion, SignedReport } from '../../wire/capacity.ts'
import { maxDevices, reportLimit, tailOf } from '../../wire/capacity.ts'
import { reportCodec } from '../../wire/report-codec.ts'

export interface HeldReport {
  readonly report: NodeReport
  /** As received, to be passed on. */
  readonly signed: SignedReport
}

export interface CapacityTable {
  readonly held: Map<NodeId, HeldReport>
  readonly byTail: Map<string, NodeId>
  /** By the start of their signatures: most of what arrives in a large mesh is held already, and need not even be read. */
  readonly bySignature: Map<number, HeldReport>
  /** What we have, until it changes. */
  versions: readonly HeldVersion[] | null
}

/**
 * `ignore` blames nobody: the message is old news, or of somebody who may have become a member just now. `reject` means that
 * whoever passed it on should have known better.
 */
export type Admission =
  | { readonly verdict: 'accept'; readonly reason: 'new'; readonly report: NodeReport }
  | { readonly verdict: 'ignore'; readonly reason: 'known' | 'outdated' | 'not-a-member' }
  | {
      readonly verdict: 'reject'
      readonly reason: 'oversized' | 'malformed' | 'future' | 'stale' | 'replayed' | 'conflicting' | 'forged'
    }

export interface AdmissionFacts {
  readonly now: Instant
  readonly isMember: (node: NodeId) => boolean
  /** Expensive, so it is asked last. */
  readonly isSignedBy: (node: NodeId, signed: SignedReport) => boolean
}

/** How far a node's clock may be ahead of ours. */
export const maxSkew: Millis = 2 * minute
/** Older reports say nothing about the present. */
export const maxAge: Millis = 10 * minute

export const newCapacityTable = (): CapacityTable => ({
  held: new Map(),
  byTail: new Map(),
  bySignature: new Map(),
  versions: null,
})

/** Judges a report that has arrived, and keeps it if it is the newest of a member. */
export function admitReport(table: CapacityTable, signed: SignedReport, facts: AdmissionFacts): Admission {
  if (signed.report.length > reportLimit(maxDevices)) return { verdict: 'reject', reason: 'oversized' }
  if (isHeld(table, signed)) return { verdict: 'ignore', reason: 'known' }
  const report = decoded(signed.report)
  if (report === null) return { verdict: 'reject', reason: 'malformed' }
  const refusal = refuse(table, signed, report, facts)
  if (refusal !== null) return refusal
  // Copied, because a part of a large message would keep all of it in memory for as long as the report is held.
  keepReport(table, { report, signed: { report: signed.report.slice(), signature: signed.signature.slice() } })
  return { verdict: 'accept', reason: 'new', report }
}

/** Keeps a report that needs no judging: our own. */
export function keepReport(table: CapacityTable, held: HeldReport): void {
  const { node } = held.report
  const before = table.held.get(node)
  if (before !== undefined) table.bySignature.delete(startOf(before.signed))
  table.held.set(node, held)
  table.bySignature.set(startOf(held.signed), held)
  table.byTail.set(tailOf(node), node)
  table.versions = null
}

/** Forgets nodes that are members no more. */
export function retainMembers(table: CapacityTable, isMember: (node: NodeId) => boolean): void {
  for (const [node, { signed }] of table.held) {
    if (isMember(node)) continue
    table.held.delete(node)
    table.bySignature.delete(startOf(signed))
    table.byTail.delete(tailOf(node))
    table.versions = null
  }
}

function refuse(
  table: CapacityTable,
  signed: SignedReport,
  report: NodeReport,
  { now, isMember, isSignedBy }: AdmissionFacts,
): Exclude<Admission, { verdict: 'accept' }> | null {
  if (signed.report.length > reportLimit(report.gpus.length)) return { verdict: 'reject', reason: 'oversized' }
  if (!isMember(report.node)) return { verdict: 'ignore', reason: 'not-a-member' }
  if (Math.max(report.at, report.incarnation) > now + maxSkew) return { verdict: 'reject', reason: 'future' }
  const held = table.held.get(report.node)
  const order = held === undefined ? 1 : compareVersions(report, held.report)
  if (held !== undefined && order === 0) {
    if (isSame(signed.report, held.signed.report)) return { verdict: 'ignore', reason: 'known' }
    return { verdict: 'reject', reason: 'conflicting' }
  }
  if (held !== undefined && order < 0) {
    if (held.report.at - report.at > maxSkew) return { verdict: 'reject', reason: 'replayed' }
    return { verdict: 'ignore', reason: 'outdated' }
  }
  if (report.at < now - maxAge) return { verdict: 'reject', reason: 'stale' }
  return isSignedBy(report.node, signed) ? null : { verdict: 'reject', reason: 'forged' }
}

function isHeld(table: CapacityTable, signed: SignedReport): boolean {
  const held = table.bySignature.get(startOf(signed))?.signed
  return held !== undefined && isSame(held.signature, signed.signature) && isSame(held.report, signed.report)
}

/** Six bytes of a signature as a number. Two reports may share it, so it only says where to look. */
const startOf = ({ signature }: SignedReport): number =>
  signature.subarray(0, 6).reduce((start, byte) => start * 256 + byte, 0)

/** Null for bytes that are not a report: they came from the network. */
function decoded(bytes: Uint8Array): NodeReport | null {
  try {
    return reportCodec.decode(bytes)
  } catch {
    return null
  }
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, at) => byte === b[at])
