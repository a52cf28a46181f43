import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { explain } from '../../../../src/core/scheduler/explain.ts'
import { plan } from '../../../../src/core/scheduler/plan.ts'
import { snapshotOf } from '../../../../src/core/scheduler/snapshot.ts'
import type { Decision, NodeSnapshot, PlaceDecision, Snapshot } from '../../../../src/core/scheduler/types.ts'
import { defaultScheduling } from '../../../../src/core/scheduler/types.ts'
import { nodeId } from '../../../../src/model/ids.ts'
import type { Workload } from '../../../../src/model/workload.ts'
import { node, quiet, work } from '../../../support/scheduler-samples.ts'
import { ada, bob, cyd, gpu, inventory, meshOf, refusal, submit } from '../../../support/control-samples.ts'

const decide = (nodes: readonly NodeSnapshot[], pending: readonly Workload[], at = 10_000): readonly Decision[] =>
  plan({ ...quiet, at, nodes, pending }, defaultScheduling)

const placed = (decisions: readonly Decision[]): Record<string, string> =>
  Object.fromEntries(decisions.flatMap((d) => (d.decision === 'place' ? [[d.workload, d.node]] : [])))

const reason = (
  nodes: readonly NodeSnapshot[],
  wanted: Record<string, unknown>,
  parts: Partial<Workload> = {},
): string => {
  const [decision] = decide(nodes, [work('wl-a', wanted, parts)])
  return decision?.decision === 'wait' ? decision.reason : 'it was placed'
}

describe('where work goes', () => {
  test('to the node that has least left over', () => {
    const nodes = [node('big', 8), node('fit', 2), node('mid', 4)]
    expect(placed(decide(nodes, [work('wl-a', { gpus: { count: 2 } })]))).toEqual({ 'wl-a': 'fit' })
  })

  test('among equals to the one with less memory over, so that large memory stays for those who need it', () => {
    const nodes = [node('large', 1), node('small', 1, { has: { memoryMib: 65_536 } })]
    expect(placed(decide(nodes, [work('wl-a', { gpus: { count: 1 } })]))).toEqual({ 'wl-a': 'small' })
  })

  test('without GPUs, to a node without GPUs', () => {
    expect(placed(decide([node('gpus', 8), node('plain', 0)], [work('wl-a')]))).toEqual({ 'wl-a': 'plain' })
  })

  test('by priority first and then by age', () => {
    const pending = [
      work('wl-late', { gpus: { count: 1 } }, { submittedAt: 3 }),
      work('wl-early', { gpus: { count: 1 } }, { submittedAt: 2 }),
      work('wl-high', { gpus: { count: 1 }, priority: 750 }, { submittedAt: 9 }),
    ]
    expect(decide([node('one', 2)], pending).map(({ workload, decision }) => [workload, decision])).toEqual([
      ['wl-high', 'place'],
      ['wl-early', 'place'],
      ['wl-late', 'wait'],
    ])
  })

  test('smaller work goes ahead of what fits nowhere', () => {
    const pending = [work('wl-huge', { gpus: { count: 9 }, priority: 900 }), work('wl-a', { gpus: { count: 1 } })]
    expect(placed(decide([node('one', 2)], pending))).toEqual({ 'wl-a': 'one' })
  })

  test('with the executor that was asked for, or else the one that the node names first', () => {
    const nodes = [node('one', 0, { has: { executors: ['process', 'docker'] } })]
    const executors = decide(nodes, [work('wl-a'), work('wl-b', { executor: 'docker' })]).map(
      (decision) => decision.decision === 'place' && decision.executor,
    )
    expect(executors).toEqual(['process', 'docker'])
  })

  test('on the exact devices that were named', () => {
    const [decision] = decide([node('one', 4)], [work('wl-a', { gpus: { devices: [3, 1] } })])
    expect(decision).toMatchObject({ decision: 'place', devices: ['GPU-one-1', 'GPU-one-3'] })
  })

  test('on linked devices where the links are known', () => {
    const links = [
      { devices: [0, 2], kind: 'nvlink', width: 4 },
      { devices: [1, 3], kind: 'nvlink', width: 12 },
    ] as const
    const [decision] = decide([node('one', 4, { has: { links } })], [work('wl-a', { gpus: { count: 2 } })])
    expect(decision).toMatchObject({ devices: ['GPU-one-1', 'GPU-one-3'] })
  })

  test('a plan stops at its limit and says nothing of the rest', () => {
    const pending = Array.from({ length: 5 }, (_, i) => work(`wl-${i}`))
    const snapshot = { ...quiet, at: 0, nodes: [node('one', 0)], pending }
    expect(plan(snapshot, { ...defaultScheduling, maxPlacements: 3 })).toHaveLength(3)
  })
})

