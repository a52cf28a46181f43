/** Who gets in, on real sockets: by who may open a file, by a key, by a signature; and what of it a client can be sure. */
import { createHash } from 'node:crypto'
import { lstatSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { newSecret } from '../../src/core/access/api-key.ts'
import type { ApiSettings } from '../../src/doors/api/service.ts'
import { ApiService } from '../../src/doors/api/service.ts'
import { addressFor } from '../../src/doors/cli/peer/address.ts'
import { HttpTransport } from '../../src/doors/cli/peer/http-transport.ts'
import { requestSigner } from '../../src/doors/cli/peer/request-signer.ts'
import { hour } from '../../src/model/time.ts'
import { silent } from '../../src/ports/log.ts'
import type { SignedRequest } from '../../src/wire/signed-request.ts'
import { Book, found } from '../support/control-samples.ts'
import { FakeInvoker, thenSilence } from '../support/fake-invoker.ts'
import { pour } from '../support/http.ts'
import { identitiesFor } from '../support/identities.ts'
import { signingOperator } from '../support/signing.ts'

let directory: string
let invoker: FakeInvoker
let book: Book
let uses: string[]
const opened: ApiService[] = []

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'claw-doors-'))
  invoker = new FakeInvoker({
    status: () => ({ gateway: 'here' }),
    'gateway.ping': () => ({ ok: true }),
    'events.watch': (_, signal) => thenSilence([{ sequence: 1 }], signal),
  })
  book = new Book()
  book.run(found())
  uses = []
})
afterEach(async () => {
  for (const one of opened.splice(0)) await one.stop()
  rmSync(directory, { recursive: true })
})

async function start(settings: Partial<ApiSettings> = {}): Promise<ApiService> {
  const identities = identitiesFor(book.state, uses)
  const service = new ApiService(
    { invoker, log: silent, version: '0.1.0', identities, mesh: () => book.state.mesh?.id },
    {
      ...{ sockets: null, tcp: { host: '127.0.0.1', port: 0 }, tls: null, insecureListen: false, hosts: [] },
      ...{ requestsPerSecond: 1_000, ...settings },
    },
  )
  await service.start()
  opened.push(service)
  return service
}

const { signal } = new AbortController()
const callers = () => invoker.asked.map(({ caller }) => caller)

describe('sockets', () => {
  const ask = (socketPath: string): Promise<number> =>
    new Promise((resolve, reject) => {
      request({ socketPath, path: '/api/status' }, (response) => resolve(response.resume().statusCode ?? 0))
        .on('error', reject)
        .end()
    })

  test('one is for everything and one for looking, both for the owner only', async () => {
    await start({ tcp: null, sockets: { folder: directory, group: null, alias: directory } })
    for (const name of ['api.sock', 'ro.sock']) {
      expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600)
      expect(await ask(join(directory, name))).toBe(200)
    }
    expect(callers()).toEqual(['socket', 'reader'])
  })

  test.skipIf(process.getuid?.() !== 0)(
    'given a group, it enters the folder and uses the sockets, which are found where they always were',
    async () => {
      const folder = join(directory, 'run')
      const sockets = { folder, group: 12_345, alias: directory }
      const service = await start({ tcp: null, sockets })
      expect([statSync(folder).mode & 0o777, statSync(folder).gid]).toEqual([0o750, 12_345])
      for (const name of ['api.sock', 'ro.sock']) {
        expect([statSync(join(folder, name)).mode & 0o777, statSync(join(folder, name)).gid]).toEqual([0o660, 12_345])
        expect(lstatSync(join(directory, name)).isSymbolicLink()).toBe(true)
        expect(await ask(join(directory, name))).toBe(200)
      }
      await expect(start({ tcp: null, sockets })).rejects.toMatchObject({ code: 'ADDRESS_IN_USE' })
      await service.stop()
      // The links lead nowhere now, and are taken for what they are.
      await start({ tcp: null, sockets })
      expect(await ask(join(directory, 'api.sock'))).toBe(200)
    },
  )

  test('the command line takes the socket for everything, and the other where there is no such', async () => {
    const asked = { gateway: undefined, token: undefined, tokenFile: undefined }
    const around = { env: { CLAWBERNETES_DATA_DIR: directory }, home: directory }
    const service = await start({ tcp: null, sockets: { folder: directory, group: null, alias: directory } })
    expect(await addressFor(asked, around)).toEqual({ kind: 'socket', path: join(directory, 'api.sock') })
    rmSync(join(directory, 'api.sock'))
    expect(await addressFor(asked, around)).toEqual({ kind: 'socket', path: join(directory, 'ro.sock') })
    await service.stop()
  })
})

