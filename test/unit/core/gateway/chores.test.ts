import { describe, expect, test } from 'vitest'
import { livenessToRecord, placementsToWithdraw, workloadsToPrune } from '../../../../src/core/gateway/chores.ts'
import { placementId, workloadId } from '../../../../src/model/ids.ts'
import type { Liveness } from '../../../../src/model/node.ts'
import { ada, bob, cyd, meshOf, submit } from '../../../support/control-samples.ts'

describe('liveness', () => {
  test('is recorded when it is news, and a suspicion never is', () => {
    const book = meshOf([ada, bob, cyd])
    book.run({ type: 'record-liveness', node: cyd, liveness: 'lost' })
    const observed: Record<string, Liveness> = { ada: 'suspect', bob: 'lost', cyd: 'lost' }
    expect(livenessToRecord(book.state, (node) => observed[node] ?? 'alive')).toEqual([{ node: bob, liveness: 'lost' }])
    expect(livenessToRecord(book.state, () => 'alive')).toEqual([{ node: cyd, liveness: 'alive' }])
  })
})

describe('placements', () => {
  const placed = (): ReturnType<typeof meshOf> => {
    const book = meshOf([ada, bob])
    const id = workloadId('wl-a')
    book.run(submit('wl-a'))
    const command = { type: 'place', workload: id, attempt: 1, node: bob, devices: [], executor: 'docker' } as const
    book.run(command, { at: 50_000 })
    return book
  }
  const placement = placementId(workloadId('wl-a'), 1)

  test('are taken back when they are not claimed in time', () => {
    const { state } = placed()
    expect(placementsToWithdraw(state, () => 'alive', { at: 59_999, claimWithin: 10_000 })).toEqual([])
    expect(placementsToWithdraw(state, () => 'alive', { at: 60_000, claimWithin: 10_000 })).toEqual([
      { placement, reason: 'bob did not claim it within 10000 ms' },
    ])
  })

  test('are taken back at once from a node that is lost, but not from one that is only suspected', () => {
    const { state } = placed()
    expect(placementsToWithdraw(state, () => 'suspect', { at: 50_000, claimWithin: 10_000 })).toEqual([])
    expect(placementsToWithdraw(state, () => 'lost', { at: 50_000, claimWithin: 10_000 })).toEqual([
      { placement, reason: 'bob is offline' },
    ])
  })

  test('stay once they are claimed', () => {
    const book = placed()
    book.run({ type: 'claim', placement, node: bob })
    expect(placementsToWithdraw(book.state, () => 'lost', { at: 99_999, claimWithin: 10_000 })).toEqual([])
  })
})

describe('ended workloads', () => {
  const ended = (count: number): ReturnType<typeof meshOf> => {
    const book = meshOf([ada])
    for (let i = 0; i < count; i += 1) {
      book.run(submit(`wl-${i}`))
      book.run({ type: 'request-stop', workload: workloadId(`wl-${i}`), force: false }, { at: 10_000 + i })
    }
    book.run(submit('wl-live'))
    return book
  }
  const settings = { keepFor: 1_000, keepAtMost: 100, batch: 100 }

  test('are forgotten when they are old', () => {
    expect(workloadsToPrune(ended(3).state, 11_001, settings)).toEqual(['wl-0', 'wl-1'])
  })

  test('are forgotten, the oldest first, when they are too many', () => {
    expect(workloadsToPrune(ended(5).state, 10_000, { ...settings, keepAtMost: 3 })).toEqual(['wl-0', 'wl-1'])
  })

  test('are forgotten in batches', () => {
    expect(workloadsToPrune(ended(5).state, 99_999, { ...settings, batch: 2 })).toEqual(['wl-0', 'wl-1'])
  })
})
