/** An era that somebody asked this peer to begin, until its next turn does. */
import type { NewEra } from './types.ts'
import { noLeader } from './waiting.ts'

export interface Asked extends NewEra {
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export class PendingEra {
  #asked: Asked | null = null

  /** Resolves when it has begun. Throws NO_LEADER while another is waiting. */
  ask(era: NewEra): Promise<void> {
    if (this.#asked !== null) throw noLeader('this peer is beginning anew already')
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#asked = { ...era, resolve, reject }
    return promise
  }

  take(): Asked | null {
    const asked = this.#asked
    this.#asked = null
    return asked
  }
}
