import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { partsOf } from '../../../../src/core/state/groups.ts'
import { restore } from '../../../../src/core/state/restore.ts'
import { snapshot } from '../../../../src/core/state/snapshot.ts'
import type { Command } from '../../../../src/core/state/types.ts'
import { supported } from '../../../../src/core/state/versions.ts'
import { groupId, partId, placementId } from '../../../../src/model/ids.ts'
import type { Workload } from '../../../../src/model/workload.ts'
import { isTerminal } from '../../../../src/model/workload.ts'
import type { Book } from '../../../support/control-samples.ts'
import { ada, bob, meshOf, refusal, submit } from '../../../support/control-samples.ts'

const group = groupId('wl-g')
const crash = { code: 'NONZERO_EXIT', message: 'it exited with 1' } as const
/** The first two ranks go to ada, the third to bob. */
const homes = [ada, ada, bob] as const
const homeOf = (rank: number) => homes[rank] ?? ada
const places = homes.map((node, rank) => ({ node, devices: [`GPU-${node}-${rank % 2}`], executor: 'docker' as const }))

const id = (rank: number, attempt: number) => placementId(partId(group, rank), attempt)

function submitted(parts: Record<string, unknown> = {}): Book {
  const book = meshOf([ada, bob])
  book.state.version = supported.newest
  book.run(submit('wl-g', { gpus: { count: 1 }, parts: { count: 3, gang: true }, ...parts }, 'train'))
  return book
}

const place = (attempt: number): Command => ({ type: 'place-gang', group, attempt, places })
const claim = (rank: number, attempt: number): Command => ({
  type: 'claim',
  placement: id(rank, attempt),
  node: homeOf(rank),
})
const ended = (rank: number, attempt: number, error: Workload['error']): Command => ({
  type: 'report-ended',
  placement: id(rank, attempt),
  node: homeOf(rank),
  endedAt: 60_000,
  exitCode: error === null ? 0 : 1,
  error,
})

function running(parts: Record<string, unknown> = {}): Book {
  const book = submitted(parts)
  book.run(place(1))
  for (const rank of homes.keys()) book.run(claim(rank, 1))
  for (const [rank, node] of homes.entries())
    book.run({ type: 'report-running', placement: id(rank, 1), node, startedAt: 5_000 })
  return book
}

const states = (book: Book): readonly string[] => partsOf(book.state, group).map(({ state }) => state)

describe('submitting', () => {
  test('given three parts, then each is a workload with a number and a name of its own', () => {
    const parts = partsOf(submitted().state, group)
    expect(parts.map(({ name, part }) => [name, part?.index])).toEqual([
      ['train-0', 0],
      ['train-1', 1],
      ['train-2', 2],
    ])
  })

  test('given a name that one of the parts would take twice, then nothing is submitted', () => {
    const book = meshOf([ada])
    book.run(submit('wl-x', {}, 'train-1'))
    expect(refusal(book.run(submit('wl-g', { parts: { count: 3 } }, 'train')))).toBe('NAME_TAKEN')
    expect(book.state.workloads.size).toBe(1)
  })

  test('given a name or an id that is too long for its parts, then nothing is submitted', () => {
    const book = meshOf([ada])
    const parts = { parts: { count: 11 } }
    expect(refusal(book.run(submit('wl-g', parts, 'n'.repeat(61))))).toBe('INVALID_REQUEST')
    expect(refusal(book.run(submit('w'.repeat(126), parts, 'name')))).toBe('INVALID_REQUEST')
    expect(book.state.workloads.size).toBe(0)
    expect(refusal(book.run(submit('w'.repeat(125), parts, 'n'.repeat(60))))).toBe(null)
    expect(() => restore(snapshot(book.state))).not.toThrow()
  })

  test('given the same submission again, then it is the same group; one of somebody else is refused', () => {
    const book = submitted()
    const again = submit('wl-g', { gpus: { count: 1 }, parts: { count: 3, gang: true } }, 'train')
    expect(refusal(book.run(again))).toBe(null)
    expect(refusal(book.run(again, { by: 'mallory' }))).toBe('INVALID_REQUEST')
    expect(book.state.workloads.size).toBe(3)
  })

  test('given a spec so large that its parts would fill the state, then it is refused', () => {
    const book = meshOf([ada])
    const env = { BLOB: 'x'.repeat(30_000) }
    expect(refusal(book.run(submit('wl-g', { env, parts: { count: 1_000 } }, 'train')))).toBe('TOO_LARGE')
  })
})

