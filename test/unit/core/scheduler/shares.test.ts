/** Shares of a GPU: where they go, and in words why they wait. */
import { describe, expect, test } from 'vitest'
import { asksOf } from '../../../../src/core/queue/ask.ts'
import { residentsOf } from '../../../../src/core/queue/resident.ts'
import { defaultReserving, provide } from '../../../../src/core/queue/reserve.ts'
import { explain } from '../../../../src/core/scheduler/explain.ts'
import { plan } from '../../../../src/core/scheduler/plan.ts'
import { snapshotOf } from '../../../../src/core/scheduler/snapshot.ts'
import type { NodeSnapshot } from '../../../../src/core/scheduler/types.ts'
import { defaultScheduling } from '../../../../src/core/scheduler/types.ts'
import { groupId, partId, workloadId } from '../../../../src/model/ids.ts'
import type { Book } from '../../../support/control-samples.ts'
import { ada, gpu, inventory, meshOf, refusal, submit } from '../../../support/control-samples.ts'
import { node, quiet, work } from '../../../support/scheduler-samples.ts'

const GiB = 1_024
type Parts = Parameters<typeof node>[2]
/** A node whose owner lets workloads share; so much of its devices is given out already. */
const sharing = (name: string, gpus: number, given: Readonly<Record<number, number>> = {}, parts: Parts = {}) =>
  node(name, gpus, {
    shared: new Map(Object.entries(given).map(([index, mib]) => [`GPU-${name}-${index}`, mib])),
    ...parts,
    has: { sharing: true, ...parts.has },
  })
const share = (mib: number, gpus: Record<string, unknown> = {}) => ({ gpus: { count: 1, share: mib, ...gpus } })

/** The devices that each of these gets in one plan, or why it waits. */
const given = (nodes: readonly NodeSnapshot[], ...wanted: readonly Record<string, unknown>[]): readonly string[] =>
  plan(
    { ...quiet, at: 0, nodes, pending: wanted.map((one, i) => work(`wl-${i}`, one, { submittedAt: i })) },
    defaultScheduling,
  ).map((decision) =>
    decision.decision === 'place' ? decision.devices.join() : decision.decision === 'wait' ? decision.reason : 'gang',
  )

describe('a share goes', () => {
  test('to the device with the least memory left that is enough', () => {
    const full = { 0: 20 * GiB, 1: 70 * GiB, 2: 76 * GiB }
    expect(given([sharing('a', 4, full)], share(8 * GiB))).toEqual(['GPU-a-1'])
  })

  test('to an unused device only when no shared one will do, on any node', () => {
    const nodes = [sharing('a', 1), sharing('b', 2, { 1: 10 * GiB })]
    expect(given(nodes, share(60 * GiB), share(60 * GiB), share(8 * GiB))).toEqual(['GPU-b-1', 'GPU-a-0', 'GPU-b-1'])
  })

  test('to the fullest of all nodes', () => {
    const nodes = [sharing('a', 1, { 0: 10 * GiB }), sharing('b', 1, { 0: 40 * GiB }), sharing('c', 1, { 0: 20 * GiB })]
    expect(given(nodes, share(8 * GiB))).toEqual(['GPU-b-0'])
  })

  test('beside the ones that the same plan placed', () => {
    expect(given([sharing('a', 2)], share(30 * GiB), share(30 * GiB), share(30 * GiB))).toEqual([
      'GPU-a-0',
      'GPU-a-0',
      'GPU-a-1',
    ])
  })

  test('to several devices when it asks for several, shared ones first', () => {
    expect(given([sharing('a', 4, { 2: GiB })], share(GiB, { count: 2 }))).toEqual(['GPU-a-0,GPU-a-2'])
  })
})

describe('a share and a whole device never meet', () => {
  test('given a shared device, then who wants it whole waits until nobody has a share of it', () => {
    expect(given([sharing('a', 1, { 0: 1 })], { gpus: { count: 1 } })).toEqual([
      '1 node considered: 1 needs 1 GPU, has 0 free',
    ])
  })

  test('given a device that one has whole, then no share of it is given', () => {
    const held = sharing('a', 1, {}, { held: new Set(['GPU-a-0']) })
    expect(given([held], share(GiB))).toEqual(['1 node considered: 1 has no GPU with 1024 MiB left to share'])
  })
})

