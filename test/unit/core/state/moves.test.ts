import { describe, expect, test } from 'vitest'
import { placementId, workloadId } from '../../../../src/model/ids.ts'
import type { Taint, TaintName } from '../../../../src/model/label.ts'
import type { Workload } from '../../../../src/model/workload.ts'
import type { Book } from '../../../support/control-samples.ts'
import { ada, bob, meshOf, refusal, submit } from '../../../support/control-samples.ts'

const id = workloadId('wl-a')
const crash = { code: 'NONZERO_EXIT', message: 'it exited with 1' } as const

const workload = (book: Book): Workload => {
  const found = book.state.workloads.get(id)
  if (found === undefined) throw new Error('the workload is gone')
  return found
}

/** Placed on bob as this attempt, and if it is to run, claimed and started. */
function place(book: Book, attempt: number, run = true): void {
  const placement = placementId(id, attempt)
  const devices = ['GPU-bob-0']
  expect(refusal(book.run({ type: 'place', workload: id, attempt, node: bob, devices, executor: 'docker' }))).toBe(null)
  if (!run) return
  book.run({ type: 'claim', placement, node: bob })
  book.run({ type: 'report-running', placement, node: bob, startedAt: 5_000 })
}

function running(parts: Record<string, unknown> = {}): Book {
  const book = meshOf([ada, bob])
  book.run(submit('wl-a', { gpus: { count: 1 }, ...parts }))
  place(book, 1)
  return book
}

const evict = (attempt: number, parts: object = {}) =>
  ({
    type: 'evict',
    placement: placementId(id, attempt),
    reason: 'bob is drained',
    grace: null,
    target: null,
    avoid: false,
    ...parts,
  }) as const

const ended = (attempt: number, error: Workload['error'], endedAt = 60_000) =>
  ({
    type: 'report-ended',
    placement: placementId(id, attempt),
    node: bob,
    endedAt,
    exitCode: error === null ? 0 : 1,
    error,
  }) as const

describe('an eviction', () => {
  test('of what no node has claimed takes effect at once, and the node is avoided if it should be', () => {
    const book = meshOf([ada, bob])
    book.run(submit('wl-a', { gpus: { count: 1 } }))
    place(book, 1, false)
    book.run(evict(1, { avoid: true }))
    expect(workload(book)).toMatchObject({ state: 'pending', placement: null, eviction: null })
    expect(workload(book).rejections).toMatchObject([{ node: bob, attempt: 1 }])
    expect(refusal(book.run({ type: 'claim', placement: placementId(id, 1), node: bob }))).toBe('PLACEMENT_SUPERSEDED')
  })

  test('of what runs has its node stop it, keeps its devices until then, and then puts it back into the queue', () => {
    const book = running()
    book.run(evict(1, { grace: 7_000, target: ada }))
    expect(workload(book)).toMatchObject({ state: 'stopping', eviction: { grace: 7_000, reason: 'bob is drained' } })
    expect(book.state.holders.get('GPU-bob-0')).toBe(placementId(id, 1))
    book.run(ended(1, crash))
    expect(workload(book)).toMatchObject({ state: 'pending', preferredNode: ada, startedAt: null, attempt: 1 })
    expect(workload(book).history).toMatchObject([{ attempt: 1, node: bob, startedAt: 5_000, error: crash }])
    expect(book.state.holders.size).toBe(0)
    place(book, 2)
    expect(workload(book)).toMatchObject({ state: 'running', attempt: 2 })
  })

  test('gives the workload’s own grace where nobody names one, and a second one can only shorten it', () => {
    const book = running({ stopGraceMs: 3_000 })
    book.run(evict(1))
    book.run(evict(1, { grace: 9_000 }))
    expect(workload(book).eviction?.grace).toBe(3_000)
    book.run(evict(1, { grace: 0 }))
    expect(workload(book).eviction?.grace).toBe(0)
  })

  test('does not bring back what was done before its node told it to go', () => {
    const book = running()
    book.run(evict(1))
    book.run({ ...ended(1, null), unasked: true })
    expect(workload(book)).toMatchObject({ state: 'completed', exitCode: 0 })
  })

  test('brings back what ended with 0 because it was told to go, and what failed meanwhile', () => {
    const polite = running()
    polite.run(evict(1))
    polite.run(ended(1, null))
    expect(workload(polite)).toMatchObject({ state: 'pending' })
    const unlucky = running()
    unlucky.run(evict(1))
    unlucky.run({ ...ended(1, crash), unasked: true })
    expect(workload(unlucky)).toMatchObject({ state: 'pending' })
  })

  test('is over when somebody wants the workload stopped', () => {
    const book = running()
    book.run(evict(1))
    book.run({ type: 'request-stop', workload: id, force: false })
    book.run(ended(1, crash))
    expect(workload(book)).toMatchObject({ state: 'stopped', error: null })
  })
})

