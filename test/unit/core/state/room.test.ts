/** How much the state takes, and what happens when there is no more room. */
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { weigh, WeighedMap } from '../../../../src/lib/weighed-map.ts'
import { isCrowded, takenBy, takenInAll } from '../../../../src/core/state/crowd.ts'
import { restore } from '../../../../src/core/state/restore.ts'
import { snapshot } from '../../../../src/core/state/snapshot.ts'
import { limits } from '../../../../src/core/state/state.ts'
import { cronId, jobId, type PlacementId, placementId, workloadId } from '../../../../src/model/ids.ts'
import { ada, type Book, meshOf, refusal, spec, submit } from '../../../support/control-samples.ts'
import { jobSettings, nightly } from '../../../support/job-lab.ts'
import { intent, toCommand } from '../../../support/state-commands.ts'

interface Item {
  readonly owner: string
  readonly parts: readonly string[]
  readonly more?: number | undefined
}

const item: fc.Arbitrary<Item> = fc.record({
  owner: fc.constantFrom('a', 'b'),
  parts: fc.array(fc.string(), { maxLength: 4 }),
  more: fc.option(fc.integer(), { nil: undefined }),
})
const step = fc.record({ key: fc.nat(5), value: fc.option(item) })

test('given any changes of a map, it knows how long it is when written, in all and by owner', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const map = new WeighedMap<number, Item>(({ owner }) => owner)
      for (const { key, value } of steps)
        if (value === null) map.delete(key)
        else map.set(key, value)
      const values = [...map.values()]
      const sum = (some: readonly Item[]): number => some.reduce((total, one) => total + weigh(one), 0)
      expect(map.weight).toBe(sum(values))
      for (const owner of ['a', 'b']) expect(map.weightOf(owner)).toBe(sum(values.filter((one) => one.owner === owner)))
      for (const one of values) expect(weigh(one)).toBe(JSON.stringify(one).length)
    }),
  )
})

test('given any history, a peer that takes over the state finds as much taken as one that followed it', () => {
  fc.assert(
    fc.property(fc.array(intent, { maxLength: 60 }), (intents) => {
      const book = meshOf([ada])
      book.state.version = 2
      for (const [i, each] of intents.entries()) book.run(toCommand(book.state, each, i))
      const copy = restore(snapshot(book.state))
      expect(takenInAll(copy)).toBe(takenInAll(book.state))
      expect(takenBy(copy, 'default')).toBe(takenBy(book.state, 'default'))
    }),
    { numRuns: 60 },
  )
})

