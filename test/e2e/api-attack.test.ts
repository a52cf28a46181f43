/** The attacks on the API that everybody tries, all at once, against a daemon as it runs in earnest, and an honest client meanwhile. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Operation } from '../../src/operations/operation.ts'
import { operations } from '../../src/operations/registry.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import { attackFrom, HonestClient, shoot, type Target } from '../support/attackers.ts'
import { hardText } from '../support/fuzz/garbage.ts'
import { anyInput } from '../support/fuzz/inputs.ts'
import { WatchedMesh } from '../support/watched-mesh.ts'
import { figure } from '../support/figure.ts'

let watched: WatchedMesh
let target: Target
let token: string
let viewer: string

beforeAll(async () => {
  watched = await WatchedMesh.start(['--executor', 'simulated'])
  const [host = '', port = ''] = watched.victim.api.split(':')
  target = { host, port: Number(port) }
  token = readFileSync(`${watched.victim.dataDir}/api-token`, 'utf8').trim()
  viewer = (await watched.victim.json<{ secret: string }>('auth', 'apikey', 'create', 'flood', '--scope', 'viewer'))
    .secret
})
afterAll(() => watched.stop())

const authorization = (): string => `Authorization: Bearer ${token}\r\n`
const get = (path: string, headers = ''): string =>
  `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${authorization()}${headers}\r\n`

const paths = [
  '/../../etc/passwd',
  '/%2e%2e/%2e%2e/etc/passwd',
  '/..%2f..%2fetc%2fpasswd',
  '/api/../../etc/passwd',
  '/api/ops/..%2f..%2fetc',
  '/api/logs/..%2f..%2f..%2fetc%2fpasswd',
  '/api/nodes/%00',
  '/api/nodes/..\\..\\windows',
  '/api/%c0%ae%c0%ae/',
  '/%',
  '//etc/passwd',
  'http://attacker.example/api/status',
]

/** Each with the statuses that are right for it. */
const raw: readonly (readonly [what: string, bytes: () => string | Uint8Array, right: readonly number[]])[] = [
  ...paths.map((path) => [`the path ${path}`, () => get(path), [400, 404, 421]] as const),
  ['another Host', () => `GET /api/status HTTP/1.1\r\nHost: attacker.example\r\n${authorization()}\r\n`, [421]],
  [
    'a Host that only looks right',
    () => `GET / HTTP/1.1\r\nHost: localhost.attacker.example\r\n${authorization()}\r\n`,
    [421],
  ],
  [
    'two Hosts',
    () => `GET /api/status HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n${authorization()}\r\n`,
    [400, 421],
  ],
  ['no Host', () => `GET / HTTP/1.1\r\n${authorization()}\r\n`, [400]],
  ['the page of another site', () => get('/api/status', 'Origin: http://attacker.example\r\n'), [403]],
  ['a page from nowhere', () => get('/api/status', 'Origin: null\r\n'), [403]],
  ['a large header', () => get('/api/status', `x: ${'y'.repeat(100_000)}\r\n`), [431]],
  [
    'many headers',
    () => get('/api/status', Array.from({ length: 3_000 }, (_, i) => `x${i}: y\r\n`).join('')),
    [431, 200],
  ],
  [
    'a body of no length',
    () => `POST /api/ops/status HTTP/1.1\r\nHost: localhost\r\n${authorization()}Content-Length: -1\r\n\r\n`,
    [400],
  ],
  [
    'two lengths',
    () =>
      `POST /api/ops/status HTTP/1.1\r\nHost: localhost\r\n${authorization()}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}`,
    [400],
  ],
  [
    'a large body',
    () =>
      `POST /api/ops/status HTTP/1.1\r\nHost: localhost\r\n${authorization()}Content-Type: application/json\r\nContent-Length: 10485760\r\n\r\n{`,
    [413],
  ],
  [
    'a body that turns out large',
    () =>
      `POST /api/ops/status HTTP/1.1\r\nHost: localhost\r\n${authorization()}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n200000\r\n${' '.repeat(2_097_152)}\r\n0\r\n\r\n`,
    [413, 0],
  ],
  [
    'a WebSocket that is posted',
    () =>
      `POST /api/ops/status HTTP/1.1\r\nHost: localhost\r\n${authorization()}Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`,
    [400],
  ],
  ['another protocol', () => get('/api/status', 'Connection: Upgrade\r\nUpgrade: h2c\r\n'), [200, 400, 404, 426]],
  ['no HTTP', () => randomBytes(5_000), [400, 0]],
]

