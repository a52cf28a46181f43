/** What operations rely on when two peers talk for a while. */
import { describe, expect, test } from 'vitest'
import { ClawError } from '../../src/model/failure.ts'
import { nodeId } from '../../src/model/ids.ts'
import type { Conversation } from '../../src/ports/conversation.ts'
import type { DuplexProtocol } from '../../src/ports/rpc.ts'
import { failureOf, never, type RpcPair, text, untilAborted } from './rpc-protocols.ts'

export const duplex: DuplexProtocol<string> = {
  kind: 'duplex',
  id: '/clawbernetes/conformance/duplex/1.0.0',
  audience: 'members',
  lane: 'bulk',
  maxBytes: 131_072,
  maxInbound: 4,
  request: text,
}

const bytes = (words: string): Uint8Array => Buffer.from(words)
const words = (data: Uint8Array): string => Buffer.from(data).toString()

/** All messages, and all bytes by channel, to the end. */
async function everything({ messages, chunks }: Conversation) {
  const heard: string[] = []
  const received = new Map<number, string>()
  const ended = new Set<number>()
  const hear = async (): Promise<void> => {
    for await (const message of messages) heard.push(words(message))
  }
  const receive = async (): Promise<void> => {
    for await (const { channel, data } of chunks)
      if (data.length === 0) ended.add(channel)
      else received.set(channel, (received.get(channel) ?? '') + words(data))
  }
  await Promise.all([hear(), receive()])
  return { heard, received, ended }
}

