import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { agreementId } from '../../../../src/core/molt/agreement.ts'
import type { Meter } from '../../../../src/core/molt/meter.ts'
import {
  advance,
  dueFor,
  newMeter,
  nextNote,
  noteHash,
  pause,
  resume,
  timeLeft,
  vouch,
} from '../../../../src/core/molt/meter.ts'
import type { Payer } from '../../../../src/core/molt/payer.ts'
import { answer, newPayer } from '../../../../src/core/molt/payer.ts'
import { costOf } from '../../../../src/model/amount.ts'
import { agreed, voucherFor } from '../../../support/molt/samples.ts'

const happening = fc.record({
  /** Milliseconds until then. */
  after: fc.nat(45_000),
  what: fc.constantFrom(
    ...(['note', 'note', 'note', 'lost-note', 'lost-voucher', 'refuse', 'over-claim', 'clock-back'] as const),
  ),
  pick: fc.nat(100),
})

const lease = fc
  .record({
    rate: fc.bigInt(0n, 5_000n),
    gpus: fc.integer({ min: 1, max: 16 }),
    hold: fc.bigInt(0n, 10_000_000n),
    interval: fc.integer({ min: 1_000, max: 60_000 }),
  })
  .map((parts) => agreed({ ...parts, credit: costOf(parts.rate, BigInt(parts.gpus * parts.interval)) }))

test('given a buyer and a provider of whom either may cheat, then nobody loses more than one interval, and the buyer pays for nothing it has not seen', () => {
  fc.assert(
    fc.property(lease, fc.array(happening, { maxLength: 60 }), (agreement, happenings) => {
      const { terms } = agreement
      const id = agreementId(agreement)
      let meter: Meter = resume(newMeter(0), terms, 0)
      let payer: Payer = newPayer
      let [now, really] = [0, 0n]
      for (const { after, what, pick } of happenings) {
        // The provider pauses by its own timer, at the latest when the credit is used up.
        const left = meter.isRunning ? timeLeft(meter, terms) : null
        const until = left === null ? after : Math.min(after, left)
        if (meter.isRunning) really += BigInt(terms.gpus * until)
        meter = advance(meter, terms, now + until)
        if (meter.isRunning && until < after) meter = pause(meter, terms, now + until)
        now += after
        meter = advance(meter, terms, now)
        if (what === 'clock-back') meter = advance(meter, terms, now - pick * 1_000)
        expect(meter.gpuMillis).toBe(really)
        expect(dueFor(terms, meter.gpuMillis) - meter.vouched).toBeLessThanOrEqual(terms.credit)

        const told = nextNote(meter, id, terms)
        if (what === 'lost-note') continue
        const claimed = { ...told.note, gpuMillis: told.note.gpuMillis + BigInt(pick) * 10_000n }
        const note = what === 'over-claim' ? { ...claimed, due: dueFor(terms, claimed.gpuMillis) } : told.note
        const replied = answer(payer, note, { gpuMillis: really, agreement: id }, terms)
        if (what === 'refuse') continue
        if (!replied.ok) {
          // Whoever has claimed too much once is caught by what it says next.
          expect(replied.problem).toMatch(/forked|backwards/)
          continue
        }
        expect(replied.voucher.due).toBeGreaterThanOrEqual(payer.vouched)
        expect(replied.voucher.due).toBeLessThanOrEqual(costOf(terms.rate, really))
        expect(replied.voucher.due).toBeLessThanOrEqual(terms.hold)
        payer = replied.payer
        meter = { ...told.meter, last: note }
        if (what === 'lost-voucher') continue
        meter = vouch(meter, voucherFor(agreement, replied.voucher.due), terms)
        if ((timeLeft(meter, terms) ?? 1) > 0) meter = resume(meter, terms, now)
      }
    }),
    { numRuns: 300 },
  )
})

describe('given a lease of 2 GPUs at 10 µMOLT a second, with a credit of 600', () => {
  const agreement = agreed()
  const { terms } = agreement
  const id = agreementId(agreement)
  const seen = (gpuMillis: bigint) => ({ gpuMillis, agreement: id })
  const first = nextNote(advance(resume(newMeter(0), terms, 0), terms, 30_000), id, terms)

  test('then it may run for 30 s without a voucher, and for 30 s more with one', () => {
    expect(timeLeft(newMeter(0), terms)).toBe(30_000)
    expect(first.note).toMatchObject({ sequence: 1, previous: id, gpuMillis: 60_000n, due: 600n })
    expect(timeLeft(first.meter, terms)).toBe(0)
    expect(timeLeft(vouch(first.meter, voucherFor(agreement, 600n), terms), terms)).toBe(30_000)
  })

  test('then a voucher for less, or an old one, takes nothing away, and one for more than is set aside counts for that', () => {
    const vouched = vouch(first.meter, voucherFor(agreement, 600n), terms)
    expect(vouch(vouched, voucherFor(agreement, 300n), terms)).toBe(vouched)
    expect(vouch(vouched, voucherFor(agreement, 10n ** 15n), terms).vouched).toBe(terms.hold)
  })

  test('then a paused lease uses nothing', () => {
    const paused = pause(first.meter, terms, 30_000)
    expect(resume(paused, terms, 90_000)).toMatchObject({ gpuMillis: 60_000n, at: 90_000 })
  })

  test('then the buyer answers a note, and the same note again, in the same way', () => {
    const once = answer(newPayer, first.note, seen(60_000n), terms)
    if (!once.ok) throw new Error(once.problem)
    expect(once.voucher).toEqual({ agreement: id, due: 600n, note: noteHash(first.note) })
    expect(answer(once.payer, first.note, seen(60_000n), terms)).toEqual(once)
  })

  test('then a buyer that has forgotten what it saw takes back nothing that it has promised', () => {
    const once = answer(newPayer, first.note, seen(60_000n), terms)
    if (!once.ok) throw new Error(once.problem)
    expect(answer(once.payer, first.note, seen(0n), terms)).toMatchObject({ voucher: { due: 600n } })
  })

  test('then a note that claims more than was seen is answered with what was seen', () => {
    expect(answer(newPayer, first.note, seen(45_000n), terms)).toMatchObject({ voucher: { due: 450n } })
    expect(answer(newPayer, first.note, seen(-5n), terms)).toMatchObject({ voucher: { due: 0n } })
  })

  test.each([
    ['of another agreement', { agreement: 'x' }, 'agreement'],
    ['with a sum that is not that of its own numbers', { due: 601n }, 'sums'],
    ['that leaves one out', { sequence: 2 }, 'forked'],
    ['that follows another', { previous: 'c'.repeat(64) }, 'forked'],
    ['of less than nothing', { gpuMillis: -1n }, 'backwards'],
  ])('then a note %s gets no voucher', (_, parts, problem) => {
    expect(answer(newPayer, { ...first.note, ...parts }, seen(60_000n), terms)).toEqual({ ok: false, problem })
  })

  test('then a second note with the same number gets none either: the two are the proof', () => {
    const once = answer(newPayer, first.note, seen(60_000n), terms)
    if (!once.ok) throw new Error(once.problem)
    const rival = { ...first.note, at: first.note.at + 1 }
    expect(answer(once.payer, rival, seen(60_000n), terms)).toEqual({ ok: false, problem: 'forked' })
  })
})
