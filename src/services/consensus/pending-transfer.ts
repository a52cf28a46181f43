/** A hand-over of the lead that somebody waits for. */
import type { NodeId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'

export class PendingTransfer {
  readonly #clock: Pick<Clock, 'after'>
  readonly #patience: Millis
  #asked: { readonly to: NodeId; readonly resolve: (worked: boolean) => void } | null = null

  constructor(clock: Pick<Clock, 'after'>, patience: Millis) {
    this.#clock = clock
    this.#patience = patience
  }

  /** To whom the lead is being handed; null when it is not. */
  get to(): NodeId | null {
    return this.#asked?.to ?? null
  }

  /** Resolves with whether it worked, at the latest when patience ends. */
  async wait(to: NodeId): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    this.#asked = { to, resolve }
    const cancel = this.#clock.after(this.#patience, () => this.end(false))
    const worked = await promise
    cancel()
    return worked
  }

  end(worked: boolean): void {
    this.#asked?.resolve(worked)
    this.#asked = null
  }
}
