import { createServer } from 'node:net'
import type { Server } from 'node:net'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { addressFor, parseAddress } from '../../../../src/doors/cli/peer/address.ts'
import { ensureOperatorKey, operatorId, readOperatorKey } from '../../../../src/doors/cli/peer/operator-key.ts'

let home: string
const servers: Server[] = []

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'claw-cli-'))
})
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))))
  rmSync(home, { recursive: true })
})

const asked = { gateway: undefined, token: undefined, tokenFile: undefined }

const listen = async (path: string): Promise<void> => {
  mkdirSync(join(path, '..'), { recursive: true })
  await new Promise<void>((resolve) => servers.push(createServer().listen(path, resolve)))
}

test.each([
  ['http://host:9000', 'http://host:9000'],
  ['ws://localhost:9000', 'http://localhost:9000'],
  ['wss://host/api/ws', 'https://host'],
  ['host:8080', 'http://host:8080'],
  ['http://[::1]:8080/', 'http://[::1]:8080'],
])('%s is the URL %s', (text, origin) => {
  expect(parseAddress(text)).toMatchObject({ kind: 'url', url: new URL(origin) })
})

test.each([
  ['unix:/run/a.sock', { kind: 'socket', path: '/run/a.sock' }],
  ['unix:///run/a.sock', { kind: 'socket', path: '/run/a.sock' }],
  ['/run/a.sock', { kind: 'socket', path: '/run/a.sock' }],
  ['/ip4/10.0.0.1/tcp/4710/p2p/12D3Koo', { kind: 'multiaddr', address: '/ip4/10.0.0.1/tcp/4710/p2p/12D3Koo' }],
])('%s is %j', (text, address) => {
  expect(parseAddress(text)).toEqual(address)
})

test.each(['ftp://host', 'http://', 'http://a b'])('%s is refused', (text) => {
  expect(() => parseAddress(text)).toThrow(/no address of a peer/)
})

test('a multiaddr without the peer’s id is refused for that', () => {
  expect(() => parseAddress('/ip4/10.0.0.1/tcp/4710')).toThrow(/lacks the id of the peer: write \/p2p\/ID/)
})

test('what is asked for goes before the environment, and that before the host’s own daemon', async () => {
  await listen(join(home, '.clawbernetes', 'api.sock'))
  const env = { CLAWNODE_GATEWAY: 'c:3', CLAWBERNETES_GATEWAY: 'b:2', CLAWBERNETES_GATEWAY_URL: 'ws://a:1' }
  const host = async (given: string | undefined, around: Record<string, string>): Promise<unknown> => {
    const address = await addressFor({ ...asked, gateway: given }, { env: around, home })
    return address.kind === 'url' ? address.url.host : address.kind
  }
  expect(await host('z:9', env)).toBe('z:9')
  expect(await host(undefined, env)).toBe('a:1')
  expect(await host(undefined, { CLAWBERNETES_GATEWAY: 'b:2', CLAWNODE_GATEWAY: 'c:3' })).toBe('b:2')
  expect(await host(undefined, { CLAWNODE_GATEWAY: 'c:3' })).toBe('c:3')
  expect(await host(undefined, {})).toBe('socket')
})

test('a socket that answers goes before one that does not', async () => {
  const dead = join(home, 'data')
  mkdirSync(dead)
  const live = join(home, '.clawbernetes', 'quickstart', 'peer-2', 'api.sock')
  await listen(live)
  expect(await addressFor(asked, { env: { CLAWBERNETES_DATA_DIR: dead }, home })).toEqual({
    kind: 'socket',
    path: live,
  })
})

test('without any socket it is loopback, with this host’s token', async () => {
  mkdirSync(join(home, '.clawbernetes'))
  writeFileSync(join(home, '.clawbernetes', 'api-token'), 'own\n')
  expect(await addressFor(asked, { env: {}, home })).toMatchObject({
    kind: 'url',
    token: 'own',
    tokenFrom: join(home, '.clawbernetes', 'api-token'),
  })
})

test('this host’s token is not shown to another host', async () => {
  mkdirSync(join(home, '.clawbernetes'))
  writeFileSync(join(home, '.clawbernetes', 'api-token'), 'own\n')
  const address = await addressFor({ ...asked, gateway: 'http://elsewhere:8080' }, { env: {}, home })
  expect(address).toMatchObject({ token: null })
  const given = await addressFor(
    { ...asked, gateway: 'http://elsewhere:8080' },
    { env: { CLAWBERNETES_TOKEN: 'theirs' }, home },
  )
  expect(given).toMatchObject({ token: 'theirs' })
})

test('a token file that is not there is told by name', async () => {
  const request = { ...asked, gateway: 'http://localhost:1', tokenFile: join(home, 'none') }
  await expect(addressFor(request, { env: {}, home })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
})

test('an operator key is made once, kept, and has the id that libp2p gives it', async () => {
  const file = join(home, 'keys', 'operator.key')
  const seed = await ensureOperatorKey(file)
  expect(await ensureOperatorKey(file)).toEqual(Buffer.from(seed))
  expect(await readOperatorKey(file)).toEqual(Buffer.from(seed))
  expect(operatorId(seed)).toMatch(/^12D3KooW[1-9A-HJ-NP-Za-km-z]{44}$/)
  const { generateKeyPairFromSeed } = await import('@libp2p/crypto/keys')
  const { peerIdFromPrivateKey } = await import('@libp2p/peer-id')
  const fixed = Uint8Array.from({ length: 32 }, (_, index) => index)
  expect(operatorId(fixed)).toBe(peerIdFromPrivateKey(await generateKeyPairFromSeed('Ed25519', fixed)).toString())
  await expect(readOperatorKey(join(home, 'none'))).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
})
