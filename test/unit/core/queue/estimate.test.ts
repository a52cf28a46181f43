import { describe, expect, test } from 'vitest'
import type { QueuePlace } from '../../../../src/core/queue/estimate.ts'
import { queueOf } from '../../../../src/core/queue/estimate.ts'
import type { Reservations } from '../../../../src/core/queue/reservation.ts'
import { residentsOf } from '../../../../src/core/queue/resident.ts'
import { snapshotOf } from '../../../../src/core/scheduler/snapshot.ts'
import { defaultScheduling } from '../../../../src/core/scheduler/types.ts'
import { placementId, workloadId } from '../../../../src/model/ids.ts'
import type { Book } from '../../../support/control-samples.ts'
import { ada, bob, meshOf, refusal, submit } from '../../../support/control-samples.ts'

const now = 100_000
const observe = () =>
  ({ liveness: 'alive', failed: new Set<string>(), hot: new Set<string>(), diskFreeMib: null }) as const

/** Runs since 1,000 on all of the node, with ten seconds to stop in. */
function occupy(book: Book, name: string, node: typeof ada, more: Record<string, unknown>): void {
  expect(refusal(book.run(submit(name, { gpus: { count: 2 }, ...more })))).toBe(null)
  const workload = workloadId(name)
  const devices = [0, 1].map((i) => `GPU-${node}-${i}`)
  book.run({ type: 'place', workload, attempt: 1, node, devices, executor: 'docker' })
  const placement = placementId(workload, 1)
  book.run({ type: 'claim', placement, node })
  expect(refusal(book.run({ type: 'report-running', placement, node, startedAt: 1_000 }))).toBe(null)
}

const queue = ({ state }: Book, reservations: Reservations = new Map()): ReadonlyMap<string, QueuePlace> =>
  queueOf(snapshotOf(state, observe, now, { reservations }), (node) => residentsOf(state, node), defaultScheduling)

const starts = (book: Book, reservations?: Reservations) =>
  Object.fromEntries(Array.from(queue(book, reservations), ([id, { estimatedStart }]) => [id, estimatedStart]))

describe('given work that waits for room', () => {
  test('when all that is in its way has a time limit, then it is expected to start once enough of that is over', () => {
    const book = meshOf([ada, bob])
    occupy(book, 'long', ada, { timeoutMs: 900_000 })
    occupy(book, 'short', bob, { timeoutMs: 300_000 })
    book.run(submit('next', { gpus: { count: 1 } }))
    expect(queue(book)).toEqual(
      new Map([['next', { position: 1, length: 1, estimatedStart: 1_000 + 300_000 + 10_000 }]]),
    )
  })

  test('when what is in its way has no time limit, then nothing is said', () => {
    const book = meshOf([ada])
    occupy(book, 'open-ended', ada, {})
    book.run(submit('next', { gpus: { count: 1 } }))
    expect(starts(book)).toEqual({ next: null })
  })

  test('when it fits nowhere, whoever ends, then nothing is said', () => {
    const book = meshOf([ada])
    occupy(book, 'short', ada, { timeoutMs: 300_000 })
    book.run(submit('huge', { gpus: { count: 8 } }))
    expect(starts(book)).toEqual({ huge: null })
  })

  test('when others wait before it, then the nodes that these wait for are left to them', () => {
    const book = meshOf([ada, bob])
    occupy(book, 'long', ada, { timeoutMs: 900_000 })
    occupy(book, 'short', bob, { timeoutMs: 300_000 })
    for (const name of ['first', 'second', 'third']) book.run(submit(name, { gpus: { count: 2 } }))
    expect(starts(book)).toEqual({ first: 311_000, second: 911_000, third: null })
  })

  test('when a node is kept for other work, then it is not counted on', () => {
    const book = meshOf([ada, bob])
    occupy(book, 'long', ada, { timeoutMs: 900_000 })
    occupy(book, 'short', bob, { timeoutMs: 300_000 })
    book.run(submit('next', { gpus: { count: 2 } }))
    const kept = new Map([[bob, { workload: workloadId('other'), from: null, priority: 500 }]])
    expect(starts(book, kept)).toEqual({ next: 911_000 })
  })

  test('when it is a gang, then all of its parts start once there is room for the last', () => {
    const book = meshOf([ada, bob])
    occupy(book, 'long', ada, { timeoutMs: 900_000 })
    occupy(book, 'short', bob, { timeoutMs: 300_000 })
    book.run(submit('gang', { gpus: { count: 2 }, parts: { count: 2, gang: true } }))
    expect(new Set(Object.values(starts(book)))).toEqual(new Set([911_000]))
    expect([...queue(book).values()].map(({ position }) => position)).toEqual([1, 1])
  })

  test('when lesser work is pushed aside for it, then nothing is said: only that work knows how long it saves', () => {
    const book = meshOf([ada])
    occupy(book, 'lesser', ada, { priority: 250, timeoutMs: 300_000 })
    book.run(submit('urgent', { gpus: { count: 2 }, priority: 750 }))
    expect(starts(book)).toEqual({ urgent: null })
  })
})

test('given work that waits for something else than room, then nothing is said', () => {
  const book = meshOf([ada])
  occupy(book, 'before', ada, { timeoutMs: 300_000 })
  const dependencies = [{ workload: workloadId('before'), condition: 'afterOk' }]
  expect(refusal(book.run(submit('after', { dependencies })))).toBe(null)
  expect(starts(book)).toEqual({ after: null })
})

test('given room now, then it is expected now', () => {
  const book = meshOf([ada])
  book.run(submit('next', { gpus: { count: 1 } }))
  expect(starts(book)).toEqual({ next: now })
})