describe('why work waits', () => {
  test('is told by the most frequent reason first', () => {
    const nodes = [
      node('a', 4, { held: new Set(['GPU-a-0', 'GPU-a-1']) }),
      node('b', 1, { has: { gpus: [gpu(nodeId('b'), 0, { model: 'NVIDIA A100-SXM4-80GB' })] } }),
      node('c', 4, { held: new Set(['GPU-c-2', 'GPU-c-3']) }),
    ]
    expect(reason(nodes, { gpus: { count: 4, model: 'H100' } })).toBe(
      '3 nodes considered: 2 need 4 H100s, have 2 free; 1 has no H100',
    )
  })

  test.each<[string, NodeSnapshot, Record<string, unknown>]>([
    ['does not answer', node('a', 1, { liveness: 'suspect' }), {}],
    ['is offline', node('a', 1, { liveness: 'lost' }), {}],
    ['is offline', node('a', 1, { liveness: 'left' }), {}],
    ['has not reported its hardware yet', node('a', 1, { inventory: null }), {}],
    ['is not b', node('a', 1), { node: 'b' }],
    ['lacks the label zone=x', node('a', 1, { labels: { zone: 'y' } }), { nodeSelector: { zone: 'x' } }],
    ['has no simulated executor', node('a', 1), { executor: 'simulated' }],
    ['has nothing to run work with', node('a', 1, { has: { executors: [] } }), {}],
    ['has no GPU', node('a', 0), { gpus: { count: 1 } }],
    ['has no A100', node('a', 1), { gpus: { count: 1, model: 'A100' } }],
    ['has no GPU with 90000 MiB', node('a', 1), { gpus: { count: 1, memoryMib: 90_000 } }],
    ['needs 2 GPUs, has 1', node('a', 1), { gpus: { count: 2 } }],
    ['needs 1 GPU, has 0 free', node('a', 1, { held: new Set(['GPU-a-0']) }), { gpus: { count: 1 } }],
    ['needs 1 GPU, has 0 free (1 failed)', node('a', 1, { failed: new Set(['GPU-a-0']) }), { gpus: { count: 1 } }],
    ['has no GPU 7', node('a', 2), { gpus: { devices: [0, 7] } }],
    ['has GPU 0 in use', node('a', 2, { held: new Set(['GPU-a-0']) }), { gpus: { devices: [0] } }],
    ['needs 40 CPU cores, has 32 free', node('a', 1), { cpus: 40 }],
    [
      'needs 2 CPU cores, has 1.5 free',
      node('a', 1, { usage: { cpuMillis: 30_500, memoryMib: 0, placements: 1 } }),
      { cpus: 2 },
    ],
    [
      'needs 1024 MiB of memory, has 144 free',
      node('a', 1, { usage: { cpuMillis: 0, memoryMib: 262_000, placements: 1 } }),
      { memoryMib: 1_024 },
    ],
  ])('%s', (words, snapshot, wanted) => {
    expect(reason([snapshot], wanted)).toBe(`1 node considered: 1 ${words}`)
  })

  test('of a mesh without nodes is that there are none', () => {
    expect(reason([], {})).toBe('the mesh has no nodes yet')
  })

  test('a node that refused the work is left alone for a while, and asked again after', () => {
    const rejections = [{ node: nodeId('a'), attempt: 1, reason: 'GPU 0 is busy', at: 9_000 }]
    const again = work('wl-a', {}, { attempt: 1, rejections })
    expect(reason([node('a', 1)], {}, { rejections })).toBe('1 node considered: 1 refused it just now (GPU 0 is busy)')
    expect(decide([node('a', 1)], [again], 9_000 + defaultScheduling.avoidFor)).toMatchObject([
      { decision: 'place', node: 'a', attempt: 2 },
    ])
  })

  test('other work of the same kind may go to a node that refused one of them', () => {
    const rejections = [{ node: nodeId('a'), attempt: 1, reason: 'no', at: 9_999 }]
    expect(placed(decide([node('a', 1)], [work('wl-a', {}, { rejections }), work('wl-b')]))).toEqual({ 'wl-b': 'a' })
  })

  test('is explained node by node', () => {
    const snapshot: Snapshot = { ...quiet, at: 0, nodes: [node('a', 0), node('b', 2)], pending: [] }
    expect(explain(snapshot, work('wl-a', { gpus: { count: 2 } }), defaultScheduling)).toEqual({
      reason: null,
      wouldFit: null,
      nodes: [
        { node: 'a', name: 'a', obstacle: 'has no GPU' },
        { node: 'b', name: 'b', obstacle: null },
      ],
    })
    const rejections = [{ node: nodeId('b'), attempt: 1, reason: 'too hot', at: 0 }]
    expect(explain(snapshot, work('wl-a', { gpus: { count: 2 } }, { rejections }), defaultScheduling).reason).toBe(
      '2 nodes considered: 1 has no GPU; 1 refused it just now (too hot)',
    )
  })
})

