import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { namespaceOf, spendingOf } from '../../../../src/core/state/namespaces.ts'
import { restore } from '../../../../src/core/state/restore.ts'
import { snapshot } from '../../../../src/core/state/snapshot.ts'
import type { Command } from '../../../../src/core/state/types.ts'
import { groupId, placementId, workloadId } from '../../../../src/model/ids.ts'
import type { Quota } from '../../../../src/model/namespace.ts'
import { noQuota } from '../../../../src/model/namespace.ts'
import type { Book } from '../../../support/control-samples.ts'
import { ada, meshOf, refusal, submit } from '../../../support/control-samples.ts'

const create = (quota: Partial<Quota> = {}, borrow = false): Command => ({
  ...{ type: 'create-namespace', name: 'team', quota: { ...noQuota, ...quota }, weight: 1, borrow },
})
const ask = (id: string, gpus: number, more: Record<string, unknown> = {}): Command =>
  submit(id, { gpus: { count: gpus }, namespace: 'team', ...more })
const place = (id: string, first: number, gpus: number): Command => ({
  type: 'place',
  workload: workloadId(id),
  attempt: 1,
  node: ada,
  devices: Array.from({ length: gpus }, (_, i) => `GPU-ada-${first + i}`),
  executor: 'docker',
})

function teamOf(quota: Partial<Quota>, borrow = false): Book {
  const book = meshOf([ada], 8)
  book.run(create(quota, borrow))
  return book
}

describe('a namespace', () => {
  test('is made once, changed part by part, and taken away when it has no work', () => {
    const book = teamOf({ gpus: 4 })
    expect(refusal(book.run(create()))).toBe('NAMESPACE_EXISTS')
    book.run({ type: 'update-namespace', name: 'team', quota: { memoryMib: 64 }, borrow: true })
    expect(namespaceOf(book.state, 'team')).toMatchObject({
      ...{ quota: { ...noQuota, gpus: 4, memoryMib: 64 }, borrow: true, weight: 1 },
    })
    book.run(ask('wl-a', 1))
    expect(refusal(book.run({ type: 'remove-namespace', name: 'team' }))).toBe('NAMESPACE_BUSY')
    book.run({ type: 'request-stop', workload: workloadId('wl-a'), force: false })
    expect(refusal(book.run({ type: 'remove-namespace', name: 'team' }))).toBe(null)
    expect(refusal(book.run(ask('wl-b', 1)))).toBe('NAMESPACE_NOT_FOUND')
  })

  test('default is always there, can have limits, and stays', () => {
    const book = meshOf([ada], 8)
    expect(namespaceOf(book.state, 'default')).toMatchObject({ quota: noQuota })
    expect(refusal(book.run({ type: 'update-namespace', name: 'default', quota: { workloads: 1 } }))).toBe(null)
    book.run(submit('wl-a'))
    expect(refusal(book.run(submit('wl-b')))).toBe('QUOTA_EXCEEDED')
    expect(refusal(book.run({ type: 'remove-namespace', name: 'default' }))).toBe('INVALID_REQUEST')
  })

  test('takes no more workloads than it may have, those that wait and all parts of a group counted', () => {
    const book = teamOf({ workloads: 3 })
    expect(refusal(book.run(ask('wl-g', 0, { parts: { count: 4 } })))).toBe('QUOTA_EXCEEDED')
    expect(refusal(book.run(ask('wl-h', 0, { parts: { count: 3 } })))).toBe(null)
    expect(refusal(book.run(ask('wl-a', 0)))).toBe('QUOTA_EXCEEDED')
    book.run({ type: 'request-stop', workload: groupId('wl-h'), force: false })
    expect(refusal(book.run(ask('wl-a', 0)))).toBe(null)
  })

  test('gets no placement beyond its quota, whatever the leader overlooked; one that borrows does', () => {
    for (const [borrow, expected] of [
      [false, 'QUOTA_EXCEEDED'],
      [true, null],
    ] as const) {
      const book = teamOf({ gpus: 3 }, borrow)
      book.run(ask('wl-a', 2))
      book.run(ask('wl-b', 2))
      expect(refusal(book.run(place('wl-a', 0, 2)))).toBe(null)
      expect(refusal(book.run(place('wl-b', 2, 2)))).toBe(expected)
    }
  })

  test('keeps what runs when its quota is lowered', () => {
    const book = teamOf({ gpus: 4 })
    book.run(ask('wl-a', 4))
    book.run(place('wl-a', 0, 4))
    book.run({ type: 'update-namespace', name: 'team', quota: { gpus: 1 } })
    expect(spendingOf(book.state, 'team').gpuMillis).toBe(4_000)
  })
})

test('what a namespace takes is what its live workloads say, over snapshots too, and never more than its quota', () => {
  const step = fc.record({
    kind: fc.constantFrom('submit', 'place', 'claim', 'run', 'end', 'stop'),
    number: fc.nat(5),
    gpus: fc.nat(2),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.nat(5), (steps, most) => {
      const book = teamOf({ gpus: most })
      for (const { kind, number, gpus } of steps) {
        const id = `wl-${number}`
        const placement = placementId(workloadId(id), 1)
        const wanted = book.state.workloads.get(workloadId(id))?.spec.gpus.count ?? gpus
        if (kind === 'submit') book.run(ask(id, gpus))
        if (kind === 'place') book.run(place(id, number % 2 === 0 ? number : number + 1, wanted))
        if (kind === 'claim') book.run({ type: 'claim', placement, node: ada })
        if (kind === 'run') book.run({ type: 'report-running', placement, node: ada, startedAt: 1_000 })
        if (kind === 'end')
          book.run({ type: 'report-ended', placement, node: ada, endedAt: 2_000, exitCode: 0, error: null })
        if (kind === 'stop') book.run({ type: 'request-stop', workload: workloadId(id), force: false })
        const live = [...book.state.workloads.values()].filter(({ state }) => !['completed', 'stopped'].includes(state))
        const held = live.flatMap((one) => one.placement?.devices ?? [])
        expect(spendingOf(book.state, 'team')).toMatchObject({ gpuMillis: 1_000 * held.length, workloads: live.length })
        expect(held.length).toBeLessThanOrEqual(most)
      }
      const again = restore(snapshot(book.state))
      expect([...again.spending]).toEqual([...book.state.spending])
      expect([...again.consumed]).toEqual([...book.state.consumed])
    }),
  )
})
