/** What the buyer of an agreement sends before its work begins: taken in as a whole, or not at all, while the lease waits for it. */
import { agreementId } from '../../../core/molt/agreement.ts'
import type { Lease } from '../../../core/molt/market/lease.ts'
import { amountInWords } from '../../../lib/meter.ts'
import { ClawError } from '../../../model/failure.ts'
import type { Hash } from '../../../model/molt-agreement.ts'
import type { Chunk, Conversation } from '../../../ports/conversation.ts'
import { type FromSupplied, imageChannel, inputChannel } from '../../../wire/molt-data.ts'
import type { GuestData } from './guest-data.ts'
import type { LeaseRunner } from './lease-runner.ts'
import type { LeaseStore } from './lease-store.ts'

export interface GuestSupplyDeps {
  readonly store: Pick<LeaseStore, 'work' | 'get'>
  readonly runner: Pick<LeaseRunner, 'step'>
  readonly data: Pick<GuestData, 'receive' | 'lacksImage' | 'receiveImage'>
}

interface UnderWay {
  readonly abort: AbortController
  readonly over: Promise<void>
  readonly totalBytes: number
  doneBytes: number
}

export class GuestSupply {
  readonly #deps: GuestSupplyDeps
  /** There is one for each agreement at most: who asks again has lost the one before. */
  readonly #underWay = new Map<Hash, UnderWay>()

  constructor(deps: GuestSupplyDeps) {
    this.#deps = deps
  }

  /** Throws LEASE_DATA_GONE where nothing is waited for, and what `GuestData.receive` throws. */
  async take(lease: Lease, side: Conversation, signal: AbortSignal): Promise<void> {
    const { agreement, key } = lease
    if (agreement === null) throw new ClawError('LEASE_UNKNOWN', { agreement: key })
    const id = agreementId(agreement)
    // Others may have waited for the same end: whoever came last is the one that goes on.
    while (this.#underWay.has(id)) await this.callOff(id)
    signal.throwIfAborted()
    const abort = new AbortController()
    const { data } = agreement.terms
    const { promise: over, resolve } = Promise.withResolvers<void>()
    const underWay = { abort, over, totalBytes: (data?.inputs ?? 0) + (data?.image ?? 0), doneBytes: 0 }
    this.#underWay.set(id, underWay)
    try {
      await this.#taken(key, { id, side, underWay }, AbortSignal.any([signal, abort.signal]))
    } finally {
      if (this.#underWay.get(id) === underWay) this.#underWay.delete(id)
      resolve()
    }
  }

  /** Returns when nothing is taken in for it any more. */
  async callOff(agreement: Hash): Promise<void> {
    const underWay = this.#underWay.get(agreement)
    underWay?.abort.abort(
      new ClawError('LEASE_DATA_GONE', { agreement, why: 'its lease is over, or it was begun anew' }),
    )
    await underWay?.over
  }

  /** How far it is, for its buyer; null while nothing comes. */
  progress({ agreement }: Lease): string | null {
    const underWay = agreement === null ? undefined : this.#underWay.get(agreementId(agreement))
    if (underWay === undefined) return null
    return `receiving its data: ${amountInWords({ ...underWay, bytesPerSecond: null })}`
  }

  async #taken(
    key: Hash,
    { id, side, underWay }: { readonly id: Hash; readonly side: Conversation; readonly underWay: UnderWay },
    signal: AbortSignal,
  ): Promise<void> {
    const { store, runner, data } = this.#deps
    const [lease, work] = [store.get(key), await store.work(id)]
    if (lease?.state !== 'funded' || work === null)
      throw new ClawError('LEASE_DATA_GONE', { agreement: id, why: 'its work does not wait for anything' })
    if (lease.data?.isSupplied === false) {
      const inputs = work.inputs ?? []
      const image = await data.lacksImage(lease, work, signal)
      await say(side, { type: 'send', image, inputs: [...inputs.keys()] })
      const chunks = side.chunks[Symbol.asyncIterator]()
      const count = (bytes: number): number => (underWay.doneBytes += bytes)
      if (image) await data.receiveImage(lease, work, onChannel(chunks, imageChannel, count), signal)
      for (const [i, { bytes, sha256 }] of inputs.entries()) {
        const content = onChannel(chunks, inputChannel(i), count)
        await data.receive(lease, i, { bytes, sha256, content }, signal)
      }
      // Meanwhile another lease may have ended, and its image gone with it.
      if (await data.lacksImage(lease, work, signal)) {
        await say(side, { type: 'send', image: true, inputs: [] })
        await data.receiveImage(lease, work, onChannel(chunks, imageChannel, count), signal)
      }
      signal.throwIfAborted()
      await runner.step(key, { type: 'supplied' })
    }
    await say(side, { type: 'whole' })
  }
}

/** To the chunk of nothing at all that ends the channel. Throws MOLT_DATA_BAD for another channel in between. */
async function* onChannel(
  chunks: AsyncIterator<Chunk>,
  channel: number,
  onBytes: (count: number) => void,
): AsyncGenerator<Uint8Array> {
  for (;;) {
    const next = await chunks.next()
    if (next.done === true) throw bad('it ends before its end')
    if (next.value.channel !== channel) throw bad('its parts are out of order')
    if (next.value.data.length === 0) return
    onBytes(next.value.data.length)
    yield next.value.data
  }
}

const bad = (problem: string): ClawError => new ClawError('MOLT_DATA_BAD', { what: 'What was sent', problem })

const say = (side: Conversation, message: FromSupplied): Promise<void> =>
  side.tell(Buffer.from(JSON.stringify(message)))
