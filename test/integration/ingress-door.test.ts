import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { request as httpsRequest } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as tlsConnect } from 'node:tls'
import { afterEach, expect, test } from 'vitest'
import type { Backend } from '../../src/ports/service-door.ts'
import { ask, replicas, undo, undoAll } from '../support/open-door.ts'
import { handled, host, openedIngress, pair, said } from '../support/open-ingress.ts'
import { roundRobin } from '../support/replica-servers.ts'

afterEach(undoAll)

test('a request goes on without its path, and with what we know of who asked, whatever it says itself', async () => {
  const servers = await replicas('a')
  const [server] = servers
  const { port } = await openedIngress(roundRobin(servers))
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
  const { port } = await openedIngress(roundRobin(await replicas('a')))
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
  const { port } = await openedIngress(roundRobin(servers))
  expect(await said(port, bytes)).toMatch(/^HTTP\/1\.1 400 /)
  expect(servers[0]?.seen).toEqual([])
})

test('headers that are too long are answered with 431', async () => {
  const { port } = await openedIngress(roundRobin(await replicas('a')))
  expect(await said(port, `GET / HTTP/1.1\r\nhost: ${host}\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`)).toMatch(/ 431 /)
})

test('WebSockets are opened, and events come as they are sent', async () => {
  const servers = await replicas('a')
  const { port } = await openedIngress(roundRobin(servers))
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
  const { port } = await openedIngress(roundRobin(await replicas('a')), { perAddress: 2 })
  const sockets = [1, 2].map(() => connect(port, '127.0.0.1'))
  undo.push(async () => sockets.forEach((socket) => socket.destroy()))
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve))))
  expect(await said(port, `GET / HTTP/1.1\r\nhost: ${host}\r\n\r\n`)).toBe('')
  sockets[0]?.destroy()
  await expect.poll(() => said(port, `GET / HTTP/1.1\r\nhost: ${host}\r\n\r\n`, 'a')).toContain('200 OK')
})

test('what is under way when it closes is answered to its end', async () => {
  const servers = await replicas('a')
  const { port, door } = await openedIngress(roundRobin(servers))
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

test('what nobody expected is told to whoever opened the door', async () => {
  const backend: Backend = {
    name: 'web',
    choose: () => {
      throw new Error('a bug of ours')
    },
    unserved: () => {},
  }
  const { port, failures } = await openedIngress(backend)
  await expect(ask(port, '/', { headers: { host } })).rejects.toMatchObject({ code: 'ECONNRESET' })
  const hello = `GET /ws HTTP/1.1\r\nhost: ${host}\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\r\n`
  expect(await said(port, hello)).toBe('')
  expect(failures).toEqual([expect.objectContaining({ message: 'a bug of ours' }), expect.any(Error)])
})

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
  const { port, problems } = await openedIngress(roundRobin(servers), { certificates: files })
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

test('what an authority looks for is answered before anything is asked of a replica, and what is unknown is left to that', async () => {
  const servers = await replicas('a')
  const { port } = await openedIngress(roundRobin(servers))
  const path = '/.well-known/acme-challenge/'
  expect(await ask(port, `${path}known`, { headers: { host } })).toMatchObject({
    status: 200,
    body: 'known.thumbprint',
  })
  expect(servers[0]?.seen).toEqual([])
  expect(await ask(port, `${path}known`, { headers: { host: 'other.org' } })).toMatchObject({ status: 404 })
  expect(await ask(port, `${path}unknown`, { headers: { host } })).toMatchObject({ status: 200, body: 'a' })
})

test('what the mesh has ordered is shown for its host, where no file is for that, and taken away again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ingress-'))
  const { port, door, failures } = await openedIngress(roundRobin(await replicas('a')), { certificates: [] })
  await expect(shownTo(port, host)).rejects.toThrow()
  const made = pair(folder, 'ordered', [host])
  const ordered = { host, cert: readFileSync(made.cert, 'utf8'), key: readFileSync(made.key, 'utf8') }
  door.show([ordered])
  expect(await shownTo(port, host)).toBe(new X509Certificate(ordered.cert).fingerprint256)
  await expect(shownTo(port, 'other.org')).rejects.toThrow()
  door.show([{ ...ordered, cert: 'nonsense' }])
  expect(failures).toHaveLength(1)
  await expect(shownTo(port, host)).rejects.toThrow()
})

test('a key that is not of its certificate keeps it from opening', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ingress-'))
  const [one, two] = [pair(folder, 'one', [host]), pair(folder, 'two', [host])]
  const odd = [{ cert: one.cert, key: two.key }]
  await expect(openedIngress(roundRobin([]), { certificates: odd })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
})