describe('given a namespace that has taken all that one may', () => {
  let book: Book
  const large = spec({
    env: Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`BLOB_${i}`, 'x'.repeat(25_000)])),
  })
  /** Work of that spec, shared by all of it, so that a test need not be as large as what it tells of. */
  const fill = (namespace: string, bytes: number): void => {
    const one = { ...large, namespace }
    const [sample] = book.state.workloads.values()
    if (sample === undefined) throw new Error('nothing was submitted')
    for (let i = 0; takenBy(book.state, namespace) < bytes - 250_000; i += 1) {
      const id = workloadId(`wl-${namespace}-${i}`)
      book.state.workloads.set(id, { ...sample, id, name: id, spec: one })
    }
  }

  beforeEach(() => {
    book = meshOf([ada])
    book.state.version = 2
    book.run(submit('wl-first'))
    for (const name of ['team-a', 'team-b', 'team-c'])
      book.run({
        type: 'create-namespace',
        name,
        quota: { gpus: null, cpuMillis: null, memoryMib: null, workloads: null },
        weight: 1,
        borrow: true,
      })
    fill('team-a', limits.namespaceBytes)
  })
  const more = (id: string, namespace: string) => submit(id, { ...large, namespace })

  test('when more comes, then it is refused with what to do, others go on, and there is room again when something goes', () => {
    book.run(more('wl-last', 'team-a'))
    const { outcome } = book.run(more('wl-more', 'team-a'))
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'STATE_FULL' } })
    expect(refusal(book.run(more('wl-more', 'team-b')))).toBe(null)
    book.state.workloads.delete(workloadId('wl-team-a-0'))
    book.state.workloads.delete(workloadId('wl-team-a-1'))
    expect(refusal(book.run(more('wl-again', 'team-a')))).toBe(null)
  })

  test('when what is there becomes no larger, then it may be changed all the same, and grow it may not', () => {
    const small = spec({ namespace: 'team-b', env: { A: 'x'.repeat(1_000) } })
    const job = jobId('job-sums')
    const cron = cronId('cron-nightly')
    const settings = jobSettings({ completions: 1 })
    book.run({ type: 'create-job', job, name: 'sums', spec: small, settings })
    book.run({ type: 'create-cron', cron, name: 'nightly', spec: small, job: settings, settings: nightly })
    const config = { namespace: 'team-b', name: 'app' }
    book.run({ type: 'create-config', ...config, data: { a: 'x'.repeat(1_000) }, immutable: false })
    fill('team-b', limits.namespaceBytes)
    book.run(more('wl-last', 'team-b'))
    for (let i = 0; refusal(book.run(submit(`wl-rest-${i}`, { ...small }))) === null; i += 1);
    const { parallelism, backoffLimit, backoffMs, deadlineMs, ttlMs } = settings
    const changed = { parallelism, backoffLimit: backoffLimit + 1, backoffMs, deadlineMs, ttlMs }
    expect(refusal(book.run({ type: 'update-job', job, settings: changed }))).toBeNull()
    const moved = (by: object, edition: number) =>
      book.run({ type: 'update-cron', cron, spec: { ...small, ...by }, job: settings, settings: nightly, edition })
    expect(refusal(moved({ env: {} }, 0))).toBeNull()
    expect(refusal(moved({ env: large.env }, 1))).toBe('STATE_FULL')
    const set = (a: string) => book.run({ type: 'update-config', ...config, data: { a }, whole: true })
    expect([refusal(set('x')), refusal(set('x'.repeat(100_000)))]).toEqual([null, 'STATE_FULL'])
  })

  test('when parts come together, then all of them count', () => {
    book.state.workloads.delete(workloadId('wl-team-a-0'))
    const parts = { count: 20, gang: false }
    expect(refusal(book.run(submit('wl-group', { ...large, namespace: 'team-a', parts })))).toBe('STATE_FULL')
  })

  test('when others have taken the rest, then nobody gets more, and a mesh of the first version goes on as it did', () => {
    fill('team-b', limits.stateBytes - takenInAll(book.state))
    book.run(more('wl-one', 'team-c'))
    book.run(more('wl-two', 'team-c'))
    expect(refusal(book.run(more('wl-three', 'team-c')))).toBe('STATE_FULL')
    expect(takenInAll(book.state)).toBeLessThanOrEqual(limits.stateBytes)
    book.state.version = 1
    expect(refusal(book.run(more('wl-three', 'team-c')))).toBe(null)
  })

  test('when it has grown beyond that, then less is remembered of what becomes of work, in fewer words', () => {
    const [sample] = book.state.workloads.values()
    if (sample === undefined) throw new Error('nothing was submitted')
    const attempt: PlacementId = placementId(workloadId('wl-first'), 1)
    const devices = { devices: [], executor: 'docker', node: ada } as const
    book.run({ type: 'place', workload: workloadId('wl-first'), attempt: 1, ...devices })
    book.state.decisions.set(workloadId('wl-x'), [{ at: 1, type: 'x', message: 'y'.repeat(limits.crowdedBytes) }])
    expect(isCrowded(book.state)).toBe(true)
    book.run({ type: 'reject', placement: attempt, node: ada, reason: 'z'.repeat(4_000) })
    const first = book.state.workloads.get(workloadId('wl-first'))
    expect(first?.rejections).toHaveLength(1)
    expect(first?.rejections[0]?.reason.length).toBe(256)
    expect(book.state.decisions.get(workloadId('wl-first'))).toHaveLength(1)
  })
})
