import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { FastifyInstance } from 'fastify'
import { ClawError } from '../../../../src/model/failure.ts'
import { buildApi } from '../../../../src/doors/api/build.ts'
import { newSecret } from '../../../../src/core/access/api-key.ts'
import { createState, type State } from '../../../../src/core/state/state.ts'
import { callerOf } from '../../../../src/operations/caller.ts'
import { operations } from '../../../../src/operations/registry.ts'
import { silent } from '../../../../src/ports/log.ts'
import { ada, meshOf } from '../../../support/control-samples.ts'
import { FakeInvoker } from '../../../support/fake-invoker.ts'
import { identitiesFor } from '../../../support/identities.ts'

async function* items(...values: readonly unknown[]): AsyncIterable<unknown> {
  for (const value of values) yield await Promise.resolve(value)
}

const answers = {
  status: () => ({ gateway: 'here' }),
  'node.info': () => {
    throw new ClawError('NODE_NOT_FOUND', { node: 'ghost' })
  },
  'node.list': () => [{ id: 'n1' }],
  'node.metrics': (input: unknown) => input,
  'metrics.scrape': () => ({ text: 'claw_up 1\n' }),
  'workload.list': (input: unknown) => input,
  'workload.run': (input: unknown) => input,
  'workload.stop': (input: unknown) => input,
  'workload.logs': (input: unknown) => items(input, { text: 'two' }),
  'events.watch': () => {
    throw new ClawError('INVALID_REQUEST', { problem: 'no' })
  },
  'workload.wait': async function* () {
    yield await Promise.resolve({ state: 'pending' })
    throw new ClawError('NO_LEADER', { detail: 'gone' })
  },
  version: () => {
    throw new TypeError('secret detail')
  },
}

let app: FastifyInstance
let invoker: FakeInvoker
let state: State
const bugs: unknown[] = []
const log = { ...silent, error: (_: string, facts?: object) => void bugs.push(facts) }

beforeEach(() => {
  invoker = new FakeInvoker(answers)
  state = createState()
  bugs.length = 0
})
afterEach(() => app.close())

const overSocket = async (): Promise<void> => {
  app = await buildApi({ invoker, log, version: '0.1.0' }, { kind: 'socket', caller: callerOf({ kind: 'socket' }) })
}
const overTcp = async (): Promise<void> => {
  const rules = { hosts: new Set(['localhost', '127.0.0.1']), isEncrypted: false }
  const guard = { kind: 'network', rules, identities: identitiesFor(state), requestsPerSecond: 1_000 } as const
  app = await buildApi({ invoker, log, version: '0.1.0' }, guard)
}

