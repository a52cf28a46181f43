/** How fast the body of a request from outside has to come, and what may be slow. */
import { mkdtempSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as tlsConnect } from 'node:tls'
import { afterEach, expect, test } from 'vitest'
import { ask, replicas, undo, undoAll } from '../support/open-door.ts'
import { handled, host, openedIngress, pair } from '../support/open-ingress.ts'
import { type ReplicaServer, roundRobin } from '../support/replica-servers.ts'

afterEach(undoAll)

/** Bytes a second, over which the door of a test looks. */
const pace = { perSecond: 1_000, withinMs: 400 }

/** Sends a body in pieces until it is answered. What was answered. */
function slowly(socket: Socket, headers: string, piece: string, everyMs: number): Promise<string> {
  return new Promise((resolve) => {
    let all = ''
    socket.write(`POST / HTTP/1.1\r\nhost: ${host}\r\n${headers}\r\n\r\n`)
    const more = setInterval(() => socket.write(piece), everyMs)
    socket.on('data', (chunk: Buffer) => {
      all += chunk.toString()
      if (all.includes('200 OK')) socket.destroy()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      clearInterval(more)
      resolve(all)
    })
  })
}

const reading = (servers: readonly ReplicaServer[]): void => {
  for (const server of servers)
    server.handle = (request, response) => {
      request.resume().on('end', () => response.end('all of it'))
    }
}

test('a body that comes byte by byte is cut off, over TLS too, and the replica is not blamed', async () => {
  const servers = await replicas('a')
  reading(servers)
  const backend = roundRobin(servers)
  const { port } = await openedIngress(backend, { pace })
  expect(await slowly(connect(port, '127.0.0.1'), 'transfer-encoding: chunked', '1\r\nx\r\n', 20)).toMatch(/ 408 /)
  const certificates = [pair(mkdtempSync(join(tmpdir(), 'ingress-')), 'app', [host])]
  const secure = await openedIngress(backend, { pace, certificates })
  const socket = tlsConnect({ port: secure.port, host: '127.0.0.1', servername: host, rejectUnauthorized: false })
  expect(await slowly(socket, 'content-length: 900', 'x', 200)).toMatch(/ 408 /)
  await expect.poll(() => backend.outcomes.map(([, { type }]) => type)).toEqual(['cancelled', 'cancelled'])
})

test('a body that comes as fast as it has to is answered, however long it takes', async () => {
  const servers = await replicas('a')
  reading(servers)
  const { port } = await openedIngress(roundRobin(servers), { pace })
  const piece = 'x'.repeat(250)
  expect(await slowly(connect(port, '127.0.0.1'), `content-length: ${piece.length * 16}`, piece, 100)).toContain(
    'all of it',
  )
})

test('an answer may be as slow as it likes: to a request with a body, to one without, and over a WebSocket', async () => {
  const servers = await replicas('a')
  handled(servers, (response) => {
    response.write('wait ')
    setTimeout(() => response.end('done'), 1_500)
  })
  const { port } = await openedIngress(roundRobin(servers), { pace })
  const headers = { host }
  const [posted, got] = await Promise.all([
    ask(port, '/', { headers, method: 'POST' }, Buffer.from('short')),
    ask(port, '/', { headers }),
  ])
  expect([posted.body, got.body]).toEqual(['wait done', 'wait done'])
  const hello = `GET /ws HTTP/1.1\r\nhost: ${host}\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-key: eA==\r\nsec-websocket-version: 13\r\n\r\n`
  const socket = connect(port, '127.0.0.1', () => socket.write(hello))
  undo.push(async () => socket.destroy())
  let said = ''
  socket.on('data', (chunk: Buffer) => (said += chunk.toString()))
  await expect.poll(() => said).toContain('101')
  // Longer than a body would have.
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  socket.write('still here')
  await expect.poll(() => said).toContain('still here')
})

test('a replica that takes nothing for a while is not held against whoever sends', async () => {
  const servers = await replicas('a')
  for (const server of servers)
    server.handle = (request, response) => {
      setTimeout(() => request.resume().on('end', () => response.end('all of it')), 1_500)
    }
  const { port } = await openedIngress(roundRobin(servers), { pace })
  const answer = await ask(port, '/', { headers: { host }, method: 'POST' }, Buffer.alloc(16 * 1_048_576))
  expect(answer).toMatchObject({ status: 200, body: 'all of it' })
})
