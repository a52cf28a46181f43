import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Ask } from '../../../../src/core/queue/ask.ts'
import { asksOf } from '../../../../src/core/queue/ask.ts'
import type { Provision } from '../../../../src/core/queue/reserve.ts'
import { mayUse } from '../../../../src/core/queue/reservation.ts'
import { defaultReserving, provide } from '../../../../src/core/queue/reserve.ts'
import { residentsOf } from '../../../../src/core/queue/resident.ts'
import { snapshotOf } from '../../../../src/core/scheduler/snapshot.ts'
import { groupId, partId, placementId, workloadId } from '../../../../src/model/ids.ts'
import type { Book } from '../../../support/control-samples.ts'
import { ada, bob, meshOf, refusal, submit } from '../../../support/control-samples.ts'

const now = 100_000
const observe = () =>
  ({ liveness: 'alive', failed: new Set<string>(), hot: new Set<string>(), diskFreeMib: null }) as const

interface Job {
  readonly gpus: number
  readonly priority?: number
  readonly on?: typeof ada
  readonly first?: number
  readonly startedAt?: number
  readonly timeoutMs?: number
  readonly labels?: Readonly<Record<string, string>>
  readonly apart?: readonly Readonly<Record<string, string>>[]
  readonly parts?: { readonly count: number; readonly gang: boolean }
  readonly restart?: { readonly policy: 'on-failure' | 'always' }
}

function add(book: Book, name: string, { gpus, on, first = 0, startedAt = 1_000, ...spec }: Job): void {
  expect(refusal(book.run(submit(name, { gpus: { count: gpus }, ...spec })))).toBe(null)
  if (on === undefined) return
  const workload = workloadId(name)
  const devices = Array.from({ length: gpus }, (_, i) => `GPU-${on}-${first + i}`)
  expect(refusal(book.run({ type: 'place', workload, attempt: 1, node: on, devices, executor: 'docker' }))).toBe(null)
  const placement = placementId(workload, 1)
  book.run({ type: 'claim', placement, node: on })
  book.run({ type: 'report-running', placement, node: on, startedAt })
}

const waiting = ({ state }: Book): Ask[] =>
  asksOf(Array.from(state.pending, (id) => state.workloads.get(id)).filter((one) => one !== undefined)).toSorted(
    (a, b) => b.lead.spec.priority - a.lead.spec.priority,
  )

const provision = (book: Book, at = now): Provision =>
  provide(
    waiting(book),
    { nodes: snapshotOf(book.state, observe, at).nodes, residentsOf: (node) => residentsOf(book.state, node), at },
    defaultReserving,
  )

const victims = (book: Book): readonly string[] => provision(book).evictions.map(({ placement }) => placement)