describe('routes', () => {
  beforeEach(overSocket)

  test('the seeds’ routes answer, and any operation answers by its name', async () => {
    for (const url of ['/api/status', '/api/nodes', '/api/workloads'])
      expect((await app.inject({ url })).statusCode, url).toBe(200)
    const reply = await app.inject({ method: 'POST', url: '/api/ops/status', payload: {} })
    expect(reply.json()).toEqual({ gateway: 'here' })
    expect(invoker.asked.every(({ caller }) => caller === 'socket')).toBe(true)
  })

  test('the metrics are text for Prometheus', async () => {
    const reply = await app.inject({ url: '/metrics' })
    expect(reply.headers['content-type']).toContain('version=0.0.4')
    expect(reply.body).toBe('claw_up 1\n')
  })

  test('path, query and body make one input, converted as the schema says', async () => {
    const metrics = await app.inject({ url: '/api/nodes/n1/metrics' })
    expect(metrics.json()).toEqual({ node: 'n1' })
    const list = await app.inject({ url: '/api/workloads?running=true&limit=5&state=failed' })
    expect(list.json()).toEqual({ running: true, limit: 5, state: 'failed' })
    const posted = await app.inject({ method: 'POST', url: '/api/workloads', payload: { image: 'x', gpus: 2 } })
    expect(posted.json()).toEqual({ image: 'x', gpus: 2 })
    const stopped = await app.inject({ method: 'DELETE', url: '/api/workloads/w1?force=true' })
    expect(stopped.json()).toEqual({ workload: 'w1', force: true })
  })

  test('what the path names cannot be changed by the query', async () => {
    const reply = await app.inject({ url: '/api/nodes/n1/metrics?node=n2' })
    expect(reply.json()).toEqual({ node: 'n1' })
  })

  test('a stream is one JSON value a line', async () => {
    const reply = await app.inject({ url: '/api/workloads/w1/logs?follow=true&tail=3' })
    expect(reply.headers['content-type']).toContain('application/x-ndjson')
    expect(
      reply.body
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([{ workload: 'w1', follow: true, tail: 3 }, { text: 'two' }])
  })

  test('a stream that is refused at once has a status; one that fails later says so in its last line', async () => {
    expect((await app.inject({ url: '/api/events' })).statusCode).toBe(400)
    const late = await app.inject({ method: 'POST', url: '/api/ops/workload.wait', payload: {} })
    expect(late.statusCode).toBe(200)
    const lines = late.body
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown)
    expect(lines).toMatchObject([{ state: 'pending' }, { error: { code: 'NO_LEADER' } }])
  })

  test('failures have the status of their kind, a code, a sentence and a hint', async () => {
    const reply = await app.inject({ url: '/api/nodes/ghost' })
    expect(reply.statusCode).toBe(404)
    expect(reply.json()).toEqual({
      error: {
        code: 'NODE_NOT_FOUND',
        message: 'No node is called ghost.',
        hint: 'List the nodes with `clawbernetes node list`.',
        facts: { node: 'ghost' },
      },
    })
  })

  test('a bug is logged and tells nothing outside', async () => {
    const reply = await app.inject({ method: 'POST', url: '/api/ops/version', payload: {} })
    expect(reply.statusCode).toBe(500)
    expect(reply.body).not.toContain('secret detail')
    expect(JSON.stringify(bugs)).toContain('secret detail')
  })

  test.each([
    [
      'a body that is no JSON',
      { payload: '{', headers: { 'content-type': 'application/json' } },
      400,
      'INVALID_REQUEST',
    ],
    ['a body of another type', { payload: '<a/>', headers: { 'content-type': 'text/xml' } }, 415, 'INVALID_REQUEST'],
    [
      'a poisoned body',
      { payload: '{"__proto__":{"a":1}}', headers: { 'content-type': 'application/json' } },
      400,
      'INVALID_REQUEST',
    ],
    ['a body of more than 1 MiB', { payload: { image: 'x'.repeat(1_100_000) } }, 413, 'TOO_LARGE'],
  ])('%s is refused', async (_, request, status, code) => {
    const reply = await app.inject({ method: 'POST', url: '/api/ops/workload.run', ...request })
    expect([reply.statusCode, reply.json<{ error: { code: string } }>().error.code]).toEqual([status, code])
    expect(bugs).toEqual([])
  })

  test('what is not there is told as such', async () => {
    const path = await app.inject({ url: '/api/nonsense' })
    expect([path.statusCode, path.json<{ error: { code: string } }>().error.code]).toEqual([404, 'OPERATION_NOT_FOUND'])
    const operation = await app.inject({ method: 'POST', url: '/api/ops/workload.lst', payload: {} })
    expect(operation.json<{ error: { message: string } }>().error.message).toContain('workload.list')
  })

  test.each([
    ['/api/nodes/%E0%A4%A/metrics', 400],
    [`/api/nodes/${'n'.repeat(300)}`, 414],
  ])('%s is refused in our words', async (url, status) => {
    const reply = await app.inject({ url })
    expect(reply.statusCode).toBe(status)
    expect(reply.json()).toMatchObject({ error: { code: 'INVALID_REQUEST', hint: expect.any(String) as string } })
    expect(bugs).toEqual([])
  })

  test('whatever is sent, the answer is JSON with a status below 500', async () => {
    const headers = { 'content-type': 'application/json' }
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.json(), fc.string()), async (payload) => {
        const reply = await app.inject({ method: 'POST', url: '/api/ops/workload.run', payload, headers })
        expect(reply.statusCode).toBeLessThan(500)
        expect(() => JSON.parse(reply.body) as unknown).not.toThrow()
      }),
      { numRuns: 100 },
    )
    expect(bugs).toEqual([])
  })

  test('the OpenAPI document names every operation, and every path that is served', async () => {
    const document = (await app.inject({ url: '/api/openapi.json' })).json<{ paths: Record<string, object> }>()
    for (const { name, kind } of operations)
      if (kind !== 'duplex') expect(document.paths).toHaveProperty([`/api/ops/${name}`])
    expect(document.paths).toHaveProperty(['/api/nodes/{node}/metrics'])
  })
})

