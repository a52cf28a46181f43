import { describe, expect, test } from 'vitest'
import { anyGpu, anyOf, type OfferIndex } from '../../../../../src/core/records/topic.ts'
import type { Judged } from '../../../../../src/core/records/validate.ts'
import { nodeId } from '../../../../../src/model/ids.ts'
import type { Offer } from '../../../../../src/model/molt-offer.ts'
import { minute } from '../../../../../src/model/time.ts'
import { OfferBook } from '../../../../../src/services/molt/buying/offer-book.ts'
import { World } from '../../../../../src/simulation/world.ts'
import { aWant } from '../../../../support/molt/market.ts'
import { network } from '../../../../support/molt/samples.ts'
import { play } from '../../../../support/play.ts'

const { signal } = new AbortController()

function bookIn(shown: readonly Judged[] = [], isEndless = false) {
  const world = new World(1)
  const asked: OfferIndex[] = []
  let said: (judged: Judged) => void = () => {}
  const book = new OfferBook({
    clock: world,
    records: {
      onSeen: (listener) => {
        said = listener
        return () => (said = () => {})
      },
      async *find(index, _, until) {
        asked.push(index)
        yield* shown
        if (isEndless)
          await new Promise((_, reject) => until.addEventListener('abort', () => reject(until.reason as Error)))
      },
    },
  })
  const offer = (parts: Partial<Offer> = {}): Offer => ({
    ...{ network: network.id, provider: nodeId('lender'), number: 1, vendor: 'nvidia' },
    ...{ model: 'NVIDIA H100 80GB HBM3', memoryMib: 81_559, free: 4, rate: 1n, shortest: 1_000, longest: 86_400_000 },
    ...{ isolation: 'gvisor', region: null, verification: 'self-reported' },
    ...{ issuedAt: world.now(), endOfLife: world.now() + 30 * minute, ...parts },
  })
  return { world, book, asked, offer, say: (judged: Judged) => said(judged) }
}

const judged = (value: unknown, { key = 'a', sequence = 1n, kind = 'put' } = {}): Judged =>
  ({ key, value, record: { namespace: 'claw-offer', sequence, kind } }) as unknown as Judged

describe('the book of offers', () => {
  test('knows those that come by, in their last form, until they are withdrawn or too old', async () => {
    const { world, book, say, offer } = bookIn()
    await book.start()
    say(judged(offer({ rate: 5n }), { sequence: 2n }))
    say(judged(offer({ rate: 9n }), { sequence: 1n }))
    say(judged(offer({ number: 2 }), { key: 'b' }))
    expect(book.all().map(({ rate }) => rate)).toEqual([5n, 1n])
    say(judged({ number: 2 }, { key: 'b', sequence: 2n, kind: 'tombstone' }))
    expect(book.all()).toHaveLength(1)
    await world.runFor(31 * minute)
    expect(book.all()).toEqual([])
    await book.stop()
    say(judged(offer(), { key: 'c' }))
    expect(book.all()).toEqual([])
  })

  test('asks nobody while there is one that would do, and others by family where there is none', async () => {
    const { world, book, say, offer, asked } = bookIn()
    await book.start()
    say(judged(offer({ rate: 10n })))
    const want = aWant({ issuedAt: world.now(), deadline: world.now() + 5_000, model: null, gpus: 1 })
    expect(await play(world, book.find(want, signal))).toHaveLength(1)
    expect(asked).toEqual([])
    await play(world, book.find({ ...want, model: 'A100' }, signal))
    await play(world, book.find({ ...want, gpus: 8 }, signal))
    expect(asked).toEqual([anyOf('a100'), anyGpu])
  })

  test('waits no longer for those who do not answer than bids can wait', async () => {
    const { world, book } = bookIn([], true)
    const before = world.now()
    expect(await play(world, book.everything(signal))).toEqual([])
    expect(world.now() - before).toBeLessThan(5_000)
  })
})
