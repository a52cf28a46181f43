/** Namespaces: limits that hold, borrowing, and turns that are fair. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { GatedWork } from '../support/gated-work.ts'
import { gatedWork } from '../support/gated-work.ts'
import { eventually } from '../support/mesh.ts'

interface Namespace {
  readonly name: string
  readonly quota: { readonly gpus: number | null; readonly workloads: number | null }
  readonly used: { readonly gpus: number; readonly workloads: number }
  readonly gpuHours: number
}

let work: GatedWork
beforeAll(async () => {
  work = await gatedWork()
})
afterAll(async () => {
  await work.stop()
})

/** With one GPU, unless the options say otherwise. */
const submit = (name: string, ...options: readonly string[]): Promise<unknown> =>
  work.submit(name, '--gpus', '1', ...options)

test('given a namespace with a quota, then its work takes no more, and says so, until some of it has ended', async () => {
  await work.daemon.json('namespace', 'create', 'team-a', '--gpu-quota', '1')
  await submit('first', '--namespace', 'team-a')
  await work.reaches('first', ({ state }) => state === 'running')
  await submit('second', '--namespace', 'team-a')
  const waiting = await work.reaches('second', ({ reason }) => reason !== null)
  expect(waiting.reason).toBe('has to wait for its namespace team-a: it needs 1 GPU, and 1 of 1 are in use')
  const table = await work.daemon.cli('namespace', 'list')
  expect(table.stdout).toMatch(/^team-a +1 of 1 /m)

  work.finish('first')
  await work.reaches('second', ({ state }) => state === 'running')
  await work.daemon.json('namespace', 'set', 'team-a', '--gpu-quota', '2')
  await submit('third', '--namespace', 'team-a')
  await work.reaches('third', ({ state }) => state === 'running')
  work.finish('second')
  work.finish('third')
  await work.reaches('third', ({ state }) => state === 'completed')
  const after = await work.daemon.json<Namespace>('namespace', 'info', 'team-a')
  expect(after).toMatchObject({ used: { gpus: 0, workloads: 0 }, quota: { gpus: 2 } })
})

test('given one that may borrow, then it takes what is left over, but after work that stays within its quota', async () => {
  await work.daemon.json('namespace', 'create', 'guest', '--gpu-quota', '0', '--borrow', 'yes')
  await submit('holder', '--gpus', '2')
  await work.reaches('holder', ({ state }) => state === 'running')
  await submit('borrowed', '--namespace', 'guest', '--gpus', '2')
  await submit('owned', '--namespace', 'team-a', '--gpus', '2')
  await work.reaches('owned', ({ reason }) => reason !== null)
  work.finish('holder')
  await work.reaches('owned', ({ state }) => state === 'running')
  expect(await work.info('borrowed')).toMatchObject({ state: 'pending' })
  work.finish('owned')
  await work.reaches('borrowed', ({ state }) => state === 'running')
  work.finish('borrowed')
  await work.reaches('borrowed', ({ state }) => state === 'completed')
})

test('given a policy, then what breaks it is refused at every door, says what would pass, and could be known before', async () => {
  const { daemon } = work
  await daemon.json('policy', 'create', 'small', '--max-gpus', '1', '--require-label', 'team=*')
  const denied = 'The policy small does not allow it: requireLabels is none, and it wants --label team=* (and 1 more).'
  const doors = [
    ['run', '-d', 'host'],
    ['run', '--dry-run', 'host'],
    ['deploy', 'create', 'web', 'host'],
  ]
  for (const command of doors) {
    const refused = await daemon.cli(...command, '--gpus', '2')
    expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining(denied)])
  }
  const asked = { image: 'host', gpus: 1, labels: { team: 'a' } }
  const question = JSON.stringify({ workloadSpec: asked })
  expect(await daemon.json('node', 'invoke', 'only', 'policy.validate', question)).toMatchObject({ valid: true })
  await daemon.json('policy', 'delete', 'small')
})

test('given work that runs, then its namespace takes what it takes, at the price that was set', async () => {
  const { daemon } = work
  // So that a second costs one.
  await daemon.json('price', 'set', '--gpu', '*=3600', '--currency', 'EUR')
  await submit('priced', '--namespace', 'team-a')
  await work.reaches('priced', ({ state }) => state === 'running')
  interface Usage {
    readonly namespaces: readonly { readonly cost: number; readonly gpuHours: Readonly<Record<string, number>> }[]
  }
  const usage = await eventually(
    'it costs something',
    20_000,
    () => daemon.json<Usage>('namespace', 'usage', 'team-a'),
    ({ namespaces: [one] }) => (one?.cost ?? 0) >= 2,
  )
  expect(Object.keys(usage.namespaces[0]?.gpuHours ?? {})).toHaveLength(1)
  const csv = await daemon.cli('namespace', 'usage', 'team-a', '--csv')
  expect(csv.stdout).toMatch(/^namespace,day,gpu_model,gpu_hours,cpu_hours,memory_gib_hours,cost,currency\nteam-a,/)
  work.finish('priced')
  await work.reaches('priced', ({ state }) => state === 'completed')
})

test('given no such namespace, or one that is full or busy, then that is said', async () => {
  const unknown = await work.daemon.cli('run', '-d', '--namespace', 'nobody', 'host')
  expect([unknown.code, unknown.stderr]).toEqual([4, expect.stringContaining('NAMESPACE_NOT_FOUND')])
  await work.daemon.json('namespace', 'create', 'tiny', '--workload-quota', '1')
  await submit('one', '--namespace', 'tiny')
  const full = await work.daemon.cli('run', '-d', '--namespace', 'tiny', 'host')
  expect([full.code, full.stderr]).toEqual([6, expect.stringContaining('1 of its 1 workloads have not ended')])
  const busy = await work.daemon.cli('namespace', 'delete', 'tiny')
  expect([busy.code, busy.stderr]).toEqual([7, expect.stringContaining('NAMESPACE_BUSY')])
  await work.daemon.json('stop', 'one')
  await work.daemon.json('namespace', 'delete', 'tiny')
  const names = (await work.daemon.json<readonly Namespace[]>('namespace', 'list')).map(({ name }) => name)
  expect(names).toEqual(['default', 'guest', 'team-a'])
})
