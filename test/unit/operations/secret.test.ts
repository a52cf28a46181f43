import type { z } from 'zod'
import { beforeEach, describe, expect, test } from 'vitest'
import type { InputOf, OutputOf } from '../../../src/operations/registry.ts'
import type { Operation } from '../../../src/operations/operation.ts'
import { operations } from '../../../src/operations/registry.ts'
import { ada, bob } from '../../support/control-samples.ts'
import { textIn } from '../../support/open-vault.ts'
import { admin } from '../../support/operations-mesh.ts'
import type { OperationsMesh } from '../../support/operations-mesh.ts'
import type { TwoPeers } from '../../support/two-peers.ts'
import { twoPeers } from '../../support/two-peers.ts'

let mesh: OperationsMesh
let run: TwoPeers['run']
let service: TwoPeers['service']
const { signal } = new AbortController()

beforeEach(async () => {
  ;({ mesh, run, service } = await twoPeers())
})

const secretNow = (name = 'db') => mesh.book.state.secrets.get(`default/${name}`)
const specNow = () => [...mesh.book.state.workloads.values()].at(-1)?.spec
const code = (wanted: string) => expect.objectContaining({ code: wanted })

test('given that a holder of the vault was removed, when a secret is told, then it is sealed once there is another key', async () => {
  const holders = [{ node: ada, sealed: 'cmluZw==' }]
  mesh.apply({
    type: 'set-vault',
    epoch: 1,
    publicKey: 'a2V5',
    holders: [...holders, { node: bob, sealed: 'cmluZw==' }],
  })
  mesh.apply({ type: 'remove-member', node: bob, force: true })
  expect(mesh.book.state.vault?.isExposed).toBe(true)
  let isThere = false
  const told = service.invoke('secret.create', { name: 'db', value: 'hunter2' }, { caller: admin, signal })
  const created = told.finally(() => (isThere = true))
  await mesh.world.runFor(2_000)
  expect(isThere).toBe(false)
  mesh.apply({ type: 'set-vault', epoch: 2, publicKey: 'a2V6', holders })
  await mesh.world.runFor(100)
  await created
  expect(secretNow()?.current).toBe(1)
})

describe('given a secret', () => {
  beforeEach(() => run('secret.create', { name: 'db', value: 'hunter2' }))

  test('what is shown of it is never the value, but to whoever may have it told', async () => {
    const views = [
      await run('secret.info', { name: 'db' }),
      await run('secret.list', { prefix: 'd' }),
      await run('secret.history', { name: 'db' }),
    ]
    expect(JSON.stringify(views)).not.toContain('hunter2')
    expect(await run('secret.get', { name: 'db' })).toMatchObject({ value: 'hunter2', version: 1, keyVersion: 1 })
    expect((await run('secret.history', { name: 'db' })).map(({ what }) => what)).toEqual(['created', 'revealed'])
    const viewer = { id: 'reader', identity: { kind: 'reader' } } as const
    const asker = { caller: viewer, signal }
    await expect(service.invoke('secret.get', { name: 'db' }, asker)).rejects.toThrow(code('PERMISSION_DENIED'))
    await expect(service.invoke('secret.open', { name: 'db', version: 1, node: ada }, asker)).rejects.toThrow(
      code('PERMISSION_DENIED'),
    )
  })

  test('a new value is the next version, and an earlier one can be had again', async () => {
    expect(await run('secret.set', { name: 'db', value: 'second' })).toMatchObject({ version: 2 })
    expect(await run('secret.rotate', { name: 'db', valueBase64: 'AP8=' })).toMatchObject({ version: 3 })
    expect(await run('secret.get', { name: 'db', version: 1 })).toMatchObject({ value: 'hunter2' })
    expect(await run('secret.rollback', { name: 'db', version: 2 })).toMatchObject({ version: 2 })
    expect(await run('secret.get', { name: 'db' })).toMatchObject({ value: 'second' })
  })

  test('given nothing says how a new value is made, rotating needs one', async () => {
    await expect(run('secret.rotate', { name: 'db' })).rejects.toThrow(code('INVALID_REQUEST'))
    await run('secret.policy', { name: 'db', rotateDays: 30, rotateLength: 40 })
    expect(await run('secret.rotate', { name: 'db' })).toMatchObject({ version: 2 })
    expect(textIn(secretNow()?.versions.at(-1)?.sealed ?? '')).toMatch(/^[A-Za-z0-9]{40}$/)
  })

  test('given a policy, work that it does not fit is refused before it waits for a place', async () => {
    await run('secret.policy', { name: 'db', allowWorkloads: ['train-*'] })
    const secrets = ['DB=db']
    await expect(run('workload.run', { image: 'busybox', name: 'web', secrets })).rejects.toThrow(code('SECRET_DENIED'))
    await run('workload.run', { image: 'busybox', name: 'train-1', secrets })
    expect(await run('secret.info', { name: 'db' })).toMatchObject({ users: [{ workload: 'train-1', version: null }] })
    expect(await run('secret.delete', { name: 'db' })).toMatchObject({ deleted: true, users: 1 })
  })
})

