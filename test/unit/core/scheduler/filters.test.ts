import { describe, expect, test } from 'vitest'
import { plan } from '../../../../src/core/scheduler/plan.ts'
import type { NodeSnapshot, PlaceDecision, PlaceGangDecision, Snapshot } from '../../../../src/core/scheduler/types.ts'
import { defaultScheduling } from '../../../../src/core/scheduler/types.ts'
import { nodeId, workloadId } from '../../../../src/model/ids.ts'
import type { Taint } from '../../../../src/model/label.ts'
import type { Workload } from '../../../../src/model/workload.ts'
import { gpu } from '../../../support/control-samples.ts'
import { node, quiet, work } from '../../../support/scheduler-samples.ts'

const whereTo = (each: PlaceDecision | PlaceGangDecision): string =>
  each.decision === 'place' ? each.node : each.places.map((place) => place.node).join(' ')

/** Where each goes, or why it waits. */
function outcome(
  nodes: readonly NodeSnapshot[],
  pending: readonly Workload[],
  parts: Partial<Snapshot> = {},
): Record<string, string> {
  const snapshot = { ...quiet, at: 10_000, nodes, pending, ...parts }
  return Object.fromEntries(
    plan(snapshot, defaultScheduling).map((each) => [
      each.workload,
      each.decision === 'wait' ? each.reason : whereTo(each),
    ]),
  )
}

const why = (only: NodeSnapshot, wanted: Record<string, unknown>): string =>
  outcome([only], [work('wl', wanted)])['wl'] ?? ''

const taint = (effect: Taint['effect'], value = ''): Taint => ({ key: 'team', value, effect })

describe('a node that is closed', () => {
  test('takes nothing while it is cordoned or drained, and says why', () => {
    const closed = (mode: 'cordoned' | 'draining', reason = '') =>
      node('a', 1, { scheduling: { mode, reason, since: 0, grace: null } })
    expect(why(closed('cordoned'), {})).toBe('1 node considered: 1 is cordoned')
    expect(why(closed('draining', 'new disk'), {})).toBe('1 node considered: 1 is drained (new disk)')
  })

  test('takes nothing while it is outdated, for it could not claim it', () => {
    expect(why(node('a', 1, { isOutdated: true }), {})).toBe('1 node considered: 1 is outdated and must be upgraded')
  })

  test.each([
    ['without a toleration', [], false],
    ['with one for the key', [{ key: 'team' }], true],
    ['with one for another key', [{ key: 'zone' }], false],
    ['with its value', [{ key: 'team', value: 'red' }], true],
    ['with another value', [{ key: 'team', value: 'blue' }], false],
    ['with its effect', [{ key: 'team', effect: 'NoSchedule' }], true],
    ['with another effect', [{ key: 'team', effect: 'NoExecute' }], false],
  ])('by a taint, takes work %s: %j', (_, tolerations, isTaken) => {
    const tainted = node('a', 1, { taints: [taint('NoSchedule', 'red')] })
    const words = '1 node considered: 1 has the taint team=red:NoSchedule'
    expect(why(tainted, { tolerations })).toBe(isTaken ? 'a' : words)
  })

  test('by NoExecute takes no new work either; with PreferNoSchedule it is the last choice', () => {
    expect(why(node('a', 1, { taints: [taint('NoExecute')] }), {})).toContain('team:NoExecute')
    const shy = node('a', 1, { taints: [taint('PreferNoSchedule')] })
    expect(outcome([shy, node('b', 4)], [work('wl')])).toEqual({ wl: 'b' })
    expect(outcome([shy], [work('wl')])).toEqual({ wl: 'a' })
  })
})

describe('neighbours', () => {
  const db = { labels: { app: 'db' } }

  test('work goes where those are that it wants to be near, even if they come with the same plan', () => {
    const nodes = [node('a', 1), node('b', 4, { residents: [{ app: 'web' }] })]
    expect(outcome(nodes, [work('wl', { near: [{ app: 'web' }] })])).toEqual({ wl: 'b' })
    const pending = [work('one', { ...db, node: 'b' }, { submittedAt: 0 }), work('two', { near: [{ app: 'db' }] })]
    expect(outcome([node('a', 1), node('b', 1)], pending)).toEqual({ one: 'b', two: 'b' })
    expect(why(node('a', 1), { near: [{ app: 'db' }] })).toBe('1 node considered: 1 runs no work with app=db')
  })

  test('work stays away from those that it wants to be apart from, itself included', () => {
    const pending = ['x', 'y', 'z'].map((id) => work(id, { ...db, apart: [{ app: 'db' }] }))
    expect(outcome([node('a', 1), node('b', 1)], pending)).toEqual({
      x: 'a',
      y: 'b',
      z: '2 nodes considered: 2 run work with app=db, which it wants to be apart from',
    })
  })
})

