import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Transport } from '../../../../src/doors/cli/peer/api.ts'
import { contextsFile } from '../../../../src/doors/cli/peer/contexts.ts'
import { FailoverTransport } from '../../../../src/doors/cli/peer/failover-transport.ts'
import { defaultKeyFile } from '../../../../src/doors/cli/peer/operator-key.ts'
import { parse } from '../../../../src/doors/cli/line/parse.ts'
import { targetFor } from '../../../../src/doors/cli/peer/target.ts'
import { ClawError } from '../../../../src/model/failure.ts'
import { fakeHost } from '../../../support/fake-host.ts'
import { cli } from '../../../support/run-cli.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'claw-contexts-'))
})
afterEach(() => {
  rmSync(home, { recursive: true })
})

const file = (): string => join(home, '.config', 'clawbernetes', 'contexts.json')
const run = (line: string, { env = {}, input = '' } = {}) => cli(line.split(' '), {}, fakeHost({ home, env, input }))
const asked = {
  ...{ gateway: undefined, token: undefined, tokenFile: undefined },
  ...{ context: undefined, operatorKey: undefined },
}
const target = async (wanted = {}, env: Readonly<Record<string, string>> = {}) => {
  const { context, addresses } = await targetFor({ ...asked, ...wanted }, { env, home })
  return [context, addresses.map((one) => (one.kind === 'url' ? one.url.host : one.kind))]
}

test('given contexts, when they are added, used, shown and removed, then the file is its owner’s and no token is printed', async () => {
  const added = await run('context add lab http://a:1 http://b:2 --token-stdin --use', { input: 's3cret\n' })
  expect([added.code, added.out]).toEqual([0, 'lab is there and in use\n'])
  expect(statSync(file()).mode & 0o777).toBe(0o600)
  expect(readFileSync(file(), 'utf8')).toContain('s3cret')
  await run('context add far http://c:3')

  for (const format of ['table', 'wide', 'json', 'yaml', 'jsonl']) {
    const { out } = await run(`context ls -o ${format}`)
    expect(out).toContain('lab')
    expect(out).not.toContain('s3cret')
  }
  expect((await run('context current')).out).toBe('lab\n')
  expect((await run('context current', { env: { CLAWBERNETES_CONTEXT: 'far' } })).out).toBe('far\n')
  expect((await run('context current --context far')).out).toBe('far\n')

  expect((await run('context use far')).code).toBe(0)
  expect((await run('context rm far')).err).toContain('the daemon of this host')
  expect((await run('context current')).out).toBe('local\n')
})

test('given a context in use, when a peer is chosen, then what was said more plainly comes first', async () => {
  await run('context add lab http://a:1 http://b:2 --use')
  await run('context add far http://c:3')
  expect(await target()).toEqual(['lab', ['a:1', 'b:2']])
  expect(await target({}, { CLAWBERNETES_CONTEXT: 'far' })).toEqual(['far', ['c:3']])
  expect(await target({}, { CLAWBERNETES_CONTEXT: 'far', CLAWBERNETES_GATEWAY_URL: 'd:4' })).toEqual([null, ['d:4']])
  expect(await target({ context: 'lab' }, { CLAWBERNETES_GATEWAY_URL: 'd:4' })).toEqual(['lab', ['a:1', 'b:2']])
  expect(await target({ context: 'lab', gateway: 'e:5' })).toEqual([null, ['e:5']])
  expect(await target({ context: 'local' }, { CLAWBERNETES_GATEWAY_URL: 'd:4' })).toEqual([null, ['127.0.0.1:8080']])
})

test('given a context with a token, when it is used, then the token goes to its peers, unless another was named', async () => {
  await run('context add lab http://a:1 --token-stdin --use', { input: 's3cret' })
  const token = async (wanted = {}) =>
    (await targetFor({ ...asked, ...wanted }, { env: {}, home })).addresses.map((one) =>
      one.kind === 'url' ? one.token : null,
    )
  expect(await token()).toEqual(['s3cret'])
  expect(await token({ token: 'other' })).toEqual(['other'])
})

test('given a context without a token, when it is used, then it learns no token that lies around this host', async () => {
  await run('context add lab http://localhost:1 http://b:2 --use')
  mkdirSync(join(home, '.clawbernetes'))
  writeFileSync(join(home, '.clawbernetes', 'api-token'), 'own')
  const env = { CLAWBERNETES_TOKEN: 'of-another', CLAWBERNETES_TOKEN_FILE: join(home, '.clawbernetes', 'api-token') }
  for (const around of [env, {}]) {
    const { addresses } = await targetFor(asked, { env: around, home })
    expect(addresses).toEqual([expect.objectContaining({ token: null }), expect.objectContaining({ token: null })])
  }
})

