/** The API on real sockets. */
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:net'
import type { Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ApiSettings } from '../../src/doors/api/service.ts'
import { ApiService } from '../../src/doors/api/service.ts'
import { silent } from '../../src/ports/log.ts'
import { FakeInvoker, thenSilence } from '../support/fake-invoker.ts'
import { identitiesFor } from '../support/identities.ts'

let directory: string
let service: ApiService
let invoker: FakeInvoker
const opened: { stop(): Promise<void> }[] = []

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'claw-api-'))
  invoker = new FakeInvoker({
    status: () => ({ gateway: 'here' }),
    'events.watch': (_, signal) => thenSilence([{ sequence: 1 }, { sequence: 2 }], signal),
    'workload.logs': (_, signal) => flood(signal),
    'mesh.updates': (_, signal) => thenSilence([{ type: 'NodeRegistered', data: { name: 'ada' } }], signal),
  })
})

afterEach(async () => {
  for (const one of opened.splice(0)) await one.stop()
  rmSync(directory, { recursive: true })
})

let produced = 0
async function* flood(signal: AbortSignal): AsyncIterable<unknown> {
  const text = 'x'.repeat(10_000)
  for (produced = 0; produced < 20_000 && !signal.aborted; produced += 1) yield await Promise.resolve({ text })
}

async function start(settings: Partial<ApiSettings> = {}): Promise<ApiService> {
  const deps = {
    invoker,
    log: silent,
    version: '0.1.0',
    identities: identitiesFor(),
  }
  const defaults = {
    sockets: { folder: directory, group: null, alias: directory },
    tcp: { host: '127.0.0.1', port: 0 },
    tls: null,
    insecureListen: false,
    hosts: [],
    requestsPerSecond: 1_000,
  }
  service = new ApiService(deps, { ...defaults, ...settings })
  await service.start()
  opened.push(service)
  return service
}

const post = (operation: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const options = { socketPath: join(directory, 'api.sock'), path: `/api/ops/${operation}`, method: 'POST' }
    request({ ...options, headers: { 'content-type': 'application/json' }, agent: false }, resolve)
      .once('error', reject)
      .end('{}')
  })

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200 && !holds(); tries += 1) await sleep(10)
  expect(holds()).toBe(true)
}

/** The value once it has not changed for 300 ms. Fails when it does not come to rest within ten seconds. */
async function settled(read: () => number): Promise<number> {
  const deadline = performance.now() + 10_000
  for (let last = read(); performance.now() < deadline; last = read()) {
    await sleep(300)
    if (last > 0 && read() === last) return last
  }
  throw new Error(`still changing: ${read()}`)
}

test('it listens on a socket that only its owner may open, and on loopback with a token', async () => {
  const { address } = await start()
  expect(statSync(join(directory, 'api.sock')).mode & 0o777).toBe(0o600)
  expect((await fetch(`${address}/api/status`)).status).toBe(401)
  const reply = await fetch(`${address}/api/status`, { headers: { authorization: 'Bearer s3cret' } })
  expect(await reply.json()).toEqual({ gateway: 'here' })
})

test('stopping ends open streams and takes the socket away', async () => {
  await start()
  const stream = await post('events.watch')
  stream.on('error', () => 'expected when the server goes')
  const closed = new Promise((resolve) => stream.once('close', resolve))
  stream.resume()
  await until(() => invoker.openStreams === 1)
  await service.stop()
  await closed
  expect(existsSync(join(directory, 'api.sock'))).toBe(false)
  await until(() => invoker.openStreams === 0)
})

test('a reader that leaves cancels the operation', async () => {
  await start()
  const stream = await post('events.watch')
  const first = await new Promise<string>((resolve) => stream.once('data', (data: Buffer) => { resolve(data.toString()) })) // prettier-ignore
  expect(first).toContain('{"sequence":1}')
  await until(() => invoker.openStreams === 1)
  stream.destroy()
  await until(() => invoker.openStreams === 0)
})

