import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chooseDevices } from '../../../../src/core/scheduler/devices.ts'
import { NodeLedger } from '../../../../src/core/scheduler/ledger.ts'
import { devicesFor, offerOf } from '../../../../src/core/scheduler/offer.ts'
import { plan } from '../../../../src/core/scheduler/plan.ts'
import { standingOf } from '../../../../src/core/scheduler/standing.ts'
import type { NodeSnapshot } from '../../../../src/core/scheduler/types.ts'
import { defaultScheduling } from '../../../../src/core/scheduler/types.ts'
import type { GpuDevice, GpuLink } from '../../../../src/model/gpu.ts'
import { nodeId } from '../../../../src/model/ids.ts'
import { gpu, spec } from '../../../support/control-samples.ts'
import { node, quiet, work } from '../../../support/scheduler-samples.ts'

const id = nodeId('a')
/** Two boards of four. */
const board = (index: number): GpuDevice => gpu(id, index, { numaNode: index < 4 ? 0 : 1 })
const eight = [0, 1, 2, 3, 4, 5, 6, 7]

const clique = (...indexes: readonly number[]): readonly GpuLink[] =>
  indexes.flatMap((a) =>
    indexes.filter((b) => b > a).map((b) => ({ devices: [a, b], kind: 'nvlink', width: 4 }) as const),
  )

const choose = (free: readonly number[], count: number, links: readonly GpuLink[], hot: readonly number[] = []) => {
  const names = new Set(hot.map((index) => board(index).uuid))
  const { devices, groups } = chooseDevices(free.map(board), links, { count, hot: names })
  return { indexes: devices.map(({ index }) => index), groups }
}
const indexesOf = (...given: Parameters<typeof choose>): readonly number[] => choose(...given).indexes

/** The node that one piece of work goes to. */
function homeOf(nodes: readonly NodeSnapshot[], wanted: Record<string, unknown>): string {
  const [decision] = plan({ ...quiet, at: 0, nodes, pending: [work('wl', wanted)] }, defaultScheduling)
  return decision?.decision === 'place' ? decision.node : 'none'
}

describe('links', () => {
  test('four of eight come from one clique where one is free', () => {
    const links = [...clique(0, 2, 4, 6), ...clique(1, 3, 5, 7)]
    expect(indexesOf(eight, 4, links)).toEqual([0, 2, 4, 6])
    expect(indexesOf([0, 1, 3, 5, 6, 7], 4, links)).toEqual([1, 3, 5, 7])
  })

  test('a small job takes from a group that is broken already', () => {
    const links = [...clique(0, 1, 2, 3), ...clique(4, 5, 6, 7)]
    expect(indexesOf([0, 1, 2, 3, 5, 6], 1, links)).toEqual([5])
    expect(indexesOf([0, 1, 2, 3, 5, 6], 2, links)).toEqual([5, 6])
  })

  test('without NVLink they come from one NUMA node', () => {
    expect(indexesOf([1, 2, 3, 4, 5, 6, 7], 4, [])).toEqual([4, 5, 6, 7])
    expect(indexesOf([0, 1, 5], 2, [])).toEqual([0, 1])
  })

  test('of those that a switch links all alike, they come from one NUMA node', () => {
    expect(indexesOf([3, ...eight.slice(4)], 4, clique(...eight))).toEqual([4, 5, 6, 7])
    expect(indexesOf([1, 2, 5], 2, clique(...eight))).toEqual([1, 2])
    expect(indexesOf([2, 3, 4, 5, 6], 3, clique(...eight))).toEqual([4, 5, 6])
  })

  test('what no group holds comes from as few as will do, and the last of them is broken as little as possible', () => {
    const links = [...clique(0, 1, 2, 3), ...clique(4, 5, 6)]
    expect(choose(eight, 5, links)).toEqual({ indexes: [0, 1, 2, 3, 7], groups: 2 })
    expect(choose(eight, 6, links)).toEqual({ indexes: [0, 1, 2, 3, 4, 5], groups: 2 })
  })
})

