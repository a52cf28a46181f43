/** Replicas that answer with what HTTP does not foresee, or only just. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { ClawError } from '../../src/model/failure.ts'
import type { Chosen, Reach } from '../../src/ports/service-door.ts'
import { ask, opened, replicas, undo, undoAll } from '../support/open-door.ts'
import { ReplicaServer, roundRobin } from '../support/replica-servers.ts'

afterEach(undoAll)

test.each([
  ['a status of 099', 'HTTP/1.1 099 Odd\r\ncontent-length: 0\r\n\r\n', 502],
  ['a status of 000', 'HTTP/1.1 000 Odd\r\ncontent-length: 0\r\n\r\n', 502],
  ['trailers that cannot come', 'HTTP/1.1 200 OK\r\ntrailer: x\r\ncontent-length: 2\r\n\r\nok', 200],
])('given a replica that answers with %s, then nothing is thrown and whoever asked is told', async (_, raw, status) => {
  const servers = await replicas('a')
  const [server] = servers
  if (server !== undefined) server.handle = (request) => void request.socket.end(raw)
  const backend = roundRobin(servers)
  const { port } = await opened(backend)
  expect((await ask(port)).status).toBe(status)
  expect(backend.outcomes).toMatchObject([['a', { type: 'answered', status }]])
})

test.each(['DELETE', 'OPTIONS', 'POST'])(
  'given a %s whose body comes in chunks, then the replica gets it',
  async (method) => {
    const servers = await replicas('a')
    const [server] = servers
    if (server !== undefined) server.handle = (request, response) => void request.pipe(response)
    const { port } = await opened(roundRobin(servers))
    const headers = { 'transfer-encoding': 'chunked' }
    expect(await ask(port, '/', { method, headers }, Buffer.from('all of it'))).toMatchObject({
      ...{ status: 200, body: 'all of it' },
    })
  },
)

test.each(['GET', 'POST'])(
  'given a replica that answers a plain %s with another protocol, then it counts as broken',
  async (method) => {
    const servers = await replicas('a', 'b')
    const [server] = servers
    if (server !== undefined)
      server.handle = ({ socket }) =>
        void socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: Upgrade\r\n\r\n')
    const backend = roundRobin(servers)
    const { port } = await opened(backend)
    expect((await ask(port, '/', { method })).status).toBe(method === 'GET' ? 200 : 502)
    expect(backend.outcomes[0]).toMatchObject(['a', { type: 'broken' }])
  },
)

describe('given a replica that answers a handshake with something else', () => {
  const handshake = 'GET / HTTP/1.1\r\nhost: web\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\r\n'

  async function answeredWith(answer: (socket: Socket) => void): Promise<Socket> {
    const other = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => answer(socket))
    })
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    undo.push(() => new Promise((resolve) => other.close(resolve)))
    const server = new ReplicaServer('a')
    server.port = (other.address() as AddressInfo).port
    const { port } = await opened(roundRobin([server]))
    const socket = connect(port, '127.0.0.1')
    undo.push(async () => socket.destroy())
    socket.write(handshake)
    return socket
  }

  test('when nobody reads it, then it is not taken from the replica either', async () => {
    const total = 64 * 1_048_576
    let sent = 0
    const socket = await answeredWith((replica) => {
      replica.write(`HTTP/1.1 200 OK\r\ncontent-length: ${total}\r\n\r\n`)
      const more = (): void => {
        while (sent < total) {
          sent += 65_536
          if (!replica.write(Buffer.alloc(65_536))) return void replica.once('drain', more)
        }
      }
      more()
    })
    socket.pause()
    await expect.poll(() => sent).toBeGreaterThan(0)
    for (let before = -1; before !== sent; await sleep(200)) before = sent
    expect(sent).toBeLessThan(total / 2)
    let got = 0
    for await (const chunk of socket) got += (chunk as Buffer).length
    expect(got).toBeGreaterThan(total)
  })

  test('when that breaks off, then it does so for whoever asked', async () => {
    const socket = await answeredWith((replica) => {
      replica.write('HTTP/1.1 403 Forbidden\r\ncontent-length: 100\r\n\r\nsome')
      setTimeout(() => replica.destroy(), 20)
    })
    expect(await text(socket)).toMatch(/ 403 /)
  })
})

test('given a replica that announces trailers, when the request is of HTTP/1.0, then its answer comes without them', async () => {
  const servers = await replicas('a')
  const [server] = servers
  if (server !== undefined)
    server.handle = (_, response) => {
      response.writeHead(200, { trailer: 'x' })
      response.end('ok')
    }
  const { port } = await opened(roundRobin(servers))
  const socket = connect(port, '127.0.0.1')
  socket.write('GET / HTTP/1.0\r\n\r\n')
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nok$/)
})

describe('given a connection that was idle, over which a peer is lost', () => {
  /** Replicas of which the first is at a peer that is lost once it is asked for `/lost`, and takes so long to be reached again. */
  async function losing(names: readonly string[], reachMs: number) {
    const servers = await replicas(...names)
    const backend = roundRobin(servers, true)
    let isLost = false
    let lose = (): void => {}
    const [first] = servers
    if (first !== undefined)
      first.handle = ({ url }, response) => {
        if (url === '/lost' && !isLost) lose()
        else response.end('a')
      }
    const reach = async (chosen: Chosen, signal: AbortSignal): Promise<Reach> => {
      if (isLost) await sleep(reachMs, null, { signal })
      const way = await chosen.reach(signal)
      if (!('stream' in way)) return way
      const lost = new Promise<never>((_, reject) => {
        lose = () => {
          isLost = true
          reject(new ClawError('NODE_UNREACHABLE', { node: 'far', detail: 'the connection broke' }))
        }
      })
      lost.catch(() => {})
      return { stream: { ...way.stream, received: untilLost(way.stream.received, lost) } }
    }
    const { port } = await opened({
      ...backend,
      choose(tried) {
        const chosen = backend.choose(tried)
        return chosen?.placement === 'a' ? { ...chosen, reach: (signal) => reach(chosen, signal) } : chosen
      },
    })
    expect(await ask(port)).toMatchObject({ body: 'a' })
    if (names.length > 1) expect(await ask(port)).toMatchObject({ body: 'b' })
    return { port, backend }
  }

  async function* untilLost(received: AsyncIterable<Uint8Array>, lost: Promise<never>): AsyncGenerator<Uint8Array> {
    const all = received[Symbol.asyncIterator]()
    for (;;) {
      const next = await Promise.race([all.next(), lost])
      if (next.done === true) return
      yield next.value
    }
  }

  test('when there is another replica, then that is asked, and the peer is not waited for', async () => {
    const { port } = await losing(['a', 'b'], 60_000)
    const at = performance.now()
    expect(await ask(port, '/lost')).toMatchObject({ status: 200, body: 'b' })
    expect(performance.now() - at).toBeLessThan(3_000)
  })

  test('when that happens to more than two replicas, then the next one is asked all the same', async () => {
    const servers = await replicas('a', 'b', 'c')
    const backend = roundRobin(servers, true)
    const gone = new ClawError('NODE_UNREACHABLE', { node: 'far', detail: 'the connection broke' })
    const { port } = await opened({
      ...backend,
      choose(tried) {
        const chosen = backend.choose(tried)
        if (chosen === null || chosen.placement === 'b') return chosen
        // It breaks once it was asked.
        const asked = Promise.withResolvers<never>()
        asked.promise.catch(() => {})
        const stream = {
          received: { [Symbol.asyncIterator]: () => ({ next: () => asked.promise }) },
          send: () => Promise.resolve(asked.reject(gone)),
          end: () => {},
          close: () => {},
        }
        return { ...chosen, reach: () => Promise.resolve({ stream }) }
      },
    })
    expect(await ask(port)).toMatchObject({ status: 200, body: 'b' })
    expect(backend.outcomes).toMatchObject([
      ['a', { type: 'broken', isPeerLost: true }],
      ['c', { type: 'broken', isPeerLost: true }],
      ['b', { type: 'answered' }],
    ])
  })

  test('when there is no other, then the same is asked once more', async () => {
    const { port, backend } = await losing(['a'], 0)
    expect(await ask(port, '/lost')).toMatchObject({ status: 200, body: 'a' })
    expect(backend.outcomes.map(([, { type }]) => type)).toEqual(['answered', 'broken', 'answered'])
  })
})
