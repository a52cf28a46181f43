/** How work takes turns: higher priorities push lower ones aside, and work waits for the work that it depends on. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { GatedWork } from '../support/gated-work.ts'
import { gatedWork } from '../support/gated-work.ts'

let work: GatedWork
beforeAll(async () => {
  work = await gatedWork()
})
afterAll(async () => {
  await work.stop()
})

test('given work of low priority on all GPUs, when work of high priority comes, then it makes room and goes on after it', async () => {
  await work.submit('low', '--gpus', '2', '--priority', 'low', '--stop-grace', '1s')
  await work.reaches('low', ({ state }) => state === 'running')
  await work.submit('high', '--gpus', '1', '--priority', 'high')
  await work.reaches('high', ({ state }) => state === 'running')
  const waiting = await work.reaches('low', ({ state }) => state === 'pending')
  expect(waiting.history).toMatchObject([{ attempt: 1, reason: 'evicted: makes room for high' }])
  work.finish('high')
  await work.reaches('low', ({ state, attempt }) => state === 'running' && attempt === 2)
  work.finish('low')
  expect(await work.reaches('low', ({ state }) => state === 'completed')).toMatchObject({ exitCode: 0, attempt: 2 })
})

test('given work that waits for other work, then it starts when that has completed, and fails when that cannot be', async () => {
  await work.submit('prepare')
  await work.submit('train', '--after-ok', 'prepare')
  await work.submit('clean', '--after-any', 'train')
  await work.reaches('prepare', ({ state }) => state === 'running')
  expect(await work.reaches('train', ({ reason }) => reason !== null)).toMatchObject({
    state: 'pending',
    reason: 'waits for prepare to complete',
  })
  work.finish('prepare')
  await work.reaches('train', ({ state }) => state === 'running')
  await work.submit('evaluate', '--after-ok', 'train')
  await work.daemon.json('stop', 'train')
  const hopeless = await work.reaches('evaluate', ({ state }) => state === 'failed')
  expect(hopeless.error).toEqual({
    code: 'DEPENDENCY_FAILED',
    message: 'What the workload waits for can no longer be: train stopped.',
  })
  await work.reaches('clean', ({ state }) => state === 'running')
  work.finish('clean')
  await work.reaches('clean', ({ state }) => state === 'completed')
})

test('a dependency that nobody knows is refused', async () => {
  const refused = await work.daemon.cli('--json', 'run', '-d', '--after-ok', 'nothing', 'host', '--', 'true')
  expect(JSON.parse(refused.stderr)).toMatchObject({ error: { code: 'WORKLOAD_NOT_FOUND' } })
})