describe('placing', () => {
  test('given a place for each, then all are placed, and they meet at a port of the first', () => {
    const book = submitted()
    expect(refusal(book.run(place(1)))).toBe(null)
    expect(states(book)).toEqual(['starting', 'starting', 'starting'])
    expect(partsOf(book.state, group).map(({ placement }) => placement?.port)).toEqual([29_500, null, null])
  })

  test.each([
    ['one place too few', { places: places.slice(1) }, 'INVALID_REQUEST'],
    [
      'a device given twice',
      { places: places.map((one) => ({ ...one, node: ada, devices: ['GPU-ada-0'] })) },
      'DEVICE_BUSY',
    ],
    ['an attempt that is not the next', { attempt: 3 }, 'PLACEMENT_SUPERSEDED'],
  ])('given %s, then none is placed', (_, parts, code) => {
    const book = submitted()
    expect(refusal(book.run({ type: 'place-gang', group, attempt: 1, places, ...parts }))).toBe(code)
    expect(states(book)).toEqual(['pending', 'pending', 'pending'])
  })

  test('given a part of a gang, then it is not placed alone', () => {
    const book = submitted()
    const alone = { type: 'place', workload: partId(group, 0), attempt: 1, ...places[0] } as Command
    expect(refusal(book.run(alone))).toBe('INVALID_REQUEST')
  })

  test('given a node that refuses its part, then what others have claimed is given back, and the gang is placed again as one', () => {
    const book = submitted()
    book.run(place(1))
    book.run(claim(0, 1))
    book.run({ type: 'reject', placement: id(2, 1), node: bob, reason: 'device GPU-bob-0 has failed' })
    expect(states(book)).toEqual(['stopping', 'pending', 'pending'])
    expect(refusal(book.run(place(2)))).toBe('PLACEMENT_SUPERSEDED')

    book.run(ended(0, 1, null))
    expect(states(book)).toEqual(['pending', 'pending', 'pending'])
    expect(refusal(book.run(place(2)))).toBe(null)
  })
})

describe('ending', () => {
  test('given a part that fails, then the others are stopped, and fail for that reason', () => {
    const book = running()
    book.run(ended(1, 1, crash))
    expect(states(book)).toEqual(['stopping', 'failed', 'stopping'])
    book.run(ended(0, 1, null))
    const [first] = partsOf(book.state, group)
    expect([first?.state, first?.error?.code]).toEqual(['failed', 'GANG_FAILED'])
    expect(first?.error?.message).toContain('train-1 failed')
  })

  test('given a part that fails and may be tried again, then all are tried again, once', () => {
    const book = running({ restart: { policy: 'on-failure', maxRetries: 1 } })
    book.run(ended(1, 1, crash))
    expect(states(book)).toEqual(['stopping', 'pending', 'stopping'])
    book.run(ended(0, 1, crash))
    book.run(ended(2, 1, null))
    expect(states(book)).toEqual(['pending', 'pending', 'pending'])
    expect(partsOf(book.state, group).map(({ retries }) => retries)).toEqual([1, 1, 1])

    book.run(place(2))
    for (const rank of homes.keys()) book.run(claim(rank, 2))
    book.run(ended(0, 2, crash))
    expect(states(book)).toEqual(['failed', 'stopping', 'stopping'])
  })

  test('given a part that was refused once, when it fails later, then the others are told of the failure', () => {
    const book = submitted({ restart: { policy: 'on-failure', maxRetries: 3 } })
    book.run(place(1))
    book.run({ type: 'reject', placement: id(2, 1), node: bob, reason: 'a device is busy' })
    book.run(place(2))
    for (const rank of homes.keys()) book.run(claim(rank, 2))
    book.run(ended(2, 2, crash))
    expect(partsOf(book.state, group)[0]?.eviction?.reason).toBe('its gang starts again, as train-2 does: retry 1 of 3')
  })

  test('given a part that completes, then the others go on', () => {
    const book = running()
    book.run(ended(0, 1, null))
    expect(states(book)).toEqual(['completed', 'running', 'running'])
  })

  test('given a part that has completed, when another has to leave its node, then the gang fails: it cannot start as a whole', () => {
    const book = running()
    book.run(ended(0, 1, null))
    book.run({ type: 'evict', placement: id(2, 1), reason: 'bob is drained', grace: null, target: null, avoid: false })
    expect(states(book)).toEqual(['completed', 'stopping', 'stopping'])
    book.run(ended(2, 1, crash))
    book.run(ended(1, 1, crash))
    expect(states(book)).toEqual(['completed', 'failed', 'failed'])
  })

  test('given a part that has completed, when another has to leave and a third is not claimed yet, then the gang fails at once', () => {
    const book = submitted()
    book.run(place(1))
    for (const rank of [0, 1]) book.run(claim(rank, 1))
    book.run(ended(1, 1, null))
    book.run({ type: 'evict', placement: id(0, 1), reason: 'makes room', grace: null, target: null, avoid: false })
    expect(states(book)).toEqual(['stopping', 'completed', 'failed'])
  })

  test('given a part that completes while the others are leaving, then it starts again with them', () => {
    const book = running()
    book.run({ type: 'evict', placement: id(2, 1), reason: 'bob is drained', grace: null, target: null, avoid: false })
    book.run({ ...ended(0, 1, null), unasked: true } as Command)
    for (const rank of [1, 2]) book.run(ended(rank, 1, crash))
    expect(states(book)).toEqual(['pending', 'pending', 'pending'])
  })

  test('given a part whose node is lost while all are to stop for another, then it has failed with its gang', () => {
    const book = running()
    book.run(ended(0, 1, crash))
    book.run({ type: 'lose', placement: id(2, 1), reason: 'bob was lost' })
    expect(partsOf(book.state, group)[2]).toMatchObject({ state: 'failed', error: { code: 'GANG_FAILED' } })
  })

  test('given a part that is evicted, then all leave at once, with the same grace', () => {
    const book = running()
    book.run({ type: 'evict', placement: id(2, 1), reason: 'bob is drained', grace: 3_000, target: null, avoid: false })
    expect(partsOf(book.state, group).map(({ eviction }) => eviction?.grace)).toEqual([3_000, 3_000, 3_000])
  })

  test('given a part whose node is lost, then the others stop, and all wait', () => {
    const book = running()
    book.run({ type: 'lose', placement: id(2, 1), reason: 'bob was lost' })
    expect(states(book)).toEqual(['stopping', 'stopping', 'pending'])
  })

  test('given the group or any part that is asked to stop, then all stop', () => {
    for (const workload of [group, partId(group, 1)]) {
      const book = running()
      book.run({ type: 'request-stop', workload, force: false })
      expect(states(book)).toEqual(['stopping', 'stopping', 'stopping'])
      for (const rank of homes.keys()) book.run(ended(rank, 1, crash))
      expect(states(book)).toEqual(['stopped', 'stopped', 'stopped'])
    }
  })

  test('given an array, then its parts have nothing to do with each other', () => {
    const book = submitted({ parts: { count: 3 } })
    book.run({
      type: 'place',
      workload: partId(group, 1),
      attempt: 1,
      node: ada,
      devices: ['GPU-ada-0'],
      executor: 'docker',
    })
    book.run({ type: 'request-stop', workload: partId(group, 2), force: false })
    expect(states(book)).toEqual(['pending', 'starting', 'stopped'])
    book.run({ type: 'request-stop', workload: group, force: false })
    expect(states(book)).toEqual(['stopped', 'stopped', 'stopped'])
    book.run({ type: 'prune', workloads: [0, 1, 2].map((rank) => partId(group, rank)) })
    expect(book.state.groups.size).toBe(0)
  })
})

