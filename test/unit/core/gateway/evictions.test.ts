import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { departuresNow } from '../../../../src/core/gateway/evictions.ts'
import { supported } from '../../../../src/core/state/versions.ts'
import { isTolerated } from '../../../../src/model/label.ts'
import { placementId, workloadId } from '../../../../src/model/ids.ts'
import type { Taint, Toleration } from '../../../../src/model/label.ts'
import type { Instant } from '../../../../src/model/time.ts'
import type { Book } from '../../../support/control-samples.ts'
import { ada, bob, meshOf, submit } from '../../../support/control-samples.ts'
import { create, decided, startOn } from '../../../support/deployment-samples.ts'

const noExecute: Taint = { key: 'gpu', value: 'broken', effect: 'NoExecute' }

/** Workloads `wl-0`, `wl-1`, … of these specs, all claimed by bob. */
function running(...specs: readonly Record<string, unknown>[]): Book {
  const book = meshOf([ada, bob])
  for (const [i, parts] of specs.entries()) {
    const workload = workloadId(`wl-${i}`)
    book.run(submit(workload, parts))
    book.run({ type: 'place', workload, attempt: 1, node: bob, devices: [], executor: 'docker' })
    book.run({ type: 'claim', placement: placementId(workload, 1), node: bob })
  }
  return book
}

const at = 1_000

const drain = (book: Book, grace: number | null = null): void =>
  void book.run({ type: 'set-scheduling', node: bob, mode: 'draining', reason: 'new disks', grace })
const leaving = ({ state }: Book, most = 32): readonly string[] =>
  departuresNow(state, most, at).map(({ placement }) => placement)

describe('given a node that is drained', () => {
  test('all of its work leaves, also what tolerates everything and what may run nowhere else', () => {
    const book = running({}, { tolerations: [{ key: 'gpu' }] }, { node: bob })
    drain(book, 5_000)
    const reason = 'bob is drained'
    expect(departuresNow(book.state, 32, at)).toEqual(
      ['wl-0', 'wl-1', 'wl-2'].map((id) => ({ placement: `${id}.1`, reason, grace: 5_000 })),
    )
  })

  test('what is leaving already, or was asked to stop, is left alone', () => {
    const book = running({}, {}, {})
    drain(book)
    book.run({
      type: 'evict',
      placement: placementId(workloadId('wl-0'), 1),
      reason: 'r',
      grace: null,
      target: null,
      avoid: false,
    })
    book.run({ type: 'request-stop', workload: workloadId('wl-1'), force: false })
    expect(leaving(book)).toEqual(['wl-2.1'])
  })

  test('what is leaving is hurried once the drain allows it less time, and no longer once it has that', () => {
    const book = running({ stopGraceMs: 60_000 })
    drain(book)
    const placement = placementId(workloadId('wl-0'), 1)
    const evict = (grace: number | null) =>
      void book.run({ type: 'evict', placement, reason: 'r', grace, target: null, avoid: false })
    evict(null)
    expect(leaving(book)).toEqual([])
    drain(book, 0)
    expect(departuresNow(book.state, 1, at)).toMatchObject([{ placement, grace: 0 }])
    evict(0)
    expect(book.state.workloads.get(workloadId('wl-0'))?.eviction).toMatchObject({ grace: 0, reason: 'r' })
    expect(leaving(book)).toEqual([])
  })

  test('only so many leave at a time', () => {
    const book = running({}, {}, {})
    drain(book)
    expect(leaving(book, 2)).toEqual(['wl-0.1', 'wl-1.1'])
    book.run({
      type: 'evict',
      placement: placementId(workloadId('wl-0'), 1),
      reason: 'r',
      grace: null,
      target: null,
      avoid: false,
    })
    expect(leaving(book, 2)).toEqual(['wl-1.1'])
  })
})

describe('given a node with a NoExecute taint', () => {
  test('what does not tolerate it leaves, with its own grace', () => {
    const book = running({}, { tolerations: [{ key: 'gpu' }] }, { tolerations: [{ key: 'gpu', value: 'old' }] })
    book.run({ type: 'update-taints', node: bob, add: [noExecute], remove: [] })
    const reason = 'bob has the taint gpu=broken:NoExecute'
    expect(departuresNow(book.state, 32, at)).toEqual(
      ['wl-0', 'wl-2'].map((id) => ({ placement: `${id}.1`, reason, grace: null })),
    )
  })

  test('the other effects, and a cordon, move nothing', () => {
    const book = running({})
    const taints = (['NoSchedule', 'PreferNoSchedule'] as const).map((effect) => ({ ...noExecute, effect }))
    book.run({ type: 'update-taints', node: bob, add: taints, remove: [] })
    book.run({ type: 'set-scheduling', node: bob, mode: 'cordoned', reason: '', grace: null })
    expect(leaving(book)).toEqual([])
  })
})