test('given a key is repeated, the secret is made once, and set once', async () => {
  const once = { name: 'db', value: 'a', idempotencyKey: 'k1' }
  expect(await run('secret.create', once)).toMatchObject({ version: 1 })
  expect(await run('secret.create', once)).toMatchObject({ version: 1 })
  for (let time = 0; time < 2; time += 1)
    expect(await run('secret.set', { name: 'db', value: 'b', idempotencyKey: 'k2' })).toMatchObject({ version: 2 })
})

test.each<[string, Partial<InputOf<'secret.create'>>]>([
  ['none', {}],
  ['two', { value: 'hunter2', valueBase64: 'aHVudGVyMg==' }],
  ['an empty one', { value: '' }],
  ['one that is too large', { valueBase64: 'A'.repeat(100_000) }],
])('given %s for a value, it is refused, and nothing of it is repeated', async (_, input) => {
  const refusal = await run('secret.create', { name: 'db', ...input }).then(
    () => null,
    (error: unknown) => String(error),
  )
  expect(refusal).toMatch(/value/)
  expect(refusal).not.toContain('hunter2')
})

test('a map for a value is kept as its JSON', async () => {
  await run('secret.create', { name: 'db', data: { user: 'a', password: 'b' } })
  expect(await run('secret.get', { name: 'db' })).toMatchObject({ value: '{"user":"a","password":"b"}' })
})

describe('given variables that are called like secrets', () => {
  const env = { API_KEY: 'k-123', hf_token: 't-456', MODEL: 'llama', EMPTY_KEY: '' }

  test('their values are sealed before anybody else is told, and the rest stays', async () => {
    await run('workload.run', { image: 'busybox', name: 'one', env })
    expect(specNow()?.env).toEqual({ MODEL: 'llama', EMPTY_KEY: '' })
    expect(specNow()?.secrets?.map((ref) => [ref.env, textIn(ref.sealed ?? '')])).toEqual([
      ['API_KEY', 'k-123'],
      ['hf_token', 't-456'],
    ])
    expect(JSON.stringify(mesh.commands)).not.toMatch(/k-123|t-456/)
    const info = await run('workload.info', { workload: 'one' })
    expect(info).toMatchObject({ env: { API_KEY: '(secret)', hf_token: '(secret)', MODEL: 'llama' }, secrets: [] })
  })

  test('the idempotency key goes on working', async () => {
    const first = await run('workload.run', { image: 'busybox', env, idempotencyKey: 'k' })
    expect(await run('workload.run', { image: 'busybox', env, idempotencyKey: 'k' })).toMatchObject({ id: first.id })
  })

  test('whoever says so has them as they are', async () => {
    await run('workload.run', { image: 'busybox', env, envPlain: ['API_KEY'] })
    expect(specNow()?.env).toMatchObject({ API_KEY: 'k-123' })
    expect(specNow()?.secrets?.map((ref) => ref.env)).toEqual(['hf_token'])
    await run('workload.run', { image: 'busybox', env, secretEnv: false })
    expect(specNow()).toMatchObject({ env, plainEnv: ['*'] })
  })

  const revisions = () => [...mesh.book.state.deployments.values()][0]?.revisions ?? []

  test('the same file twice is the same revision; another value is another', async () => {
    await run('deploy.create', { name: 'web', image: 'app:1', env })
    const file = { deployment: 'web', complete: true, image: 'app:1' }
    expect(await run('deploy.update', { ...file, env })).toMatchObject({ revision: 1 })
    expect(await run('deploy.update', { ...file, env: { ...env, API_KEY: 'other' } })).toMatchObject({ revision: 2 })
    expect(await run('deploy.diff', { name: 'web', image: 'app:1', env })).toMatchObject({ changes: [] })
  })

  test('what is changed of a deployment goes over what was there', async () => {
    await run('secret.create', { name: 'db', value: 'x' })
    await run('deploy.create', { name: 'web', image: 'app:1', env: { API_KEY: 'a', DB_TOKEN: 'b' } })
    await run('deploy.update', { deployment: 'web', secrets: ['API_KEY=db', '/run/secrets/db=db'] })
    const spec = revisions().at(-1)?.spec
    expect(spec?.secrets?.map(({ env: name, path, secret }) => [name ?? path, secret ?? 'own'])).toEqual([
      ['DB_TOKEN', 'own'],
      ['API_KEY', 'db'],
      ['/run/secrets/db', 'db'],
    ])
    await run('deploy.update', { deployment: 'web', image: 'app:2' })
    expect(revisions().at(-1)?.spec.secrets).toEqual(spec?.secrets)
  })

  test('a difference tells which variable is a secret, and never of what value', async () => {
    await run('deploy.create', { name: 'web', image: 'app:1' })
    const told = JSON.stringify([
      await run('deploy.diff', { name: 'web', image: 'app:1', env }),
      await run('deploy.diff', { name: 'new', image: 'app:1', env }),
      await run('workload.diff', { name: 'new', image: 'app:1', env }),
    ])
    expect(told).toContain('API_KEY')
    expect(told).not.toMatch(/k-123|t-456|s1\.\d/)
  })
})

