import { mkdtempSync, renameSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as tlsConnect } from 'node:tls'
import { afterEach, expect, test } from 'vitest'
import { ingressDoor } from '../../src/adapters/proxy/ingress-door.ts'
import { selfSigned } from '../../src/adapters/tls/self-signed.ts'
import type { CertificateFiles, IngressDoorOptions, IngressGate, IngressTarget } from '../../src/ports/ingress-door.ts'
import type { Backend, OpenDoor } from '../../src/ports/service-door.ts'
import { freePort } from '../support/mesh.ts'
import { ask, replicas, undo, undoAll } from '../support/open-door.ts'
import { type ReplicaServer, roundRobin } from '../support/replica-servers.ts'

afterEach(undoAll)

const host = 'app.example.org'

interface Opened {
  readonly port: number
  readonly door: OpenDoor
  readonly problems: (string | null)[]
  readonly failures: unknown[]
}

/** `/api` is stripped, `/gone` is for a deployment that there is not, and no other host is known. */
async function opened(backend: Backend, options: Partial<IngressDoorOptions> = {}): Promise<Opened> {
  const port = await freePort()
  const problems: (string | null)[] = []
  const failures: unknown[] = []
  const find = (asked: string, path: string): IngressTarget | null => {
    if (asked !== host) return null
    const target = { backend, name: 'web', strip: path.startsWith('/api') ? '/api' : null }
    return path === '/gone' ? { ...target, backend: null } : target
  }
  const gate: IngressGate = {
    find,
    onCertificates: (problem) => void problems.push(problem),
    onFailure: (error) => void failures.push(error),
  }
  const pace = { perSecond: 240, withinMs: 30_000 }
  const door = await ingressDoor.open(
    { bind: '127.0.0.1', port, certificates: null, perAddress: 64, pace, ...options },
    gate,
  )
  undo.push(() => door.close(0))
  return { port, door, problems, failures }
}

const handled = (servers: readonly ReplicaServer[], handle: (response: ServerResponse) => void): void => {
  for (const server of servers) server.handle = (_, response) => handle(response)
}

/** All that is answered to these bytes until the connection ends, or until it has what is waited for. */
function said(port: number, bytes: string, until?: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    let all = ''
    socket.on('data', (chunk: Buffer) => {
      all += chunk.toString('latin1')
      if (until === undefined || !all.includes(until)) return
      socket.destroy()
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(all))
  })
}

