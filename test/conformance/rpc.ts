/** What every service relies on when it calls another peer. Each implementation of Rpc must pass all of it. */
import { afterEach, describe, expect, test } from 'vitest'
import { ClawError } from '../../src/model/failure.ts'
import { nodeId } from '../../src/model/ids.ts'
import { rpcDuplexConformance } from './rpc-duplex.ts'
import { broken, call, collect, failureOf, never, notice, type RpcPair, stream, untilAborted } from './rpc-protocols.ts'

export function rpcConformance(name: string, make: () => Promise<RpcPair>): void {
  const open: RpcPair[] = []
  const pair = async (): Promise<RpcPair> => {
    const made = await make()
    open.push(made)
    return made
  }
  const codeOf = async ({ play }: RpcPair, work: Promise<unknown>): Promise<string> => {
    const error = await play(failureOf(work))
    return error instanceof ClawError ? error.code : String(error)
  }
  afterEach(async () => {
    await Promise.all(open.splice(0).map((one) => one.close()))
  })

  describe(`${name}: calls`, () => {
    test('an answer comes back, and the handler knows who asked', async () => {
      const { a, b, play } = await pair()
      b.rpc.serve(call, (request, from) => Promise.resolve(`${request} from ${from}`))
      expect(await play(a.rpc.call(b.id, call, 'hello', never))).toBe(`hello from ${a.id}`)
    })

    test('calls go in both directions at once, and each gets its own answer', async () => {
      const { a, b, play } = await pair()
      for (const { rpc, id } of [a, b]) rpc.serve(call, (request) => Promise.resolve(`${request} at ${id}`))
      const numbers = Array.from({ length: 8 }, (_, i) => String(i))
      const there = numbers.map((i) => a.rpc.call(b.id, call, i, never))
      const back = numbers.map((i) => b.rpc.call(a.id, call, i, never))
      expect(await play(Promise.all(there))).toEqual(numbers.map((i) => `${i} at ${b.id}`))
      expect(await play(Promise.all(back))).toEqual(numbers.map((i) => `${i} at ${a.id}`))
    })

    test('an expected failure arrives as it was thrown', async () => {
      const { a, b, play } = await pair()
      const thrown = new ClawError('MEMBER_BUSY', { node: 'ada', workloads: 3 })
      b.rpc.serve(call, () => Promise.reject(thrown))
      const error = await play(failureOf(a.rpc.call(b.id, call, 'x', never)))
      expect(error).toMatchObject({ code: 'MEMBER_BUSY', facts: thrown.facts, message: thrown.message })
    })

    test('a bug in the handler arrives as INTERNAL', async () => {
      const one = await pair()
      one.b.rpc.serve(call, () => Promise.reject(new TypeError('x is undefined')))
      expect(await codeOf(one, one.a.rpc.call(one.b.id, call, 'x', never))).toBe('INTERNAL')
    })

    test('what nobody serves, or no longer, is a PROTOCOL_MISMATCH', async () => {
      const one = await pair()
      expect(await codeOf(one, one.a.rpc.call(one.b.id, call, 'x', never))).toBe('PROTOCOL_MISMATCH')
      const stop = one.b.rpc.serve(call, (request) => Promise.resolve(request))
      stop()
      expect(await codeOf(one, one.a.rpc.call(one.b.id, call, 'x', never))).toBe('PROTOCOL_MISMATCH')
    })

    test('a message that is too large is refused where it is written, in both directions', async () => {
      const one = await pair()
      one.b.rpc.serve(call, (request) => Promise.resolve(request.repeat(4_097)))
      expect(await codeOf(one, one.a.rpc.call(one.b.id, call, 'x'.repeat(4_097), never))).toBe('TOO_LARGE')
      expect(await codeOf(one, one.a.rpc.call(one.b.id, call, 'x', never))).toBe('TOO_LARGE')
    })

    test('a request that cannot be read is an INVALID_REQUEST and does not reach the handler', async () => {
      const one = await pair()
      const seen: string[] = []
      one.b.rpc.serve(call, (request) => Promise.resolve(String(seen.push(request))))
      const work = one.a.rpc.call(one.b.id, { ...call, request: broken }, 'x', never)
      expect(await codeOf(one, work)).toBe('INVALID_REQUEST')
      expect(seen).toEqual([])
    })

    test('a handler that takes too long is told, and the caller gets DEADLINE_EXCEEDED', async () => {
      const one = await pair()
      let told = false
      one.b.rpc.serve(call, (_request, _from, signal) => {
        signal.addEventListener('abort', () => (told = true))
        return untilAborted(signal)
      })
      expect(await codeOf(one, one.a.rpc.call(one.b.id, call, 'x', never))).toBe('DEADLINE_EXCEEDED')
      await one.until(() => told)
    })

    test('an aborted call ends at once with the reason, and the handler is told', async () => {
      const { a, b, play, until } = await pair()
      const states: string[] = []
      b.rpc.serve(call, (_request, _from, signal) => {
        states.push('running')
        signal.addEventListener('abort', () => states.push('told'))
        return untilAborted(signal)
      })
      const control = new AbortController()
      const work = failureOf(a.rpc.call(b.id, call, 'x', control.signal))
      await until(() => states.includes('running'))
      const reason = new Error('changed my mind')
      control.abort(reason)
      expect(await play(work)).toBe(reason)
      await until(() => states.includes('told'))
    })

    test('more calls than a peer may have open are RATE_LIMITED, and the others go on', async () => {
      const { a, b, play, until } = await pair()
      let release = (): void => {}
      const gate = new Promise<void>((resolve) => (release = resolve))
      let running = 0
      b.rpc.serve(call, async (request) => {
        running += 1
        await gate
        return request
      })
      const works = Array.from({ length: 9 }, (_, i) =>
        a.rpc.call(b.id, call, String(i), never).catch((error: unknown) => (error as ClawError).code),
      )
      await until(() => running === 8)
      const refused = await play(Promise.race(works))
      release()
      const all = await play(Promise.all(works))
      expect(refused).toBe('RATE_LIMITED')
      expect(all.filter((answer) => answer === 'RATE_LIMITED')).toHaveLength(1)
    })

    test('when the connection breaks, the caller gets NODE_UNREACHABLE and the handler is told', async () => {
      const one = await pair()
      const states: string[] = []
      one.b.rpc.serve(call, (_request, _from, signal) => {
        states.push('running')
        signal.addEventListener('abort', () => states.push('told'))
        return untilAborted(signal)
      })
      const work = failureOf(one.a.rpc.call(one.b.id, call, 'x', never))
      await one.until(() => states.includes('running'))
      one.cut()
      expect(await one.play(work)).toMatchObject({ code: 'NODE_UNREACHABLE' })
      await one.until(() => states.includes('told'))
    })

    test('a peer that nobody knows is NODE_UNREACHABLE', async () => {
      const one = await pair()
      const stranger = nodeId('12D3KooWNobody')
      expect(await codeOf(one, one.a.rpc.call(stranger, call, 'x', never))).toBe('NODE_UNREACHABLE')
    })

    test('serving the same protocol twice is a bug', async () => {
      const { b } = await pair()
      b.rpc.serve(call, (request) => Promise.resolve(request))
      expect(() => b.rpc.serve(call, (request) => Promise.resolve(request))).toThrow(/served/)
    })
  })

  describe(`${name}: streams`, () => {
    test('items arrive in order, then the end', async () => {
      const { a, b, play } = await pair()
      b.rpc.serveStream(stream, async function* (request, from) {
        for (let i = 0; i < 500; i += 1) yield await Promise.resolve(`${request} ${i} ${from}`)
      })
      const items: string[] = []
      await play(collect(a.rpc.stream(b.id, stream, 'item', never), items))
      expect(items).toEqual(Array.from({ length: 500 }, (_, i) => `item ${i} ${a.id}`))
    })

    test('a failure in the middle comes after the items before it', async () => {
      const one = await pair()
      one.b.rpc.serveStream(stream, async function* () {
        yield await Promise.resolve('first')
        throw new ClawError('WORKLOAD_NOT_FOUND', { workload: 'wl-1' })
      })
      const items: string[] = []
      expect(await codeOf(one, collect(one.a.rpc.stream(one.b.id, stream, 'x', never), items))).toBe(
        'WORKLOAD_NOT_FOUND',
      )
      expect(items).toEqual(['first'])
    })

    test('a slow reader holds the writer back, and gets everything in the end', async () => {
      const { a, b, play, until } = await pair()
      const kilobyte = 'x'.repeat(1_024)
      let written = 0
      b.rpc.serveStream(stream, async function* () {
        for (; written < 2_000; written += 1) yield await Promise.resolve(kilobyte)
      })
      const items = a.rpc.stream(b.id, stream, 'x', never)[Symbol.asyncIterator]()
      await play(items.next())
      await until(() => written > 10)
      const before = written
      expect(await play(b.rpc.call(a.id, call, 'x', never).catch(() => 'time has passed'))).toBe('time has passed')
      expect(before).toBeLessThan(400)
      expect(written).toBeLessThan(400)

      let read = 1
      const rest = async (): Promise<void> => {
        for (let item = await items.next(); item.done !== true; item = await items.next()) read += 1
      }
      await play(rest())
      expect(read).toBe(2_000)
    })

    test('leaving the loop tells the handler', async () => {
      const { a, b, play, until } = await pair()
      let left = false
      b.rpc.serveStream(stream, async function* (_request, _from, signal) {
        signal.addEventListener('abort', () => (left = true))
        for (let i = 0; ; i += 1) yield await Promise.resolve(String(i))
      })
      const readThree = async (): Promise<string[]> => {
        const items: string[] = []
        for await (const item of a.rpc.stream(b.id, stream, 'x', never)) if (items.push(item) === 3) break
        return items
      }
      expect(await play(readThree())).toEqual(['0', '1', '2'])
      await until(() => left)
    })

    test('aborting ends the loop with the reason and tells a handler that waits', async () => {
      const { a, b, play, until } = await pair()
      const states: string[] = []
      b.rpc.serveStream(stream, async function* (_request, _from, signal) {
        states.push('running')
        signal.addEventListener('abort', () => states.push('told'))
        yield await untilAborted(signal)
      })
      const control = new AbortController()
      const work = failureOf(collect(a.rpc.stream(b.id, stream, 'x', control.signal), []))
      await until(() => states.includes('running'))
      const reason = new Error('enough')
      control.abort(reason)
      expect(await play(work)).toBe(reason)
      await until(() => states.includes('told'))
    })

    test('when the connection breaks, the loop ends with NODE_UNREACHABLE', async () => {
      const one = await pair()
      let running = false
      one.b.rpc.serveStream(stream, async function* (_request, _from, signal) {
        running = true
        yield await untilAborted(signal)
      })
      const work = failureOf(collect(one.a.rpc.stream(one.b.id, stream, 'x', never), []))
      await one.until(() => running)
      one.cut()
      expect(await one.play(work)).toMatchObject({ code: 'NODE_UNREACHABLE' })
    })
  })

  rpcDuplexConformance(name, pair)

  describe(`${name}: notices`, () => {
    test('a notice arrives at a peer that is connected, with its sender', async () => {
      const { a, b, play, until } = await pair()
      const seen: string[] = []
      b.rpc.serve(call, (request) => Promise.resolve(request))
      b.rpc.onNotice(notice, (message, from) => void seen.push(`${message} from ${from}`))
      await play(a.rpc.call(b.id, call, 'connect', never))
      a.rpc.notify(b.id, notice, 'news')
      await until(() => seen.length > 0)
      expect(seen).toEqual([`news from ${a.id}`])
    })

    test('a notice to a peer that is not there, or does not listen, is dropped in silence', async () => {
      const { a, b, play } = await pair()
      b.rpc.serve(call, (request) => Promise.resolve(request))
      a.rpc.notify(nodeId('12D3KooWNobody'), notice, 'news')
      await play(a.rpc.call(b.id, call, 'connect', never))
      a.rpc.notify(b.id, notice, 'news')
      expect(await play(a.rpc.call(b.id, call, 'still here', never))).toBe('still here')
    })
  })
}
