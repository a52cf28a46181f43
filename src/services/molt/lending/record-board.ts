/** Offers as records of the network: each under its number, and found by what is offered. */
import { anyGpu, anyOf, memoryClass, type OfferIndex } from '../../../core/records/topic.ts'
import { offerId } from '../../../core/records/rules/offer.ts'
import { gpuFamily } from '../../../model/gpu.ts'
import type { NodeId } from '../../../model/ids.ts'
import { longestOffer, type Offer } from '../../../model/molt-offer.ts'
import type { OfferBoard } from '../../../ports/offer-board.ts'
import type { RecordStore } from '../../records/record-store.ts'

export class RecordBoard implements OfferBoard {
  readonly #self: NodeId
  readonly #records: Pick<RecordStore, 'publish' | 'withdraw' | 'advertise'>
  readonly #offers = new Map<number, Offer>()

  constructor(self: NodeId, records: Pick<RecordStore, 'publish' | 'withdraw' | 'advertise'>) {
    this.#self = self
    this.#records = records
  }

  async publish(offer: Offer, signal: AbortSignal): Promise<void> {
    const name = { namespace: 'claw-offer', id: offerId(this.#self, offer.number) } as const
    await this.#records.publish({ ...name, value: offer, life: longestOffer, until: offer.endOfLife }, signal)
    this.#offers.set(offer.number, offer)
    this.#advertise()
  }

  async withdraw(number: number, signal: AbortSignal): Promise<void> {
    await this.#records.withdraw({ namespace: 'claw-offer', id: offerId(this.#self, number) }, signal)
    this.#offers.delete(number)
    this.#advertise()
  }

  #advertise(): void {
    const indexes = new Map(
      [...this.#offers.values()].flatMap(indexesOf).map((index) => [Object.values(index).join('/'), index]),
    )
    this.#records.advertise([...indexes.values()])
  }
}

/** Under what an offer is found: among all, among those of its family, and of its size, where it is and anywhere. */
export function indexesOf({
  model,
  memoryMib,
  region,
}: Pick<Offer, 'model' | 'memoryMib' | 'region'>): readonly OfferIndex[] {
  const family = gpuFamily(model)
  const index = { ...anyOf(family), memoryGib: memoryClass(memoryMib) }
  return [anyGpu, anyOf(family), index, ...(region === null ? [] : [{ ...index, region }])]
}
