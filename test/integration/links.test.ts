import { afterEach, expect, test } from 'vitest'
import type { Protocol } from '../../src/ports/rpc.ts'
import { TestNet, until } from '../support/net.ts'

let net = new TestNet()
afterEach(async () => {
  await net.stop()
  net = new TestNet()
})

const bytes = { encode: (value: Uint8Array) => value, decode: (value: Uint8Array) => value }
const echo: Protocol<Uint8Array, Uint8Array> = {
  kind: 'call',
  id: '/clawbernetes/test/echo/1.0.0',
  audience: 'members',
  lane: 'control',
  maxBytes: 65_536,
  maxInbound: 64,
  timeout: 5_000,
  request: bytes,
  response: bytes,
}
const signal = new AbortController().signal

test('a call to a member that is not connected yet connects', async () => {
  const [a, b] = [await net.host(), await net.host()]
  b.rpc.serve(echo, (message) => Promise.resolve(message))

  const reply = await a.rpc.call(b.id, echo, Buffer.from('hello'), signal)
  expect(Buffer.from(reply).toString()).toBe('hello')
  expect(a.peers.up()).toEqual([b.id])
  await until('the other side sees it too', () => b.peers.up().includes(a.id))
})

test('a small call on a warm link takes well under a millisecond', async () => {
  const [a, b] = [await net.host(), await net.host()]
  b.rpc.serve(echo, (message) => Promise.resolve(message))
  const kilobyte = Buffer.alloc(1_024, 7)
  const times: number[] = []
  for (let i = 0; i < 3_000; i += 1) {
    const start = performance.now()
    await a.rpc.call(b.id, echo, kilobyte, signal)
    times.push(performance.now() - start)
  }
  const sorted = times.slice(500).toSorted((x, y) => x - y)
  console.log(`1 KiB call: p50 ${sorted[1_250]?.toFixed(3)} ms, p99 ${sorted[2_475]?.toFixed(3)} ms`)
  expect(sorted[1_250]).toBeLessThan(5)
})