describe('a loss', () => {
  test('puts claimed work back into the queue, and its old node can say nothing of it any more', () => {
    const book = running({ onPartition: 'replace' })
    book.run({ type: 'lose', placement: placementId(id, 1), reason: 'bob was lost' })
    expect(workload(book)).toMatchObject({ state: 'pending', history: [{ attempt: 1, reason: 'bob was lost' }] })
    expect(refusal(book.run(ended(1, null)))).toBe('PLACEMENT_SUPERSEDED')
  })

  test('of what somebody has asked to stop is its end: it does not wait for another place', () => {
    const book = running({ onPartition: 'replace' })
    book.run({ type: 'request-stop', workload: id, force: false })
    book.run({ type: 'lose', placement: placementId(id, 1), reason: 'bob was lost' }, { at: 70_000 })
    expect(workload(book)).toMatchObject({ state: 'stopped', endedAt: 70_000, error: null })
    expect(book.state.holders.size).toBe(0)
    expect(book.state.pending.size).toBe(0)
  })

  test('of what nobody has claimed is refused: that is withdrawn', () => {
    const book = meshOf([ada, bob])
    book.run(submit('wl-a', { gpus: { count: 1 } }))
    place(book, 1, false)
    expect(refusal(book.run({ type: 'lose', placement: placementId(id, 1), reason: 'x' }))).toBe('PLACEMENT_SUPERSEDED')
  })

  test('work that its cut-off node stopped, as it should, goes on elsewhere', () => {
    const lost = { code: 'WORKLOAD_LOST', message: 'its node was cut off' } as const
    const book = running({ onPartition: 'stop' })
    book.run(ended(1, lost))
    expect(workload(book)).toMatchObject({ state: 'pending' })
    const other = running()
    other.run(ended(1, lost))
    expect(workload(other)).toMatchObject({ state: 'failed', error: lost })
  })
})

describe('restart', () => {
  test('on-failure tries again with doubled pauses, and then ends as the last attempt did', () => {
    const book = running({ restart: { policy: 'on-failure', maxRetries: 2, backoffMs: 4_000 } })
    book.run(ended(1, crash), { at: 100_000 })
    expect(workload(book)).toMatchObject({ state: 'pending', retries: 1, notBefore: 104_000 })
    place(book, 2)
    book.run(ended(2, crash), { at: 200_000 })
    expect(workload(book)).toMatchObject({ state: 'pending', retries: 2, notBefore: 208_000 })
    place(book, 3)
    book.run(ended(3, crash), { at: 300_000 })
    expect(workload(book)).toMatchObject({ state: 'failed', error: crash, retries: 2 })
    expect(workload(book).history.map(({ reason }) => reason)).toEqual(['retry 1 of 2', 'retry 2 of 2'])
  })

  test('on-failure leaves a success alone, always does not', () => {
    const once = running({ restart: { policy: 'on-failure' } })
    once.run(ended(1, null))
    expect(workload(once)).toMatchObject({ state: 'completed' })
    const forever = running({ restart: { policy: 'always', backoffMs: 0 } })
    forever.run(ended(1, null))
    expect(workload(forever)).toMatchObject({ state: 'pending', retries: 1 })
  })

  test('never after a time-out or a stop, which are the user’s own words', () => {
    const late = { code: 'WORKLOAD_TIMEOUT', message: 'too long' } as const
    const book = running({ restart: { policy: 'always' } })
    book.run(ended(1, late))
    expect(workload(book)).toMatchObject({ state: 'failed', error: late })
    const stopped = running({ restart: { policy: 'always' } })
    stopped.run({ type: 'request-stop', workload: id, force: false })
    stopped.run(ended(1, crash))
    expect(workload(stopped)).toMatchObject({ state: 'stopped' })
  })

  test('pauses start anew after a long run, and are never longer than five minutes', () => {
    const book = running({ restart: { policy: 'always', backoffMs: 60_000 } })
    for (let attempt = 1; attempt < 6; attempt += 1) {
      book.run(ended(attempt, crash, 6_000), { at: attempt * 1_000_000 })
      place(book, attempt + 1)
    }
    book.run(ended(6, crash, 6_000), { at: 6_000_000 })
    expect(workload(book).notBefore).toBe(6_300_000)
    place(book, 7)
    book.run(ended(7, crash, 5_000_000), { at: 7_000_000 })
    expect(workload(book)).toMatchObject({ notBefore: 7_060_000, retries: 1 })
  })

  test('without pauses keeps nobody busy: from the second on they are seconds, and longer each time', () => {
    const book = running({ restart: { policy: 'always', backoffMs: 0 } })
    const pauses = [1, 2, 3, 4].map((attempt) => {
      book.run(ended(attempt, crash, 6_000), { at: attempt * 100_000 })
      const { notBefore } = workload(book)
      place(book, attempt + 1)
      return (notBefore ?? 0) - attempt * 100_000
    })
    expect(pauses).toEqual([0, 2_000, 4_000, 8_000])
  })
})

