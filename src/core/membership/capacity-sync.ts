/** What two peers owe each other so that both have the newest reports (anti-entropy). */
import { compareVersions } from '../../model/report.ts'
import type { Instant, Millis } from '../../model/time.ts'
import type { HeldVersion, SignedReport, SyncReply, SyncRequest } from '../../wire/capacity.ts'
import { syncBatchBytes, tailOf } from '../../wire/capacity.ts'
import type { CapacityTable } from './capacity-table.ts'
import { maxAge } from './capacity-table.ts'

/** Reports that will be refused as stale before long are not worth sending. */
const offeredFor: Millis = maxAge / 2

export function heldVersions(table: CapacityTable): readonly HeldVersion[] {
  table.versions ??= Array.from(table.held.values(), ({ report: { node, incarnation, sequence } }) => ({
    tail: tailOf(node),
    incarnation,
    sequence,
  }))
  return table.versions
}

/** What to answer a peer that says what it has. */
export function answerSync(table: CapacityTable, request: SyncRequest, now: Instant): SyncReply {
  if (request.onlyGives) return { reports: [], wanted: [], more: false }
  const theirs = new Map(request.have.map((version) => [version.tail, version]))
  const newer: SignedReport[] = []
  let bytes = 0
  let more = false
  for (const { report, signed } of table.held.values()) {
    const version = theirs.get(tailOf(report.node))
    if (version !== undefined && compareVersions(version, report) >= 0) continue
    if (report.at < now - offeredFor) continue
    bytes += sizeOf(signed)
    more = bytes > syncBatchBytes
    if (more) break
    newer.push(signed)
  }
  return { reports: newer, wanted: wantedFrom(table, request.have), more }
}

/** The reports that a peer asked for, as many as fit. */
export const wantedReports = (table: CapacityTable, wanted: readonly string[]): readonly SignedReport[] =>
  firstBatch(
    wanted.flatMap((tail) => {
      const node = table.byTail.get(tail)
      const held = node === undefined ? undefined : table.held.get(node)
      return held === undefined ? [] : [held.signed]
    }),
  )

/** As many of these as fit in one message. */
export function firstBatch(reports: readonly SignedReport[]): readonly SignedReport[] {
  let bytes = 0
  const end = reports.findIndex((signed) => (bytes += sizeOf(signed)) > syncBatchBytes)
  return end < 0 ? reports : reports.slice(0, end)
}

/** Tails of which the other side has something newer. More than fit in one batch are not asked for at once. */
function wantedFrom(table: CapacityTable, theirs: readonly HeldVersion[]): readonly string[] {
  const wanted: string[] = []
  for (const version of theirs) {
    const node = table.byTail.get(version.tail)
    const ours = node === undefined ? undefined : table.held.get(node)
    if (ours !== undefined && compareVersions(ours.report, version) >= 0) continue
    wanted.push(version.tail)
    if (wanted.length === mostWanted) break
  }
  return wanted
}

const mostWanted = 128

const sizeOf = ({ report, signature }: SignedReport): number => report.length + signature.length + 8
