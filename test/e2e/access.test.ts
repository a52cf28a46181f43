/** A team that shares a mesh: each does what their role says, through any peer, and a host that is not trusted does not decide. */
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Daemon, Reply } from '../support/mesh.ts'
import { eventually, Mesh, runCli } from '../support/mesh.ts'

interface Key {
  readonly id: string
  readonly secret: string
}

let mesh: Mesh
let hub: Daemon
let desk: Daemon
let shed: Daemon
let ada: Key
const plan = { extra: ['--executor', 'simulated'] }
const lasting = ['-e', 'CLAW_SIM_SECONDS=86400', 'busybox'] as const

beforeAll(async () => {
  mesh = await Mesh.start({ names: ['hub', 'desk'], ...plan })
  hub = mesh.get(0)
  desk = mesh.get(1)
  shed = await mesh.add('shed', { ...plan, roles: 'worker' })
  for (const team of ['team-a', 'team-b']) await hub.json('namespace', 'create', team)
  await hub.json('run', '-d', '--namespace', 'team-b', '--name', 'hidden', ...lasting)
  await hub.json('auth', 'user', 'create', 'ada', '--role', 'operator', '-n', 'team-a')
  ada = await hub.json<Key>('auth', 'apikey', 'create', 'laptop', '--user', 'ada')
  // Who has just joined hears of what there is a moment later.
  const listed = (): Promise<readonly Reply[]> => Promise.all([asAda('workload', 'list'), shed.cli('workload', 'list')])
  const isKnown = ([hers, theirs]: readonly Reply[]): boolean =>
    hers?.code === 0 && theirs?.stdout.includes('hidden') === true
  await eventually('the others know what the first one has decided', 15_000, listed, isKnown)
})
afterAll(async () => {
  await mesh.stop()
})

/** As ada, through a peer that she has not been made known to. */
const asAda = (...words: readonly string[]): Promise<Reply> =>
  runCli(['--gateway', `http://${desk.api}`, '--json', ...words], { CLAWBERNETES_TOKEN: ada.secret })

const codeOf = ({ stdout, stderr }: Reply): unknown =>
  stderr === '' ? stdout : (JSON.parse(stderr) as { readonly error: { readonly code: string } }).error.code

test('given a user of one namespace, then she works in it, and of another nothing is there for her', async () => {
  expect((await asAda('run', '-d', '--namespace', 'team-a', '--name', 'mine', ...lasting)).code).toBe(0)
  const seen = JSON.parse((await asAda('workload', 'list')).stdout) as readonly { readonly name: string }[]
  expect(seen.map(({ name }) => name)).toEqual(['mine'])
  expect(codeOf(await asAda('stop', 'hidden'))).toBe('WORKLOAD_NOT_FOUND')
  expect(codeOf(await asAda('run', '-d', '--namespace', 'team-b', 'busybox'))).toBe('PERMISSION_DENIED')
  expect(codeOf(await asAda('node', 'remove', 'shed', '--yes'))).toBe('PERMISSION_DENIED')
  expect(codeOf(await asAda('run', '-d', '--namespace', 'team-a', '-v', '/etc:/etc', 'busybox'))).toBe(
    'PERMISSION_DENIED',
  )
  for (const team of ['team-a', 'team-b']) await hub.json('config', 'create', `of-${team}`, '-n', team, '--data', 'a=b')
  const events = (await asAda('events', '--since', '1h')).stdout
  expect([events.includes('of-team-a'), events.includes('of-team-b')]).toEqual([true, false])
  const can = async (namespace: string): Promise<number> =>
    (await asAda('auth', 'can-i', 'create', 'workload', '-n', namespace)).code
  expect([await can('team-a'), await can('team-b')]).toEqual([0, 1])
})