test('a request goes on without its path, and with what we know of who asked, whatever it says itself', async () => {
  const servers = await replicas('a')
  const [server] = servers
  const { port } = await opened(roundRobin(servers))
  const forged = {
    ...{ 'x-forwarded-for': '6.6.6.6', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'bank.org' },
    ...{ 'x-real-ip': '6.6.6.6', forwarded: 'for=6.6.6.6', 'x-forwarded-prefix': '/evil' },
  }
  expect(await ask(port, '/api/v1?q=1', { headers: { host, ...forged } })).toMatchObject({ status: 200, body: 'a' })
  expect(server?.seen).toEqual(['GET /v1?q=1'])
  const { headers = [] } = server ?? {}
  expect(headers[0]).toMatchObject({
    ...{ host, 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http', 'x-forwarded-host': host },
    'x-forwarded-prefix': '/api',
  })
  expect(headers[0]).not.toHaveProperty('forwarded')
  expect(headers[0]).not.toHaveProperty('x-real-ip')
})

test('who is not known is answered with 404, and who is known but not there with 503', async () => {
  const { port } = await opened(roundRobin(await replicas('a')))
  expect(await ask(port, '/', { headers: { host: 'other.example.org' } })).toMatchObject({ status: 404 })
  expect(await ask(port, '/gone', { headers: { host } })).toMatchObject({ status: 503 })
})

test.each([
  ['two hosts', `GET / HTTP/1.1\r\nhost: ${host}\r\nhost: bank.org\r\n\r\n`],
  ['no host', 'GET / HTTP/1.1\r\n\r\n'],
  ['a host that is none', 'GET / HTTP/1.1\r\nhost: a b\r\n\r\n'],
  ['another host in its target', `GET http://bank.org/ HTTP/1.1\r\nhost: ${host}\r\n\r\n`],
  ['a way out of its path', `GET /api/%2e%2e/x HTTP/1.1\r\nhost: ${host}\r\n\r\n`],
  ['two lengths', `POST / HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 3\r\ncontent-length: 30\r\n\r\nabc`],
  [
    'a length and chunks',
    `POST / HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n`,
  ],
  ['an odd encoding', `POST / HTTP/1.1\r\nhost: ${host}\r\ntransfer-encoding: chunked, x\r\n\r\n0\r\n\r\n`],
  ['a folded header', `GET / HTTP/1.1\r\nhost: ${host}\r\nx: a\r\n b\r\ncontent-length : 3\r\n\r\n`],
  ['no HTTP', '\x16\x03\x01\x00\xff\x00\r\n\r\n'],
])('a request with %s reaches nobody', async (_, bytes) => {
  const servers = await replicas('a')
  const { port } = await opened(roundRobin(servers))
  expect(await said(port, bytes)).toMatch(/^HTTP\/1\.1 400 /)
  expect(servers[0]?.seen).toEqual([])
})

test('headers that are too long are answered with 431', async () => {
  const { port } = await opened(roundRobin(await replicas('a')))
  expect(await said(port, `GET / HTTP/1.1\r\nhost: ${host}\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`)).toMatch(/ 431 /)
})

test('WebSockets are opened, and events come as they are sent', async () => {
  const servers = await replicas('a')
  const { port } = await opened(roundRobin(servers))
  const hello = `GET /ws HTTP/1.1\r\nhost: ${host}\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-key: eA==\r\nsec-websocket-version: 13\r\n\r\nping`
  expect(await said(port, hello, '\r\n\r\nping')).toContain('101 Switching Protocols')
  handled(servers, (response) => {
    response.setHeader('content-type', 'text/event-stream')
    response.write('data: one\n\n')
    // It never ends: what comes has come without being kept back.
  })
  expect(await said(port, `GET /events HTTP/1.1\r\nhost: ${host}\r\n\r\n`, 'data: one')).toContain('data: one')
})

test('one address has so many connections and no more', async () => {
  const { port } = await opened(roundRobin(await replicas('a')), { perAddress: 2 })
  const sockets = [1, 2].map(() => connect(port, '127.0.0.1'))
  undo.push(async () => sockets.forEach((socket) => socket.destroy()))
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve))))
  expect(await said(port, `GET / HTTP/1.1\r\nhost: ${host}\r\n\r\n`)).toBe('')
  sockets[0]?.destroy()
  await expect.poll(() => said(port, `GET / HTTP/1.1\r\nhost: ${host}\r\n\r\n`, 'a')).toContain('200 OK')
})

test('what is under way when it closes is answered to its end', async () => {
  const servers = await replicas('a')
  const { port, door } = await opened(roundRobin(servers))
  const begun = new Promise<() => void>((resolve) => {
    handled(servers, (response) => {
      response.write('begun ')
      resolve(() => response.end('and done'))
    })
  })
  const answer = ask(port, '/', { headers: { host } })
  const finish = await begun
  const closed = door.close(10_000)
  expect(await said(port, '')).toBe('')
  finish()
  expect(await answer).toMatchObject({ body: 'begun and done' })
  await closed
})

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
  const { port } = await opened(backend, { pace })
  expect(await slowly(connect(port, '127.0.0.1'), 'transfer-encoding: chunked', '1\r\nx\r\n', 20)).toMatch(/ 408 /)
  const certificates = [pair(mkdtempSync(join(tmpdir(), 'ingress-')), 'app', [host])]
  const secure = await opened(backend, { pace, certificates })
  const socket = tlsConnect({ port: secure.port, host: '127.0.0.1', servername: host, rejectUnauthorized: false })
  expect(await slowly(socket, 'content-length: 900', 'x', 200)).toMatch(/ 408 /)
  await expect.poll(() => backend.outcomes.map(([, { type }]) => type)).toEqual(['cancelled', 'cancelled'])
})

