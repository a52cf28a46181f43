/** Namespaces: limits that hold, borrowing, and turns that are fair. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Daemon, eventually, Mesh, type WorkloadInfo } from '../support/mesh.ts'

interface Info extends WorkloadInfo {
  readonly reason: string | null
}
interface Namespace {
  readonly name: string
  readonly quota: { readonly gpus: number | null; readonly workloads: number | null }
  readonly used: { readonly gpus: number; readonly workloads: number }
  readonly gpuHours: number
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
const submit = (name: string, ...options: readonly string[]): Promise<unknown> => {
  const script = `until [ -e ${file(name)} ]; do sleep 0.1; done`
  return daemon.json('run', '-d', '--name', name, '--gpus', '1', ...options, 'host', '--', 'sh', '-c', script)
}
const finish = (name: string): void => {
  writeFileSync(file(name), '')
}

test('given a namespace with a quota, then its work takes no more, and says so, until some of it has ended', async () => {
  await daemon.json('namespace', 'create', 'team-a', '--gpu-quota', '1')
  await submit('first', '--namespace', 'team-a')
  await reaches('first', ({ state }) => state === 'running')
  await submit('second', '--namespace', 'team-a')
  const waiting = await reaches('second', ({ reason }) => reason !== null)
  expect(waiting.reason).toBe('has to wait for its namespace team-a: it needs 1 GPU, and 1 of 1 are in use')
  const table = await daemon.cli('namespace', 'list')
  expect(table.stdout).toMatch(/^team-a +1 of 1 /m)

  finish('first')
  await reaches('second', ({ state }) => state === 'running')
  await daemon.json('namespace', 'set', 'team-a', '--gpu-quota', '2')
  await submit('third', '--namespace', 'team-a')
  await reaches('third', ({ state }) => state === 'running')
  finish('second')
  finish('third')
  await reaches('third', ({ state }) => state === 'completed')
  const after = await daemon.json<Namespace>('namespace', 'info', 'team-a')
  expect(after).toMatchObject({ used: { gpus: 0, workloads: 0 }, quota: { gpus: 2 } })
})

test('given one that may borrow, then it takes what is left over, but after work that stays within its quota', async () => {
  await daemon.json('namespace', 'create', 'guest', '--gpu-quota', '0', '--borrow', 'yes')
  await submit('holder', '--gpus', '2')
  await reaches('holder', ({ state }) => state === 'running')
  await submit('borrowed', '--namespace', 'guest', '--gpus', '2')
  await submit('owned', '--namespace', 'team-a', '--gpus', '2')
  await reaches('owned', ({ reason }) => reason !== null)
  finish('holder')
  await reaches('owned', ({ state }) => state === 'running')
  expect(await info('borrowed')).toMatchObject({ state: 'pending' })
  finish('owned')
  await reaches('borrowed', ({ state }) => state === 'running')
  finish('borrowed')
  await reaches('borrowed', ({ state }) => state === 'completed')
})

test('given no such namespace, or one that is full or busy, then that is said', async () => {
  const unknown = await daemon.cli('run', '-d', '--namespace', 'nobody', 'host')
  expect([unknown.code, unknown.stderr]).toEqual([4, expect.stringContaining('NAMESPACE_NOT_FOUND')])
  await daemon.json('namespace', 'create', 'tiny', '--workload-quota', '1')
  await submit('one', '--namespace', 'tiny')
  const full = await daemon.cli('run', '-d', '--namespace', 'tiny', 'host')
  expect([full.code, full.stderr]).toEqual([6, expect.stringContaining('1 of its 1 workloads have not ended')])
  const busy = await daemon.cli('namespace', 'delete', 'tiny')
  expect([busy.code, busy.stderr]).toEqual([7, expect.stringContaining('NAMESPACE_BUSY')])
  await daemon.json('stop', 'one')
  await daemon.json('namespace', 'delete', 'tiny')
  const names = (await daemon.json<readonly Namespace[]>('namespace', 'list')).map(({ name }) => name)
  expect(names).toEqual(['default', 'guest', 'team-a'])
})