test('a slow reader is not flooded: the operation waits for it', async () => {
  await start()
  const stream = await post('workload.logs')
  const before = await settled(() => produced)
  expect(before).toBeGreaterThan(0)
  expect(produced).toBe(before)
  expect(before).toBeLessThan(2_000)
  stream.destroy()
  await until(() => invoker.openStreams === 0)
})

test('a socket that a killed daemon left behind is replaced, one that answers is not', async () => {
  const path = join(directory, 'api.sock')
  writeFileSync(path, '')
  await expect(start({ tcp: null })).rejects.toMatchObject({ code: 'ADDRESS_IN_USE' })
  rmSync(path)
  await start({ tcp: null })
  await expect(start({ tcp: null })).rejects.toMatchObject({ code: 'ADDRESS_IN_USE' })
})

test('a port that is taken is told with its address', async () => {
  const other = await new Promise<Server>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => { resolve(server) }) // prettier-ignore
  })
  const address = other.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  await expect(start({ tcp: { host: '127.0.0.1', port } })).rejects.toMatchObject({
    code: 'ADDRESS_IN_USE',
    facts: { address: `127.0.0.1:${port}` },
  })
  expect(existsSync(join(directory, 'api.sock'))).toBe(false)
  other.close()
})

test('it does not listen beyond loopback unless told so', async () => {
  await expect(start({ tcp: { host: '0.0.0.0', port: 0 } })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  const { address } = await start({ tcp: { host: '0.0.0.0', port: 0 }, insecureListen: true, sockets: null })
  expect(address).toMatch(/^http:\/\/0\.0\.0\.0:\d+$/)
})

async function socketTo(
  url: string,
  protocols: string[] = [],
  headers = {},
): Promise<{ ws: WebSocket; next(): Promise<unknown> }> {
  const ws = new WebSocket(url, protocols, { headers })
  const inbox: unknown[] = []
  ws.on('message', (data) => inbox.push(JSON.parse((data as Buffer).toString())))
  await new Promise((resolve, reject) => {
    ws.once('open', resolve)
    ws.once('error', reject)
  })
  const next = async (): Promise<unknown> => {
    await until(() => inbox.length > 0)
    return inbox.shift()
  }
  opened.unshift({ stop: () => { ws.terminate(); return Promise.resolve() } }) // prettier-ignore
  return { ws, next }
}

test('a WebSocket carries operations, events and pings, and needs the token', async () => {
  const { address } = await start()
  const url = `${address?.replace('http', 'ws') ?? ''}/api/ws`
  await expect(socketTo(url)).rejects.toThrow(/401/)
  await expect(socketTo(url, ['clawbernetes.v1', 'bearer.s3cret'], { origin: 'http://evil.example' })).rejects.toThrow(
    /403/,
  )
  const { ws, next } = await socketTo(url, ['clawbernetes.v1', 'bearer.s3cret'])
  expect(ws.protocol).toBe('clawbernetes.v1')

  ws.send(JSON.stringify({ id: 1, op: 'status' }))
  expect(await next()).toEqual({ id: 1, output: { gateway: 'here' } })
  ws.send(JSON.stringify({ type: 'ping' }))
  expect(await next()).toEqual({ type: 'pong', data: null })
  ws.send(JSON.stringify({ type: 'subscribe' }))
  expect([await next(), await next()]).toEqual([
    { type: 'event', data: { sequence: 1 } },
    { type: 'event', data: { sequence: 2 } },
  ])
  ws.send(JSON.stringify({ type: 'unsubscribe' }))
  await until(() => invoker.openStreams === 0)
  ws.send(JSON.stringify({ id: 'x', op: 'nonsense' }))
  expect(await next()).toMatchObject({ id: 'x', error: { code: 'OPERATION_NOT_FOUND' } })
  for (const bad of ['{', '[]', '{"id":1}', '{"op":"status"}', 'null']) {
    ws.send(bad)
    expect(await next()).toMatchObject({ type: 'error', error: { code: 'INVALID_REQUEST' } })
  }
  ws.send(JSON.stringify({ id: 2, op: 'events.watch', input: { follow: true } }))
  await until(() => invoker.openStreams === 1)
  ws.terminate()
  await until(() => invoker.openStreams === 0)
})

const withToken = ['clawbernetes.v1', 'bearer.s3cret']

test('what comes with a message of a WebSocket is an object of no great depth, or the message is none', async () => {
  const { address } = await start()
  const url = address?.replace('http', 'ws') ?? ''
  const { ws, next } = await socketTo(`${url}/api/ws`, withToken)
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
  for (const type of ['subscribe', 'Subscribe'])
    for (const data of ['"follow"', '["follow"]', '7', 'true', `{"types":${deep}}`]) {
      ws.send(`{"type":"${type}","data":${data}}`)
      expect(await next(), data.slice(0, 20)).toMatchObject({ type: 'error', error: { code: 'INVALID_REQUEST' } })
    }
  for (const bad of [`{"type":"ping","data":${deep}}`, `{"id":1,"op":"status","input":${deep}}`]) {
    ws.send(bad)
    expect(await next()).toMatchObject({ type: 'error', error: { code: 'INVALID_REQUEST' } })
  }
  expect(invoker.asked).toEqual([])
  ws.send('{"type":"ping","data":{"a":[1]}}')
  expect(await next()).toEqual({ type: 'pong', data: { a: [1] } })

  const talk = await socketTo(`${url}/api/talk/workload.exec`, withToken)
  talk.ws.send(`{"input":${deep}}`)
  expect(await talk.next()).toMatchObject({ error: { code: 'INVALID_REQUEST' } })
})

test('a client of the first gateway is spoken to in its words, and told of what changes by messages of types of their own', async () => {
  const { address } = await start()
  const { ws, next } = await socketTo(`${address?.replace('http', 'ws') ?? ''}/api/ws`, withToken)
  ws.send(JSON.stringify({ type: 'Ping' }))
  expect(await next()).toEqual({ type: 'Pong', data: null })
  ws.send(JSON.stringify({ type: 'GetStatus' }))
  expect(await next()).toEqual({ type: 'Status', data: { gateway: 'here' } })
  ws.send(JSON.stringify({ type: 'Subscribe', data: { types: ['NodeRegistered'] } }))
  expect(await next()).toEqual({ type: 'NodeRegistered', data: { name: 'ada' } })
  expect(invoker.asked.at(-1)).toMatchObject({ name: 'mesh.updates', input: { types: ['NodeRegistered'] } })
  ws.send(JSON.stringify({ type: 'Unsubscribe' }))
  await until(() => invoker.openStreams === 0)
})

test('a client that only listens is told everything; one that has said something is not', async () => {
  const { address } = await start()
  const url = `${address?.replace('http', 'ws') ?? ''}/api/ws`
  const talker = await socketTo(url, withToken)
  talker.ws.send(JSON.stringify({ type: 'ping' }))
  expect(await talker.next()).toMatchObject({ type: 'pong' })
  const listener = await socketTo(url, withToken)
  expect(await listener.next()).toMatchObject({ type: 'NodeRegistered' })
  expect(invoker.asked.filter(({ name }) => name === 'mesh.updates')).toHaveLength(1)
})

test(
  'more WebSockets than 1,000 are refused with a code, and requests are answered all the same',
  { timeout: 60_000 },
  async () => {
    const { address } = await start({ sockets: null, requestsPerSecond: 10_000 })
    const url = `${address?.replace('http', 'ws') ?? ''}/api/ws`
    const open = async (): Promise<void> => {
      const { ws } = await socketTo(url, withToken)
      ws.send(JSON.stringify({ type: 'ping' }))
    }
    for (let batch = 0; batch < 20; batch += 1) await Promise.all(Array.from({ length: 50 }, open))
    await expect(socketTo(url, withToken)).rejects.toThrow(/503/)
    const reply = await fetch(`${address}/api/status`, { headers: { authorization: 'Bearer s3cret' } })
    expect(reply.status).toBe(200)
  },
)
