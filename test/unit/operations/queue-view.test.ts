/** Where in the queue work is that waits, and how often the queue is looked through for it. */
import { expect, test } from 'vitest'
import { queueViews } from '../../../src/operations/workload/queue-view.ts'
import type { Clock } from '../../../src/ports/clock.ts'
import { meshOf, ada, submit } from '../../support/control-samples.ts'

/** A mesh with one workload that waits, on a peer that takes so long each time it looks at its clock. */
function peer(tick: number) {
  const book = meshOf([ada])
  book.run(submit('wl-1', { gpus: { count: 8 } }))
  let [elapsed, looks] = [0, 0]
  const clock = { now: () => 10_000, elapsed: () => (elapsed += tick) } as unknown as Clock
  const view = () => {
    looks += 1
    return { liveness: 'alive', report: null }
  }
  const context = { control: { state: book.state }, membership: { view }, clock } as unknown as Parameters<typeof queueViews>[1] // prettier-ignore
  const positions = () => {
    const all = [...book.state.workloads.values()]
    const viewOf = queueViews(all, context)
    return all.map((workload) => viewOf(workload)?.position ?? null)
  }
  return { book, positions, looks: () => looks }
}

test('given a queue that takes long to look through, when somebody asks again and again, then what was found last will do for a while', () => {
  const { book, positions, looks } = peer(100)
  expect(positions()).toEqual([1])
  book.run(submit('wl-2', { gpus: { count: 8 } }))
  for (let i = 0; i < 5; i += 1) expect(positions()).toEqual([1, null])
  expect(looks()).toBe(1)
  for (let i = 0; i < 10; i += 1) positions()
  expect(positions()).toEqual([1, 2])
})

test('given a queue that takes no time to look through, then it is always looked through', () => {
  const { book, positions } = peer(0)
  expect(positions()).toEqual([1])
  book.run(submit('wl-2', { gpus: { count: 8 } }))
  expect(positions()).toEqual([1, 2])
})
