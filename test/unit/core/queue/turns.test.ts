import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Account } from '../../../../src/core/queue/share.ts'
import { accountsOf, consumption, halfLife } from '../../../../src/core/queue/share.ts'
import { inOrder, Turns } from '../../../../src/core/queue/turns.ts'
import { plan } from '../../../../src/core/scheduler/plan.ts'
import { defaultScheduling } from '../../../../src/core/scheduler/types.ts'
import { consumptionPeriod } from '../../../../src/core/state/namespaces.ts'
import { noQuota } from '../../../../src/model/namespace.ts'
import type { Quota } from '../../../../src/model/namespace.ts'
import { placementId, workloadId } from '../../../../src/model/ids.ts'
import type { Workload } from '../../../../src/model/workload.ts'
import { ada, meshOf, submit } from '../../../support/control-samples.ts'
import { node, quiet, work } from '../../../support/scheduler-samples.ts'

const nothing = { gpuMillis: 0, cpuMillis: 0, memoryMib: 0, workloads: 0 }
const account = (parts: Partial<Account> = {}): Account => ({
  ...{ quota: noQuota, weight: 1, borrow: false, spending: nothing, share: 0 },
  ...parts,
})
const quota = (parts: Partial<Quota>): Quota => ({ ...noQuota, ...parts })

const of = (namespace: string, id: string, parts: Record<string, unknown> = {}, submittedAt = 1_000): Workload =>
  work(id, { gpus: { count: 1 }, namespace, ...parts }, { submittedAt })

describe('turns', () => {
  test('given equal priorities, then the namespace goes first that has had least for its weight', () => {
    const accounts = new Map([
      ['rich', account({ share: 900 })],
      ['poor', account({ share: 100 })],
    ])
    const pending = [of('rich', 'wl-r', {}, 1), of('poor', 'wl-p', {}, 2)]
    expect(inOrder(pending, accounts).map(({ lead }) => lead.id)).toEqual(['wl-p', 'wl-r'])
  })

  test('given a higher priority, then it goes first, whoever it belongs to', () => {
    const accounts = new Map([
      ['rich', account({ share: 900 })],
      ['poor', account()],
    ])
    const pending = [of('poor', 'wl-p'), of('rich', 'wl-r', { priority: 600 })]
    expect(inOrder(pending, accounts).map(({ lead }) => lead.id)).toEqual(['wl-r', 'wl-p'])
  })

  test('given one namespace, then the oldest goes first', () => {
    const pending = [of('a', 'wl-2', {}, 2), of('a', 'wl-1', {}, 1), of('a', 'wl-3', {}, 3)]
    expect(inOrder(pending, new Map()).map(({ lead }) => lead.id)).toEqual(['wl-1', 'wl-2', 'wl-3'])
  })

  test('given that what is placed counts at once, then namespaces take turns by their weights', () => {
    const accounts = new Map([
      ['one', account()],
      ['two', account({ weight: 2 })],
    ])
    const pending = [1, 2, 3, 4, 5, 6].flatMap((n) => [of('one', `wl-1${n}`, {}, n), of('two', `wl-2${n}`, {}, n)])
    const turns = new Turns(pending, accounts)
    const order: string[] = []
    for (const ask of turns) {
      if (order.length === 9) break
      order.push(ask.lead.spec.namespace)
      turns.placed(ask)
    }
    expect(order.filter((name) => name === 'two').length).toBe(6)
  })

  test('every ask has its turn once, whatever is placed meanwhile, and none of a lower priority before one of a higher', () => {
    const ask = fc.record({ name: fc.constantFrom('a', 'b', 'c'), priority: fc.constantFrom(250, 500), at: fc.nat(9) })
    fc.assert(
      fc.property(fc.array(ask, { maxLength: 30 }), fc.array(fc.boolean(), { minLength: 30 }), (asks, placed) => {
        const pending = asks.map(({ name, priority, at }, i) => of(name, `wl-${i}`, { priority }, at))
        const turns = new Turns(pending, new Map([['a', account({ share: 5_000 })]]))
        const order: Workload[] = []
        for (const one of turns) {
          if (placed[order.length] === true) turns.placed(one)
          order.push(one.lead)
        }
        expect(order.map(({ id }) => id).toSorted()).toEqual(pending.map(({ id }) => id).toSorted())
        for (const [i, { spec }] of order.entries())
          expect(spec.priority).toBeGreaterThanOrEqual(order[i + 1]?.spec.priority ?? 0)
        for (const name of ['a', 'b', 'c']) {
          const own = order.filter(({ spec }) => spec.namespace === name && spec.priority === 500)
          expect(own.map(({ submittedAt }) => submittedAt)).toEqual(
            own.map(({ submittedAt }) => submittedAt).toSorted((a, b) => a - b),
          )
        }
      }),
    )
  })
})

