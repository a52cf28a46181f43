/** Requests of every kind to a deployment, at the peer of its replica and at another, and the end of a replica that has some to answer. */
import { writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask as call } from '../support/ask.ts'
import { eventually, freePort, Mesh } from '../support/mesh.ts'
import { ask } from '../support/service-load.ts'

const program = `
const { createServer } = require('node:http')
const web = createServer(({ url }, response) => {
  if (url === '/') return response.end(process.env.PORT)
  response.write('begun ')
  setTimeout(() => response.end('and done'), 1500)
})
web.on('upgrade', (_, socket) => {
  socket.on('error', () => {})
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nupgrade: websocket\\r\\nconnection: Upgrade\\r\\n\\r\\n')
  socket.pipe(socket)
})
const echo = require('node:net').createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket))
const serving = process.argv[2] === 'echo' ? echo : web
serving.listen(process.env.PORT, '127.0.0.1')
process.on('SIGTERM', () => process.exit(0))
`

const hosts = { one: '127.0.0.1', two: '127.0.0.2' } as const
let mesh: Mesh
let web: number
let echo: number

beforeAll(async () => {
  mesh = new Mesh()
  for (const [name, host] of Object.entries(hosts))
    await mesh.add(name, { environment: { CLAWNODE_SERVICE_BIND: host } })
  const script = join(mesh.directory, 'server.cjs')
  writeFileSync(script, program)
  ;[web, echo] = [await freePort(), await freePort()]
  const create = (name: string, service: number, ports: readonly unknown[]): Promise<unknown> =>
    call(mesh.get(0).socket, 'deploy.create', {
      ...{ name, image: 'host', command: [process.execPath, script, name], executor: 'process', replicas: 1 },
      ...{ service, ports },
    })
  await create('web', web, [8_080])
  await create('echo', echo, ['9000/tcp'])
  for (const host of Object.values(hosts)) {
    const isThere = () => ask({ host, port: web })
    await eventually(`web is served at ${host}`, 20_000, isThere, ({ status }) => status === 200)
    const said = () => echoed(host)
    await eventually(`echo is served at ${host}`, 20_000, said, (word) => word === 'to and fro')
  }
})

afterAll(() => mesh.stop())

async function echoed(host: string): Promise<string> {
  const socket = connect({ host, port: echo, allowHalfOpen: true })
  socket.end('to and fro')
  return text(socket)
}

/** The first part of a slow answer as it comes, and all of it. */
function slow(host: string): Promise<{ readonly first: string; readonly all: Promise<string> }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host, port: web, path: '/slow' }, (response) => {
      let all = ''
      const whole = new Promise<string>((end, fail) => response.on('end', () => end(all)).on('error', fail))
      response.setEncoding('utf8').on('data', (part: string) => {
        all += part
        resolve({ first: all, all: whole })
      })
    })
    sent.on('error', reject)
    sent.end()
  })
}

describe.each(Object.entries(hosts))('given a deployment that is asked at %s', (_, host) => {
  test('then an answer comes as it is made', async () => {
    const { first, all } = await slow(host)
    expect([first, await all]).toEqual(['begun ', 'begun and done'])
  })

  test('then a WebSocket carries bytes both ways', async () => {
    const headers = { connection: 'Upgrade', upgrade: 'websocket' }
    const word = await new Promise<string>((resolve, reject) => {
      const sent = request({ host, port: web, headers })
      sent.on('upgrade', (_answer, socket) => {
        socket.on('data', (data: Buffer) => {
          resolve(data.toString())
          socket.destroy()
        })
        socket.write('ping')
      })
      sent.on('error', reject)
      sent.end()
    })
    expect(word).toBe('ping')
  })

  test('then a connection is passed on as it is, with the end of either way', async () => {
    expect(await echoed(host)).toBe('to and fro')
  })
})

test('given a replica that is stopped while it answers, then whoever asked gets all of it, and others are served by the next', async () => {
  const { socket } = mesh.get(0)
  const [begun, far] = [await slow(hosts.one), await slow(hosts.two)]
  const before = await ask({ host: hosts.one, port: web })
  const [replica] = (await call<{ containers: readonly string[] }>(socket, 'deploy.status', { deployment: 'web' }))
    .containers
  await call(socket, 'workload.stop', { workload: replica })
  expect(await Promise.all([begun.all, far.all])).toEqual(['begun and done', 'begun and done'])
  const next = () => ask({ host: hosts.two, port: web })
  await eventually('another serves', 20_000, next, ({ status, body }) => status === 200 && body !== before.body)
})