describe('devices', () => {
  const mig = { profile: '1g.10gb', parent: 'GPU-0' }
  const id = nodeId('a')
  const cut = node('a', 2, { has: { gpus: [gpu(id, 0, { mig }), gpu(id, 1)] } })

  test('a MIG device is no whole GPU, and a whole GPU no MIG device', () => {
    expect(why(cut, { gpus: { count: 2 } })).toBe('1 node considered: 1 needs 2 GPUs, has 1')
    expect(why(cut, { gpus: { count: 1, mig: '1g.10gb' } })).toBe('a')
    expect(why(cut, { gpus: { count: 1, mig: '3g.40gb' } })).toBe('1 node considered: 1 has no MIG device 3g.40gb')
    expect(why(cut, { gpus: { devices: [0], count: 1 } })).toBe('a')
  })

  test('driver and compute capability are compared part by part, and what is not known is not enough', () => {
    const has = (driver: string | null, computeCapability: string | null = '9.0') =>
      node('a', 1, { has: { gpus: [gpu(id, 0, { driver, computeCapability })] } })
    const wants = { gpus: { count: 1, minDriver: '550.54', minComputeCapability: '8.6' } }
    expect(why(has('550.54.15'), wants)).toBe('a')
    expect(why(has('1000.1'), wants)).toBe('a')
    for (const poor of [has('550.9'), has(null), has('560.1', '8.0'), has('560.1', null)])
      expect(why(poor, wants)).toBe(
        '1 node considered: 1 has no GPU with driver 550.54 or newer and compute capability 8.6 or higher',
      )
  })

  test('disk is what the node said is free, and before that what it has', () => {
    expect(why(node('a', 1, { diskFreeMib: 500 }), { diskMib: 600 })).toContain('needs 600 MiB of disk, has 500 free')
    expect(why(node('a', 1, { diskFreeMib: null, has: { diskMib: 700 } }), { diskMib: 600 })).toBe('a')
  })

  test('a hot device is taken only when no cool one is left', () => {
    const warm = node('a', 2, { hot: new Set(['GPU-a-0', 'GPU-a-1']) })
    expect(outcome([warm, node('b', 8)], [work('wl', { gpus: { count: 1 } })])).toEqual({ wl: 'b' })
    expect(outcome([warm], [work('wl', { gpus: { count: 2 } })])).toEqual({ wl: 'a' })
  })
})

describe('turns', () => {
  test('what is to be tried again later, or waits for others, is not looked for a place', () => {
    const pending = [work('later', {}, { notBefore: 30_500 }), work('then')]
    const blocked = new Map([[workloadId('then'), 'waits for prepare to complete']])
    const waiting = { later: 'is tried again at 1970-01-01T00:00:31Z', then: 'waits for prepare to complete' }
    // The words do not change while it waits.
    for (const at of [10_000, 20_000]) expect(outcome([node('a', 1)], pending, { blocked, at })).toEqual(waiting)
  })

  test('what was moved goes where it was meant to go, if it fits there', () => {
    const moved = work('wl', { gpus: { count: 1 } }, { preferredNode: nodeId('b') })
    expect(outcome([node('a', 1), node('b', 8)], [moved])).toEqual({ wl: 'b' })
    expect(outcome([node('a', 1), node('b', 0)], [moved])).toEqual({ wl: 'a' })
  })

  test('spread goes where least is, pack where least is left', () => {
    const busy = node('a', 4, { held: new Set(['GPU-a-0']), usage: { cpuMillis: 0, memoryMib: 0, placements: 1 } })
    const nodes = [busy, node('b', 4)]
    expect(outcome(nodes, [work('wl', { gpus: { count: 1 }, strategy: 'spread' })])).toEqual({ wl: 'b' })
    expect(outcome(nodes, [work('wl', { gpus: { count: 1 } })])).toEqual({ wl: 'a' })
  })

  test('a node that is kept for other work takes only what will be gone by then', () => {
    const reservations = new Map([[nodeId('a'), { workload: workloadId('large'), from: 100_000, priority: 500 }]])
    const pending = [
      work('large', { gpus: { count: 1 } }),
      work('short', { gpus: { count: 1 }, timeoutMs: 30_000 }),
      work('endless', { gpus: { count: 1 } }),
    ]
    expect(outcome([node('a', 4)], pending, { reservations })).toEqual({
      large: 'a',
      short: 'a',
      endless: '1 node considered: 1 is kept for work that has waited longer',
    })
  })
})
