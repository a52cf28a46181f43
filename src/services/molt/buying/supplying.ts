/** Sends a provider what it needs before the work begins: each of it once it says that it lacks it, until it says that it has everything. */
import { agreementId, type Terms } from '../../../core/molt/agreement.ts'
import type { Purchase } from '../../../core/molt/market/purchase.ts'
import { shallowJson } from '../../../lib/nesting.ts'
import { ClawError } from '../../../model/failure.ts'
import type { Conversation } from '../../../ports/conversation.ts'
import type { Rpc } from '../../../ports/rpc.ts'
import { FromSupplied, imageChannel, inputChannel, pieceBytes, supplyLease } from '../../../wire/molt-data.ts'
import { cut } from '../../../lib/slices.ts'

export interface Supplies {
  /** Of the image with that id. Throws IMAGE_NOT_FOUND. */
  readonly image: (id: string, signal: AbortSignal) => AsyncIterable<Uint8Array>
  /** How many archives there are. */
  readonly inputs: number
  /** The archive with that number. Throws STATE_CORRUPT. */
  readonly input: (index: number) => Promise<AsyncIterable<Uint8Array>>
}

type Wanted = Extract<FromSupplied, { type: 'send' }>

const nothing = new Uint8Array(0)

/**
 * Returns when it has everything. Throws as `Rpc.converse`, what the provider throws, what the supplies throw, and INVALID_REQUEST for a
 * provider that asks for something twice, or for what was not agreed on: to read it is work for this host.
 */
export async function supply(
  rpc: Pick<Rpc, 'converse'>,
  { agreement, terms }: Purchase,
  supplies: Supplies,
  signal: AbortSignal,
): Promise<void> {
  if (agreement === null) return
  const off = new AbortController()
  const until = AbortSignal.any([signal, off.signal])
  const side = await rpc.converse(terms.provider, supplyLease, { agreement: agreementId(agreement) }, until)
  try {
    const failed = Promise.withResolvers<never>()
    // What breaks the conversation is told to those who read; sending alone would wait for good.
    const heard = async (): Promise<void> => {
      const asked = new Set<number>()
      let sending = Promise.resolve()
      for await (const message of side.messages) {
        const told = fromProvider(message)
        if (told.type === 'whole') return
        check(told, terms, supplies)
        for (const channel of channelsOf(told)) {
          if (asked.has(channel)) throw bad('its provider asks for the same twice')
          asked.add(channel)
        }
        sending = sending.then(() => sent(side, told, { supplies, image: terms.image, signal: until }))
        sending.catch(failed.reject)
      }
      throw new ClawError('NODE_UNREACHABLE', { node: terms.provider, detail: 'it ended before it had everything' })
    }
    await Promise.race([heard(), failed.promise])
  } finally {
    off.abort(new Error('everything is said'))
  }
}

interface Sending {
  readonly supplies: Supplies
  /** Its id. */
  readonly image: string
  readonly signal: AbortSignal
}

function check({ image, inputs }: Wanted, { data }: Terms, supplies: Supplies): void {
  if (image && (data?.image ?? 0) === 0) throw bad('its provider asks for an image that it was to have')
  if (!inputs.every((index) => index < supplies.inputs)) throw bad('its provider asks for what there is not')
}

const channelsOf = ({ image, inputs }: Wanted): readonly number[] => [
  ...(image ? [imageChannel] : []),
  ...inputs.map(inputChannel),
]

async function sent(side: Conversation, wanted: Wanted, { supplies, image, signal }: Sending): Promise<void> {
  const sendOn = async (channel: number, content: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const chunk of content)
      for (const data of cut(chunk, pieceBytes)) {
        await side.send(channel, data)
        // What is sent after the end is dropped: nobody would slow this down.
        signal.throwIfAborted()
      }
    await side.send(channel, nothing)
  }
  if (wanted.image) await sendOn(imageChannel, supplies.image(image, signal))
  for (const index of wanted.inputs) {
    signal.throwIfAborted()
    await sendOn(inputChannel(index), await supplies.input(index))
  }
}

function fromProvider(message: Uint8Array): FromSupplied {
  try {
    return FromSupplied.parse(shallowJson(Buffer.from(message).toString('utf8')))
  } catch (cause) {
    throw bad('its provider does not say what it lacks', { cause })
  }
}

const bad = (problem: string, options?: ErrorOptions): ClawError =>
  new ClawError('INVALID_REQUEST', { problem }, options)
