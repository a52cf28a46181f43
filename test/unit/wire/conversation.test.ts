import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ClawError } from '../../../src/model/failure.ts'
import {
  type ConversationFrame,
  conversationPair,
  ConversationSide,
  conversationWindows,
  longestPiece,
  Misconduct,
  usualPiece,
} from '../../../src/wire/conversation.ts'
import { readNotice, socketCarrier, takeBinary } from '../../../src/wire/conversation-socket.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text)

/** A side whose frames are kept. */
function lone() {
  const frames: ConversationFrame[] = []
  const side = new ConversationSide({ emit: (frame) => void frames.push(frame), ready: () => Promise.resolve() })
  return { side, frames }
}

const settled = async (work: Promise<unknown>): Promise<boolean> => {
  let isDone = false
  work.then(
    () => (isDone = true),
    () => (isDone = true),
  )
  await new Promise((resolve) => setImmediate(resolve))
  return isDone
}

describe('two sides', () => {
  test('whatever is sent on whichever channel arrives whole and in order, however slowly it is read', async () => {
    const piece = fc.record({ channel: fc.integer({ min: 1, max: 255 }), size: fc.integer({ min: 1, max: 90_000 }) })
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
        const [here, there] = conversationPair()
        const sent = new Map<number, Buffer>()
        const received = new Map<number, Buffer>()
        const put = (into: Map<number, Buffer>, channel: number, data: Uint8Array): void =>
          void into.set(channel, Buffer.concat([into.get(channel) ?? Buffer.alloc(0), data]))
        const sending = (async () => {
          for (const [i, { channel, size }] of pieces.entries()) {
            const data = Buffer.alloc(size, i + 1)
            put(sent, channel, data)
            await here.send(channel, data)
          }
          there.end()
        })()
        for await (const { channel, data } of there.chunks) put(received, channel, data)
        await sending
        expect(received).toEqual(sent)
      }),
      { numRuns: 15 },
    )
  })

  test('many windows in pieces of any one size go both ways at once, and never come to a stand', async () => {
    const sizes = fc.constantFrom(100, 1_000, longestPiece - 1, longestPiece, 1_000_000)
    await fc.assert(
      fc.asyncProperty(sizes, sizes, async (one, other) => {
        const [here, there] = conversationPair()
        const wholeOf = (size: number): number => size * Math.ceil((conversationWindows.bytes * 3) / (size + 16))
        const send = async (side: ConversationSide, size: number): Promise<void> => {
          for (let sent = 0; sent < wholeOf(size); sent += size) await side.send(1, new Uint8Array(size))
          await side.send(1, new Uint8Array(0))
        }
        const receive = async (side: ConversationSide): Promise<number> => {
          let total = 0
          for await (const { data } of side.chunks) {
            if (data.length === 0) break
            total += data.length
          }
          return total
        }
        const totals = Promise.all([receive(there), receive(here)])
        await Promise.all([send(here, one), send(there, other)])
        expect(await totals).toEqual([wholeOf(one), wholeOf(other)])
      }),
      { numRuns: 8 },
    )
  })

  test('what was sent stays as it was when its memory is used again', async () => {
    const [here, there] = conversationPair()
    const memory = Buffer.alloc(3)
    for (const word of ['one', 'two']) {
      memory.write(word)
      await here.send(1, memory)
    }
    there.end()
    const seen: string[] = []
    for await (const { data } of there.chunks) seen.push(Buffer.from(data).toString())
    expect(seen).toEqual(['one', 'two'])
  })

  test('messages pass bytes that nobody reads', async () => {
    const [here, there] = conversationPair()
    const stuck = here.send(1, new Uint8Array(2_000_000))
    expect(await settled(stuck)).toBe(false)
    await here.tell(bytes('urgent'))
    const { value } = await there.messages[Symbol.asyncIterator]().next()
    expect(Buffer.from(value as Uint8Array).toString()).toBe('urgent')
    here.end()
    expect(await settled(stuck)).toBe(true)
  })

  test('the end and a failure come after what was there before; what is sent later is dropped', async () => {
    for (const isFailure of [true, false]) {
      const [here, there] = conversationPair()
      await here.send(1, bytes('before'))
      const failure = new ClawError('NODE_UNREACHABLE', { node: 'n', detail: 'gone' })
      if (isFailure) there.fail(failure)
      else there.end()
      await here.send(1, bytes('after'))
      const seen: string[] = []
      const read = async (): Promise<void> => {
        for await (const { data } of there.chunks) seen.push(Buffer.from(data).toString())
      }
      if (isFailure) await expect(read()).rejects.toBe(failure)
      else await read()
      expect(seen).toEqual(['before'])
    }
  })
})