export function rpcDuplexConformance(name: string, pair: () => Promise<RpcPair>): void {
  const codeOf = async ({ play }: RpcPair, work: Promise<unknown>): Promise<string> => {
    const error = await play(failureOf(work))
    return error instanceof ClawError ? error.code : String(error)
  }

  describe(`${name}: conversations`, () => {
    test('messages and bytes go both ways, and it ends when the handler returns', async () => {
      const { a, b, play } = await pair()
      b.rpc.serveDuplex(duplex, async (request, from, talk) => {
        await talk.tell(bytes(`${request} from ${from}`))
        for await (const { channel, data } of talk.chunks) {
          if (data.length === 0) break
          await talk.send(channel + 1, data)
        }
        const last = await talk.messages[Symbol.asyncIterator]().next()
        await talk.tell(last.value as Uint8Array)
      })
      const talk = await play(a.rpc.converse(b.id, duplex, 'hello', never))
      const all = everything(talk)
      await play(talk.send(1, bytes('one ')))
      await play(talk.send(7, bytes('seven')))
      await play(talk.send(1, bytes('two')))
      await play(talk.send(1, new Uint8Array(0)))
      await play(talk.tell(bytes('bye')))
      const { heard, received } = await play(all)
      expect(heard).toEqual([`hello from ${a.id}`, 'bye'])
      expect(Object.fromEntries(received)).toEqual({ 2: 'one two', 8: 'seven' })
    })

    test('either side can end a channel and go on with the others', async () => {
      const { a, b, play } = await pair()
      b.rpc.serveDuplex(duplex, async (_, _from, talk) => {
        await talk.send(1, new Uint8Array(0))
        for await (const { channel, data } of talk.chunks) {
          if (data.length === 0) return
          await talk.send(channel - 1, data)
        }
      })
      const talk = await play(a.rpc.converse(b.id, duplex, 'x', never))
      const all = everything(talk)
      await play(talk.send(3, bytes('still here')))
      await play(talk.send(3, new Uint8Array(0)))
      const { received, ended } = await play(all)
      expect([...ended]).toEqual([1])
      expect(received.get(2)).toBe('still here')
    })

    test('a reader that does not read holds up the bytes, and not the messages, both ways', async () => {
      const { a, b, play, until } = await pair()
      const sent = { a: 0, b: 0 }
      const kilobytes = new Uint8Array(16_384)
      const heard: string[] = []
      b.rpc.serveDuplex(duplex, async (_request, _from, talk, signal) => {
        const flood = (async () => {
          for (; !signal.aborted && sent.b < 1_000; sent.b += 1) await talk.send(1, kilobytes)
        })()
        for await (const message of talk.messages) {
          heard.push(words(message))
          await talk.tell(message)
        }
        await flood
      })
      const off = new AbortController()
      const talk = await play(a.rpc.converse(b.id, duplex, 'x', off.signal))
      const flood = (async () => {
        for (; !off.signal.aborted && sent.a < 1_000; sent.a += 1) await talk.send(1, kilobytes)
      })()
      await until(() => sent.a > 10 && sent.b > 10)
      await play(talk.tell(bytes('in between')))
      const first = await play(talk.messages[Symbol.asyncIterator]().next())
      expect(words(first.value as Uint8Array)).toBe('in between')
      expect(heard).toEqual(['in between'])
      expect(Math.max(sent.a, sent.b)).toBeLessThan(60)
      off.abort(new Error('enough'))
      await play(flood)
    })

    test('large amounts arrive whole and in order', async () => {
      const { a, b, play } = await pair()
      b.rpc.serveDuplex(duplex, async (_request, _from, talk) => {
        for await (const { channel, data } of talk.chunks) {
          if (data.length === 0) return
          await talk.send(channel, data)
        }
      })
      const whole = Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * 31 + (i >> 8)) % 256)
      const talk = await play(a.rpc.converse(b.id, duplex, 'x', never))
      const back: Uint8Array[] = []
      const reading = (async () => {
        for await (const { data } of talk.chunks) back.push(data.slice())
      })()
      await play(talk.send(1, whole))
      await play(talk.send(1, new Uint8Array(0)))
      await play(reading)
      expect(Buffer.concat(back).equals(whole)).toBe(true)
    })

    test('a failure of the handler comes after what it has sent', async () => {
      const one = await pair()
      one.b.rpc.serveDuplex(duplex, async (_request, _from, talk) => {
        await talk.send(1, bytes('first'))
        throw new ClawError('WORKLOAD_NOT_FOUND', { workload: 'wl-1' })
      })
      const talk = await one.play(one.a.rpc.converse(one.b.id, duplex, 'x', never))
      const seen: string[] = []
      const reading = (async () => {
        for await (const { data } of talk.chunks) seen.push(words(data))
      })()
      expect(await codeOf(one, reading)).toBe('WORKLOAD_NOT_FOUND')
      expect(seen).toEqual(['first'])
      const hearing = (async () => {
        for await (const message of talk.messages) seen.push(words(message))
      })()
      expect(await codeOf(one, hearing)).toBe('WORKLOAD_NOT_FOUND')
      await one.play(talk.send(1, bytes('too late')))
    })

    test('a bug in the handler arrives as INTERNAL, and what nobody serves as PROTOCOL_MISMATCH', async () => {
      const one = await pair()
      const outcome = async (): Promise<string> =>
        codeOf(one, everything(await one.play(one.a.rpc.converse(one.b.id, duplex, 'x', never))))
      expect(await outcome()).toBe('PROTOCOL_MISMATCH')
      one.b.rpc.serveDuplex(duplex, () => Promise.reject(new TypeError('x is undefined')))
      expect(await outcome()).toBe('INTERNAL')
    })

    test('aborting ends it with the reason and tells the handler', async () => {
      const { a, b, play, until } = await pair()
      const states: string[] = []
      b.rpc.serveDuplex(duplex, async (_request, _from, _talk, signal) => {
        states.push('running')
        signal.addEventListener('abort', () => states.push('told'))
        await untilAborted(signal)
      })
      const off = new AbortController()
      const work = failureOf(everything(await play(a.rpc.converse(b.id, duplex, 'x', off.signal))))
      await until(() => states.includes('running'))
      const reason = new Error('enough')
      off.abort(reason)
      expect(await play(work)).toBe(reason)
      await until(() => states.includes('told'))
    })

    test('when the connection breaks, both sides are told', async () => {
      const one = await pair()
      const states: string[] = []
      one.b.rpc.serveDuplex(duplex, async (_request, _from, talk, signal) => {
        states.push('running')
        signal.addEventListener('abort', () => states.push('told'))
        await failureOf(everything(talk))
        states.push('over')
      })
      const work = everything(await one.play(one.a.rpc.converse(one.b.id, duplex, 'x', never)))
      const code = codeOf(one, work)
      await one.until(() => states.includes('running'))
      one.cut()
      expect(await code).toBe('NODE_UNREACHABLE')
      await one.until(() => states.includes('told') && states.includes('over'))
    })

    test('more than a peer may have open are RATE_LIMITED; a peer that nobody knows is NODE_UNREACHABLE', async () => {
      const one = await pair()
      let running = 0
      const off = new AbortController()
      one.b.rpc.serveDuplex(duplex, async (_request, _from, _talk, signal) => {
        running += 1
        await untilAborted(signal)
      })
      const open = async () => one.play(one.a.rpc.converse(one.b.id, duplex, 'x', off.signal))
      for (let i = 0; i < 4; i += 1) await open()
      await one.until(() => running === 4)
      expect(await codeOf(one, everything(await open()))).toBe('RATE_LIMITED')
      const stranger = one.a.rpc.converse(nodeId('12D3KooWNobody'), duplex, 'x', never)
      expect(await codeOf(one, stranger)).toBe('NODE_UNREACHABLE')
      off.abort()
    })
  })
}