test('a body that comes as fast as it has to is answered, however long it takes', async () => {
  const servers = await replicas('a')
  reading(servers)
  const { port } = await opened(roundRobin(servers), { pace })
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
  const { port } = await opened(roundRobin(servers), { pace })
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
  const { port } = await opened(roundRobin(servers), { pace })
  const answer = await ask(port, '/', { headers: { host }, method: 'POST' }, Buffer.alloc(16 * 1_048_576))
  expect(answer).toMatchObject({ status: 200, body: 'all of it' })
})

test('what nobody expected is told to whoever opened the door', async () => {
  const backend: Backend = {
    name: 'web',
    choose: () => {
      throw new Error('a bug of ours')
    },
    unserved: () => {},
  }
  const { port, failures } = await opened(backend)
  await expect(ask(port, '/', { headers: { host } })).rejects.toMatchObject({ code: 'ECONNRESET' })
  const hello = `GET /ws HTTP/1.1\r\nhost: ${host}\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\r\n`
  expect(await said(port, hello)).toBe('')
  expect(failures).toEqual([expect.objectContaining({ message: 'a bug of ours' }), expect.any(Error)])
})

function pair(folder: string, name: string, hosts: readonly string[]): CertificateFiles {
  const made = selfSigned({ name, hosts, notBefore: Date.now() - 60_000, notAfter: Date.now() + 3_600_000 })
  const files = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) }
  for (const [file, text] of [
    [files.cert, made.certificate],
    [files.key, made.key],
  ] as const) {
    writeFileSync(`${file}.new`, text)
    renameSync(`${file}.new`, file)
  }
  return files
}

const shownTo = (port: number, servername: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = tlsConnect({ port, host: '127.0.0.1', servername, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256)
      socket.destroy()
    })
    socket.on('error', reject)
  })

test('certificates are chosen by name, and read again when they change, with connections left open', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ingress-'))
  const files = [pair(folder, 'app', [host]), pair(folder, 'all', ['*.example.net'])]
  const servers = await replicas('a')
  const { port, problems } = await opened(roundRobin(servers), { certificates: files })
  const [app, all] = [await shownTo(port, host), await shownTo(port, 'x.example.net')]
  expect(app).not.toBe(all)
  expect(await shownTo(port, 'unknown.org')).toBe(app)
  const open = tlsConnect({ port, host: '127.0.0.1', servername: host, rejectUnauthorized: false })
  undo.push(async () => open.destroy())
  await new Promise((resolve) => open.once('secureConnect', resolve))
  pair(folder, 'app', [host])
  await expect.poll(() => shownTo(port, host), { timeout: 15_000 }).not.toBe(app)
  let got = ''
  open.on('data', (chunk: Buffer) => (got += chunk.toString()))
  open.write(`GET / HTTP/1.1\r\nhost: ${host}\r\n\r\n`)
  await expect.poll(() => got).toContain('200 OK')
  expect(servers[0]?.headers[0]).toMatchObject({ 'x-forwarded-proto': 'https' })
  writeFileSync(join(folder, 'app.pem'), 'no certificate')
  await expect.poll(() => problems.at(-1), { timeout: 15_000 }).toContain('app.pem')
  await new Promise((resolve, reject) => {
    const asked = httpsRequest({ port, host: '127.0.0.1', headers: { host }, rejectUnauthorized: false }, resolve)
    asked.on('error', reject)
    asked.end()
  })
}, 40_000)

test('a key that is not of its certificate keeps it from opening', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ingress-'))
  const [one, two] = [pair(folder, 'one', [host]), pair(folder, 'two', [host])]
  const odd = [{ cert: one.cert, key: two.key }]
  await expect(opened(roundRobin([]), { certificates: odd })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
})
