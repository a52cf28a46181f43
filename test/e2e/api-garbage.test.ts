/** Clients that send garbage, against the API of a daemon as it runs in earnest. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { operations } from '../../src/operations/registry.ts'
import { exchange, pour, type RawRequest } from '../support/http.ts'
import { WatchedMesh } from '../support/watched-mesh.ts'

let watched: WatchedMesh
let api: string
let authorization: string

beforeAll(async () => {
  watched = await WatchedMesh.start()
  api = watched.victim.api
  authorization = `Bearer ${readFileSync(`${watched.victim.dataDir}/api-token`, 'utf8').trim()}`
})
afterAll(() => watched.stop())

const json = { 'content-type': 'application/json' }
const run = (body: string): RawRequest => ({ path: '/api/ops/workload.run', method: 'POST', headers: json, body })

test.each<readonly [string, number, RawRequest]>([
  ['another page', 403, { path: '/api/status', headers: { origin: 'http://attacker.example' } }],
  ['another name', 421, { path: '/api/status', headers: { host: 'attacker.example' } }],
  ['a way out of the tree', 404, { path: '/../../etc/passwd' }],
  ['an operation that is none', 404, { path: '/api/ops/no.such', method: 'POST', headers: json, body: '{}' }],
  ['the name of a prototype', 404, { path: '/api/ops/__proto__', method: 'POST', headers: json, body: '{}' }],
  ['half of a JSON text', 400, run('{"image":')],
  ['a list', 400, run('[1,2,3]')],
  ['a poisoned object', 400, run('{"image":"x","__proto__":{"role":"admin"}}')],
  ['zeros', 400, run('\u0000'.repeat(100))],
  ['XML', 415, { path: '/api/ops/status', method: 'POST', headers: { 'content-type': 'text/xml' }, body: '<a/>' }],
])('%s is refused with %i and an explanation', async (_, status, { headers, ...request }) => {
  const reply = await exchange(api, { ...request, headers: { authorization, ...headers } })
  expect(reply.status).toBe(status)
  const { error } = JSON.parse(reply.body) as { error: object }
  expect(Object.keys(error)).toEqual(expect.arrayContaining(['code', 'message', 'hint']))
})

test.each(['/api/status', '/metrics', '/api/openapi.json'])('%s is for nobody without the token', async (path) => {
  expect((await exchange(api, { path })).status).toBe(401)
  expect((await exchange(api, { path, headers: { authorization: 'Bearer nonsense' } })).status).toBe(401)
})

test('a request of 10 MiB is refused before it is read', async () => {
  const head = `POST /api/ops/status HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${authorization}\r\n`
  const large = `Content-Type: application/json\r\nContent-Length: ${10 * 2 ** 20}\r\n\r\n{`
  expect(await pour(api, head + large)).toMatch(/^HTTP\/1\.1 413 /)
  const body = Buffer.alloc(10 * 2 ** 20, 0x20)
  // Whoever goes on sending after the answer may find the door shut before having read it.
  const { status } = await exchange(api, { ...run(''), headers: { ...json, authorization }, body })
  expect([413, 0]).toContain(status)
})

test('nonsense for any operation is the failure of the client', async () => {
  const large = `{"image":"${'x'.repeat(100_000)}"}`
  for (const { name, input } of operations)
    for (const body of ['[]', '"x"', '{"node":{}}', '{"workload":-1,"node":-1}', large]) {
      expect(input.safeParse(JSON.parse(body)).success).toBe(false)
      const request = { path: `/api/ops/${name}`, method: 'POST', headers: json, body }
      const { status } = await exchange(watched.victim.socket, request)
      expect({ name, body: body.slice(0, 32), status }).toEqual({ name, body: body.slice(0, 32), status: 400 })
    }
})

test('what is no HTTP is refused with a code, and changes nothing', async () => {
  expect(await pour(api, 'nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 .*"code":"INVALID_REQUEST"/s)
  for (const bytes of [randomBytes(50_000), 'GET /\r\n\r\n', `GET / HTTP/1.1\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`])
    await pour(api, bytes)
  await Promise.all(Array.from({ length: 20 }, () => pour(api, 'POST /api/status HTTP/1.1\r\nHost: local')))
  await watched.expectUnhurt()
})
