import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeBook, encodeBook, noteArrival, noteUse, without, type Book } from '../../../../src/core/images/book.ts'
import { prunable } from '../../../../src/core/images/prune.ts'
import { rankSources } from '../../../../src/core/images/sources.ts'
import { nodeId } from '../../../../src/model/ids.ts'

const source = (node: string, id: string, busy = false) => ({ node: nodeId(node), id, bytes: 1, digests: [], busy })

test('given members that mean different images by one name, the one that most of them mean is it', () => {
  const sources = [source('a', 'old'), source('b', 'new'), source('c', 'new')]
  expect(rankSources(sources, () => 0).map(({ node }) => node)).toEqual(['b', 'c'])
})

test('given equally many for each, all who ask choose the same, in whatever order they hear of them', () => {
  const sources = [source('a', 'two'), source('b', 'one')]
  for (const some of [sources, sources.toReversed()]) expect(rankSources(some, Math.random)[0]?.id).toBe('one')
})

test('whoever has time comes before whoever is busy', () => {
  fc.assert(
    fc.property(
      fc.array(fc.boolean(), { minLength: 1 }),
      fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
      (busy, chance) => {
        const ranked = rankSources(
          busy.map((isBusy, i) => source(String(i), 'x', isBusy)),
          () => chance.next().value,
        ).map((one) => one.busy)
        expect(ranked).toEqual(ranked.toSorted((a, b) => Number(a) - Number(b)))
      },
    ),
  )
})

const arrival = { id: 'sha256:1', reference: 'a:1', from: 'ada', at: 1_000, digests: ['docker.io/a@sha256:d'] }

test('what was noted is the same after it was written and read, and what is no book is none', () => {
  const book = noteArrival(new Map(), arrival)
  expect(decodeBook(encodeBook(book))).toEqual(book)
  for (const text of ['', 'null', '[{}]', '{']) expect(decodeBook(Buffer.from(text))).toBeNull()
})

test('an image that comes again keeps its digests and the time at which it came first', () => {
  const book = noteArrival(noteArrival(new Map(), arrival), { ...arrival, at: 9_000, digests: ['b@sha256:e'] })
  expect(book.get('sha256:1')).toMatchObject({
    at: 1_000,
    usedAt: 9_000,
    digests: ['b@sha256:e', 'docker.io/a@sha256:d'],
  })
})

test('use is noted once a minute, and only of what the book knows', () => {
  const book = noteArrival(new Map(), arrival)
  expect(noteUse(book, 'sha256:1', 2_000)).toBe(book)
  expect(noteUse(book, 'sha256:2', 99_000)).toBe(book)
  expect(noteUse(book, 'sha256:1', 99_000).get('sha256:1')?.usedAt).toBe(99_000)
})

test('a book has at most a thousand entries, and loses the one that was used longest ago', () => {
  let book: Book = new Map()
  for (let i = 0; i < 1_001; i += 1) book = noteArrival(book, { ...arrival, id: `sha256:${i}`, at: i })
  expect(book.size).toBe(1_000)
  expect(book.has('sha256:0')).toBe(false)
  expect(without(book, ['sha256:5', 'sha256:6']).size).toBe(998)
})

test('never is anything pruned that is in use, nor what came in another way unless all is to go', () => {
  const image = fc.record({
    id: fc.string(),
    tags: fc.constant([]),
    sizeBytes: fc.nat(),
    inUse: fc.boolean(),
    usedAt: fc.option(fc.nat(10_000)),
  })
  fc.assert(
    fc.property(fc.array(image), fc.nat(10_000), fc.boolean(), (images, olderThan, all) => {
      const gone = prunable(images, { olderThan, all }, 10_000)
      for (const { inUse, usedAt } of gone) {
        expect(inUse).toBe(false)
        if (usedAt === null) expect(all).toBe(true)
        else expect(10_000 - usedAt).toBeGreaterThanOrEqual(olderThan)
      }
      if (all && olderThan === 0) expect(gone).toEqual(images.filter(({ inUse }) => !inUse))
    }),
  )
})
