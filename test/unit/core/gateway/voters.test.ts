import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { trackSteadiness } from '../../../../src/core/gateway/steadiness.ts'
import type { VoterFacts, VoterStep } from '../../../../src/core/gateway/voters.ts'
import { defaultVoting, nextVoterStep } from '../../../../src/core/gateway/voters.ts'
import type { NodeId } from '../../../../src/model/ids.ts'
import { nodeId } from '../../../../src/model/ids.ts'

const nodes = (...names: readonly string[]): readonly NodeId[] => names.map(nodeId)

interface Scene {
  readonly voters: readonly string[]
  readonly members: readonly string[]
  /** Nodes that have been silent for a long time. */
  readonly silent?: readonly string[]
  /** Nodes that answer, but only since a moment ago. */
  readonly fresh?: readonly string[]
  readonly leadingFor?: number
}

function facts({ voters, members, silent = [], fresh = [], leadingFor = 3_600_000 }: Scene): VoterFacts {
  const others = [...new Set([...voters, ...members])].filter((name) => name !== 'a')
  return {
    self: nodeId('a'),
    voters: nodes(...voters),
    members: nodes(...members),
    followers: others.map((name) => ({
      node: nodeId(name),
      matched: 10,
      silentFor: silent.includes(name) ? 1_000_000 : 20,
    })),
    steadyFor: new Map(
      others.filter((name) => !silent.includes(name)).map((name) => [nodeId(name), fresh.includes(name) ? 0 : 9_999]),
    ),
    leadingFor,
  }
}

const next = (scene: Scene): VoterStep | null => nextVoterStep(facts(scene), defaultVoting)

/** Takes steps until none is left. */
function settle(scene: Scene): { readonly voters: readonly string[]; readonly counts: readonly number[] } {
  const counts = [scene.voters.length]
  let { voters } = scene
  for (let i = 0; i < 20; i += 1) {
    const step = next({ ...scene, voters })
    if (step === null) return { voters, counts }
    if (step.step === 'add') voters = [...voters, step.node]
    if (step.step === 'remove') voters = voters.filter((voter) => voter !== step.node)
    counts.push(voters.length)
  }
  throw new Error('it never settles')
}

describe('growing', () => {
  test.each([
    [['a'], ['a'], 1],
    [['a'], ['a', 'b'], 1],
    [['a'], ['a', 'b', 'c'], 3],
    [['a'], ['a', 'b', 'c', 'd'], 3],
    [['a'], ['a', 'b', 'c', 'd', 'e'], 5],
    [['a', 'b', 'c'], ['a', 'b', 'c', 'd', 'e', 'f', 'g'], 5],
  ])('from %j among %j there come to be %i voters', (voters, members, count) => {
    expect(settle({ voters, members }).voters).toHaveLength(count)
  })

  test('waits for two, because two voters are worse than one', () => {
    expect(next({ voters: ['a'], members: ['a', 'b', 'c'], fresh: ['c'] })).toBe(null)
    expect(next({ voters: ['a'], members: ['a', 'b', 'c'] })).toEqual({ step: 'add', node: 'b' })
  })

  test('an even number is left again when nobody comes to make it odd, but not while somebody does', () => {
    expect(next({ voters: ['a', 'b'], members: ['a', 'b'] })).toEqual({ step: 'remove', node: 'b' })
    expect(next({ voters: ['a', 'b'], members: ['a', 'b', 'c'], fresh: ['c'] })).toBe(null)
    expect(next({ voters: ['a', 'b'], members: ['a', 'b'], leadingFor: 5_000 })).toBe(null)
  })
})

