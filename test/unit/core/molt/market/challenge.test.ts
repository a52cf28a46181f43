import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  Challenge,
  longestFill,
  longestWalk,
  probeProblem,
  seedsOf,
  usualSteps,
  workOut,
} from '../../../../../src/core/molt/market/challenge.ts'
import { nodeId } from '../../../../../src/model/ids.ts'
import { minute } from '../../../../../src/model/time.ts'

const now = 1_000_000
const challenge = (parts: Partial<Challenge> = {}): Challenge => ({
  ...{ network: 'n', verifier: nodeId('ada'), provider: nodeId('bob'), issuedAt: now, maxAge: 5 * minute },
  ...{ nonces: { fill: '1'.repeat(64), walk: '2'.repeat(64) }, lanes: 2, steps: 6 },
  ...parts,
})
const [good, own] = ['a'.repeat(64), { answer: 'a'.repeat(64), laneTakes: 100 }]

describe('the seeds of a challenge', () => {
  test('are others for anybody else, for any other moment, and for any other number', () => {
    const others: readonly Partial<Challenge>[] = [
      { verifier: nodeId('eve') },
      { provider: nodeId('eve') },
      { network: 'm' },
      { issuedAt: now + 1 },
      { nonces: { fill: '3'.repeat(64), walk: '4'.repeat(64) } },
      { lanes: 3 },
    ]
    const all = [challenge(), ...others.map(challenge)].flatMap((one) => Object.values(seedsOf(one)))
    expect(new Set(all).size).toBe(all.length)
    expect(seedsOf(challenge())).toEqual(seedsOf(challenge()))
  })

  test('that of the walk is not known to whoever knows that of the memory', () => {
    const [one, other] = [challenge(), challenge({ nonces: { fill: '1'.repeat(64), walk: '9'.repeat(64) } })]
    expect(seedsOf(one).fill).toBe(seedsOf(other).fill)
    expect(seedsOf(one).walk).not.toBe(seedsOf(other).walk)
  })
})

describe('an answer', () => {
  const problem = (
    told: object = {},
    {
      of = challenge(),
      self = 'ada',
      seen = [],
      within = null,
      at = now + 10,
    }: {
      of?: Challenge
      self?: string
      seen?: readonly string[]
      within?: number | null
      at?: number
    } = {},
  ) =>
    probeProblem(
      of,
      { answer: good, filledIn: 10, walkedIn: 10, ...told },
      { self, own, seen: new Set(seen), within, now: at },
    )

  test.each([
    ['right, and in time', problem(), null],
    ['wrong', problem({ answer: 'b'.repeat(64) }), 'wrong'],
    ['to a challenge of somebody else', problem({}, { self: 'eve' }), 'other-verifier'],
    ['that was given before', problem({}, { seen: [good] }), 'replayed'],
    ['after its time', problem({}, { at: now + 5 * minute + 1 }), 'expired'],
    ['to a challenge of tomorrow', problem({}, { at: now - 2 * minute }), 'expired'],
    ['after filling took longer than this node needs alone', problem({ filledIn: 3_201 }), 'slow-fill'],
    ['after filling took as long as that', problem({ filledIn: 3_200 }), null],
    ['after filling took longer than was asked for', problem({ filledIn: 51 }, { within: 50 }), 'slow-fill'],
    ['so late that the memory was made anew', problem({ walkedIn: 501 }), 'slow-walk'],
  ] as const)('%s', (_, found, expected) => {
    expect(found).toBe(expected)
  })

  test('may take longer the longer it takes this node, and never as long as making the memory anew', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 512 }), fc.integer({ min: 100, max: 5_000 }), (steps, laneTakes) => {
        const one = challenge({ steps: Math.max(steps, 8) })
        const limit = longestWalk(one, { ...own, laneTakes })
        expect(limit).toBeLessThan(one.steps * laneTakes)
        expect(longestWalk(one, { ...own, laneTakes: laneTakes + 1 })).toBeGreaterThanOrEqual(limit)
        expect(longestFill(one, { ...own, laneTakes })).toBeGreaterThan(one.lanes * laneTakes)
      }),
    )
  })
})

test('with as many steps as usual, a host that is twice as fast as this node and lacks a third of the memory is too slow', () => {
  fc.assert(
    fc.property(fc.integer({ min: 10, max: 200 }), (laneTakes) => {
      const made = (usualSteps * laneTakes) / 2 / 3
      expect(made).toBeGreaterThan(longestWalk(challenge({ steps: usualSteps }), { ...own, laneTakes }))
    }),
  )
})

test('what is right is worked out in slices, alike however few lanes are kept', () => {
  const run = (kept: number) => {
    let [clock, slices] = [0, 0]
    const working = workOut(challenge(), () => (clock += 1), kept)
    for (let next = working.next(); ; next = working.next()) {
      if (next.done === true) return { ...next.value, slices }
      slices += 1
    }
  }
  const [one, all] = [run(1), run(8)]
  expect(one.answer).toBe(all.answer)
  expect(one.answer).toMatch(/^[0-9a-f]{64}$/)
  expect(all.slices).toBeGreaterThan(10)
  expect(all.laneTakes).toBeGreaterThan(0)
})

test('a challenge can be written down, within its limits', () => {
  expect(Challenge.parse(JSON.parse(JSON.stringify(challenge())))).toEqual(challenge())
  for (const bad of [{ lanes: 0 }, { steps: 513 }, { maxAge: 1 }, { nonces: { fill: 'x', walk: 'y' } }])
    expect(Challenge.safeParse({ ...challenge(), ...bad }).success).toBe(false)
})