describe('given a workload that fits only if others make room', () => {
  test('then work of lower priority is pushed aside, and its node is kept', () => {
    const book = meshOf([ada, bob], 2)
    add(book, 'low', { gpus: 2, priority: 250, on: bob })
    add(book, 'same', { gpus: 2, priority: 750, on: ada })
    add(book, 'high', { gpus: 2, priority: 750 })
    expect(provision(book)).toEqual({
      evictions: [{ placement: 'low.1', reason: 'makes room for high' }],
      reservations: new Map([[bob, { workload: 'high', from: now, priority: 750 }]]),
    })
  })

  test('then nothing is done to work of its own priority or a higher one', () => {
    const book = meshOf([ada], 2)
    add(book, 'same', { gpus: 1, priority: 750, on: ada })
    add(book, 'higher', { gpus: 1, priority: 800, on: ada, first: 1 })
    add(book, 'high', { gpus: 2, priority: 750 })
    expect(victims(book)).toEqual([])
  })

  test('then the least priority goes first, and of equals who has lost least', () => {
    const book = meshOf([ada, bob], 2)
    add(book, 'old', { gpus: 2, priority: 250, on: ada, startedAt: 1_000 })
    add(book, 'young', { gpus: 2, priority: 250, on: bob, startedAt: 90_000 })
    add(book, 'high', { gpus: 2 })
    expect(victims(book)).toEqual(['young.1'])
    const other = meshOf([ada, bob], 2)
    add(other, 'lowest', { gpus: 2, priority: 10, on: ada, startedAt: 1_000 })
    add(other, 'young', { gpus: 2, priority: 250, on: bob, startedAt: 90_000 })
    add(other, 'high', { gpus: 2 })
    expect(victims(other)).toEqual(['lowest.1'])
  })

  test('then work that has saved since counts as younger, but a gang only since all of it has', () => {
    const book = meshOf([ada, bob], 2)
    add(book, 'old', { gpus: 2, priority: 250, on: ada, startedAt: 1_000 })
    add(book, 'young', { gpus: 2, priority: 250, on: bob, startedAt: 90_000 })
    add(book, 'high', { gpus: 2 })
    const save = (workload: string, node: typeof ada, at: number) =>
      book.run({ type: 'report-checkpoint', placement: placementId(workloadId(workload), 1), node, at })
    save('old', ada, 95_000)
    expect(victims(book)).toEqual(['old.1'])
    save('young', bob, 96_000)
    expect(victims(book)).toEqual(['young.1'])

    const gang = meshOf([ada, bob], 1)
    expect(refusal(gang.run(submit('gang', { gpus: { count: 1 }, parts: { count: 2, gang: true } })))).toBe(null)
    const places = [ada, bob].map((node) => ({ node, devices: [`GPU-${node}-0`], executor: 'docker' as const }))
    const group = groupId('gang')
    expect(refusal(gang.run({ type: 'place-gang', group, attempt: 1, places }))).toBe(null)
    const savedAt = () => residentsOf(gang.state, ada).map((resident) => resident.savedAt)
    for (const [i, node] of [ada, bob].entries()) {
      const placement = placementId(partId(group, i), 1)
      gang.run({ type: 'claim', placement, node })
      gang.run({ type: 'report-running', placement, node, startedAt: 1_000 })
      expect(savedAt()).toEqual([null])
      gang.run({ type: 'report-checkpoint', placement, node, at: 50_000 + i })
    }
    expect(savedAt()).toEqual([50_000])
  })

  test('then only as many go as are needed', () => {
    const book = meshOf([ada], 4)
    add(book, 'a', { gpus: 1, priority: 100, on: ada, first: 0 })
    add(book, 'b', { gpus: 3, priority: 200, on: ada, first: 1 })
    add(book, 'high', { gpus: 3 })
    // The first of them was not enough, and is not needed once the second goes.
    expect(victims(book)).toEqual(['b.1'])
  })

  test('then nobody more is pushed aside while somebody is leaving who makes the room', () => {
    const book = meshOf([ada, bob], 2)
    add(book, 'a', { gpus: 2, priority: 100, on: ada })
    add(book, 'b', { gpus: 2, priority: 100, on: bob })
    add(book, 'high', { gpus: 2 })
    const [first] = provision(book).evictions
    if (first === undefined) throw new Error('nobody was chosen')
    book.run({ type: 'evict', ...first, grace: null, target: null, avoid: false })
    expect(provision(book).evictions).toEqual([])
    expect([...provision(book).reservations.values()]).toEqual([{ workload: 'high', from: now, priority: 500 }])
  })

  test('then nobody goes where it would still be unwelcome', () => {
    const book = meshOf([ada], 2)
    add(book, 'low', { gpus: 1, priority: 100, on: ada })
    add(book, 'foe', { gpus: 1, priority: 900, on: ada, first: 1, labels: { app: 'db' } })
    add(book, 'high', { gpus: 1, apart: [{ app: 'db' }] })
    expect(provision(book)).toEqual({ evictions: [], reservations: new Map() })
  })

  test('then each of several gets a node of its own', () => {
    const book = meshOf([ada, bob], 2)
    add(book, 'a', { gpus: 2, priority: 100, on: ada })
    add(book, 'b', { gpus: 2, priority: 100, on: bob })
    add(book, 'x', { gpus: 2 })
    add(book, 'y', { gpus: 2 })
    expect(new Set(victims(book))).toEqual(new Set(['a.1', 'b.1']))
  })
})