test('given an XDG_CONFIG_HOME that is empty, when files are looked for, then they are below the home directory', () => {
  const around = { env: { XDG_CONFIG_HOME: '' }, home }
  expect(contextsFile(around)).toBe(file())
  expect(defaultKeyFile(around)).toBe(join(home, '.config', 'clawbernetes', 'operator.key'))
})

test('given a name that is no context, when it is used, then the nearest is named and the exit code is 4', async () => {
  await run('context add lab http://a:1')
  const { code, err } = await run('context use lap')
  expect([code, err.split('\n')[0]]).toEqual([
    4,
    'error[CONTEXT_NOT_FOUND]: There is no context lap. Did you mean lab?',
  ])
})

test.each([
  ['context add local http://a:1', 5],
  ['context add lab ftp://a', 5],
  ['context add lab', 5],
  ['context add a/b http://a:1', 5],
  ['context add lab http://a:1 --token-stdin --token-file t', 5],
])('given %s, when it is run, then it is refused', async (line, code) => {
  expect((await run(line, { input: 's3cret' })).code).toBe(code)
})

test('given a file that others may read, or that is damaged, when it is needed, then that is said', async () => {
  await run('context add lab http://a:1')
  chmodSync(file(), 0o644)
  expect(await run('context ls')).toMatchObject({ code: 5, err: expect.stringContaining('chmod 600') as string })
  chmodSync(file(), 0o600)
  writeFileSync(file(), '{"contexts": 7}')
  expect(await run('context ls')).toMatchObject({
    code: 5,
    err: expect.stringContaining('holds no contexts') as string,
  })
})

const refused = (address: string): ClawError => new ClawError('ECONNREFUSED', { address })

function peer(address: string, answer: () => unknown) {
  const asks: string[] = []
  const transport: Transport = {
    address,
    invoke: (name) => {
      asks.push(name)
      return Promise.resolve().then(answer)
    },
    async *open(name) {
      asks.push(name)
      yield await Promise.resolve().then(answer)
    },
    converse: () => Promise.reject(new Error('nobody talks here')),
    close: () => Promise.resolve(),
  }
  return { asks, door: { address, open: () => Promise.resolve(transport) } }
}

test('given several peers, when one refuses, then the next is asked and stayed with', async () => {
  const dead = peer('a', () => {
    throw refused('a')
  })
  const alive = peer('b', () => 42)
  const both = new FailoverTransport([dead.door, alive.door])
  const { signal } = new AbortController()
  expect(await both.invoke('status', {}, signal)).toBe(42)
  expect(await both.invoke('version', {}, signal)).toBe(42)
  const items: unknown[] = []
  for await (const item of both.open('events.watch', {}, signal)) items.push(item)
  expect(items).toEqual([42])
  expect([both.address, dead.asks, alive.asks]).toEqual(['b', ['status'], ['status', 'version', 'events.watch']])
})

test('given several peers, when one fails otherwise, then nobody else is asked the same', async () => {
  const broken = peer('a', () => {
    throw new ClawError('NODE_UNREACHABLE', { node: 'a', detail: 'the connection broke' })
  })
  const alive = peer('b', () => 42)
  const both = new FailoverTransport([broken.door, alive.door])
  await expect(both.invoke('workload.run', {}, new AbortController().signal)).rejects.toMatchObject({
    code: 'NODE_UNREACHABLE',
  })
  expect(alive.asks).toEqual([])
})

test('given several peers, when none answers, then all are named', async () => {
  const none = ['a', 'b'].map((address) => ({ address, open: () => Promise.reject(refused(address)) }))
  await expect(new FailoverTransport(none).invoke('status', {}, new AbortController().signal)).rejects.toThrow(
    'Nothing answers at a, b.',
  )
})

test('given a command with a --context of its own, then the mesh is named before the command, and theirs is not taken for it', async () => {
  const parsed = async (line: string) => {
    const found = await parse(line.split(' '), { version: '1', print: () => {} })
    return found.kind === 'run' ? [found.globals.context, found.args['context']] : null
  }
  expect(await parsed('logs job --level error --context 10')).toEqual([undefined, 10])
  expect(await parsed('--context lab logs job --level error --context 10')).toEqual(['lab', 10])
  expect(await parsed('stop --context lab job')).toEqual(['lab', undefined])
})
