/** Against a socket that says what a test lets it say. */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createSecureServer } from 'node:tls'
import type Dockerode from 'dockerode'
import { afterEach, expect, test } from 'vitest'
import { talkConnection } from '../../../../src/adapters/docker/talk-connection.ts'
import { selfSigned } from '../../../../src/adapters/tls/self-signed.ts'
import { day } from '../../../../src/model/time.ts'

const upgraded = 'HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n'
const folders: string[] = []
const engines: Server[] = []
afterEach(() => {
  for (const engine of engines.splice(0)) engine.close()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

async function engine(answer: (socket: Socket, request: string) => void): Promise<Dockerode> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', (request) => answer(socket, request.toString()))
  })
  engines.push(server)
  const folder = mkdtempSync(join(tmpdir(), 'claw-engine-'))
  folders.push(folder)
  const socketPath = join(folder, 'engine.sock')
  await once(server.listen(socketPath), 'listening')
  return { modem: { socketPath } } as unknown as Dockerode
}

const numbered = (length: number): Buffer => Buffer.from(Uint32Array.from({ length }, (_, i) => i).buffer)

test('given an engine that sends faster than it is read, all comes, in order, in memory that is used again', async () => {
  const bytes = numbered(1_000_000)
  const docker = await engine((socket) => {
    socket.write(upgraded)
    socket.end(bytes)
  })
  const { received } = await talkConnection(docker, '/exec/e1/start', {})
  const memories = new Set<ArrayBufferLike>()
  let at = 0
  for await (const burst of received) {
    expect(burst.equals(bytes.subarray(at, at + burst.length))).toBe(true)
    at += burst.length
    memories.add(burst.buffer)
    await new Promise((resolve) => setImmediate(resolve))
    // It is the reader's until it asks for the next, whatever comes meanwhile.
    expect(burst.equals(bytes.subarray(at - burst.length, at))).toBe(true)
    burst.fill(0)
  }
  expect(at).toBe(bytes.length)
  // Two of each size that there is.
  expect(memories.size).toBeLessThanOrEqual(6)
})

test('given an engine behind TLS that sends faster than it is read, all comes, in order', async () => {
  const now = Date.now()
  const { key, certificate } = selfSigned({
    ...{ name: 'engine', hosts: ['localhost'], notBefore: now - day, notAfter: now + day },
  })
  const bytes = numbered(1_048_576)
  const server = createSecureServer({ key, cert: certificate }, (socket) => {
    socket.on('error', () => {})
    socket.once('data', () => {
      socket.write(upgraded)
      socket.end(bytes)
    })
  })
  engines.push(server)
  await once(server.listen(0, 'localhost'), 'listening')
  const { port } = server.address() as AddressInfo
  const modem = { protocol: 'https', host: 'localhost', port, ca: certificate }
  const { received } = await talkConnection({ modem } as unknown as Dockerode, '/exec/e1/start', {})
  let [at, longest] = [0, 0]
  for await (const burst of received) {
    expect(burst.equals(bytes.subarray(at, at + burst.length))).toBe(true)
    at += burst.length
    longest = Math.max(longest, burst.length)
    await new Promise((resolve) => setImmediate(resolve))
    burst.fill(0)
  }
  expect(at).toBe(bytes.length)
  // Nor does it pile up meanwhile.
  expect(longest).toBeLessThanOrEqual(262_144)
})

test('given what comes together with the head of the answer, it is not lost', async () => {
  const docker = await engine((socket) => socket.end(`${upgraded}hello`))
  const { received } = await talkConnection(docker, '/exec/e1/start', {})
  const seen: string[] = []
  for await (const burst of received) seen.push(burst.toString())
  expect(seen.join('')).toBe('hello')
})

test('given an engine that refuses, its status and its words are thrown', async () => {
  const body = JSON.stringify({ message: 'container c1 is not running' })
  const docker = await engine((socket) =>
    socket.end(
      `HTTP/1.1 409 Conflict\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    ),
  )
  await expect(talkConnection(docker, '/exec/e1/start', {})).rejects.toMatchObject({
    statusCode: 409,
    json: { message: 'container c1 is not running' },
  })
})

test('given a connection that is cut, what came before it is read, and then it is thrown', async () => {
  const docker = await engine((socket) => socket.write(`${upgraded}before`))
  const { received, socket } = await talkConnection(docker, '/exec/e1/start', {})
  const seen: string[] = []
  const read = async (): Promise<void> => {
    for await (const burst of received) {
      seen.push(burst.toString())
      socket.destroy()
    }
  }
  await expect(read()).rejects.toMatchObject({ code: 'ECONNRESET' })
  expect(seen.join('')).toBe('before')
})

test('given output that nobody wants any more, all of it is taken, and what a reader still has stays as it was', async () => {
  const [opened, sent] = [Promise.withResolvers<null>(), Promise.withResolvers<null>()]
  const docker = await engine((socket) => {
    socket.write(upgraded)
    opened.promise.then(
      () => socket.write('first', () => socket.write(Buffer.alloc(2_000_000, 1), () => sent.resolve(null))),
      sent.reject,
    )
  })
  const { received, socket, discard } = await talkConnection(docker, '/exec/e1/start', {})
  opened.resolve(null)
  const { value } = (await received[Symbol.asyncIterator]().next()) as { value: Buffer }
  const first = value.toString('latin1')
  discard()
  await sent.promise
  expect(first.startsWith('first')).toBe(true)
  expect(value.toString('latin1')).toBe(first)
  socket.destroy()
})