describe('one side', () => {
  test('sends nothing before it may, and never much more than it may', async () => {
    const { side, frames } = lone()
    const work = side.send(1, new Uint8Array(longestPiece * 4))
    expect(await settled(work)).toBe(false)
    expect(frames).toEqual([])
    side.take({ type: 'credit', channel: 1, bytes: usualPiece + 1 })
    expect(await settled(work)).toBe(false)
    expect(frames.length).toBe(1)
  })

  test('several senders together never overrun the other side', async () => {
    const [here, there] = conversationPair()
    const work = Promise.all(Array.from({ length: 20 }, (_, i) => here.send(i + 1, new Uint8Array(100_000))))
    let total = 0
    for await (const { data } of there.chunks) if ((total += data.length) === 2_000_000) there.end()
    await work
    expect(total).toBe(2_000_000)
  })

  test('refuses a message that is too long', async () => {
    await expect(lone().side.tell(new Uint8Array(longestPiece + 1))).rejects.toMatchObject({ code: 'TOO_LARGE' })
  })

  test('takes no more than it has granted, and no channel or credit that there is not', () => {
    const { side } = lone()
    side.open()
    const flood = (): void => {
      for (let sent = 0; sent <= conversationWindows.bytes; sent += longestPiece)
        side.take({ type: 'data', channel: 1, data: new Uint8Array(longestPiece) })
    }
    expect(flood).toThrow(Misconduct)
    expect(() => lone().side.take({ type: 'data', channel: 256, data: bytes('x') })).toThrow(Misconduct)
    expect(() => lone().side.take({ type: 'data', channel: 1, data: new Uint8Array(longestPiece + 1) })).toThrow(
      Misconduct,
    )
    expect(() => lone().side.take({ type: 'credit', channel: 0, bytes: -1 })).toThrow(Misconduct)
  })

  test('whatever frames come, it takes them or says what is wrong', () => {
    const frame: fc.Arbitrary<ConversationFrame> = fc.oneof(
      fc.record({ type: fc.constant('data' as const), channel: fc.integer(), data: fc.uint8Array({ maxLength: 100 }) }),
      fc.record({
        type: fc.constant('credit' as const),
        channel: fc.constantFrom(0 as const, 1 as const),
        bytes: fc.double(),
      }),
    )
    fc.assert(
      fc.property(fc.array(frame), (frames) => {
        const { side } = lone()
        for (const one of frames)
          try {
            side.take(one)
          } catch (error) {
            expect(error).toBeInstanceOf(Misconduct)
          }
      }),
    )
  })
})

describe('on a WebSocket', () => {
  test('what one side emits the other takes', async () => {
    const there = lone().side
    there.open()
    const socket = {
      ...{ readyState: 1, OPEN: 1, bufferedAmount: 0 },
      send: (data: string | Uint8Array) => {
        if (typeof data !== 'string') takeBinary(there, data)
      },
    }
    const here = new ConversationSide(socketCarrier(socket))
    here.take({ type: 'credit', channel: 1, bytes: 1_000 })
    await here.send(9, bytes('nine'))
    const { value } = await there.chunks[Symbol.asyncIterator]().next()
    expect(value).toMatchObject({ channel: 9, data: Buffer.from('nine') })
  })

  test('what was sent stays as it was until the socket has taken it, and its memory is used again after that', async () => {
    const taken: { readonly data: Uint8Array; readonly done: () => void }[] = []
    const socket = {
      ...{ readyState: 1, OPEN: 1, bufferedAmount: 0 },
      send: (data: string | Uint8Array, done = (): void => {}) => {
        if (typeof data !== 'string') taken.push({ data, done })
      },
    }
    const here = new ConversationSide(socketCarrier(socket))
    here.take({ type: 'credit', channel: 1, bytes: 1_000_000 })
    const memory = Buffer.alloc(60_000)
    const send = async (fill: number): Promise<void> => here.send(1, memory.fill(fill))
    const isFilled = (at: number, fill: number): boolean =>
      taken[at]?.data.subarray(1).every((byte) => byte === fill) ?? false
    await send(1)
    await send(2)
    expect([isFilled(0, 1), isFilled(1, 2)]).toEqual([true, true])
    taken[0]?.done()
    await send(3)
    await send(4)
    expect([isFilled(1, 2), isFilled(2, 3), isFilled(3, 4)]).toEqual([true, true, true])
    expect(taken[2]?.data.buffer).toBe(taken[0]?.data.buffer)
    expect(taken[2]?.data.buffer).not.toBe(taken[1]?.data.buffer)
  })

  test('what a quiet socket has given back is there for the others', async () => {
    const taken: Uint8Array[] = []
    const socket = {
      ...{ readyState: 1, OPEN: 1, bufferedAmount: 0 },
      send: (data: string | Uint8Array, done = (): void => {}) => {
        if (typeof data !== 'string') taken.push(data)
        done()
      },
    }
    for (const here of [new ConversationSide(socketCarrier(socket)), new ConversationSide(socketCarrier(socket))]) {
      here.take({ type: 'credit', channel: 1, bytes: 1_000_000 })
      await here.send(1, Buffer.alloc(60_000))
    }
    expect(taken[1]?.buffer).toBe(taken[0]?.buffer)
  })

  test('whatever text comes is a notice or nothing, and whatever bytes come are taken or refused', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), fc.uint8Array({ maxLength: 50 }), (text, data) => {
        const notice = readNotice(text)
        expect(notice === null || typeof notice === 'object').toBe(true)
        try {
          takeBinary(lone().side, data)
        } catch (error) {
          expect(error).toBeInstanceOf(Misconduct)
        }
      }),
    )
  })
})