/** An API key of an administrator without a name, as the mesh knows it. */
function apiKey(parts: object = {}): { id: string; secret: string } {
  const { id, secret, hash } = newSecret((count) =>
    createHash('sha512').update(String(Math.random())).digest().subarray(0, count),
  )
  const scopes = [{ verbs: ['*'], resources: ['*'], namespaces: ['*'] }]
  const key = {
    id,
    name: 'ci',
    user: null,
    hash,
    scopes,
    namespace: null,
    expiresAt: Date.now() + hour,
    lifetime: hour,
    ...parts,
  }
  book.run({ type: 'create-apikey', key } as never)
  return { id, secret }
}

describe('API keys', () => {
  const get = async (address: string | null, headers: Record<string, string>) =>
    fetch(`${address ?? ''}/api/status`, { headers })

  test('one gets in as a bearer or by a header of its own, and its use is noted', async () => {
    const { address } = await start()
    const { id, secret } = apiKey()
    expect((await get(address, { authorization: `Bearer ${secret}` })).status).toBe(200)
    expect((await get(address, { 'x-api-key': secret })).status).toBe(200)
    expect(callers()).toEqual([`apikey:${id}`, `apikey:${id}`])
    expect(uses).toEqual([id, id])
  })

  test('one that is revoked, expired, of a disabled user, of nobody or misspelled is refused before anything is done', async () => {
    const { address } = await start()
    book.run({ type: 'create-user', name: 'eve' } as never)
    const eves = apiKey({ user: 'eve' })
    book.run({ type: 'set-user', name: 'eve', disabled: true } as never)
    const revoked = apiKey()
    book.run({ type: 'revoke-apikey', id: revoked.id } as never)
    const good = apiKey()
    const misspelled = `${good.secret.slice(0, -1)}${good.secret.endsWith('a') ? 'b' : 'a'}`
    for (const secret of [eves.secret, revoked.secret, misspelled, 'clk_', `clk_${'a'.repeat(600)}`]) {
      const reply = await get(address, { authorization: `Bearer ${secret}` })
      const { error } = (await reply.json()) as { error: { code: string } }
      expect([reply.status, error.code]).toEqual([401, 'AUTH_FAILED'])
    }
    expect(invoker.asked).toEqual([])
  })

  test('a WebSocket is closed within seconds when its key is revoked, and says why', async () => {
    const { address } = await start()
    const { id, secret } = apiKey()
    const socket = new WebSocket(`${address?.replace('http', 'ws') ?? ''}/api/ws`, [
      'clawbernetes.v1',
      `bearer.${secret}`,
    ])
    const said: string[] = []
    socket.on('message', (data) => said.push((data as Buffer).toString()))
    await new Promise((resolve) => socket.once('open', resolve))
    const closed = new Promise<number>((resolve) => socket.once('close', resolve))
    const began = performance.now()
    book.run({ type: 'revoke-apikey', id } as never)
    expect(await closed).toBe(1_008)
    expect(said.join()).toContain('AUTH_FAILED')
    expect(performance.now() - began).toBeLessThan(3_000)
    expect(invoker.openStreams).toBe(0)
  })
})

describe('signed requests', () => {
  const operator = signingOperator(7, 'mesh-0123')
  const transport = (address: string | null, mesh: string | null = null) =>
    new HttpTransport(
      { kind: 'url', url: new URL(address ?? ''), token: null, tokenFrom: null },
      { signer: requestSigner(operator.seed, mesh) },
    )

  test('an operator who does not know the mesh yet learns it from the refusal, and gets in', async () => {
    book.run({ type: 'add-operator', key: operator.id, name: 'alice' })
    const { address } = await start()
    expect(await transport(address).invoke('status', {}, signal)).toEqual({ gateway: 'here' })
    expect(callers()).toEqual([operator.id])
  })

  test('an operator of another mesh signs nothing for this one', async () => {
    book.run({ type: 'add-operator', key: operator.id, name: 'alice' })
    const { address } = await start()
    await expect(transport(address, 'mesh-other').invoke('status', {}, signal)).rejects.toMatchObject({
      code: 'AUTH_FAILED',
    })
  })

  test('a body that was changed on the way is refused, and so is a request that comes again', async () => {
    book.run({ type: 'add-operator', key: operator.id, name: 'alice' })
    const { address } = await start()
    const signed = operator.sign('status', { consistency: 'stale' })
    const { input } = signed
    const { signatureHeaders } = await import('../../src/wire/signed-request.ts')
    const headers = { ...signatureHeaders(signed), 'content-type': 'application/json' }
    const send = async (path: string, body: string) => {
      const reply = await fetch(`${address ?? ''}${path}`, { method: 'POST', headers, body })
      return [reply.status, ((await reply.json()) as { error?: { message: string } }).error?.message ?? '']
    }
    expect(await send('/api/ops/status', '{"consistency":"linearizable"}')).toEqual([
      401,
      expect.stringContaining('not the one that was signed'),
    ])
    expect(await send('/api/ops/node.list', input)).toEqual([401, expect.stringContaining('of another request')])
    expect(await send('/api/ops/status', input)).toEqual([200, ''])
    expect(await send('/api/ops/status', input)).toEqual([401, expect.stringContaining('made before')])
    expect(invoker.asked).toHaveLength(1)
  })

  test('given somebody who shows what they have seen of a request, it counts against them and not against the operator', async () => {
    book.run({ type: 'add-operator', key: operator.id, name: 'alice' })
    const { address } = await start({ requestsPerSecond: 15 })
    const { signatureHeaders } = await import('../../src/wire/signed-request.ts')
    const send = async (signed: SignedRequest, body = signed.input): Promise<number> => {
      const headers = { ...signatureHeaders(signed), 'content-type': 'application/json' }
      return (await fetch(`${address ?? ''}/api/ops/status`, { method: 'POST', headers, body })).status
    }
    const seen = operator.sign('status', {})
    expect(await send(seen)).toBe(200)
    const replays: number[] = []
    for (let i = 0; i < 14; i += 1) replays.push(await send(seen, i % 2 === 0 ? seen.input : '{"x":1}'))
    expect(new Set(replays)).toEqual(new Set([401]))
    for (let i = 0; i < 5; i += 1) expect(await send(operator.sign('status', {}))).toBe(200)
    for (let i = 0; i < 20; i += 1) replays.push(await send(seen))
    expect(replays.at(-1)).toBe(429)
    expect(invoker.asked).toHaveLength(6)
  })

  test('a key that is no operator’s, or no more, gets nowhere', async () => {
    const { address } = await start()
    await expect(transport(address).invoke('status', {}, signal)).rejects.toMatchObject({ code: 'AUTH_FAILED' })
    expect(invoker.asked).toEqual([])
  })
})