describe('what a node lets in', () => {
  const taint = (key: string, value = '', effect: Taint['effect'] = 'NoSchedule'): Taint => ({ key, value, effect })
  const taints = (book: Book, add: readonly Taint[], remove: readonly TaintName[] = []) =>
    refusal(book.run({ type: 'update-taints', node: bob, add, remove }))
  const taintsOf = ({ state }: Book) => state.members.get(bob)?.taints

  test('a taint replaces the one with its key and effect, and all the others stay', () => {
    const book = meshOf([ada, bob])
    taints(book, [taint('gpu', 'a'), taint('gpu', 'a', 'NoExecute')])
    taints(book, [taint('team')])
    taints(book, [taint('gpu', 'b')])
    expect(taintsOf(book)).toEqual([taint('gpu', 'a', 'NoExecute'), taint('team'), taint('gpu', 'b')])
    taints(book, [], [{ key: 'gpu' }, { key: 'team', effect: 'NoExecute' }])
    expect(taintsOf(book)).toEqual([taint('team')])
  })

  test('a key counts once for each effect, and there are not too many', () => {
    const book = meshOf([ada, bob])
    expect(taints(book, [taint('gpu', 'a'), taint('gpu', 'b')])).toBe('INVALID_REQUEST')
    expect(
      taints(
        book,
        Array.from({ length: 64 }, (_, i) => taint(`key-${i}`)),
      ),
    ).toBe(null)
    expect(taints(book, [taint('gpu')])).toBe('INVALID_REQUEST')
    expect(taintsOf(book)).toHaveLength(64)
  })

  test('what changes nothing is no news', () => {
    const book = meshOf([ada, bob])
    for (const add of [[taint('gpu')], [taint('gpu')], []]) taints(book, add)
    expect(book.state.events.filter(({ type }) => type === 'node.taints')).toHaveLength(1)
  })

  test('no placement, though its leader may not know yet that the node was closed', () => {
    const place = (book: Book) =>
      refusal(book.run({ type: 'place', workload: id, attempt: 1, node: bob, devices: [], executor: 'docker' }))
    const tainted = meshOf([ada, bob])
    tainted.run(submit('wl-a'))
    taints(tainted, [taint('gpu')])
    expect(place(tainted)).toBe('INVALID_REQUEST')
    taints(tainted, [taint('gpu', '', 'PreferNoSchedule')], [{ key: 'gpu' }])
    expect(place(tainted)).toBe(null)
    const cordoned = meshOf([ada, bob])
    cordoned.run(submit('wl-a'))
    cordoned.run({ type: 'set-scheduling', node: bob, mode: 'cordoned', reason: '', grace: null })
    expect(place(cordoned)).toBe('INVALID_REQUEST')
  })

  test('a drain is told once, with who wants it and why', () => {
    const book = meshOf([ada, bob])
    const drain = { type: 'set-scheduling', node: bob, mode: 'draining', reason: 'new disk', grace: 5_000 } as const
    book.run(drain, { by: 'token:eve' })
    book.run(drain)
    expect(book.state.members.get(bob)?.scheduling).toMatchObject({ mode: 'draining', grace: 5_000 })
    const told = book.state.events.filter(({ type }) => type === 'node.draining')
    expect(told.map(({ message }) => message)).toEqual([
      'bob takes no new work, and what runs there moves away (new disk), says token:eve',
    ])
  })
})