test.each(raw)('%s is answered as it deserves', async (_, bytes, right) => {
  expect(right).toContain((await shoot(target, '127.0.0.1', bytes())).status)
})

test('an honest client at 100 requests a second hardly notices slowloris, a flood of WebSockets and fuzz at once', async () => {
  const quiet = new HonestClient()
  quiet.start(target, token, 100)
  await sleep(2_000)
  await quiet.stop()

  const honest = new HonestClient()
  // In a thread of their own: what holds up whoever measures is not the daemon.
  const attack = attackFrom({ target, token: viewer, sockets: 100, slow: 500, span: 4_000 })
  honest.start(target, token, 100)
  const [{ flood, slow }, fuzz] = await Promise.all([attack, fuzzed()])
  await honest.stop()

  const [p50, p99] = [honest.percentile(0.5), honest.percentile(0.99)]
  const round = (ms: number): number => Math.round(ms * 10) / 10
  figure('A5', {
    honest: { asked: honest.asked, p50Ms: round(p50), p99Ms: round(p99), quietP99Ms: round(quiet.percentile(0.99)) },
    ...{ statuses: said(honest.statuses), slowloris: { opened: slow.opened, left: slow.left, ms: round(slow.ms) } },
    ...{ webSockets: { openAtTheEnd: flood.open, of: 100, told: said(flood.told) }, fuzz: said(fuzz) },
  })
  expect([...honest.statuses.keys()]).toEqual([200])
  // A machine that is busy with something else is slow without any attack, and says nothing of this one.
  expect(slow).toMatchObject({ opened: 500, left: 0 })
  expect(flood.told.get('RATE_LIMITED') ?? 0).toBeGreaterThan(0)
  expect(flood.open).toBeLessThan(100)
  const isDown = (what: string): boolean => /^503 (EXECUTOR_UNAVAILABLE|MOLT_NOT_CONNECTED)$/.test(what)
  expect([...fuzz.keys()].filter((what) => what.startsWith('5') && !isDown(what))).toEqual([])
  await watched.expectUnhurt()
})

const said = (counts: ReadonlyMap<number | string, number>): string =>
  [...counts].map(([what, many]) => `${many}× ${what}`).join(', ')

/** Nothing that would end the mesh, nor what waits for its own end. */
const all: readonly Operation[] = operations
const tried = all.filter(({ kind, permission }) => kind === 'unary' && permission.verb === 'read')

/** Inputs from the schemas, nearly valid ones and garbage: what reads has no reason to fail but the client's. */
async function fuzzed(): Promise<ReadonlyMap<string, number>> {
  const answers = new Map<string, number>()
  const fire = async (bytes: string): Promise<void> => {
    const { status, code } = await shoot(target, '127.0.0.5', bytes)
    const what = status >= 500 ? `${status} ${code ?? ''}` : String(status)
    answers.set(what, (answers.get(what) ?? 0) + 1)
  }
  for (const { name, input } of tried)
    for (const value of fc.sample(anyInput(input), 2)) {
      const body = bodyOf(value)
      const head = `POST /api/ops/${name} HTTP/1.1\r\nHost: localhost\r\n${authorization()}Content-Type: application/json\r\n`
      await fire(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
    }
  for (const text of hardText) await fire(get(`/api/nodes/${encodeURIComponent(text.toWellFormed().slice(0, 100))}`))
  return answers
}

function bodyOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null'
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return '['.repeat(20_000) + ']'.repeat(20_000)
  }
}
