import { describe, expect, test } from 'vitest'
import type { Silence } from '../../../../src/core/gateway/lease.ts'
import { executionLease, lossesNow, trackSilence } from '../../../../src/core/gateway/lease.ts'
import { placementId, workloadId } from '../../../../src/model/ids.ts'
import type { Liveness } from '../../../../src/model/node.ts'
import { ada, bob, meshOf, submit } from '../../../support/control-samples.ts'

const id = workloadId('wl-a')
const placement = placementId(id, 1)

function claimed(onPartition?: string): ReturnType<typeof meshOf> {
  const book = meshOf([ada, bob])
  book.run(submit(id, { onPartition, stopGraceMs: 3_000 }))
  book.run({ type: 'place', workload: id, attempt: 1, node: bob, devices: [], executor: 'docker' })
  book.run({ type: 'claim', placement, node: bob })
  return book
}

const silentSince = (since: number, how: 'lost' | 'left' = 'lost'): Silence => new Map([[bob, { since, how }]])
const losses = (onPartition: string | undefined, silence: Silence, now: number) =>
  lossesNow(claimed(onPartition).state, silence, now)

describe('silence', () => {
  const track = (before: Silence, liveness: Liveness, now: number): Silence =>
    trackSilence(before, [ada, bob], (node) => (node === bob ? liveness : 'alive'), now)

  test('begins when a node is first seen gone, and is not begun anew by how it is gone', () => {
    const first = track(new Map(), 'lost', 100)
    expect(first).toEqual(silentSince(100))
    expect(track(track(first, 'lost', 200), 'left', 300)).toEqual(silentSince(100, 'left'))
  })

  test.each(['alive', 'suspect'] as const)('ends when the node is %s', (liveness) => {
    expect(track(silentSince(100), liveness, 200)).toEqual(new Map())
  })
})

describe('claimed work on a silent node', () => {
  test('is given up at once when it may run twice', () => {
    expect(losses('replace', silentSince(500), 500)).toEqual([{ placement, reason: 'bob was lost' }])
  })

  test('is given the lease when its node said goodbye, which a daemon does that is started anew', () => {
    const goodbye = silentSince(500, 'left')
    expect(losses('replace', goodbye, 500 + executionLease - 1)).toEqual([])
    expect(losses('replace', goodbye, 500 + executionLease)).toHaveLength(1)
  })

  test('is given up only after the lease, its grace and a margin when it is to be stopped first', () => {
    const stopped = executionLease + 3_000
    expect(losses('stop', silentSince(0), stopped)).toEqual([])
    expect(losses('stop', silentSince(0), stopped + 9_999)).toEqual([])
    expect(losses('stop', silentSince(0), stopped + 10_000)).toHaveLength(1)
  })

  test.each([undefined, 'continue'])('is never given up with onPartition %s', (onPartition) => {
    expect(losses(onPartition, silentSince(0), Number.MAX_SAFE_INTEGER)).toEqual([])
  })

  test('that has ended, or that nobody has claimed yet, cannot be lost', () => {
    const book = claimed('replace')
    book.run({ type: 'report-ended', placement, node: bob, endedAt: 1, exitCode: 0, error: null })
    expect(lossesNow(book.state, silentSince(0), 1_000)).toEqual([])

    const placed = meshOf([ada, bob])
    placed.run(submit(id, { onPartition: 'replace' }))
    placed.run({ type: 'place', workload: id, attempt: 1, node: bob, devices: [], executor: 'docker' })
    expect(lossesNow(placed.state, silentSince(0), 1_000)).toEqual([])
  })
})