describe('given a workload that has waited for long', () => {
  test('then the node that is free first is kept for it, and from when is told', () => {
    const book = meshOf([ada, bob], 2)
    add(book, 'slow', { gpus: 1, on: ada, timeoutMs: 900_000 })
    add(book, 'fast', { gpus: 1, on: bob, timeoutMs: 300_000 })
    add(book, 'large', { gpus: 2 })
    expect(provision(book).reservations).toEqual(
      new Map([[bob, { workload: 'large', from: 1_000 + 300_000 + 10_000, priority: 500 }]]),
    )
  })

  test('then without time limits a node is kept all the same, for nobody knows how long', () => {
    const book = meshOf([ada], 2)
    add(book, 'endless', { gpus: 1, on: ada })
    add(book, 'large', { gpus: 2 })
    expect(provision(book).reservations).toEqual(new Map([[ada, { workload: 'large', from: null, priority: 500 }]]))
  })

  test('but of two nodes only one is kept at a time', () => {
    const book = meshOf([ada, bob], 2)
    for (const on of [ada, bob]) add(book, `endless-${on}`, { gpus: 1, on })
    for (const name of ['one', 'two']) add(book, name, { gpus: 2 })
    expect([...provision(book).reservations.values()].map(({ workload }) => workload)).toEqual(['one'])
  })

  test('but not before it has waited, and not where it could never run', () => {
    const book = meshOf([ada], 2)
    add(book, 'endless', { gpus: 1, on: ada })
    add(book, 'large', { gpus: 2 })
    expect(provision(book, 20_000).reservations.size).toBe(0)
    const small = meshOf([ada], 2)
    add(small, 'huge', { gpus: 8 })
    expect(provision(small).reservations.size).toBe(0)
  })

  test('but not where it would wait for work that is started again for ever, unless that is leaving', () => {
    const book = meshOf([ada], 2)
    add(book, 'service', { gpus: 1, on: ada, restart: { policy: 'always' } })
    add(book, 'large', { gpus: 2 })
    expect(provision(book).reservations.size).toBe(0)
    add(book, 'small', { gpus: 1, on: ada, first: 1, restart: { policy: 'on-failure' } })
    expect(provision(book).reservations.size).toBe(0)
    book.run({ type: 'request-stop', workload: workloadId('service'), force: false })
    expect(provision(book).reservations.size).toBe(1)
  })

  test('then others use its node only if they end before, or outrank it', () => {
    const kept = { workload: workloadId('large'), from: now + 60_000, priority: 500 }
    const book = meshOf([ada], 2)
    add(book, 'short', { gpus: 1, timeoutMs: 30_000 })
    add(book, 'long', { gpus: 1, timeoutMs: 55_000 })
    add(book, 'endless', { gpus: 1 })
    add(book, 'urgent', { gpus: 1, priority: 501 })
    const may = (name: string): boolean => {
      const workload = book.state.workloads.get(workloadId(name))
      return workload !== undefined && mayUse(kept, workload, now)
    }
    expect([may('short'), may('long'), may('endless'), may('urgent')]).toEqual([true, false, false, true])
  })
})

