import { describe, expect, test } from 'vitest'
import { placementId, workloadId } from '../../../../src/model/ids.ts'
import type { Workload } from '../../../../src/model/workload.ts'
import type { Book } from '../../../support/control-samples.ts'
import { ada, bob, meshOf, refusal, submit } from '../../../support/control-samples.ts'

const id = workloadId('wl-a')
const first = placementId(id, 1)

const workload = (book: Book): Workload => {
  const found = book.state.workloads.get(id)
  if (found === undefined) throw new Error('the workload is gone')
  return found
}

const placed = (devices: readonly string[] = ['GPU-bob-0']): Book => {
  const book = meshOf([ada, bob])
  book.run(submit('wl-a', { gpus: { count: devices.length }, cpus: 1.5, memoryMib: 512 }))
  book.run({ type: 'place', workload: id, attempt: 1, node: bob, devices, executor: 'docker' })
  return book
}

const claimed = (): Book => {
  const book = placed()
  book.run({ type: 'claim', placement: first, node: bob })
  return book
}

const ended = (exitCode: number, error: Workload['error'] = null) =>
  ({ type: 'report-ended', placement: first, node: bob, endedAt: 9_000, exitCode, error }) as const

describe('submission', () => {
  test('a name is taken while its workload has not ended, and free again after', () => {
    const book = meshOf([ada])
    book.run(submit('wl-a', {}, 'train'))
    expect(refusal(book.run(submit('wl-b', {}, 'train')))).toBe('NAME_TAKEN')
    book.run({ type: 'request-stop', workload: id, force: false })
    expect(refusal(book.run(submit('wl-b', {}, 'train')))).toBe(null)
  })

  test('the same submission under another entry id is the same workload, another under its id is refused', () => {
    const book = meshOf([ada])
    book.run(submit('wl-a', {}, 'train'))
    expect(book.run(submit('wl-a', {}, 'train')).outcome).toEqual({ ok: true, value: { workload: id } })
    expect(refusal(book.run(submit('wl-a', {}, 'serve')))).toBe('INVALID_REQUEST')
    expect(refusal(book.run(submit('wl-a', {}, 'train'), { by: 'token:eve' }))).toBe('INVALID_REQUEST')
  })
})

describe('placement', () => {
  test('takes devices, CPU and memory until the work has ended', () => {
    const book = claimed()
    expect(book.state.holders.get('GPU-bob-0')).toBe(first)
    expect(book.state.usage.get(bob)).toEqual({ cpuMillis: 1_500, memoryMib: 512, placements: 1 })
    book.run(ended(0))
    expect(book.state.holders.size + book.state.usage.size).toBe(0)
  })

  test.each([
    ['an attempt that is not the next', { attempt: 2 }, 'PLACEMENT_SUPERSEDED'],
    ['a node that is no member', { node: 'eve' }, 'NODE_NOT_FOUND'],
    ['an executor that the node lacks', { executor: 'simulated' }, 'EXECUTOR_UNAVAILABLE'],
    ['a device that the node lacks', { devices: ['GPU-ada-0'] }, 'INVALID_REQUEST'],
    ['too few devices', { devices: [] }, 'INVALID_REQUEST'],
    ['a device that another placement holds', { devices: ['GPU-bob-1'] }, 'DEVICE_BUSY'],
  ])('%s is refused', (_, parts, code) => {
    const book = meshOf([ada, bob])
    book.run(submit('wl-b', { gpus: { count: 1 } }))
    const other = workloadId('wl-b')
    book.run({ type: 'place', workload: other, attempt: 1, node: bob, devices: ['GPU-bob-1'], executor: 'docker' })
    book.run(submit('wl-a', { gpus: { count: 1 } }))
    const good = { type: 'place', workload: id, attempt: 1, node: bob, devices: ['GPU-bob-0'], executor: 'docker' }
    expect(refusal(book.run({ ...good, ...parts } as never))).toBe(code)
    expect(workload(book)).toMatchObject({ state: 'pending', attempt: 0 })
  })

  test('one device twice does not count for two', () => {
    const book = meshOf([ada])
    book.run(submit('wl-a', { gpus: { count: 2 } }))
    const devices = ['GPU-ada-0', 'GPU-ada-0']
    expect(refusal(book.run({ type: 'place', workload: id, attempt: 1, node: ada, devices, executor: 'docker' }))).toBe(
      'INVALID_REQUEST',
    )
  })

  test('a node that has not reported itself gets nothing', () => {
    const book = meshOf([ada])
    book.state.members.set(bob, { ...book.state.members.get(ada), id: bob, inventory: null } as never)
    book.run(submit('wl-a'))
    const command = { type: 'place', workload: id, attempt: 1, node: bob, devices: [], executor: 'docker' } as const
    expect(refusal(book.run(command))).toBe('EXECUTOR_UNAVAILABLE')
  })

  test('the term in which it was decided is kept', () => {
    const book = meshOf([ada])
    book.term = 7
    book.run(submit('wl-a'))
    book.run({ type: 'place', workload: id, attempt: 1, node: ada, devices: [], executor: 'process' })
    expect(workload(book).placement).toMatchObject({ id: first, term: 7, state: 'placed', executor: 'process' })
  })
})

