/** How work takes turns: higher priorities push lower ones aside, and work waits for the work that it depends on. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Daemon, eventually, Mesh, type WorkloadInfo } from '../support/mesh.ts'

interface Info extends WorkloadInfo {
  readonly reason: string | null
  readonly history: readonly { readonly attempt: number; readonly reason: string }[]
}

let mesh: Mesh
let daemon: Daemon
beforeAll(async () => {
  mesh = await Mesh.start({ names: ['only'], gpus: '2xH100' })
  daemon = mesh.get(0)
})
afterAll(async () => {
  await mesh.stop()
})

const info = (name: string): Promise<Info> => daemon.json('workload', 'info', name)
const reaches = (name: string, holds: (info: Info) => boolean): Promise<Info> =>
  eventually(`${name} is so far`, 30_000, () => info(name), holds)
const file = (name: string): string => join(mesh.directory, name)
/** Runs until the file of its name is there. */
const submit = (name: string, ...options: readonly string[]): Promise<unknown> => {
  const script = `until [ -e ${file(name)} ]; do sleep 0.1; done`
  return daemon.json('run', '-d', '--name', name, ...options, 'host', '--', 'sh', '-c', script)
}
const finish = (name: string): void => {
  writeFileSync(file(name), '')
}

test('given work of low priority on all GPUs, when work of high priority comes, then it makes room and goes on after it', async () => {
  await submit('low', '--gpus', '2', '--priority', 'low', '--stop-grace', '1s')
  await reaches('low', ({ state }) => state === 'running')
  await submit('high', '--gpus', '1', '--priority', 'high')
  await reaches('high', ({ state }) => state === 'running')
  const waiting = await reaches('low', ({ state }) => state === 'pending')
  expect(waiting.history).toMatchObject([{ attempt: 1, reason: 'evicted: makes room for high' }])
  finish('high')
  await reaches('low', ({ state, attempt }) => state === 'running' && attempt === 2)
  finish('low')
  expect(await reaches('low', ({ state }) => state === 'completed')).toMatchObject({ exitCode: 0, attempt: 2 })
})

test('given work that waits for other work, then it starts when that has completed, and fails when that cannot be', async () => {
  await submit('prepare')
  await submit('train', '--after-ok', 'prepare')
  await submit('clean', '--after-any', 'train')
  await reaches('prepare', ({ state }) => state === 'running')
  expect(await reaches('train', ({ reason }) => reason !== null)).toMatchObject({
    state: 'pending',
    reason: 'waits for prepare to complete',
  })
  finish('prepare')
  await reaches('train', ({ state }) => state === 'running')
  await submit('evaluate', '--after-ok', 'train')
  await daemon.json('stop', 'train')
  const hopeless = await reaches('evaluate', ({ state }) => state === 'failed')
  expect(hopeless.error).toEqual({
    code: 'DEPENDENCY_FAILED',
    message: 'What the workload waits for can no longer be: train stopped.',
  })
  await reaches('clean', ({ state }) => state === 'running')
  finish('clean')
  await reaches('clean', ({ state }) => state === 'completed')
})

test('a dependency that nobody knows is refused', async () => {
  const refused = await daemon.cli('--json', 'run', '-d', '--after-ok', 'nothing', 'host', '--', 'true')
  expect(JSON.parse(refused.stderr)).toMatchObject({ error: { code: 'WORKLOAD_NOT_FOUND' } })
})
