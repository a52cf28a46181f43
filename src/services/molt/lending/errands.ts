/** What takes its time, and nobody waits for: each of a kind once at a time. What fails is begun again by whoever finds that it is still to be done. */
import { type ClawError, isClawError } from '../../../model/failure.ts'
import type { Log } from '../../../ports/log.ts'

export class Errands {
  readonly #log: Log
  readonly #running = new Map<string, Promise<void>>()

  constructor(log: Log) {
    this.#log = log
  }

  /** Does nothing while one of that kind is under way. */
  do(kind: string, work: () => Promise<void>): void {
    if (this.#running.has(kind)) return
    const done = work()
      .catch((error: unknown) => {
        // A bug is thrown on: whoever owns the process decides what becomes of it.
        if (!isClawError(error)) throw error
        this.#log.info('an errand of a lease is tried again', { kind, reason: error.message })
      })
      .finally(() => this.#running.delete(kind))
    this.#running.set(kind, done)
  }

  /** Returns when none of that kind is under way. */
  async settled(kind: string): Promise<void> {
    await this.#running.get(kind)
  }

  async done(): Promise<void> {
    await Promise.all(this.#running.values())
  }
}

/** Asked again later, it may be otherwise. */
export const isPassing = ({ kind }: ClawError): boolean => kind === 'unavailable' || kind === 'timeout'
