import { expect, test } from 'vitest'
import { type Agreement, agreementId, holdAccount } from '../../../../src/core/molt/agreement.ts'
import { type Books, emptyBooks, keyOf } from '../../../../src/core/molt/books.ts'
import { standingsOf } from '../../../../src/core/molt/market/reputation.ts'
import { ownDeals } from '../../../../src/core/molt/own-deals.ts'
import type { Closing } from '../../../../src/model/molt-line.ts'
import { agreed, buyer, network, provider, voucherFor } from '../../../support/molt/samples.ts'

/** The books of a provider, in which the agreement was closed so, or not yet. */
function booksWith(agreement: Agreement, closing: Closing | null): Books {
  const books = emptyBooks(network.id, provider)
  books.agreements.set(agreementId(agreement), agreement)
  if (closing === null) return books
  const spend = {
    account: holdAccount(agreement),
    sequence: 1,
    previous: '0'.repeat(64),
    outputs: [{ to: provider, amount: 5n }],
  }
  const order = { spend, right: { type: 'closing' as const, agreement, closing } }
  const line = { order, phase: 'commit' as const, round: 0, votes: [] }
  books.byKey.set(keyOf(spend), { line, at: 50, purpose: null })
  return books
}

const scoreOf = (books: Books): number | null => {
  const deals = ownDeals(books, network)
  return standingsOf({ deals, self: provider, closedOut: new Set(), now: 100 })(buyer, 'buyer').score
}

test('of whom nothing was closed nothing is known', () => {
  expect(scoreOf(booksWith(agreed(), null))).toBeNull()
})

test('who has signed the sum at the end is known for good, and who has left it to be claimed is not', () => {
  const agreement = agreed()
  const signature = 'x'
  expect(scoreOf(booksWith(agreement, { how: 'agreed', paid: 5n, byBuyer: signature, byProvider: signature }))).toBe(50)
  const voucher = voucherFor(agreement, 5n)
  expect(scoreOf(booksWith(agreement, { how: 'claimed', voucher, byProvider: signature }))).toBe(0)
})

test('a closing that names more than was ever set aside counts for what was there', () => {
  const books = booksWith(agreed(), { how: 'agreed', paid: 4_000n, byBuyer: 'x', byProvider: 'x' })
  expect(ownDeals(books, network)).toMatchObject([{ how: 'agreed', paid: 5n, fee: 0n }])
})

test('whom the owner blames stands as if it had failed', () => {
  const agreement = agreed()
  const books = booksWith(agreement, { how: 'agreed', paid: 5n, byBuyer: 'x', byProvider: 'x' })
  const deals = ownDeals(books, network, (id) => (id === agreementId(agreement) ? ['buyer'] : []))
  expect(standingsOf({ deals, self: provider, closedOut: new Set(), now: 100 })(buyer, 'buyer').score).toBe(0)
})
