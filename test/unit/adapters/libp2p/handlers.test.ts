import { expect, test } from 'vitest'
import { Handlers } from '../../../../src/adapters/libp2p/handlers.ts'
import type { Protocol } from '../../../../src/ports/rpc.ts'
import { laneMaxBytes } from '../../../../src/wire/frame.ts'

const bytes = { encode: (value: Uint8Array) => value, decode: (value: Uint8Array) => value }
const echo: Protocol<Uint8Array, Uint8Array> = {
  kind: 'call',
  id: '/clawbernetes/test/echo/1.0.0',
  audience: 'members',
  lane: 'control',
  maxBytes: 1_024,
  maxInbound: 1,
  timeout: 1_000,
  request: bytes,
  response: bytes,
}

test('a protocol that allows more than its lane carries is refused when it is served', () => {
  const handlers = new Handlers()
  const large = { ...echo, maxBytes: laneMaxBytes.control + 1 }
  expect(() => handlers.serve(large, (message) => Promise.resolve(message))).toThrow(/more bytes than its lane/)
})

test('listeners hear of what is served and of its end', () => {
  const handlers = new Handlers()
  const heard: string[] = []
  handlers.onServed(({ bounds }) => {
    heard.push(`+${bounds.id}`)
    return () => void heard.push(`-${bounds.id}`)
  })
  const stop = handlers.serve(echo, (message) => Promise.resolve(message))
  stop()
  expect(heard).toEqual([`+${echo.id}`, `-${echo.id}`])
  expect(handlers.find(echo.id)).toBeUndefined()
})