/** What may happen to a part, at whatever moment. */
const happening = fc.record({
  kind: fc.constantFrom('place', 'place', 'claim', 'claim', 'claim', 'reject', 'withdraw', 'running', 'ended', 'crashed', 'evict', 'lose', 'stop', 'prune', 'remove'), // prettier-ignore
  rank: fc.nat(2),
  repeat: fc.nat(3).map((n) => n === 0),
})

function commandFor(book: Book, { kind, rank }: { readonly kind: string; readonly rank: number }): Command {
  const attempt = partsOf(book.state, group).find(({ part }) => part?.index === rank)?.attempt ?? 0
  const placement = id(rank, attempt)
  const node = homeOf(rank)
  switch (kind) {
    case 'place':
      return place(attempt + 1)
    case 'claim':
      return claim(rank, attempt)
    case 'reject':
      return { type: 'reject', placement, node, reason: 'busy' }
    case 'withdraw':
      return { type: 'withdraw', placement, reason: 'silent' }
    case 'running':
      return { type: 'report-running', placement, node, startedAt: 5_000 }
    case 'ended':
      return ended(rank, attempt, null)
    case 'crashed':
      return ended(rank, attempt, crash)
    case 'evict':
      return { type: 'evict', placement, reason: 'makes room', grace: null, target: null, avoid: false }
    case 'lose':
      return { type: 'lose', placement, reason: 'silent' }
    case 'stop':
      return { type: 'request-stop', workload: partId(group, rank), force: false }
    case 'prune':
      return { type: 'prune', workloads: [partId(group, rank)] }
    default:
      return { type: 'remove-member', node: bob, force: true }
  }
}

test('a gang is never partial: while a part waits or has failed, every part that has a place is on its way out of it', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 60 }), fc.boolean(), (happenings, mayRetry) => {
      const book = submitted(mayRetry ? { restart: { policy: 'on-failure', maxRetries: 2 } } : {})
      for (const each of happenings) {
        book.run(commandFor(book, each))
        const parts = partsOf(book.state, group)
        const live = parts.filter(({ state }) => !isTerminal(state))
        const staying = live.filter(
          (part) => part.placement !== null && part.eviction === null && part.stopRequested === null,
        )
        const isBroken = parts.some(({ state }) => ['pending', 'failed', 'stopped'].includes(state))
        if (isBroken) expect(staying).toEqual([])
        expect(new Set(staying.map(({ attempt }) => attempt)).size).toBeLessThanOrEqual(1)
        const isOver = parts.some(({ state }) => isTerminal(state)) || parts.length < 3
        if (isOver) expect(live.filter(({ state }) => state === 'pending')).toEqual([])
      }
      expect(snapshot(restore(snapshot(book.state)))).toEqual(snapshot(book.state))
      expect([...restore(snapshot(book.state)).groups]).toEqual([...book.state.groups])
    }),
    { numRuns: 500 },
  )
})
