import { describe, expect, test } from 'vitest'
import { decisionsOn, isWaitNews } from '../../../../src/core/state/decisions.ts'
import { restore } from '../../../../src/core/state/restore.ts'
import { snapshot } from '../../../../src/core/state/snapshot.ts'
import { placementId, workloadId } from '../../../../src/model/ids.ts'
import type { Book } from '../../../support/control-samples.ts'
import { ada, meshOf, refusal, submit } from '../../../support/control-samples.ts'

const id = workloadId('wl-a')

function waiting(): Book {
  const book = meshOf([ada], 1)
  book.run(submit('wl-a', { gpus: { count: 1 } }), { at: 10_000 })
  return book
}

const isNews = (book: Book, reason: string, at: number): boolean => {
  const workload = book.state.workloads.get(id)
  if (workload === undefined) throw new Error('the workload is gone')
  return isWaitNews(book.state, workload, { reason, at })
}

describe('the decisions on a workload', () => {
  test('are kept in their order, with their reasons, over snapshots, until it is forgotten', () => {
    const book = waiting()
    book.run({ type: 'note-wait', workload: id, reason: 'no room' }, { at: 20_000 })
    const because = '1 of 1 nodes could run it'
    const place = {
      type: 'place',
      workload: id,
      attempt: 1,
      node: ada,
      devices: ['GPU-ada-0'],
      executor: 'docker',
    } as const
    book.run({ ...place, because }, { at: 30_000 })
    book.run({ type: 'reject', placement: placementId(id, 1), node: ada, reason: 'busy' }, { at: 31_000 })
    const kept = decisionsOn(restore(snapshot(book.state)), id)
    expect(kept.map(({ type, message }) => `${type}: ${message}`)).toEqual([
      'workload.waits: wl-a waits: no room',
      'workload.placed: wl-a goes to ada: 1 of 1 nodes could run it',
      'workload.rejected: wl-a: busy',
    ])
    book.run({ type: 'request-stop', workload: id, force: false })
    expect(decisionsOn(book.state, id)).toHaveLength(3)
    book.run({ type: 'prune', workloads: [id] })
    expect(book.state.decisions.size).toBe(0)
  })

  test('are the last few', () => {
    const book = waiting()
    for (let i = 0; i < 30; i += 1) book.run({ type: 'note-wait', workload: id, reason: `reason ${i}` })
    expect(decisionsOn(book.state, id)).toHaveLength(16)
    expect(decisionsOn(book.state, id).at(-1)?.message).toBe('wl-a waits: reason 29')
  })

  test('say nothing of the waiting of what does not wait', () => {
    const book = waiting()
    book.run({ type: 'request-stop', workload: id, force: false })
    expect(refusal(book.run({ type: 'note-wait', workload: id, reason: 'no room' }))).toBe('WORKLOAD_NOT_FOUND')
  })
})

test('that it waits is news after a while, and again when the reason is another, but not every moment', () => {
  const book = waiting()
  expect(isNews(book, 'no room', 19_999)).toBe(false)
  expect(isNews(book, 'no room', 20_000)).toBe(true)
  book.run({ type: 'note-wait', workload: id, reason: 'no room' }, { at: 20_000 })
  expect(isNews(book, 'no room', 500_000)).toBe(false)
  expect(isNews(book, 'a taint', 79_999)).toBe(false)
  expect(isNews(book, 'a taint', 80_000)).toBe(true)
})
