import { createHash, randomBytes } from 'node:crypto'
import { Agent, request as httpRequest } from 'node:http'
import { connect, createServer, type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { serviceDoor } from '../../src/adapters/proxy/service-door.ts'
import { ClawError } from '../../src/model/failure.ts'
import type { PlacementId } from '../../src/model/ids.ts'
import { ask, opened, replicas, undo, undoAll } from '../support/open-door.ts'
import { ReplicaServer, roundRobin } from '../support/replica-servers.ts'

afterEach(undoAll)

const silent = (server: ReplicaServer): void => {
  server.handle = (request) => void request.socket.destroy()
}

describe.each([
  ['on this host', false],
  ['on another host', true],
])('replicas %s', (_, remote) => {
  test('answer in turn, and learn who asked', async () => {
    const servers = await replicas('a', 'b')
    const { port } = await opened(roundRobin(servers, remote))
    const bodies = [await ask(port, '/x?q=1'), await ask(port, '//y'), await ask(port), await ask(port)]
    expect(bodies.map(({ body }) => body)).toEqual(['a', 'b', 'a', 'b'])
    expect(servers.map(({ seen }) => seen)).toEqual([['GET /x?q=1', 'GET /'], ['GET //y', 'GET /']]) // prettier-ignore
    expect(servers[0]?.headers[0]).toMatchObject({
      ...{ host: `127.0.0.1:${port}`, 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http' },
      'x-forwarded-host': `127.0.0.1:${port}`,
    })
  })

  test('stream 20 MB both ways without a byte lost', async () => {
    const servers = await replicas('a')
    const [server] = servers
    if (server !== undefined) server.handle = (request, response) => void request.pipe(response)
    const backend = roundRobin(servers, remote)
    const { port } = await opened(backend)
    const sent = randomBytes(20 * 1_048_576)
    const got = await new Promise<string>((resolve, reject) => {
      const hash = createHash('sha256')
      const asked = httpRequest({ host: '127.0.0.1', port, method: 'POST' }, (response) => {
        response.on('data', (chunk: Buffer) => hash.update(chunk))
        response.on('end', () => resolve(hash.digest('hex')))
        response.on('error', reject)
      })
      asked.on('error', reject)
      for (let at = 0; at < sent.length; at += 65_536) asked.write(sent.subarray(at, at + 65_536))
      asked.end()
    })
    expect(got).toBe(createHash('sha256').update(sent).digest('hex'))
  })

  test('take WebSockets, whose bytes go both ways', async () => {
    const servers = await replicas('a')
    const backend = roundRobin(servers, remote)
    const { port } = await opened(backend)
    const socket = connect(port, '127.0.0.1')
    undo.push(async () => socket.destroy())
    socket.write(
      `GET /ws HTTP/1.1\r\nhost: web\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-key: eA==\r\n` +
        `sec-websocket-version: 13\r\n\r\n`,
    )
    let all = ''
    socket.on('data', (chunk: Buffer) => (all += chunk.toString()))
    await expect.poll(() => all).toContain('101 Switching Protocols')
    socket.write('ping')
    await expect.poll(() => all).toMatch(/\r\n\r\nping$/)
    expect(servers[0]?.headers[0]).toMatchObject({ 'x-forwarded-for': '127.0.0.1' })
    socket.end()
    await expect.poll(() => backend.outcomes).toMatchObject([['a', { type: 'answered', status: 101 }]])
  })

  test('that are gone cost no request, not even one with a body', async () => {
    const servers = await replicas('a', 'b')
    const backend = roundRobin(servers, remote)
    const { port } = await opened(backend)
    for (const server of servers) server.handle = (request, response) => void request.pipe(response)
    await servers[0]?.stop()
    for (let i = 0; i < 4; i += 1) {
      expect(await ask(port, '/', { method: 'POST' }, Buffer.from(`body ${i}`))).toMatchObject({ body: `body ${i}` })
      expect(await ask(port)).toMatchObject({ status: 200 })
    }
    expect(servers[1]?.headers.map((headers) => headers['x-forwarded-for'])).toEqual(Array(8).fill('127.0.0.1'))
    expect(new Set(backend.outcomes.map(([name, { type }]) => `${name} ${type}`))).toEqual(
      new Set(['a unreachable', 'b answered']),
    )
  })

  test('that break off before an answer are followed by others, for what may be sent twice', async () => {
    const servers = await replicas('a', 'b')
    const [first] = servers
    if (first !== undefined) silent(first)
    const backend = roundRobin(servers, remote)
    const { port } = await opened(backend)
    expect(await ask(port)).toMatchObject({ status: 200, body: 'b' })
    expect(servers[1]?.headers[0]?.['x-forwarded-for']).toBe('127.0.0.1')
    // In turn it is the first again.
    await ask(port)
    const posted = await ask(port, '/', { method: 'POST' }, Buffer.from('once'))
    expect(posted.status).toBe(502)
    expect(JSON.parse(posted.body)).toMatchObject({ error: { code: 'SERVICE_UNAVAILABLE' } })
    expect(backend.outcomes.at(-1)).toMatchObject(['a', { type: 'broken' }])
  })
})

test('given a request that no replica survives, then two have to, and the answer invites nobody to repeat it', async () => {
  const servers = await replicas('a', 'b', 'c', 'd')
  for (const server of servers) silent(server)
  const backend = roundRobin(servers)
  const { port } = await opened(backend)
  expect(await ask(port)).toMatchObject({
    status: 502,
    headers: expect.not.objectContaining({ 'retry-after': '1' }) as object,
  })
  expect(backend.outcomes.map(([, { type }]) => type)).toEqual(['broken', 'broken'])
})

test('given a node that takes no more connections now, then that is not held against its replica', async () => {
  const backend = roundRobin(await replicas('a'))
  const reach = (): Promise<never> => Promise.reject(new ClawError('RATE_LIMITED', { who: 'the peer' }))
  const choose: typeof backend.choose = (tried) => {
    const chosen = backend.choose(tried)
    return chosen === null ? null : { ...chosen, reach }
  }
  const { port } = await opened({ ...backend, choose })
  expect(await ask(port)).toMatchObject({ status: 503 })
  expect(backend.outcomes).toEqual([['a', { type: 'unreachable', isBusy: true }]])
})

test('a connection that a replica would keep is not promised to whoever asked', async () => {
  const servers = await replicas('a')
  const { port } = await opened(roundRobin(servers))
  expect((await ask(port)).headers['keep-alive']).not.toBe('timeout=5')
})

test('an idle connection that a replica has closed costs nothing, though it is the only replica', async () => {
  const servers = await replicas('a')
  const backend = roundRobin(servers)
  const { port } = await opened(backend)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  undo.push(async () => agent.destroy())
  for (let round = 0; round < 3; round += 1) {
    expect(await ask(port, '/', { agent })).toMatchObject({ status: 200, body: 'a' })
    await servers[0]?.stop()
    await servers[0]?.start()
  }
  expect(backend.outcomes.every(([, { type }]) => type === 'answered')).toBe(true)
})

test('when nobody is ready, the answer says so in JSON, also to a WebSocket', async () => {
  const backend = roundRobin([])
  const { port } = await opened(backend)
  const answer = await ask(port)
  expect(answer).toMatchObject({ status: 503, headers: { 'content-type': 'application/json', 'retry-after': '1' } })
  expect(JSON.parse(answer.body)).toMatchObject({
    error: { code: 'SERVICE_UNAVAILABLE', message: expect.stringContaining('no replica of web is ready') },
  })
  const upgrade = await ask(port, '/', { headers: { upgrade: 'websocket', connection: 'Upgrade' } })
  expect(upgrade.status).toBe(503)
  expect(backend.counts.unserved).toBe(2)
})

test('an answer that breaks off breaks off for whoever asked, and counts as broken', async () => {
  const servers = await replicas('a')
  const [server] = servers
  if (server !== undefined)
    server.handle = (request, response) => {
      response.writeHead(200, { 'content-length': 100 })
      response.write('some')
      setImmediate(() => request.socket.destroy())
    }
  const backend = roundRobin(servers)
  const { port } = await opened(backend)
  await expect(ask(port)).rejects.toThrow()
  await expect.poll(() => backend.outcomes).toMatchObject([['a', { type: 'broken' }]])
})

test('whoever asked and goes away is no failure of the replica', async () => {
  const servers = await replicas('a')
  const [server] = servers
  if (server !== undefined) server.handle = () => {}
  const backend = roundRobin(servers)
  const { port } = await opened(backend)
  const asked = httpRequest({ host: '127.0.0.1', port })
  asked.on('error', () => {})
  asked.end()
  await expect.poll(() => servers[0]?.seen).toHaveLength(1)
  asked.destroy()
  await expect.poll(() => backend.outcomes).toEqual([['a', { type: 'cancelled' }]])
})

describe('given a replica that does not answer a handshake', () => {
  async function asking() {
    const seen: unknown[] = []
    const mute = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', (data) => seen.push(data))
    })
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
    undo.push(() => new Promise((resolve) => mute.close(resolve)))
    const server = new ReplicaServer('a')
    server.port = (mute.address() as AddressInfo).port
    const backend = roundRobin([server])
    const { port } = await opened(backend)
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    undo.push(async () => socket.destroy())
    socket.write('GET / HTTP/1.1\r\nhost: web\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\r\n')
    await expect.poll(() => seen).toHaveLength(1)
    return { backend, socket }
  }

  test('when whoever asked resets the connection, then that is no failure of the replica', async () => {
    const { backend, socket } = await asking()
    socket.resetAndDestroy()
    await expect.poll(() => backend.outcomes).toEqual([['a', { type: 'cancelled' }]])
  })

  test('when half a minute has passed, then it counts as broken', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    undo.push(async () => vi.useRealTimers())
    const { backend } = await asking()
    vi.advanceTimersByTime(30_000)
    await expect.poll(() => backend.outcomes).toMatchObject([['a', { type: 'broken' }]])
  })
})

