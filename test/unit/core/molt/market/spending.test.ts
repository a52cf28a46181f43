import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalJson } from '../../../../../src/lib/canonical-json.ts'
import type { Spending } from '../../../../../src/core/molt/market/spending.ts'
import {
  mostEntries,
  nothingSpent,
  reserve,
  settleAt,
  spendingFrom,
  spendingOf,
} from '../../../../../src/core/molt/market/spending.ts'
import { day, hour, minute } from '../../../../../src/model/time.ts'

const limits = { job: 100n, hour: 150n, day: 300n }
const now = 1_750_000_000_000

const reserved = (spending: Spending | null, key: string, amount: bigint, at = now, job = key) =>
  reserve(spending, { job, key, amount }, { limits, now: at })

function after(...steps: readonly (readonly [key: string, amount: bigint, at?: number, job?: string])[]): Spending {
  let spending = nothingSpent
  for (const step of steps) {
    const asked = reserved(spending, ...step)
    if (!asked.ok) throw new Error(asked.refusal)
    spending = asked.spending
  }
  return spending
}

describe('given limits for a job, an hour and a day', () => {
  test('when one is reached, then no more is set aside', () => {
    expect(reserved(nothingSpent, 'a', 101n)).toEqual({ ok: false, refusal: 'job' })
    expect(reserved(after(['a', 60n, now, 'job']), 'b', 41n, now, 'job')).toEqual({ ok: false, refusal: 'job' })
    expect(reserved(after(['a', 100n]), 'b', 51n)).toEqual({ ok: false, refusal: 'hour' })
    expect(reserved(after(['a', 100n]), 'b', 50n)).toMatchObject({ ok: true })
  })

  test('when what was set aside was not used, then there is room for it again', () => {
    const spending = settleAt(after(['a', 100n], ['b', 50n]), 'a', 10n, { isOver: true })
    expect(reserved(spending, 'c', 90n)).toMatchObject({ ok: true })
    expect(reserved(spending, 'c', 91n)).toEqual({ ok: false, refusal: 'hour' })
  })

  test('when an hour is over, then it begins anew, but for what is set aside still', () => {
    const paid = settleAt(after(['a', 100n], ['b', 50n]), 'a', 100n, { isOver: true })
    expect(reserved(paid, 'c', 100n, now + hour)).toMatchObject({ ok: true })
    const open = after(['a', 100n], ['b', 50n])
    expect(reserved(open, 'c', 100n, now + hour)).toEqual({ ok: false, refusal: 'hour' })
  })

  test('when a day is full, then hours do not help', () => {
    let spending = nothingSpent
    for (const [index, key] of ['a', 'b', 'c'].entries()) {
      const asked = reserved(spending, key, 100n, now + index * hour)
      if (!asked.ok) throw new Error(asked.refusal)
      spending = settleAt(asked.spending, key, 100n, { isOver: true })
    }
    expect(reserved(spending, 'd', 1n, now + 4 * hour)).toEqual({ ok: false, refusal: 'day' })
    expect(reserved(spending, 'd', 100n, now + day)).toMatchObject({ ok: true })
  })

  test('when the same is asked for again after a crash, then it counts once', () => {
    const once = after(['a', 100n])
    expect(reserved(once, 'a', 100n)).toEqual({ ok: true, spending: once })
  })

  test('when the clock is set back, then nothing is forgotten', () => {
    const paid = settleAt(after(['a', 100n, now + 10 * day]), 'a', 100n, { isOver: true })
    expect(reserved(paid, 'b', 51n, now)).toEqual({ ok: false, refusal: 'hour' })
  })

  test('when more was paid than was set aside, then that counts, and nothing that is said after it', () => {
    const paid = settleAt(after(['a', 100n]), 'a', 40n, { isOver: true })
    expect(settleAt(paid, 'a', 1n, { isOver: true })).toEqual(paid)
    const most = settleAt(after(['a', 100n]), 'a', 20n, { isOver: false })
    const more = settleAt(most, 'a', 30n, { isOver: true })
    expect(reserved(more, 'b', 100n)).toMatchObject({ ok: true })
    expect(reserved(settleAt(more, 'a', 20n, { isOver: true }), 'b', 71n, now, 'a')).toEqual({
      ok: false,
      refusal: 'job',
    })
    const dear = settleAt(after(['a', 100n]), 'a', 101n, { isOver: true })
    expect(reserved(dear, 'b', 50n)).toEqual({ ok: false, refusal: 'hour' })
  })
})

describe('given the record on disk', () => {
  test('then it is read as it was written', () => {
    const spending = settleAt(after(['a', 100n], ['b', 50n]), 'a', 10n, { isOver: true })
    expect(spendingFrom(canonicalJson(spending))).toEqual(spending)
  })

  test('when it cannot be understood, then nothing is spent', () => {
    for (const text of ['', '{', 'null', '{"version":2,"entries":[]}', '{"version":1,"entries":[{}]}'])
      expect(reserved(spendingFrom(text), 'a', 1n)).toEqual({ ok: false, refusal: 'unreadable' })
  })

  test('when it is as long as it may become, then nothing is spent', () => {
    const entry = { job: 'j', at: now, amount: 0n, isPaid: false }
    const entries = Array.from({ length: mostEntries }, (_, at) => ({ ...entry, key: `${at}` }))
    expect(reserved({ version: 1, entries }, 'a', 0n)).toEqual({ ok: false, refusal: 'full' })
  })
})

test('given the three modes, then each may spend as its row of the table says', () => {
  const molt = (amount: bigint): bigint => amount / 1_000_000n
  expect(Object.values(spendingOf).map(({ job, hour: inHour }) => [molt(job), molt(inHour)])).toEqual([
    [100n, 500n],
    [10_000n, 50_000n],
    [1_000_000n, 10_000_000n],
  ])
})

test('given whatever is asked for and paid, then no hour and no day costs more than its limit', () => {
  const step = fc.record({
    after: fc.integer({ min: -10 * minute, max: 3 * hour }),
    amount: fc.bigInt(0n, 120n),
    paid: fc.bigInt(0n, 120n),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let [spending, at] = [nothingSpent, now]
      const spent: { at: number; amount: bigint }[] = []
      for (const [index, { after: wait, amount, paid }] of steps.entries()) {
        at += wait
        const asked = reserved(spending, `${index}`, amount, at)
        if (!asked.ok) continue
        const real = paid < amount ? paid : amount
        spending = settleAt(asked.spending, `${index}`, real, { isOver: true })
        spent.push({ at, amount: real })
        const within = (span: number): bigint =>
          spent.filter((one) => one.at > at - span).reduce((sum, one) => sum + one.amount, 0n)
        expect(within(hour)).toBeLessThanOrEqual(limits.hour)
        expect(within(day)).toBeLessThanOrEqual(limits.day)
      }
    }),
  )
})
