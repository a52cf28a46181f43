/** Sends a provider what it needs before the work begins: each of it once it says that it lacks it, until it says that it has everything. */
import { agreementId } from '../../../core/molt/agreement.ts'
import type { Purchase } from '../../../core/molt/market/purchase.ts'
import { shallowJson } from '../../../lib/nesting.ts'
import { ClawError } from '../../../model/failure.ts'
import type { Conversation } from '../../../ports/conversation.ts'
import type { Rpc } from '../../../ports/rpc.ts'
import { FromSupplied, imageChannel, inputChannel, pieceBytes, supplyLease } from '../../../wire/molt-data.ts'
import { cut } from '../../../lib/slices.ts'

export interface Supplies {
  /** The archive with that number. Throws STATE_CORRUPT. */
  /** Of the image with that id. Throws IMAGE_NOT_FOUND. */
  readonly image: (id: string, signal: AbortSignal) => AsyncIterable<Uint8Array>
  readonly input: (index: number) => Promise<AsyncIterable<Uint8Array>>
}

const nothing = new Uint8Array(0)

/** Returns when it has everything. Throws as `Rpc.converse`, what the provider throws, and what the supplies throw. */
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
    const sending: { work: Promise<void> } = { work: Promise.resolve() }
    const heard = async (): Promise<void> => {
      for await (const message of side.messages) {
        const told = fromProvider(message)
        if (told.type === 'whole') return
        sending.work = sent(side, told, { supplies, image: terms.image, signal: until })
        sending.work.catch(failed.reject)
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

async function sent(
  side: Conversation,
  wanted: Extract<FromSupplied, { type: 'send' }>,
  { supplies, image, signal }: Sending,
): Promise<void> {
  if (wanted.image) await sendOn(side, imageChannel, supplies.image(image, signal))
  for (const index of wanted.inputs) await sendOn(side, inputChannel(index), await supplies.input(index))
}

async function sendOn(side: Conversation, channel: number, content: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of content) for (const data of cut(chunk, pieceBytes)) await side.send(channel, data)
  await side.send(channel, nothing)
}

function fromProvider(message: Uint8Array): FromSupplied {
  try {
    return FromSupplied.parse(shallowJson(Buffer.from(message).toString('utf8')))
  } catch (cause) {
    throw new ClawError('INVALID_REQUEST', { problem: 'its provider does not say what it lacks' }, { cause })
  }
}