const words = fc.constantFrom('a', 'b')
const effects = fc.constantFrom('NoSchedule', 'PreferNoSchedule', 'NoExecute')
const taint: fc.Arbitrary<Taint> = fc.record({ key: words, value: words, effect: effects })
const toleration: fc.Arbitrary<Toleration> = fc.record(
  { key: words, value: words, effect: effects },
  { requiredKeys: ['key'] },
)

const ways: Readonly<Record<string, (book: Book) => Instant>> = {
  drained: (book) => {
    drain(book)
    return book.state.members.get(bob)?.scheduling.since ?? 0
  },
  tainted: (book) => {
    book.run({ type: 'update-taints', node: bob, add: [noExecute], remove: [] })
    return book.state.members.get(bob)?.tainted ?? 0
  },
}

describe.each(Object.entries(ways))('given a %s node with a replica of a deployment', (_, close) => {
  const next = workloadId('wl-1')
  const served = (sample: Parameters<typeof create>[0] = {}): Book => {
    const book = meshOf([ada, bob])
    book.state.version = supported.newest
    book.run(create({ replicas: 1, ...sample }))
    const workload = workloadId('wl-0')
    book.run(decided(book, { start: [{ workload, name: 'web-r1-0', revision: 1 }] }))
    startOn(book, workload, bob)
    return book
  }

  const staying = (book: Book, at: number): boolean => departuresNow(book.state, 32, at).length === 0

  test('it stays until another has taken its place, or none has come for two minutes', () => {
    const book = served()
    const since = close(book)
    expect([0, 119_000, 120_000].map((later) => staying(book, since + later))).toEqual([true, true, false])
    book.run(decided(book, { start: [{ workload: next, name: 'web-r1-1', revision: 1 }] }), { at: since + 60_000 })
    expect([179_000, 180_000].map((later) => staying(book, since + later))).toEqual([true, false])
  })

  test('it stays while another gets ready, for as long as a rollout would wait for that', () => {
    const book = served({ progressDeadlineMs: 600_000 })
    const since = close(book)
    book.run(decided(book, { start: [{ workload: next, name: 'web-r1-1', revision: 1 }] }), { at: since })
    book.run({ type: 'place', workload: next, attempt: 1, node: ada, devices: [], executor: 'docker' }, { at: since })
    expect([599_000, 600_000].map((later) => staying(book, since + later))).toEqual([true, false])
  })

  test('it does not stay for ever because of others that end again and again', () => {
    const book = served({ progressDeadlineMs: 600_000 })
    const since = close(book)
    for (let round = 0; round < 12; round += 1) {
      const start = { workload: workloadId(`wl-x${round}`), name: `web-r1-x${round}`, revision: 1 }
      book.run(decided(book, { start: [start] }), { at: since + round * 60_000 })
    }
    expect([719_000, 720_000].map((later) => staying(book, since + later))).toEqual([true, false])
  })

  test('it goes at once where there is a hurry, or no other may come before', () => {
    const [hurried, alone] = [served(), served({ maxSurge: 0 })]
    close(hurried)
    drain(hurried, 0)
    close(alone)
    expect([leaving(hurried), leaving(alone)]).toEqual([['wl-0.1'], ['wl-0.1']])
  })
})

describe('a toleration', () => {
  test('stands for every taint that has all that it names', () => {
    fc.assert(
      fc.property(taint, toleration, (given, tolerated) => {
        expect(isTolerated(given, [tolerated])).toBe(
          Object.entries({ ...given, ...tolerated }).every(([name, value]) => given[name as keyof Taint] === value),
        )
      }),
    )
  })

  test('among others never takes tolerance away', () => {
    fc.assert(
      fc.property(taint, fc.array(toleration), (given, all) => {
        expect(isTolerated(given, all)).toBe(all.some((one) => isTolerated(given, [one])))
      }),
    )
  })
})
