import fc from 'fast-check'
import { expect, test } from 'vitest'
import { answerSync, heldVersions, wantedReports } from '../../../../src/core/membership/capacity-sync.ts'
import type { CapacityTable } from '../../../../src/core/membership/capacity-table.ts'
import { admitReport, maxAge, newCapacityTable } from '../../../../src/core/membership/capacity-table.ts'
import { nodeId } from '../../../../src/model/ids.ts'
import { syncBatchBytes, syncCapacity } from '../../../../src/wire/capacity.ts'
import type { SignedReport } from '../../../../src/wire/capacity.ts'
import { reportCodec } from '../../../../src/wire/report-codec.ts'
import { sampleContent } from '../../../support/member-mesh.ts'

const now = 1_750_000_000_000
const facts = { now, isMember: () => true, isSignedBy: () => true }

function signed(node: string, sequence: number, gpus = 0, at = now): SignedReport {
  const content = sampleContent(node, gpus)
  const report = reportCodec.encode({ ...content, node: nodeId(node), incarnation: 1, sequence, at })
  return { report, signature: new Uint8Array(64) }
}

function tableOf(entries: Readonly<Record<string, number>>): CapacityTable {
  const table = newCapacityTable()
  for (const [node, sequence] of Object.entries(entries)) admitReport(table, signed(node, sequence), facts)
  return table
}

const sequences = (table: CapacityTable): object =>
  Object.fromEntries([...table.held].map(([node, { report }]) => [node, report.sequence]).toSorted())

/** One exchange as the service carries it out. Returns how many batches it took. */
function exchange(a: CapacityTable, b: CapacityTable): number {
  for (let batches = 1; ; batches += 1) {
    const reply = answerSync(b, { have: heldVersions(a), reports: [], onlyGives: false }, now)
    for (const report of reply.reports) admitReport(a, report, facts)
    for (const report of wantedReports(a, reply.wanted)) admitReport(b, report, facts)
    expect(syncCapacity.response.encode(reply).length).toBeLessThanOrEqual(syncCapacity.maxBytes)
    if (!reply.more) return batches
  }
}

test('given any two tables, when they are exchanged once, then both hold the newest of everything', () => {
  const entries = fc.dictionary(fc.constantFrom('ada', 'bob', 'cyd', 'dan', 'eve'), fc.integer({ min: 1, max: 9 }))
  fc.assert(
    fc.property(entries, entries, (one, other) => {
      const [a, b] = [tableOf(one), tableOf(other)]
      exchange(a, b)
      const newest: Record<string, number> = {}
      for (const [node, sequence] of [...Object.entries(one), ...Object.entries(other)])
        newest[node] = Math.max(newest[node] ?? 0, sequence)
      expect(sequences(a)).toEqual(Object.fromEntries(Object.entries(newest).toSorted()))
      expect(sequences(b)).toEqual(sequences(a))
    }),
  )
})

test('given a thousand nodes of eight GPUs, when an empty table is filled, then it takes bounded batches', () => {
  const full = newCapacityTable()
  for (let n = 0; n < 1_000; n += 1) admitReport(full, signed(`node-${n}`, 1, 8), facts)
  const empty = newCapacityTable()
  const batches = exchange(empty, full)
  expect(empty.held.size).toBe(1_000)
  expect(batches).toBeGreaterThan(3)
  expect(answerSync(full, { have: [], reports: [], onlyGives: false }, now).reports.length * 200).toBeLessThan(
    syncBatchBytes,
  )
  const digest = syncCapacity.request.encode({ have: heldVersions(full), reports: [], onlyGives: false })
  expect(digest.length).toBeLessThan(40_000)
})

test('given a report that will soon be too old, when somebody lacks it, then it is not offered', () => {
  const table = newCapacityTable()
  admitReport(table, signed('ada', 1, 0, now - maxAge / 2 - 1), facts)
  expect(answerSync(table, { have: [], reports: [], onlyGives: false }, now).reports).toEqual([])
})

test('given somebody who only gives, when it calls, then nothing is sent back', () => {
  const reply = answerSync(tableOf({ ada: 1 }), { have: [], reports: [], onlyGives: true }, now)
  expect(reply).toEqual({ reports: [], wanted: [], more: false })
})

test('given tails of nodes that nobody knows, when they are wanted, then nothing is sent', () => {
  expect(wantedReports(tableOf({ ada: 1 }), ['bob', ''])).toEqual([])
})
