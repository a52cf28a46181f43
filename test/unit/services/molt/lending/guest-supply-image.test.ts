import { expect, test } from 'vitest'
import type { Lease, LeaseInput } from '../../../../../src/core/molt/market/lease.ts'
import type { Chunk, Conversation } from '../../../../../src/ports/conversation.ts'
import { GuestSupply } from '../../../../../src/services/molt/lending/guest-supply.ts'
import { FromSupplied, imageChannel, inputChannel } from '../../../../../src/wire/molt-data.ts'
import { runningLease } from '../../../../support/molt/leased-host.ts'
import { someWork } from '../../../../support/molt/scripted-buyer.ts'

const never = new AbortController().signal
const lease: Lease = {
  ...runningLease(),
  state: 'funded',
  data: { isSupplied: false, isFetched: false, isWiped: false },
}

/** A buyer that sends what it is asked for, when it is asked for it. */
function buyer(): { readonly side: Conversation; readonly told: readonly FromSupplied[] } {
  const told: FromSupplied[] = []
  const due: Chunk[] = []
  const send = (channel: number): void => {
    for (const text of ['all of it', '']) due.push({ channel, data: Buffer.from(text) })
  }
  async function* chunks(): AsyncGenerator<Chunk> {
    for (let next = due.shift(); next !== undefined; next = due.shift()) yield await Promise.resolve(next)
  }
  async function* nothing(): AsyncGenerator<Uint8Array> {}
  const tell = (message: Uint8Array): Promise<void> => {
    const said = FromSupplied.parse(JSON.parse(Buffer.from(message).toString()))
    told.push(said)
    if (said.type === 'send' && said.image) send(imageChannel)
    if (said.type === 'send') for (const index of said.inputs) send(inputChannel(index))
    return Promise.resolve()
  }
  return { told, side: { messages: nothing(), chunks: chunks(), tell, send: () => Promise.resolve() } }
}

/** A provider that has the image, until the given moment. */
function provider({ isLost }: { readonly isLost: boolean }) {
  const steps: LeaseInput[] = []
  const taken = { isThere: true, images: 0 }
  const work = someWork({ inputs: [{ to: '/in', bytes: 9, sha256: 'a'.repeat(64) }] })
  const drain = async (content: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const chunk of content) expect(chunk.length).toBeGreaterThan(0)
  }
  const supply = new GuestSupply({
    store: { get: () => lease, work: () => Promise.resolve(work) },
    runner: { step: (_, input) => Promise.resolve(steps.push(input)).then(() => lease) },
    data: {
      lacksImage: () => Promise.resolve(!taken.isThere),
      receive: (_, __, { content }) => drain(content).then(() => void (taken.isThere = !isLost)),
      receiveImage: async (_, __, content) => {
        await drain(content)
        Object.assign(taken, { isThere: true, images: taken.images + 1 })
      },
    },
  })
  return { supply, steps, taken }
}

test.each([
  [false, 0],
  [true, 1],
])(
  'given an image that goes while the folders come (%s), then it is asked for so often before the work begins: %s',
  async (isLost, images) => {
    const { supply, steps, taken } = provider({ isLost })
    const { side, told } = buyer()
    await supply.take(lease, side, never)
    expect(taken).toEqual({ isThere: true, images })
    expect(steps).toEqual([{ type: 'supplied' }])
    const again = isLost ? [{ type: 'send', image: true, inputs: [] }] : []
    expect(told).toEqual([{ type: 'send', image: false, inputs: [0] }, ...again, { type: 'whole' }])
  },
)
