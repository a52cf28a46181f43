import { describe, expect, test } from 'vitest'
import type { Purchase } from '../../../../../src/core/molt/market/purchase.ts'
import type { Conversation } from '../../../../../src/ports/conversation.ts'
import { type Supplies, supply } from '../../../../../src/services/molt/buying/supplying.ts'
import { runningLease } from '../../../../support/molt/leased-host.ts'

const never = new AbortController().signal
const { agreement } = runningLease()
const purchase = { agreement, terms: agreement?.terms } as unknown as Purchase

const send = (inputs: readonly number[], image = false): object => ({ type: 'send', image, inputs })
const whole = { type: 'whole' }

/** A provider that says these things, the last of them when so many parts have come. */
function provider(says: readonly object[], after = 0) {
  const sent: string[] = []
  let signal = never
  const enough = Promise.withResolvers<void>()
  if (after === 0) enough.resolve()
  async function* messages(): AsyncGenerator<Uint8Array> {
    for (const [i, message] of says.entries()) {
      if (i === says.length - 1) await enough.promise
      yield Buffer.from(JSON.stringify(message))
    }
  }
  async function* nothing(): AsyncGenerator<never> {}
  const side: Conversation = {
    messages: messages(),
    chunks: nothing(),
    tell: () => Promise.resolve(),
    async send(channel, data) {
      await new Promise((done) => setImmediate(done))
      sent.push(`${channel}:${Buffer.from(data).toString()}`)
      if (sent.length === after) enough.resolve()
    },
  }
  const rpc = {
    converse(_: unknown, __: unknown, ___: unknown, until: AbortSignal): Promise<Conversation> {
      signal = until
      return Promise.resolve(side)
    },
  }
  return { rpc, sent, signal: () => signal }
}

/** Two archives, and what was read of them. */
function supplies() {
  const read: number[] = []
  async function* archive(index: number): AsyncGenerator<Uint8Array> {
    yield Buffer.from(`${index}`)
  }
  const all: Supplies = {
    inputs: 2,
    input(index) {
      read.push(index)
      return Promise.resolve(archive(index))
    },
    image() {
      throw new Error('no image was agreed on')
    },
  }
  return { all, read }
}

test('given a provider that asks for two archives, then it gets each of them, and its end', async () => {
  const { rpc, sent } = provider([send([0, 1]), whole], 4)
  await supply(rpc, purchase, supplies().all, never)
  expect(sent).toEqual(['1:0', '1:', '2:1', '2:'])
})

test('given a provider that finds later that it lacks the image too, then it gets that after what it has asked for before', async () => {
  const { rpc, sent } = provider([send([0]), send([], true), whole], 4)
  async function* image(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('layers')
  }
  const terms = { ...agreement?.terms, data: { ...{ inputs: 1, outputs: 0, image: 6 }, ...{ sendMs: 1, keepMs: 1 } } }
  await supply(rpc, { agreement, terms } as unknown as Purchase, { ...supplies().all, image }, never)
  expect(sent).toEqual(['1:0', '1:', '100:layers', '100:'])
})

describe('given a provider that wants this host to be busy', () => {
  test.each([
    ['for the same twice in one go', send([0, 0])],
    ['for what there is not', send([2])],
    ['for an image that was not agreed on', send([], true)],
  ])('when it asks %s, then nothing is read for it', async (_, asked) => {
    const { rpc, signal } = provider([asked, whole], 1)
    const { all, read } = supplies()
    await expect(supply(rpc, purchase, all, never)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    expect(read).toEqual([])
    expect(signal().aborted).toBe(true)
  })

  test('when it asks again while it gets what it has asked for, then that is the end', async () => {
    const { rpc, signal, sent } = provider([send([0, 1]), send([0, 1])], 1)
    const { all, read } = supplies()
    await expect(supply(rpc, purchase, all, never)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    expect(signal().aborted).toBe(true)
    for (let i = 0; i < 10; i += 1) await new Promise((done) => setImmediate(done))
    expect(read).toEqual([0])
    expect(sent.length).toBeLessThanOrEqual(2)
  })

  test('when it is not waited for any more, then the reading ends', async () => {
    const off = new AbortController()
    const { rpc, sent } = provider([send([0]), whole], 1_000_000)
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) yield Buffer.from('x')
    }
    let isClosed = false
    async function* watched(): AsyncGenerator<Uint8Array> {
      try {
        yield* endless()
      } finally {
        isClosed = true
      }
    }
    const all = { ...supplies().all, input: () => Promise.resolve(watched()) }
    const supplied = supply(rpc, purchase, all, off.signal)
    while (sent.length < 3) await new Promise((done) => setImmediate(done))
    off.abort(new Error('it is over'))
    await expect(supplied).rejects.toThrow('it is over')
    expect(isClosed).toBe(true)
  })
})