describe('a client that means one mesh', () => {
  const transport = (address: string | null, mesh: string, seed: Uint8Array | null = null) => {
    const url = new URL(address ?? '')
    const signer = seed === null ? null : requestSigner(seed, mesh)
    return new HttpTransport(
      { kind: 'url', url, token: seed === null ? 's3cret' : null, tokenFrom: null },
      { mesh, signer },
    )
  }

  test('is answered by its peers, and by those of another mesh only that they are of another', async () => {
    const operator = signingOperator(7, 'mesh-other')
    book.run({ type: 'add-operator', key: operator.id, name: 'alice' })
    const { address } = await start()
    expect(await transport(address, 'mesh-0123').invoke('status', {}, signal)).toEqual({ gateway: 'here' })
    const changed = { code: 'MESH_CHANGED', facts: { known: 'mesh-other', found: 'mesh-0123' } }
    await expect(transport(address, 'mesh-other').invoke('status', {}, signal)).rejects.toMatchObject(changed)
    await expect(transport(address, 'mesh-other', operator.seed).invoke('status', {}, signal)).rejects.toMatchObject(
      changed,
    )
    expect(invoker.asked).toHaveLength(1)
  })
})

describe('limits', () => {
  test('whoever asks too often is told when to come back, and nobody else is', async () => {
    const { address } = await start({ requestsPerSecond: 5 })
    const one = apiKey()
    const other = apiKey()
    const get = (secret: string) => fetch(`${address ?? ''}/api/status`, { headers: { 'x-api-key': secret } })
    const statuses: number[] = []
    for (let count = 0; count < 7; count += 1) statuses.push((await get(one.secret)).status)
    expect(statuses.slice(0, 5)).toEqual(Array<number>(5).fill(200))
    expect(statuses).toContain(429)
    const refusal = await get(one.secret)
    expect([refusal.status, Number(refusal.headers.get('retry-after'))]).toEqual([429, 1])
    expect((await get(other.secret)).status).toBe(200)
    await sleep(1_100)
    expect((await get(one.secret)).status).toBe(200)
  })

  test('an address that knocks and knocks is not heard any more, whatever it shows', async () => {
    const { address } = await start({ requestsPerSecond: 5 })
    const statuses = await Promise.all(
      Array.from({ length: 60 }, async () => (await fetch(`${address ?? ''}/healthz`)).status),
    )
    expect(statuses.filter((status) => status === 200).length).toBeLessThanOrEqual(20)
    expect(statuses).toContain(429)
  })

  test('a request that was to become a WebSocket by POST is answered', async () => {
    const { address } = await start()
    const head = 'POST /api/ops/status HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
    const reply = await pour(new URL(address ?? '').host, `${head}Content-Length: 2\r\n\r\n{}`)
    expect(reply).toMatch(/^HTTP\/1\.1 400 .*only a GET can become a WebSocket/s)
  })

  test('the name of the address that was connected to is as good as a known one', async () => {
    const { address } = await start()
    const { port } = new URL(address ?? '')
    const reply = await new Promise<string>((resolve) => {
      const socket = connect({ port: Number(port), host: '127.0.0.1' }, () =>
        socket.write(`GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`),
      )
      let text = ''
      socket.on('data', (data) => (text += data.toString())).on('close', () => resolve(text))
    })
    expect(reply).toMatch(/^HTTP\/1\.1 200/)
  })
})
