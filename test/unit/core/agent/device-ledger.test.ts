import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Ledger, LedgerRecord } from '../../../../src/core/agent/device-ledger.ts'
import {
  admit,
  busyDevices,
  emptyLedger,
  enter,
  holderOf,
  recordsOf,
} from '../../../../src/core/agent/device-ledger.ts'
import { decodeLedgerRecord, encodeLedgerRecord } from '../../../../src/core/agent/ledger-record.ts'
import type { PlacementId } from '../../../../src/model/ids.ts'

const placement = fc.constantFrom('wl-a.1', 'wl-b.1', 'wl-c.2').map((id) => id as PlacementId)
const record: fc.Arbitrary<LedgerRecord> = fc.oneof(
  fc.record({
    type: fc.constant('acquire' as const),
    placement,
    devices: fc.uniqueArray(fc.constantFrom('GPU-0', 'GPU-1', 'GPU-2')),
  }),
  fc.record({
    type: fc.constantFrom('started' as const, 'cut-off' as const, 'release' as const, 'forget' as const),
    placement,
  }),
)

const replay = (records: readonly LedgerRecord[]): Ledger =>
  records.reduce((ledger, one) => (admit(ledger, one).ok ? enter(ledger, one) : ledger), emptyLedger)

test('no history of admitted records gives a device to two placements', () => {
  fc.assert(
    fc.property(fc.array(record), (records) => {
      const busy = busyDevices(replay(records))
      expect(busy.length).toBe(new Set(busy).size)
    }),
  )
})

test('a placement that has let go never holds or starts again, unless it was forgotten', () => {
  fc.assert(
    fc.property(fc.array(record), (records) => {
      const ledger = replay(records)
      for (const { placement: gone, phase, devices } of ledger.values()) {
        if (phase !== 'over') continue
        expect(admit(ledger, { type: 'started', placement: gone }).ok).toBe(false)
        expect(admit(ledger, { type: 'acquire', placement: gone, devices: [] }).ok).toBe(false)
        for (const device of devices) expect(holderOf(ledger, device)).not.toBe(gone)
      }
    }),
  )
})

test('the fewest records lead to the same answers as the whole history', () => {
  fc.assert(
    fc.property(fc.array(record), (records) => {
      const ledger = replay(records)
      const again = replay(recordsOf(ledger))
      const answers = (of: Ledger) =>
        [...of.values()].map(({ placement: id, phase, isCutOff }) => [id, phase, isCutOff])
      expect(answers(again)).toEqual(answers(ledger))
      expect(busyDevices(again)).toEqual(busyDevices(ledger))
    }),
  )
})

test('writing the same twice changes nothing', () => {
  fc.assert(
    fc.property(fc.array(record), record, (records, one) => {
      const before = replay(records)
      if (!admit(before, one).ok) return
      const once = enter(before, one)
      expect(admit(once, one).ok).toBe(one.type !== 'started' || once.get(one.placement)?.phase === 'started')
      if (admit(once, one).ok) expect(enter(once, one)).toEqual(once)
    }),
  )
})

test('entering what was not admitted is a bug, and says so', () => {
  const held = enter(emptyLedger, { type: 'acquire', placement: 'wl-a.1' as PlacementId, devices: ['GPU-0'] })
  const greedy = { type: 'acquire', placement: 'wl-b.1' as PlacementId, devices: ['GPU-0'] } as const
  expect(admit(held, greedy)).toEqual({ ok: false, reason: 'device GPU-0 is in use by wl-a.1' })
  expect(() => enter(held, greedy)).toThrow('may not be')
})

test('records survive their encoding, and nothing else is taken for one', () => {
  fc.assert(
    fc.property(record, (one) => {
      expect(decodeLedgerRecord(encodeLedgerRecord(one))).toEqual(one)
    }),
  )
  const json = fc.json().map((text) => new TextEncoder().encode(text))
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), json), (bytes) => {
      expect(decodeLedgerRecord(bytes)).toBeNull()
    }),
  )
})
