import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lane, laneWords, seedFrom, Walk } from '../../../src/lib/memory-lanes.ts'

const made = (seed: string, number: number): Uint32Array => {
  const making = lane(seedFrom(seed), number)
  for (let next = making.next(); ; next = making.next()) if (next.done === true) return next.value
}
const [fill, walk] = ['1'.repeat(64), 'a5'.repeat(32)]

function answerOf(lanes: readonly Uint32Array[], seed: string, steps: number): string {
  const path = new Walk(seedFrom(seed), lanes.length)
  for (let step = 0; step < steps; step += 1) path.take(lanes[path.next.lane]?.[path.next.word] ?? 0)
  return path.answer
}

const lanes = [made(fill, 0), made(fill, 1)]

test('a lane follows from the seed and its number, and another seed or number makes another one', () => {
  expect(made(fill, 0)).toEqual(lanes[0])
  const start = (words: Uint32Array | undefined): string => words?.subarray(0, 8).join() ?? ''
  expect(new Set([start(lanes[0]), start(lanes[1]), start(made(walk, 0))]).size).toBe(3)
  // Its bits are as good as chance: about half of them are set, in each byte.
  for (const shift of [0, 8, 16, 24]) {
    const ones = lanes[0]?.reduce((sum, word) => sum + ((word >>> shift) & 1), 0) ?? 0
    expect(Math.abs(ones / laneWords - 0.5)).toBeLessThan(0.01)
  }
})

test('the answer is of each word that was met: with one of them changed, it is another one', () => {
  const right = answerOf(lanes, walk, 40)
  const meets: { readonly lane: number; readonly word: number }[] = []
  const path = new Walk(seedFrom(walk), 2)
  for (let step = 0; step < 40; step += 1) {
    meets.push(path.next)
    path.take(lanes[path.next.lane]?.[path.next.word] ?? 0)
  }
  fc.assert(
    fc.property(fc.nat(39), fc.integer({ min: 1, max: 0xffff_ffff }), (step, change) => {
      const at = meets[step] ?? { lane: 0, word: 0 }
      const words = lanes[at.lane]
      if (words === undefined) throw new Error('there is no such lane')
      const before = words[at.word] ?? 0
      words[at.word] = (before ^ change) >>> 0
      try {
        expect(answerOf(lanes, walk, 40)).not.toBe(right)
      } finally {
        words[at.word] = before
      }
    }),
    { numRuns: 50 },
  )
  expect(answerOf(lanes, walk, 40)).toBe(right)
})

test('the walk goes everywhere alike', () => {
  const path = new Walk(seedFrom(walk), 4)
  const visits = [0, 0, 0, 0]
  for (let step = 0; step < 4_000; step += 1) {
    visits[path.next.lane] = (visits[path.next.lane] ?? 0) + 1
    path.take(step)
  }
  for (const count of visits) expect(Math.abs(count - 1_000)).toBeLessThan(150)
})
