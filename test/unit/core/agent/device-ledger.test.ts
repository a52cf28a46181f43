import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Acquire, Ledger, LedgerRecord } from '../../../../src/core/agent/device-ledger.ts'
import {
  admit,
  busyDevices,
  emptyLedger,
  enter,
  holdersOf,
  recordsOf,
} from '../../../../src/core/agent/device-ledger.ts'
import { decodeLedgerRecord, encodeLedgerRecord } from '../../../../src/core/agent/ledger-record.ts'
import type { PlacementId } from '../../../../src/model/ids.ts'

const placement = fc.constantFrom('wl-a.1', 'wl-b.1', 'wl-c.2').map((id) => id as PlacementId)
/** What each device of these hosts has, MiB. */
const capacity = 24
const acquire: fc.Arbitrary<Acquire> = fc
  .record({
    placement,
    devices: fc.uniqueArray(fc.constantFrom('GPU-0', 'GPU-1', 'GPU-2')),
    memoryMib: fc.option(fc.integer({ min: 1, max: 30 })),
  })
  .map(({ memoryMib, ...rest }) => ({
    ...{ type: 'acquire', ...rest },
    ...(memoryMib !== null && { share: { memoryMib, of: rest.devices.map(() => capacity) } }),
  }))
const record: fc.Arbitrary<LedgerRecord> = fc.oneof(
  acquire,
  fc.record({
    type: fc.constantFrom('started' as const, 'cut-off' as const, 'release' as const, 'forget' as const),
    placement,
  }),
  fc.record({
    type: fc.constant('cut-off' as const),
    placement,
    unhealthy: fc.constantFrom('liveness: HTTP 503', 'startup: connection refused'),
  }),
)

const replay = (records: readonly LedgerRecord[]): Ledger =>
  records.reduce((ledger, one) => (admit(ledger, one).ok ? enter(ledger, one) : ledger), emptyLedger)

test('no history of admitted records gives a device to two placements, unless as shares of which there is enough', () => {
  fc.assert(
    fc.property(fc.array(record), (records) => {
      const ledger = replay(records)
      for (const device of busyDevices(ledger)) {
        const shares = holdersOf(ledger, device).map(({ share }) => share?.memoryMib ?? null)
        if (shares.includes(null)) expect(shares).toEqual([null])
        expect(shares.reduce<number>((sum, share) => sum + (share ?? 0), 0)).toBeLessThanOrEqual(capacity)
      }
    }),
  )
})

test('a share is refused with what is left, beside a whole device too, and the other way round', () => {
  const at = (of: string, memoryMib?: number): Acquire => ({
    ...{ type: 'acquire', placement: `wl-${of}.1` as PlacementId, devices: ['GPU-0'] },
    ...(memoryMib !== undefined && { share: { memoryMib, of: [capacity] } }),
  })
  const shared = replay([at('a', 10), at('b', 10)])
  expect(holdersOf(shared, 'GPU-0')).toHaveLength(2)
  expect(busyDevices(shared)).toEqual(['GPU-0'])
  expect(admit(shared, at('c', 5))).toEqual({ ok: false, reason: 'device GPU-0 has 4 MiB left to share' })
  expect(admit(shared, at('c', 4))).toEqual({ ok: true })
  expect(admit(shared, at('c'))).toEqual({ ok: false, reason: 'device GPU-0 is in use by wl-a.1' })
  expect(admit(shared, at('a', 11))).toEqual({ ok: false, reason: 'wl-a.1 was here before' })
  expect(admit(replay([at('a')]), at('b', 1))).toEqual({ ok: false, reason: 'device GPU-0 is in use by wl-a.1' })
})

test('given a record from before there were shares, then its devices are taken whole', () => {
  const bytes = new TextEncoder().encode('{"type":"acquire","placement":"wl-a.1","devices":["GPU-0"]}')
  expect(decodeLedgerRecord(bytes)).toEqual({ type: 'acquire', placement: 'wl-a.1', devices: ['GPU-0'] })
  const half = new TextEncoder().encode('{"type":"acquire","placement":"wl-a.1","devices":["GPU-0"],"share":{}}')
  expect(decodeLedgerRecord(half)).toBeNull()
})

test('a placement that has let go never holds or starts again, unless it was forgotten', () => {
  fc.assert(
    fc.property(fc.array(record), (records) => {
      const ledger = replay(records)
      for (const { placement: gone, phase, devices } of ledger.values()) {
        if (phase !== 'over') continue
        expect(admit(ledger, { type: 'started', placement: gone }).ok).toBe(false)
        expect(admit(ledger, { type: 'acquire', placement: gone, devices: [] }).ok).toBe(false)
        for (const device of devices) expect(holdersOf(ledger, device).map((one) => one.placement)).not.toContain(gone)
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
        [...of.values()].map(({ placement: id, phase, isCutOff, unhealthy }) => [...[id, phase, isCutOff, unhealthy]])
      expect(answers(again)).toEqual(answers(ledger))
      expect(busyDevices(again)).toEqual(busyDevices(ledger))
      for (const device of busyDevices(ledger)) expect(holdersOf(again, device)).toEqual(holdersOf(ledger, device))
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
