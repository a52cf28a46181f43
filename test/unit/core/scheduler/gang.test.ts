import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { plan } from '../../../../src/core/scheduler/plan.ts'
import type { NodeSnapshot, PlaceGangDecision, Snapshot } from '../../../../src/core/scheduler/types.ts'
import { defaultScheduling } from '../../../../src/core/scheduler/types.ts'
import { groupId, nodeId, partId } from '../../../../src/model/ids.ts'
import type { Workload } from '../../../../src/model/workload.ts'
import { node, quiet, work } from '../../../support/scheduler-samples.ts'

/** The waiting parts of a group. */
function group(count: number, wanted: Record<string, unknown> = {}, parts: Record<string, unknown> = { gang: true }) {
  const id = groupId('wl-g')
  return Array.from({ length: count }, (_, index): Workload => {
    const one = work(partId(id, index), { ...wanted, parts: { count, ...parts } })
    return { ...one, part: { group: id, index } }
  })
}

function decide(nodes: readonly NodeSnapshot[], pending: readonly Workload[], parts: Partial<Snapshot> = {}) {
  return plan({ ...quiet, at: 10_000, nodes, pending, ...parts }, defaultScheduling)
}

/** How many parts go to each node, or why the gang waits. */
function seats(nodes: readonly NodeSnapshot[], pending: readonly Workload[]): Record<string, number> | string {
  const [decision] = decide(nodes, pending)
  if (decision?.decision !== 'place-gang') return decision?.decision === 'wait' ? decision.reason : 'placed alone'
  const counts = Map.groupBy(decision.places, (place) => place.node)
  return Object.fromEntries([...counts].map(([name, places]) => [name, places.length]))
}

describe('a gang goes', () => {
  test('to one node that has room for all of it, the one that it fills best', () => {
    const nodes = [node('a', 8), node('b', 4), node('c', 2)]
    expect(seats(nodes, group(4, { gpus: { count: 1 } }))).toEqual({ b: 4 })
  })

  test('to as few nodes as possible when no node has room for all', () => {
    const nodes = [node('a', 2), node('b', 4), node('c', 8), node('d', 4)]
    expect(seats(nodes, group(5, { gpus: { count: 2 } }))).toEqual({ c: 4, a: 1 })
  })

  test('into one rack rather than to the largest nodes of two', () => {
    const nodes = [
      node('a', 8, { labels: { rack: 'r1' } }),
      node('b', 4, { labels: { rack: 'r2' } }),
      node('c', 4, { labels: { rack: 'r2' } }),
      node('d', 4, { labels: { rack: 'r2' } }),
    ]
    expect(seats(nodes, group(6, { gpus: { count: 2 } }))).toEqual({ b: 2, c: 2, d: 2 })
  })

  test('to nodes of its own, one part each, when it asks for that', () => {
    const nodes = [node('a', 8), node('b', 8), node('c', 8)]
    expect(seats(nodes, group(3, { gpus: { count: 1 } }, { gang: true, ownNodes: true }))).toEqual({ a: 1, b: 1, c: 1 })
  })

  test('to nodes that want no other work only when there is no other way', () => {
    const taints = [{ key: 'shy', value: '', effect: 'PreferNoSchedule' as const }]
    const nodes = [node('a', 4, { taints }), node('b', 2), node('c', 2)]
    expect(seats(nodes, group(4, { gpus: { count: 1 } }))).toEqual({ b: 2, c: 2 })
    expect(seats(nodes, group(5, { gpus: { count: 1 } }))).toEqual({ a: 4, b: 1 })
  })

  test('nowhere when one part of it has no room, and takes nothing from those behind it', () => {
    const nodes = [node('a', 2), node('b', 1)]
    const pending = [...group(4, { gpus: { count: 1 } }), work('wl-z', { gpus: { count: 2 } })]
    const decisions = decide(nodes, pending)
    expect(decisions).toMatchObject([
      {
        decision: 'wait',
        reason:
          '2 nodes considered: 1 has room for 2 of the 4 parts of its gang; 1 has room for 1 of the 4 parts of its gang',
      },
      { decision: 'place', node: 'a' },
    ])
  })

  test('nowhere before all of its parts wait', () => {
    expect(seats([node('a', 8)], group(3).slice(1))).toBe('waits until the rest of its gang has stopped')
  })

  test('with the next attempt after the highest of its parts', () => {
    const parts = group(2).map((part, index) => ({ ...part, attempt: 3 + index }))
    expect(decide([node('a', 0)], parts)).toMatchObject([{ decision: 'place-gang', attempt: 5 }])
  })
})

describe('an array', () => {
  test('given room for some, then those run and the rest waits', () => {
    const decisions = decide([node('a', 2)], group(3, { gpus: { count: 1 } }, {}))
    expect(decisions.map(({ decision }) => decision)).toEqual(['place', 'place', 'wait'])
  })

  test('given a limit, then no more than that have a place at a time', () => {
    const parts = group(4, {}, { atOnce: 2 })
    const placedParts = new Map([[groupId('wl-g'), 1]])
    expect(decide([node('a', 8)], parts, { placedParts }).map(({ decision }) => decision)).toEqual([
      ...['place', 'wait', 'wait', 'wait'],
    ])
  })

  test('given that each wants a node of its own, then no node gets two, nor one that another part has already', () => {
    const groups = new Set([groupId('wl-g')])
    const decisions = decide(
      [node('a', 8), node('b', 8, { groups }), node('c', 8)],
      group(3, { gpus: { count: 1 } }, { ownNodes: true }),
    )
    expect(decisions.map((each) => (each.decision === 'place' ? each.node : each.decision))).toEqual(['a', 'c', 'wait'])
  })

  test('given more parts than ten, then the order is that of their numbers', () => {
    const decisions = decide([node('a', 8)], group(12, {}, {}).toReversed())
    expect(decisions.map(({ workload }) => workload)).toEqual(
      Array.from({ length: 12 }, (_, index) => partId(groupId('wl-g'), index)),
    )
  })
})

test('a gang is placed whole or not at all, no device is given twice, and whenever its parts fit one by one they fit as a gang', () => {
  const sizes = fc.array(fc.nat(8), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 4 }), (gpus, count, each) => {
      const nodes = gpus.map((free, i) => node(`n${i}`, free, { labels: { rack: `r${i % 2}` } }))
      const [decision, ...more] = decide(nodes, group(count, { gpus: { count: each } }))
      expect(more).toEqual([])
      const room = gpus.reduce((sum, free) => sum + Math.floor(free / each), 0)
      expect(decision?.decision).toBe(room >= count ? 'place-gang' : 'wait')
      if (decision?.decision !== 'place-gang') return
      expectWhole(decision, count, each)
    }),
  )
})

function expectWhole({ places }: PlaceGangDecision, count: number, each: number): void {
  expect(places.length).toBe(count)
  const devices = places.flatMap((place) => place.devices)
  expect(new Set(devices).size).toBe(count * each)
  for (const { node: home, devices: given } of places)
    expect(given.every((uuid) => uuid.startsWith(`GPU-${nodeId(home)}-`))).toBe(true)
}