test('a replica that is to go finishes what it has begun, over a connection that is then closed', async () => {
  const servers = await replicas('a')
  const { port, door } = await opened(roundRobin(servers))
  const [server] = servers
  let finish = (): void => {}
  let isClosed = false
  if (server !== undefined)
    server.handle = (request, response) => {
      request.socket.once('close', () => (isClosed = true))
      finish = () => void response.end('done')
    }
  const answer = ask(port)
  await expect.poll(() => server?.seen).toHaveLength(1)
  door.forget('a' as PlacementId)
  finish()
  expect(await answer).toMatchObject({ status: 200, body: 'done' })
  await expect.poll(() => isClosed).toBe(true)
})

test('a port that is taken is told as such', async () => {
  const { port } = await opened(roundRobin([]))
  await expect(
    serviceDoor.open({ bind: '127.0.0.1', port, protocol: 'http' }, roundRobin([]), () => {}),
  ).rejects.toMatchObject({
    code: 'ADDRESS_IN_USE',
  })
})

test('connections are passed on as they are where the protocol is TCP', async () => {
  const echo = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket))
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve))
  undo.push(() => new Promise((resolve) => echo.close(resolve)))
  const server = new ReplicaServer('a')
  server.port = (echo.address() as AddressInfo).port
  const backend = roundRobin([new ReplicaServer('gone'), server])
  const { port } = await opened(backend, 'tcp')
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.end('to and fro')
  expect(await text(socket)).toBe('to and fro')
  await expect
    .poll(() => backend.outcomes.map(([name, { type }]) => `${name} ${type}`))
    .toEqual(['gone unreachable', 'a answered'])
})

test.each(['http', 'tcp'] as const)(
  'given what nobody expected at a door for %s, when it fails a request, then that is told',
  async (protocol) => {
    const failures: unknown[] = []
    const wrong = new Error('nobody expected this')
    const choose = (): never => {
      throw wrong
    }
    const { port } = await opened({ ...roundRobin([]), choose }, protocol, (error) => failures.push(error))
    await expect(ask(port)).rejects.toThrow()
    expect(failures).toEqual([wrong])
  },
)