describe('given a gang that waits', () => {
  const gang = { parts: { count: 3, gang: true } }

  test('then only as many of each node are pushed aside as it needs seats, the cheapest first, and all its nodes are kept', () => {
    const book = meshOf([ada, bob], 4)
    for (const i of [0, 1, 2, 3]) add(book, `a${i}`, { gpus: 1, priority: 250, on: ada, first: i, startedAt: 90_000 })
    for (const i of [0, 1, 2, 3])
      add(book, `b${i}`, { gpus: 1, priority: i < 2 ? 750 : 250, on: bob, first: i, startedAt: 99_000 })
    add(book, 'gang', { gpus: 1, priority: 500, ...gang })
    expect(victims(book).toSorted()).toEqual(['a0.1', 'b2.1', 'b3.1'])
    expect([...provision(book).reservations.keys()].toSorted()).toEqual(['ada', 'bob'])
  })

  test('then nobody is pushed aside when that would not be enough for all of it', () => {
    const book = meshOf([ada, bob], 1)
    add(book, 'low', { gpus: 1, priority: 250, on: bob })
    add(book, 'gang', { gpus: 1, priority: 500, ...gang })
    expect(victims(book)).toEqual([])
  })

  test('then the nodes are kept that are free first, until the last of them is', () => {
    const book = meshOf([ada, bob], 2)
    add(book, 'x', { gpus: 2, on: ada, startedAt: 50_000, timeoutMs: 70_000 })
    add(book, 'y', { gpus: 1, on: bob, startedAt: 50_000, timeoutMs: 90_000 })
    add(book, 'gang', { gpus: 1, ...gang })
    const from = 50_000 + 70_000 + 10_000
    expect([...provision(book).reservations]).toEqual([
      ['bob', { workload: 'gang-0', from, priority: 500 }],
      ['ada', { workload: 'gang-0', from, priority: 500 }],
    ])
  })

  test('then a gang that would have to leave counts with all of its parts', () => {
    const book = meshOf([ada, bob], 2)
    const other = { gpus: { count: 1 }, priority: 250, parts: { count: 3, gang: true } }
    expect(refusal(book.run(submit('other', other)))).toBe(null)
    const places = [
      { node: ada, devices: ['GPU-ada-0'], executor: 'docker' as const },
      { node: bob, devices: ['GPU-bob-0'], executor: 'docker' as const },
      { node: bob, devices: ['GPU-bob-1'], executor: 'docker' as const },
    ]
    book.run({ type: 'place-gang', group: groupId('other'), attempt: 1, places })
    for (const [i, { node }] of places.entries()) {
      const placement = placementId(partId(groupId('other'), i), 1)
      book.run({ type: 'claim', placement, node })
      book.run({ type: 'report-running', placement, node, startedAt: 80_000 })
    }
    add(book, 'alone', { gpus: 1, priority: 250, on: ada, first: 1, startedAt: 60_000 })
    add(book, 'high', { gpus: 1, priority: 750 })
    expect(victims(book)).toEqual(['alone.1'])
  })
})

test('nobody is ever pushed aside for work that does not outrank it, or twice, or for work that would not fit then', () => {
  const job = fc.record({ gpus: fc.integer({ min: 1, max: 4 }), priority: fc.integer({ min: 0, max: 4 }) })
  fc.assert(
    fc.property(fc.array(job, { maxLength: 8 }), fc.array(job, { maxLength: 6 }), (running, queue) => {
      const book = meshOf([ada, bob], 4)
      const used = new Map([ada, bob].map((node) => [node, 0]))
      for (const [i, { gpus, priority }] of running.entries()) {
        const on = [ada, bob].find((node) => (used.get(node) ?? 0) + gpus <= 4)
        if (on === undefined) continue
        add(book, `r${i}`, { gpus, priority, on, first: used.get(on) ?? 0, startedAt: i })
        used.set(on, (used.get(on) ?? 0) + gpus)
      }
      for (const [i, each] of queue.entries()) add(book, `q${i}`, each)
      const { evictions, reservations } = provision(book)
      expect(new Set(evictions.map(({ placement }) => placement)).size).toBe(evictions.length)
      for (const { placement, reason } of evictions) {
        const victim = book.state.workloads.get(workloadId(placement.slice(0, -2)))
        const winner = [...book.state.workloads.values()].find(({ name }) => reason === `makes room for ${name}`)
        expect(victim?.spec.priority).toBeLessThan(winner?.spec.priority ?? -1)
        const node = victim?.placement?.node ?? ada
        expect(reservations.get(node)?.workload).toBe(winner?.id)
        const freed = evictions
          .filter((one) => one.reason === reason)
          .flatMap((one) => book.state.workloads.get(workloadId(one.placement.slice(0, -2)))?.placement?.devices ?? [])
        expect(4 - (used.get(node) ?? 0) + freed.length).toBeGreaterThanOrEqual(winner?.spec.gpus.count ?? 99)
      }
    }),
    { numRuns: 300 },
  )
})