describe('shares', () => {
  test('given GPU-time in the past, then half of it counts after every half-life', () => {
    const consumed = new Map([['a', [[9, 1_000]] as const]])
    const end = 10 * consumptionPeriod
    expect(consumption({ consumed }, 'a', end)).toBe(1_000)
    expect(consumption({ consumed }, 'a', end + halfLife)).toBeCloseTo(500)
    expect(consumption({ consumed }, 'a', end + 3 * halfLife)).toBeCloseTo(125)
  })

  test('given work that runs, then it counts with its GPUs and its time, and with an hour in advance', () => {
    const book = meshOf([ada], 4)
    book.run({ type: 'create-namespace', name: 'team', quota: noQuota, weight: 2, borrow: false })
    book.run(submit('wl-a', { gpus: { count: 3 }, namespace: 'team' }))
    const devices = [0, 1, 2].map((i) => `GPU-ada-${i}`)
    book.run({ type: 'place', workload: workloadId('wl-a'), attempt: 1, node: ada, devices, executor: 'docker' })
    const placement = placementId(workloadId('wl-a'), 1)
    book.run({ type: 'claim', placement, node: ada })
    book.run({ type: 'report-running', placement, node: ada, startedAt: 10_000 })
    expect(accountsOf(book.state, [ada], 70_000).get('team')?.share).toBe((3 * (60 + 3_600)) / 2)
    book.run({ type: 'report-ended', placement, node: ada, endedAt: 99_000, exitCode: 0, error: null }, { at: 110_000 })
    expect(accountsOf(book.state, [ada], 200_000).get('team')?.share).toBe(300 / 2)
  })
})

describe('quotas in a plan', () => {
  const decide = (pending: readonly Workload[], accounts: ReadonlyMap<string, Account>, gpus = 4) =>
    Object.fromEntries(
      plan({ ...quiet, at: 10_000, nodes: [node('n', gpus)], pending, accounts }, defaultScheduling).map((each) => [
        each.workload,
        each.decision === 'wait' ? each.reason : 'goes',
      ]),
    )

  test('given a namespace with a quota, then it gets no more than that, and is told why', () => {
    const accounts = new Map([
      ['team', account({ quota: quota({ gpus: 2 }), spending: { ...nothing, gpuMillis: 1_000 } })],
    ])
    expect(decide([of('team', 'wl-1', {}, 1), of('team', 'wl-2', {}, 2)], accounts)).toEqual({
      'wl-1': 'goes',
      'wl-2': 'has to wait for its namespace team: it needs 1 GPU, and 2 of 2 are in use',
    })
  })

  test('given one that may borrow, then it takes what is left over, after all that stays within theirs', () => {
    const accounts = new Map([
      ['guest', account({ quota: quota({ gpus: 0 }), borrow: true })],
      ['owner', account({ quota: quota({ gpus: 3 }), share: 9_999 })],
    ])
    const pending = [1, 2, 3, 4].flatMap((n) => [of('guest', `wl-g${n}`, {}, n), of('owner', `wl-o${n}`, {}, n)])
    const decisions = decide(pending, accounts)
    expect(Object.keys(decisions).filter((id) => decisions[id] === 'goes')).toEqual([
      ...['wl-o1', 'wl-o2', 'wl-o3', 'wl-g1'],
    ])
  })

  test('given a gang, then it fits into the quota as a whole or not at all', () => {
    const accounts = new Map([['team', account({ quota: quota({ gpus: 3 }) })]])
    const gang = [0, 1].map((index) => {
      const part = of('team', `wl-g-${index}`, { gpus: { count: 2 }, parts: { count: 2, gang: true } })
      return { ...part, part: { group: 'wl-g' as never, index } }
    })
    expect(decide(gang, accounts)).toEqual({
      'wl-g-0': 'has to wait for its namespace team: it needs 4 GPUs, and 0 of 3 are in use',
    })
  })

  test('no namespace that may not borrow ever goes over its quota, and nobody waits beside a free GPU who may have it', () => {
    const one = fc.record({ name: fc.constantFrom('a', 'b'), gpus: fc.integer({ min: 1, max: 3 }) })
    const limits = fc.record({ gpus: fc.nat(6), used: fc.nat(6), borrow: fc.boolean() })
    fc.assert(
      fc.property(fc.array(one, { maxLength: 12 }), limits, limits, fc.nat(8), (asks, a, b, free) => {
        const make = ({ gpus, used, borrow }: { gpus: number; used: number; borrow: boolean }) =>
          account({ quota: quota({ gpus }), borrow, spending: { ...nothing, gpuMillis: 1_000 * used } })
        const pending = asks.map(({ name, gpus }, i) => of(name, `wl-${i}`, { gpus: { count: gpus } }, i))
        const decisions = decide(pending, new Map(Object.entries({ a: make(a), b: make(b) })), free)
        const placed = pending.filter(({ id }) => decisions[id] === 'goes')
        for (const [name, limit] of Object.entries({ a, b })) {
          const own = placed.filter(({ spec }) => spec.namespace === name)
          const taken = own.reduce((sum, { spec }) => sum + spec.gpus.count, 0)
          if (!limit.borrow && taken > 0) expect(limit.used + taken).toBeLessThanOrEqual(limit.gpus)
        }
        const left = free - placed.reduce((sum, { spec }) => sum + spec.gpus.count, 0)
        expect(left).toBeGreaterThanOrEqual(0)
        for (const { id, spec } of pending) {
          if (decisions[id] === 'goes' || spec.gpus.count > left) continue
          const limit = spec.namespace === 'a' ? a : b
          const own = placed.filter((other) => other.spec.namespace === spec.namespace)
          const taken = own.reduce((sum, other) => sum + other.spec.gpus.count, 0)
          expect([limit.borrow, limit.used + taken + spec.gpus.count > limit.gpus]).toEqual([false, true])
        }
      }),
    )
  })
})