describe('any plan', () => {
  const wanted = fc.record({
    count: fc.nat(3),
    cpus: fc.integer({ min: 1, max: 20 }),
    memoryMib: fc.integer({ min: 6, max: 200_000 }),
    model: fc.constantFrom('H100', 'A100', 'any'),
    share: fc.option(fc.integer({ min: 1, max: 90_000 }), { nil: undefined }),
  })

  test('is one that the state machine accepts, gives no device twice, and is the same when made again', () => {
    fc.assert(
      fc.property(fc.array(wanted, { maxLength: 25 }), fc.integer({ min: 1, max: 4 }), (list, gpus) => {
        const book = meshOf([ada, bob, cyd], gpus)
        book.run({ type: 'report-inventory', node: bob, inventory: inventory(bob, gpus, { sharing: true }) })
        for (const [i, { count, model, share, ...rest }] of list.entries())
          book.run(submit(`wl-${i}`, { ...rest, gpus: { count, model, share: count === 0 ? undefined : share } }))
        const observe = () =>
          ({ liveness: 'alive', failed: new Set<string>(), hot: new Set<string>(), diskFreeMib: null }) as const
        const decisions = plan(snapshotOf(book.state, observe, 1), defaultScheduling)
        expect(plan(snapshotOf(book.state, observe, 1), defaultScheduling)).toEqual(decisions)
        const places = decisions.filter((d): d is PlaceDecision => d.decision === 'place')
        for (const { decision: type, ...place } of places) expect(refusal(book.run({ type, ...place }))).toBe(null)
        for (const { cpuMillis, memoryMib } of book.state.usage.values()) {
          expect(cpuMillis).toBeLessThanOrEqual(32_000)
          expect(memoryMib).toBeLessThanOrEqual(262_144)
        }
        // What was left waiting fits nowhere, now that the rest has been placed.
        const rest = plan(snapshotOf(book.state, observe, 1), defaultScheduling)
        expect(rest.every(({ decision }) => decision === 'wait')).toBe(true)
      }),
      { numRuns: 200 },
    )
  })
})