describe('claim and reject', () => {
  test('only the node of the placement may claim it, and may say so again', () => {
    const book = placed()
    expect(refusal(book.run({ type: 'claim', placement: first, node: ada }))).toBe('PLACEMENT_SUPERSEDED')
    expect(refusal(book.run({ type: 'claim', placement: first, node: bob }))).toBe(null)
    expect(refusal(book.run({ type: 'claim', placement: first, node: bob }))).toBe(null)
  })

  test('a rejection frees the devices, is remembered, and ends the placement for good', () => {
    const book = placed()
    book.run({ type: 'reject', placement: first, node: bob, reason: 'GPU 0 is busy' })
    expect(workload(book)).toMatchObject({
      state: 'pending',
      attempt: 1,
      placement: null,
      rejections: [{ node: bob, attempt: 1, reason: 'GPU 0 is busy' }],
    })
    expect(book.state.holders.size).toBe(0)
    expect(refusal(book.run({ type: 'claim', placement: first, node: bob }))).toBe('PLACEMENT_SUPERSEDED')
  })

  test('what was claimed can neither be rejected nor taken back', () => {
    const book = claimed()
    expect(refusal(book.run({ type: 'reject', placement: first, node: bob, reason: 'no' }))).toBe(
      'PLACEMENT_SUPERSEDED',
    )
    expect(refusal(book.run({ type: 'withdraw', placement: first, reason: 'no' }))).toBe('PLACEMENT_SUPERSEDED')
  })

  test('the leader takes back what a silent node has not claimed', () => {
    const book = placed()
    expect(refusal(book.run({ type: 'withdraw', placement: first, reason: 'bob did not claim it' }))).toBe(null)
    expect(workload(book)).toMatchObject({ state: 'pending', rejections: [{ node: bob }] })
    expect(refusal(book.run({ type: 'claim', placement: first, node: bob }))).toBe('PLACEMENT_SUPERSEDED')
  })

  test('only the last few rejections are kept', () => {
    const book = placed()
    for (let attempt = 1; attempt <= 12; attempt += 1) {
      const placement = placementId(id, attempt)
      book.run({ type: 'reject', placement, node: bob, reason: 'no' })
      const next = {
        workload: id,
        attempt: attempt + 1,
        node: bob,
        devices: ['GPU-bob-0'],
        executor: 'docker',
      } as const
      book.run({ type: 'place', ...next })
    }
    expect(workload(book).rejections.map(({ attempt }) => attempt)).toEqual([5, 6, 7, 8, 9, 10, 11, 12])
  })
})