describe('over TCP', () => {
  beforeEach(overTcp)
  const bearer = { authorization: 'Bearer s3cret' }
  const code = async (headers: Record<string, string>, url = '/api/status'): Promise<number> =>
    (await app.inject({ url, headers: { host: 'localhost:8080', ...headers } })).statusCode

  test('the right token opens, also as a protocol name of a WebSocket', async () => {
    expect(await code(bearer)).toBe(200)
    expect(await code({ authorization: 'bearer  s3cret' })).toBe(200)
    expect(await code({ 'sec-websocket-protocol': 'clawbernetes.v1, bearer.s3cret' })).toBe(200)
    expect(invoker.asked.at(-1)?.caller).toBe('token:api')
  })

  test.each([
    ['nothing', {}],
    ['another token', { authorization: 'Bearer s3cret2' }],
    ['no scheme', { authorization: 's3cret' }],
    ['another scheme', { authorization: 'Basic s3cret' }],
    ['an empty token', { authorization: 'Bearer ' }],
    ['a very long token', { authorization: `Bearer ${'x'.repeat(4_000)}` }],
  ])('%s does not', async (_, headers: Record<string, string>) => {
    expect(await code(headers)).toBe(401)
    expect(invoker.asked).toEqual([])
  })

  test('a key counts for nothing where nobody knows it; on a peer that has yet to hear whom the mesh knows, that is not known', async () => {
    const headers = { host: 'localhost:8080', 'x-api-key': newSecret((count) => new Uint8Array(count)).secret }
    const unready = await app.inject({ url: '/api/status', headers })
    expect([unready.statusCode, unready.json<{ error: { code: string } }>().error.code]).toEqual([503, 'NO_LEADER'])
    for (let i = 0; i < 50; i += 1) expect((await app.inject({ url: '/api/status', headers })).statusCode).toBe(503)
    state.members.set(ada, meshOf([ada]).state.members.get(ada) ?? expect.fail())
    expect((await app.inject({ url: '/api/status', headers })).statusCode).toBe(401)
  })

  test('metrics are for those who have the token', async () => {
    expect(await code({}, '/metrics')).toBe(401)
    const reply = await app.inject({ url: '/metrics', headers: { host: 'localhost', ...bearer } })
    expect(reply.body).toBe('claw_up 1\n')
  })

  test('a token in the URL counts for nothing', async () => {
    expect(await code({}, '/api/status?token=s3cret&access_token=s3cret')).toBe(401)
  })

  test('every path needs it but /healthz, which tells nothing', async () => {
    for (const url of ['/api/openapi.json', '/api/ws', '/metrics', '/', '/nonsense', '/healthz/x'])
      expect(await code({}, url), url).toBe(401)
    expect(await code({}, '/healthz')).toBe(200)
    const reply = await app.inject({ url: '/healthz', headers: { host: 'localhost' } })
    expect(reply.json()).toEqual({ status: 'ok' })
  })

  test.each(['evil.example', 'evil.example:8080', 'localhost.evil.example', '127.0.0.1.nip.io'])(
    'the host %s is misdirected, with the token or without',
    async (host) => {
      expect(await code({ ...bearer, host })).toBe(421)
      expect(await code({ host }, '/healthz')).toBe(421)
    },
  )

  test.each([
    ['http://localhost:8080', 200],
    ['https://evil.example', 403],
    ['http://localhost:3000', 403],
    ['null', 403],
  ])('a page from %s gets %i', async (origin, status) => {
    expect(await code({ ...bearer, origin })).toBe(status)
  })

  test('no page is ever allowed to read across origins', async () => {
    const reply = await app.inject({
      method: 'OPTIONS',
      url: '/api/status',
      headers: { host: 'localhost', origin: 'http://localhost', 'access-control-request-method': 'GET', ...bearer },
    })
    expect(Object.keys(reply.headers).filter((name) => name.startsWith('access-control'))).toEqual([])
  })

  test('who guesses is slowed down, and who knows is not', async () => {
    const seen = new Set<number>()
    for (let guess = 0; guess < 40; guess += 1) seen.add(await code({ authorization: `Bearer ${guess}` }))
    expect(seen).toEqual(new Set([401, 429]))
    expect(await code(bearer)).toBe(200)
  })
})