describe('replacing', () => {
  test('a silent voter goes first when a member can take its place', () => {
    const scene = { voters: ['a', 'b', 'c'], members: ['a', 'b', 'c', 'd'], silent: ['c'] }
    expect(next(scene)).toEqual({ step: 'remove', node: 'c' })
    expect(settle(scene)).toEqual({ voters: ['a', 'b', 'd'], counts: [3, 2, 3] })
  })

  test('with nobody to take its place one of three stays', () => {
    expect(next({ voters: ['a', 'b', 'c'], members: ['a', 'b', 'c'], silent: ['c'] })).toBe(null)
  })

  test('five with two silent ones become three that live', () => {
    const five = ['a', 'b', 'c', 'd', 'e']
    expect(settle({ voters: five, members: five, silent: ['b', 'd'] }).voters).toEqual(['a', 'c', 'e'])
  })

  test('a new leader gives everybody time to answer', () => {
    const scene = { voters: ['a', 'b', 'c'], members: ['a', 'b', 'c', 'd'], silent: ['c'] }
    expect(next({ ...scene, leadingFor: defaultVoting.replaceAfter - 1 })).toBe(null)
    expect(next({ ...scene, leadingFor: defaultVoting.replaceAfter })).toEqual({ step: 'remove', node: 'c' })
  })
})

describe('those who are no members', () => {
  test('lose their vote before anything else', () => {
    const scene = { voters: ['a', 'b', 'x'], members: ['a', 'b', 'c', 'd'], leadingFor: 0 }
    expect(next(scene)).toEqual({ step: 'remove', node: 'x' })
  })

  test('but not while their vote is needed for a majority: the dead go first then', () => {
    const scene = { voters: ['a', 'b', 'x', 'd', 'e'], members: ['a', 'b', 'd', 'e'], silent: ['d', 'e'] }
    expect(next(scene)).toEqual({ step: 'remove', node: 'd' })
    expect(settle(scene).voters).toEqual(['a', 'b', 'e'])
  })

  test('if the leader is one, it hands over to a voter that answers', () => {
    expect(next({ voters: ['a', 'b', 'c'], members: ['b', 'c'] })).toEqual({ step: 'transfer', to: 'b' })
  })
})

test('whatever the mesh looks like, it settles on an odd number of voters, with the leader among them and no stranger', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
  const scene = fc.record({
    voters: fc.subarray(names, { maxLength: 5 }),
    members: fc.subarray(names),
    silent: fc.subarray(['f', 'g', 'e']),
  })
  fc.assert(
    fc.property(scene, ({ voters, members, silent }) => {
      const start = { voters: [...new Set(['a', ...voters])], members: [...new Set(['a', ...members])], silent }
      // Without a majority nobody leads and nobody can change anything.
      fc.pre(start.voters.filter((voter) => !silent.includes(voter as 'e')).length > start.voters.length / 2)
      const end = settle(start)
      expect(end.voters.filter((voter) => !silent.includes(voter as 'e')).length).toBeGreaterThan(end.voters.length / 2)
      expect(end.voters).toContain('a')
      expect(end.voters.filter((voter) => !start.members.includes(voter))).toEqual([])
      const living = end.voters.filter((voter) => !silent.includes(voter as 'e'))
      // A voter that is dead stays only where two of three live.
      expect(living.length % 2 === 1 || (end.voters.length <= 3 && living.length < end.voters.length)).toBe(true)
      expect(end.voters.length).toBeLessThanOrEqual(5)
      expect(end.counts.every((count, i) => i === 0 || Math.abs(count - (end.counts[i - 1] ?? count)) === 1)).toBe(true)
    }),
    { numRuns: 3_000 },
  )
})

describe('steadiness', () => {
  const settings = { answersWithin: 1_000, lag: 10 }
  const follower = (silentFor: number | null, matched = 100) => ({ node: nodeId('b'), matched, silentFor })

  test('counts from the first moment at which a follower answers and has caught up', () => {
    const first = trackSteadiness(new Map(), { followers: [follower(50)], committed: 105 }, 1_000, settings)
    const later = trackSteadiness(first, { followers: [follower(900)], committed: 105 }, 5_000, settings)
    expect(later).toEqual(new Map([['b', 1_000]]))
  })

  test.each([
    ['falls silent', follower(1_001)],
    ['has never answered', follower(null)],
    ['falls behind', follower(50, 94)],
  ])('starts anew when it %s', (_, now) => {
    const before = new Map([[nodeId('b'), 1_000]])
    expect(trackSteadiness(before, { followers: [now], committed: 105 }, 5_000, settings).size).toBe(0)
  })
})