describe('devices without NVLink beside such that have it', () => {
  const pair = clique(0, 1)

  test('are one group for each NUMA node, as anywhere else', () => {
    expect(choose([2, 3, 4, 5, 6, 7], 4, pair)).toEqual({ indexes: [4, 5, 6, 7], groups: 1 })
  })

  test('are for single jobs, and the linked ones for those of several', () => {
    expect(indexesOf(eight, 1, pair)).toEqual([2])
    expect(indexesOf(eight, 2, pair)).toEqual([0, 1])
  })

  test('make a node neither better nor worse than one where nothing is linked', () => {
    const gpus = [0, 1, 2, 3].map(board)
    const mixed = node('a', 4, { has: { gpus, links: clique(0, 1) }, held: new Set(['GPU-a-0', 'GPU-a-1']) })
    expect(homeOf([node('b', 8), mixed], { gpus: { count: 2 } })).toBe('a')
    const apart = [0, 1, 4, 5].map(board)
    const split = node('a', 4, {
      ...{ has: { gpus: apart, links: [...clique(0, 1), ...clique(4, 5)] } },
      held: new Set(['GPU-a-1', 'GPU-a-5']),
    })
    expect(homeOf([node('b', 8), split], { gpus: { count: 2 } })).toBe('b')
  })
})

describe('heat', () => {
  test('where the cool are too few all of them are taken, and filled up with hot ones that are close to them', () => {
    const links = [...clique(0, 1, 2, 3), ...clique(4, 5, 6, 7)]
    expect(indexesOf(eight, 3, links, [0, 1, 2, 3, 4, 5])).toEqual([4, 6, 7])
    expect(indexesOf(eight, 6, links, [0, 1, 2, 3, 6])).toEqual([0, 1, 4, 5, 6, 7])
    expect(indexesOf([0, 1, 5], 2, [], [0, 1])).toContain(5)
    expect(indexesOf([0, 1], 2, [], [0, 1])).toEqual([0, 1])
  })

  test('is no matter to who names the devices', () => {
    const hot = new Set(['GPU-a-0'])
    expect(homeOf([node('a', 2, { hot }), node('b', 4)], { gpus: { devices: [0] } })).toBe('a')
    expect(homeOf([node('a', 2, { hot }), node('b', 4)], { gpus: { count: 2 } })).toBe('b')
  })
})

test('what is chosen is as many as were asked for, as few of them hot as possible, and what the offer said', () => {
  const some = fc.subarray(eight)
  const link = fc.record({
    devices: fc.tuple(fc.nat(7), fc.nat(7)),
    kind: fc.constantFrom('nvlink' as const, 'pix' as const, 'sys' as const),
    width: fc.integer({ min: 1, max: 18 }),
  })
  fc.assert(
    fc.property(some, some, fc.array(link, { maxLength: 12 }), fc.nat(8), (heldOnes, hotOnes, links, count) => {
      const uuids = (indexes: readonly number[]): Set<string> => new Set(indexes.map((index) => board(index).uuid))
      const [held, hot] = [uuids(heldOnes), uuids(hotOnes)]
      const ledger = new NodeLedger(node('a', 8, { held, hot, has: { gpus: eight.map(board), links } }))
      const wanted = spec({ gpus: { count } })
      const standing = standingOf(ledger.node, wanted)
      if ('one' in standing) throw new Error(standing.one)
      const offer = offerOf(ledger, standing, wanted)
      const free = eight.filter((index) => !heldOnes.includes(index))
      expect(offer === null).toBe(count > free.length)
      if (offer === null) return
      const given = devicesFor(ledger, standing, wanted)
      expect(new Set(given).size).toBe(count)
      expect(given.every((device) => ledger.free.has(device))).toBe(true)
      const hotGiven = given.filter(({ uuid }) => hot.has(uuid)).length
      expect(hotGiven).toBe(Math.max(0, count - free.filter((index) => !hotOnes.includes(index)).length))
      expect(offer.hotDevices).toBe(hotGiven)
    }),
    { numRuns: 500 },
  )
})
