import { expect, test } from 'vitest'
import { readinessOf } from '../../../../src/core/queue/dependencies.ts'
import { placementId, workloadId } from '../../../../src/model/ids.ts'
import type { Dependency } from '../../../../src/model/workload.ts'
import type { Book } from '../../../support/control-samples.ts'
import { ada, meshOf, refusal, submit } from '../../../support/control-samples.ts'

const first = workloadId('first')
const crash = { code: 'NONZERO_EXIT', message: 'it exited with 1' } as const

type Stage = 'waiting' | 'running' | 'completed' | 'failed' | 'stopped'

/** `then` waits for `first`, which is so far. */
function chain(condition: Dependency['condition'], stage: Stage): Book {
  const book = meshOf([ada])
  book.run(submit('first'))
  book.run(submit('then', { dependencies: [{ workload: 'first', condition }] }))
  const placement = placementId(first, 1)
  if (stage === 'stopped') book.run({ type: 'request-stop', workload: first, force: false })
  if (stage === 'waiting' || stage === 'stopped') return book
  book.run({ type: 'place', workload: first, attempt: 1, node: ada, devices: [], executor: 'docker' })
  book.run({ type: 'claim', placement, node: ada })
  book.run({ type: 'report-running', placement, node: ada, startedAt: 1 })
  if (stage === 'running') return book
  const error = stage === 'failed' ? crash : null
  book.run({ type: 'report-ended', placement, node: ada, endedAt: 2, exitCode: error === null ? 0 : 1, error })
  return book
}

const place = (book: Book) =>
  refusal(
    book.run({
      ...{ type: 'place', workload: workloadId('then'), attempt: 1, node: ada, executor: 'docker' },
      devices: [],
    }),
  )

test.each([
  ['after', { waiting: 'waits', running: 'ready', completed: 'ready', failed: 'ready', stopped: 'hopeless' }],
  ['afterOk', { waiting: 'waits', running: 'waits', completed: 'ready', failed: 'hopeless', stopped: 'hopeless' }],
  ['afterAny', { waiting: 'waits', running: 'waits', completed: 'ready', failed: 'ready', stopped: 'ready' }],
] as const)('%s', (condition, expected) => {
  for (const [stage, readiness] of Object.entries(expected)) {
    const book = chain(condition, stage as Stage)
    const then = book.state.workloads.get(workloadId('then'))
    expect([stage, then && readinessOf(then, book.state).state]).toEqual([stage, readiness])
    expect([stage, place(book)]).toEqual([stage, readiness === 'ready' ? null : 'INVALID_REQUEST'])
  }
})

test('given work that waits in vain, when it is given up, then it fails and says why; other work is not given up', () => {
  const book = chain('afterOk', 'failed')
  const then = workloadId('then')
  expect(refusal(book.run({ type: 'give-up', workload: then }))).toBe(null)
  expect(book.state.workloads.get(then)).toMatchObject({
    state: 'failed',
    error: { code: 'DEPENDENCY_FAILED', message: 'What the workload waits for can no longer be: first failed.' },
  })
  const fine = chain('afterOk', 'running')
  expect(refusal(fine.run({ type: 'give-up', workload: then }))).toBe('INVALID_REQUEST')
})

test('what was forgotten has ended long ago', () => {
  const book = chain('afterOk', 'failed')
  book.run({ type: 'prune', workloads: [first] })
  expect(place(book)).toBe(null)
})

test('given work that was only refused and placed again, then it has not started; given work that ran, then it has, though it waits again', () => {
  const refused = chain('after', 'waiting')
  for (const attempt of [1, 2]) {
    refused.run({ type: 'place', workload: first, attempt, node: ada, devices: [], executor: 'docker' })
    if (attempt === 1)
      refused.run({ type: 'reject', placement: placementId(first, attempt), node: ada, reason: 'is busy' })
  }
  expect(place(refused)).toBe('INVALID_REQUEST')

  const moved = chain('after', 'running')
  const eviction = { reason: 'x', grace: null, target: null, avoid: false }
  moved.run({ type: 'evict', placement: placementId(first, 1), ...eviction })
  moved.run({ type: 'report-ended', placement: placementId(first, 1), node: ada, endedAt: 2, exitCode: 0, error: null })
  moved.run({ type: 'request-stop', workload: first, force: false })
  expect(place(moved)).toBe(null)
})