test.each<[string, Partial<InputOf<'workload.run'>>]>([
  ['a secret that there is not', { secrets: ['DB=none'] }],
  ['a config map that there is not', { configs: ['none'] }],
])('given %s, work that names it is refused at once', async (_, input) => {
  await expect(run('workload.run', { image: 'busybox', ...input })).rejects.toMatchObject({
    code: expect.stringMatching(/_NOT_FOUND$/) as string,
  })
})

test.each<[string, Partial<InputOf<'workload.run'>>]>([
  ['a variable is said twice', { env: { A: '1' }, secrets: ['A=db'] }],
  ['a secret has no place', { secrets: [{ secret: 'db' }] }],
  ['a path is none', { secrets: [{ path: 'relative', secret: 'db' }] }],
  ['a path goes up', { secrets: ['/run/../etc/passwd=db'] }],
  ['a path is the system’s', { configs: ['/proc/x=app'] }],
  ['a word is none', { secrets: ['db'] }],
])('given %s, it is refused', async (_, input) => {
  await expect(run('workload.run', { image: 'busybox', ...input })).rejects.toThrow(code('INVALID_REQUEST'))
})

test('a config map is made, changed and taken away; one that is immutable is only taken away', async () => {
  await run('config.create', { name: 'app', data: { A: '1', 'conf.yaml': 'x: 1' } })
  await run('workload.run', { image: 'busybox', name: 'one', configs: ['app', '/etc/app=app'] })
  expect(await run('config.get', { name: 'app' })).toMatchObject({ users: ['one'], data: { A: '1' }, version: 1 })
  const changed: OutputOf<'config.update'> = await run('config.update', {
    name: 'app',
    data: { A: null },
    immutable: true,
  })
  expect(changed).toMatchObject({ data: { 'conf.yaml': 'x: 1' }, version: 2, immutable: true })
  await expect(run('config.update', { name: 'app', data: { A: '2' } })).rejects.toThrow(code('CONFIG_IMMUTABLE'))
  expect(await run('config.delete', { name: 'app' })).toMatchObject({ deleted: true })
  expect(await run('config.list', {})).toEqual([])
  await expect(run('config.get', { name: 'app' })).rejects.toThrow(code('CONFIG_NOT_FOUND'))
})

test('a node is asked for them by the names that node.invoke knows', async () => {
  const invoke = (command: string, params: object) =>
    service.invoke('node.invoke', { node: 'ada', command, params }, { caller: admin, signal })
  expect(await invoke('secret.create', { name: 'db', data: 'v' })).toMatchObject({ keyVersion: 1 })
  expect(await invoke('secret.rotate', { name: 'db', data: 'w' })).toMatchObject({ keyVersion: 2 })
  expect(await invoke('secret.get', { name: 'db' })).toMatchObject({ value: 'w' })
  expect(await invoke('secret.list', {})).toMatchObject([{ name: 'db' }])
  expect(await invoke('secret.delete', { name: 'db' })).toMatchObject({ deleted: true })
  expect(await invoke('config.create', { name: 'app', data: { A: '1' }, immutable: true })).toMatchObject({
    name: 'app',
  })
})

test('every operation that is told a value says in which field', () => {
  const fields = ['value', 'valueBase64', 'env', 'params']
  const silent = (operations as readonly Operation[]).flatMap(({ name, input, secretFields = [] }) =>
    Object.keys((input as z.ZodObject).shape)
      .filter((key) => fields.includes(key) && !secretFields.includes(key))
      .map((key) => `${name}.${key}`),
  )
  // Of a taint.
  expect(silent).toEqual(['node.taint.value'])
})
