/** Inputs from the operations' own schemas, nearly valid ones and garbage, at the doors of a daemon as it runs in earnest. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { failures } from '../../src/model/failures.ts'
import type { Operation } from '../../src/operations/operation.ts'
import { operations } from '../../src/operations/registry.ts'
import { hardText } from '../support/fuzz/garbage.ts'
import { anyInput } from '../support/fuzz/inputs.ts'
import { exchange, type RawReply } from '../support/http.ts'
import { WatchedMesh } from '../support/watched-mesh.ts'

/** So many for each operation; more at night. */
const numRuns = Number(process.env['CLAW_FUZZ_RUNS'] ?? 2)

/** What would end the mesh, replace its state, or change who belongs to it is tried in memory only. */
const left = ['mesh.restore', 'gateway.recover', 'gateway.transfer', 'node.remove', 'node.drain', 'node.drained']
const all: readonly Operation[] = operations
const tried = all.filter(({ name, kind }) => kind === 'unary' && !left.includes(name))

let watched: WatchedMesh
beforeAll(async () => {
  watched = await WatchedMesh.start(['--executor', 'simulated'])
})
afterAll(() => watched.stop())

/** JSON as a client may write it; what is nested too deep for this process’s own is written by hand. */
function jsonOf(input: unknown): string {
  try {
    return JSON.stringify(input) ?? 'null'
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return '['.repeat(20_000) + ']'.repeat(20_000)
  }
}

/** Null for what has not been answered by then: some operations wait for what they have begun. That they end is tested in memory. */
const within = (asked: Promise<RawReply>): Promise<RawReply | null> => Promise.race([asked, sleep(1_500, null)])

/** An answer, or a refusal with a code. */
function judge(name: string, reply: RawReply | null): void {
  if (reply === null || reply.status === 200) return
  const { status, body } = reply
  const { error } = JSON.parse(body) as { readonly error: { readonly code: string } }
  expect(Object.hasOwn(failures, error.code), body).toBe(true)
  expect([name, error.code]).not.toEqual([name, 'INTERNAL'])
  expect(status, body).toBeLessThan(505)
}

test('given any body, an operation asked for over HTTP answers or refuses with a code', async () => {
  for (const { name, input, rest } of tried)
    await fc.assert(
      fc.asyncProperty(anyInput(input), fc.constantFrom(...hardText), async (value, text) => {
        const headers = { 'content-type': 'application/json' }
        const body = jsonOf(value)
        judge(
          name,
          await within(exchange(watched.victim.socket, { method: 'POST', path: `/api/ops/${name}`, headers, body })),
        )
        if (rest === undefined || rest.method === 'GET') return
        const path = rest.path.replace(/:\w+/g, () => encodeURIComponent(text.toWellFormed().slice(0, 200)) || 'x')
        judge(name, await within(exchange(watched.victim.socket, { method: rest.method, path, headers, body })))
      }),
      { numRuns },
    )
})

test('given any query, a route that only reads answers or refuses with a code', async () => {
  const reading = tried.filter(({ rest }) => rest?.method === 'GET')
  const query = fc.array(
    fc.tuple(
      fc.constantFrom(...hardText, 'limit', 'node', 'since', 'consistency', 'index'),
      fc.constantFrom(...hardText),
    ),
    { maxLength: 4 },
  )
  for (const { name, rest } of reading)
    await fc.assert(
      fc.asyncProperty(query, fc.constantFrom(...hardText), async (pairs, text) => {
        const part = encodeURIComponent(text.toWellFormed().slice(0, 200)) || 'x'
        const asked = pairs.map((pair) =>
          pair.map((one) => encodeURIComponent(one.toWellFormed().slice(0, 500))).join('='),
        )
        const path = `${(rest?.path ?? '').replace(/:\w+/g, part)}?${asked.join('&')}`
        judge(name, await within(exchange(watched.victim.socket, { path })))
      }),
      { numRuns: numRuns * 3 },
    )
})

test('given any message, the WebSocket answers with a message and stays open', async () => {
  const { api, dataDir } = watched.victim
  const token = readFileSync(`${dataDir}/api-token`, 'utf8').trim()
  const socket = new WebSocket(`ws://${api}/api/ws`, ['clawbernetes.v1', `bearer.${token}`])
  const said: string[] = []
  socket.on('message', (data) => said.push((data as Buffer).toString()))
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  const message = fc.oneof(
    fc.constantFrom(...hardText, '['.repeat(50_000), '{"type":"Subscribe","data":[]}', '{"type":"__proto__"}'),
    fc.json(),
    fc
      .record({ id: fc.nat(), op: fc.constantFrom('toString', 'status', 'mesh.updates', ''), input: fc.jsonValue() })
      .map((one) => JSON.stringify(one)),
    fc
      .record({ type: fc.constantFrom('Ping', 'subscribe', 'Unsubscribe', 'x'), data: fc.jsonValue() })
      .map((one) => JSON.stringify(one)),
  )
  for (const one of fc.sample(message, 50 * numRuns)) socket.send(one)
  socket.send(JSON.stringify({ id: 'last', op: 'gateway.ping' }))
  await expect.poll(() => said.some((text) => text.includes('"last"')), { timeout: 20_000 }).toBe(true)
  expect(said.some((text) => text.includes('INTERNAL'))).toBe(false)
  socket.terminate()
})

test('the daemon and the mesh are unhurt by all of that', () => watched.expectUnhurt())