describe('reports', () => {
  test('lead from starting over running to completed', () => {
    const book = claimed()
    book.run({ type: 'report-starting', placement: first, node: bob, progress: 'pulling image' })
    expect(workload(book)).toMatchObject({ state: 'starting', progress: 'pulling image' })
    book.run({ type: 'report-running', placement: first, node: bob, startedAt: 8_000 })
    expect(workload(book)).toMatchObject({ state: 'running', startedAt: 8_000, progress: null })
    book.run(ended(0))
    expect(workload(book)).toMatchObject({ state: 'completed', exitCode: 0, endedAt: 9_000, error: null })
    expect(book.state.events.slice(-2).map(({ type }) => type)).toEqual(['workload.running', 'workload.completed'])
  })

  test('an error makes it failed', () => {
    const book = claimed()
    book.run(ended(137, { code: 'OOM_KILLED', message: 'out of memory' }))
    expect(workload(book)).toMatchObject({ state: 'failed', exitCode: 137, error: { code: 'OOM_KILLED' } })
  })

  test('from another node, before the claim, or after the end they count for nothing', () => {
    expect(refusal(placed().run({ type: 'report-running', placement: first, node: bob, startedAt: 1 }))).toBe(
      'PLACEMENT_SUPERSEDED',
    )
    const book = claimed()
    expect(refusal(book.run({ ...ended(0), node: ada }))).toBe('PLACEMENT_SUPERSEDED')
    book.run(ended(0))
    expect(refusal(book.run(ended(1)))).toBe('PLACEMENT_SUPERSEDED')
    expect(workload(book).exitCode).toBe(0)
  })
})

describe('stopping', () => {
  test('what no node has claimed ends at once', () => {
    const book = placed()
    book.run({ type: 'request-stop', workload: id, force: false })
    expect(workload(book)).toMatchObject({ state: 'stopped', stopRequested: { by: 'socket', force: false } })
    expect(refusal(book.run({ type: 'claim', placement: first, node: bob }))).toBe('PLACEMENT_SUPERSEDED')
  })

  test.each([
    ['an exit code of its own', 143, { code: 'NONZERO_EXIT', message: 'exit 143' }, 'stopped'],
    ['code 0', 0, null, 'stopped'],
    ['no memory left', 137, { code: 'OOM_KILLED', message: 'out of memory' }, 'failed'],
  ] as const)('what runs is stopping until the node says that it ended with %s', (_, exitCode, error, state) => {
    const book = claimed()
    book.run({ type: 'request-stop', workload: id, force: false })
    book.run({ type: 'report-running', placement: first, node: bob, startedAt: 8_000 })
    expect(workload(book).state).toBe('stopping')
    book.run(ended(exitCode, error))
    expect(workload(book)).toMatchObject({ state, exitCode })
  })

  test('a second request can only add force; one for what has ended changes nothing', () => {
    const book = claimed()
    book.run({ type: 'request-stop', workload: id, force: false }, { at: 5_000 })
    book.run({ type: 'request-stop', workload: id, force: true }, { at: 6_000, by: 'token:eve' })
    book.run({ type: 'request-stop', workload: id, force: false }, { at: 7_000 })
    expect(workload(book).stopRequested).toEqual({ at: 5_000, by: 'socket', force: true, because: null })
    book.run(ended(0))
    expect(refusal(book.run({ type: 'request-stop', workload: id, force: true }))).toBe(null)
  })

  test('an unknown workload cannot be stopped', () => {
    const command = { type: 'request-stop', workload: workloadId('wl-x'), force: true } as const
    expect(refusal(meshOf([ada]).run(command))).toBe('WORKLOAD_NOT_FOUND')
  })
})

test('pruning forgets what has ended and nothing else', () => {
  const book = meshOf([ada])
  book.run(submit('wl-a'))
  book.run(submit('wl-b'))
  book.run({ type: 'request-stop', workload: id, force: false })
  book.run({ type: 'prune', workloads: [id, workloadId('wl-b'), workloadId('wl-x')] })
  expect([...book.state.workloads.keys()]).toEqual(['wl-b'])
})
