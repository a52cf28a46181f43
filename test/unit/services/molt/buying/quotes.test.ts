import { expect, test } from 'vitest'
import { bidHash } from '../../../../../src/core/molt/market/rank.ts'
import { Quotes } from '../../../../../src/services/molt/buying/quotes.ts'
import { aBid, aWant, now } from '../../../../support/molt/market.ts'

const want = aWant()
const signed = aBid()
const ranked = [{ signed, hash: bidHash(signed.bid), score: 1 }]
const told = { offers: 1, asked: 1, bids: 1, reasons: {} }
const gone = expect.objectContaining({ code: 'MOLT_QUOTE_GONE' })
const quote = (id: string, bids = ranked) => ({ id, want, ranked: bids, told, offers: [], silent: [] })

test('given a plan that somebody looks at, when others ask again and again and get no bids, then it is there for its yes', () => {
  const quotes = new Quotes()
  quotes.keep(quote('plan'))
  for (let i = 0; i < 100; i += 1) quotes.keep(quote(`empty-${i}`, []))
  expect(quotes.take('plan', want, now).ranked).toEqual(ranked)
  expect(() => quotes.take('plan', want, now)).toThrow(gone)
  expect(() => quotes.take('empty-99', want, now)).toThrow(gone)
})

test('given more plans than are kept, then the oldest is forgotten', () => {
  const quotes = new Quotes()
  for (let i = 0; i < 33; i += 1) quotes.keep(quote(`plan-${i}`))
  expect(() => quotes.take('plan-0', want, now)).toThrow(gone)
  expect(quotes.take('plan-1', want, now).id).toBe('plan-1')
})

test.each([
  ['its bids hold no more', want, signed.bid.validUntil],
  ['it was for something else', { ...want, gpus: want.gpus + 1 }, now],
])('given a plan, when %s, then no job takes it', (_, wanted, at) => {
  const quotes = new Quotes()
  quotes.keep(quote('plan'))
  expect(() => quotes.take('plan', wanted, at)).toThrow(gone)
})