test('given a worker, then its root looks and runs work, and changes nothing', async () => {
  expect((await shed.cli('workload', 'list')).stdout).toContain('hidden')
  for (const words of [
    ['stop', 'hidden'],
    ['run', '-d', 'busybox'],
    ['token', 'create'],
    ['auth', 'user', 'disable', 'ada'],
  ])
    expect(codeOf(await shed.cli('--json', ...words)), words.join(' ')).toBe('PERMISSION_DENIED')
  await hub.json('run', '-d', '--name', 'there', '--node', 'shed', ...lasting)
  const there = (): Promise<{ readonly state: string }> => hub.json('workload', 'info', 'there')
  await eventually('the worker works', 15_000, there, ({ state }) => state === 'running')
  const { voters } = await hub.json<{ readonly voters: readonly string[] }>('gateway', 'status')
  expect(voters).not.toContain('shed')
})

test('given a node without an engine, then an operator runs what they may, and no plain process without the right to', async () => {
  await mesh.add('bare', { extra: ['--executor', 'process'] })
  const info = (): Promise<{ readonly hardware: { readonly executors: readonly string[] } | null }> =>
    desk.json('node', 'info', 'bare')
  await eventually('it is known', 15_000, info, ({ hardware }) => hardware?.executors[0] === 'process')
  const [bare, named, simulated] = [[], ['--executor', 'process'], ['--executor', 'simulated']]
  const run = (executor: readonly string[], ...words: readonly string[]): Promise<Reply> =>
    asAda(words[0] ?? '', ...words.slice(1), '--namespace', 'team-a', ...executor, 'busybox')
  for (const executor of [bare, named])
    for (const words of [
      ['run', '-d'],
      ['job', 'create', 'sums'],
      ['deploy', 'create', 'web', '-d'],
    ])
      expect(codeOf(await run(executor, ...words)), words.join(' ')).toBe('PERMISSION_DENIED')
  expect((await run(simulated, 'run', '-d', '--name', 'fenced')).code).toBe(0)
  await hub.json('auth', 'role', 'create', 'trusted', '--rule', 'use:privilege')
  await hub.json('auth', 'user', 'assign-role', 'ada', 'trusted', '-n', 'team-a')
  const own = await asAda('run', '-d', '--namespace', 'team-a', '--node', 'bare', 'host', '--', 'true')
  expect(own.code, own.stderr).toBe(0)
  const plan = await hub.cli('auth', 'can-i', 'use', 'privilege', '-n', 'team-a', '--as', 'ada')
  const elsewhere = await hub.cli('auth', 'can-i', 'use', 'privilege', '-n', 'team-b', '--as', 'ada')
  expect([plan.code, elsewhere.code]).toEqual([0, 1])
  expect(codeOf(await asAda('auth', 'can-i', '--list', '--as', 'ada'))).toBe('PERMISSION_DENIED')
})

test('given a key that is revoked at one peer, then it is worth nothing at the other, and what was open there ends', async () => {
  const headers = { authorization: `Bearer ${ada.secret}`, 'content-type': 'application/json' }
  const body = JSON.stringify({ follow: true, after: 0 })
  const reply = await fetch(`http://${desk.api}/api/ops/events.watch`, { method: 'POST', headers, body })
  const lines = createInterface(Readable.fromWeb(reply.body as ReadableStream))[Symbol.asyncIterator]()
  expect((await lines.next()).value).toContain('workload.')
  const talk = asAda('exec', 'mine', '--', 'sleep', '1000')
  const exec = (): Promise<readonly object[]> => hub.json('audit', 'query', '--all', '--operation', 'workload.exec')
  await eventually('the command runs', 10_000, exec, ({ length }) => length > 0)

  await hub.json('auth', 'apikey', 'revoke', ada.id)
  const asked = (): Promise<unknown> => asAda('auth', 'whoami').then(codeOf)
  await eventually('it is refused', 5_000, asked, (code) => code === 'AUTH_FAILED')
  let last = ''
  for (let line = await lines.next(); line.done !== true; line = await lines.next()) last = line.value
  expect(JSON.parse(last)).toMatchObject({ error: { code: 'AUTH_FAILED' } })
  expect(codeOf(await talk)).toBe('AUTH_FAILED')
})
