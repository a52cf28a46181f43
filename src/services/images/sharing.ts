/** Gives images to other members: to so many at a time, and no faster than it may. */
import { ClawError } from '../../model/failure.ts'
import { isImageId } from '../../model/image.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ImageStore } from '../../ports/images.ts'
import type { Metrics } from '../../ports/metrics.ts'
import { type ImagePiece, pieceBytes } from '../../wire/image.ts'
import { pause } from './pause.ts'

export interface SharingDeps {
  readonly store: Pick<ImageStore, 'export'>
  readonly clock: Clock
  readonly metrics: Metrics
}

export interface SharingLimits {
  /** Most members that get an image at a time. */
  readonly transfers: number
  /** All transfers together; 0 for no limit. */
  readonly bytesPerSecond: number
}

export class Sharing {
  readonly #deps: SharingDeps
  readonly #limits: SharingLimits
  readonly #given = new Map<string, number>()
  #open = 0
  /** When what was sent so far would have been sent at the rate that is allowed. */
  #paidUntil = 0

  constructor(deps: SharingDeps, limits: SharingLimits) {
    this.#deps = deps
    this.#limits = limits
  }

  get isBusy(): boolean {
    return this.#open >= this.#limits.transfers
  }

  /** Ids of images that are being given out. */
  get given(): ReadonlySet<string> {
    return new Set(this.#given.keys())
  }

  /** Throws INVALID_REQUEST for what is no id, RATE_LIMITED when there are enough already, and IMAGE_NOT_FOUND. */
  async *give(id: string, signal: AbortSignal): AsyncIterable<ImagePiece> {
    const { store, metrics } = this.#deps
    if (!isImageId(id)) throw new ClawError('INVALID_REQUEST', { problem: 'that is not the id of an image' })
    if (this.isBusy) throw new ClawError('RATE_LIMITED', { who: 'Those who take images from this node' })
    this.#open += 1
    this.#given.set(id, (this.#given.get(id) ?? 0) + 1)
    try {
      for await (const chunk of store.export(id, signal))
        for (let at = 0; at < chunk.length; at += pieceBytes) {
          const data = chunk.subarray(at, at + pieceBytes)
          await this.#pay(data.length, signal)
          metrics.count('claw_image_bytes_total', { direction: 'out' }, data.length)
          yield { data }
        }
    } finally {
      this.#open -= 1
      const left = (this.#given.get(id) ?? 1) - 1
      if (left > 0) this.#given.set(id, left)
      else this.#given.delete(id)
    }
  }

  /** Waits until so many bytes may be sent. A pause of the receivers earns no credit for later. */
  async #pay(bytes: number, signal: AbortSignal): Promise<void> {
    const { bytesPerSecond } = this.#limits
    if (bytesPerSecond === 0) return
    const now = this.#deps.clock.elapsed()
    this.#paidUntil = Math.max(this.#paidUntil, now) + (bytes * 1_000) / bytesPerSecond
    await pause(this.#deps.clock, this.#paidUntil - now, signal)
  }
}