describe('a share waits', () => {
  const mig = { profile: '1g.10gb', parent: 'GPU-0' }
  test.each<[string, NodeSnapshot, Record<string, unknown>]>([
    ['shares no GPUs', node('a', 1), share(GiB)],
    ['has no GPU', sharing('a', 0), share(GiB)],
    ['has no GPU with 8192 MiB left to share', sharing('a', 1, { 0: 76 * GiB }), share(8 * GiB)],
    ['has no GPU with 90000 MiB', sharing('a', 1), share(90_000)],
    ['needs 2 GPUs with 1024 MiB left to share, has 1', sharing('a', 2, { 0: 79 * GiB }), share(GiB, { count: 2 })],
    ['has no 1024 MiB left to share on GPU 0', sharing('a', 1, { 0: 79 * GiB }), share(GiB, { devices: [0] })],
    ['has no whole GPU', sharing('a', 1, {}, { has: { gpus: [gpu(ada, 0, { mig })] } }), share(GiB, { devices: [0] })],
    [
      'has no GPU with 1024 MiB left to share',
      sharing('a', 1, { 0: GiB }, { failed: new Set(['GPU-a-0']) }),
      share(GiB),
    ],
  ])('because the node %s', (words, host, wanted) => {
    const snapshot = { ...quiet, at: 0, nodes: [host], pending: [] }
    expect(explain(snapshot, work('wl', wanted), defaultScheduling).nodes).toMatchObject([{ obstacle: words }])
    expect(given([host], wanted)).toEqual([`1 node considered: 1 ${words}`])
  })

  test('and is told that it would fit whole where nobody shares', () => {
    const snapshot = { ...quiet, at: 0, nodes: [node('a', 1)], pending: [] }
    expect(explain(snapshot, work('wl', share(GiB)), defaultScheduling).wouldFit).toBe(
      'with whole GPUs instead of shares (on a)',
    )
  })
})

describe('the parts of a gang', () => {
  const gang = (count: number, mib: number) =>
    Array.from({ length: count }, (_, index) => ({
      ...work(partId(groupId('wl-g'), index), { ...share(mib), parts: { count, gang: true } }),
      part: { group: groupId('wl-g'), index },
    }))
  const decide = (nodes: readonly NodeSnapshot[], count: number) =>
    plan({ ...quiet, at: 0, nodes, pending: gang(count, 8 * GiB) }, defaultScheduling)

  test('get shares of different devices', () => {
    const [decision] = decide([sharing('a', 3, { 1: GiB })], 3)
    const places = decision?.decision === 'place-gang' ? decision.places : []
    expect(places.flatMap(({ devices }) => devices).toSorted()).toEqual(['GPU-a-0', 'GPU-a-1', 'GPU-a-2'])
  })

  test('wait together when there are too few devices for that', () => {
    expect(decide([sharing('a', 2)], 3)).toMatchObject([
      { decision: 'wait', reason: '1 node considered: 1 has room for 2 of the 3 parts of its gang' },
    ])
  })
})

describe('room is made', () => {
  const at = 100_000
  const observe = () =>
    ({ liveness: 'alive', failed: new Set<string>(), hot: new Set<string>(), diskFreeMib: null }) as const
  const crowded = (): Book => {
    const book = meshOf([ada], 2)
    book.run({ type: 'report-inventory', node: ada, inventory: inventory(ada, 2, { sharing: true }) })
    return book
  }
  const place = (book: Book, name: string, device: number, wanted: Record<string, unknown>): void => {
    expect(refusal(book.run(submit(name, wanted)))).toBe(null)
    const devices = [`GPU-${ada}-${device}`]
    const workload = workloadId(name)
    expect(refusal(book.run({ type: 'place', workload, attempt: 1, node: ada, devices, executor: 'docker' }))).toBe(
      null,
    )
  }
  const victims = (book: Book): readonly string[] => {
    const { nodes, pending } = snapshotOf(book.state, observe, at)
    const field = { nodes, residentsOf: (id: typeof ada) => residentsOf(book.state, id), at }
    return provide(asksOf(pending), field, defaultReserving).evictions.map(({ placement }) => placement)
  }

  test('for a whole device by all that share it', () => {
    const book = crowded()
    place(book, 'a', 0, { ...share(8 * GiB), priority: 250 })
    place(book, 'b', 0, { ...share(8 * GiB), priority: 250 })
    place(book, 'c', 1, { ...share(8 * GiB), priority: 800 })
    book.run(submit('whole', { gpus: { count: 1 } }))
    expect(victims(book).toSorted()).toEqual(['a.1', 'b.1'])
  })

  test('for a whole device by nobody when one of those who share it has to stay', () => {
    const book = crowded()
    for (const device of [0, 1]) {
      place(book, `low-${device}`, device, { ...share(8 * GiB), priority: 250 })
      place(book, `high-${device}`, device, { ...share(8 * GiB), priority: 800 })
    }
    book.run(submit('whole', { gpus: { count: 1 } }))
    expect(victims(book)).toEqual([])
  })

  test('for a share by as few as have enough', () => {
    const book = crowded()
    place(book, 'a', 0, { ...share(30 * GiB), priority: 250 })
    place(book, 'b', 0, { ...share(40 * GiB), priority: 250 })
    place(book, 'whole', 1, { gpus: { count: 1 }, priority: 800 })
    book.run(submit('more', share(20 * GiB)))
    expect(victims(book)).toHaveLength(1)
  })
})
