/** Several peers of one mesh as one: whoever answers is stayed with until it answers no more. */
import { ClawError } from '../../../model/failure.ts'
import type { Conversation } from '../../../ports/conversation.ts'
import type { Transport } from './api.ts'

interface Door {
  readonly address: string
  open(signal: AbortSignal): Promise<Transport>
}

export class FailoverTransport implements Transport {
  readonly #doors: readonly Door[]
  #at = 0
  #current: Promise<Transport> | null = null

  /** At least one. */
  constructor(doors: readonly Door[]) {
    this.#doors = doors
  }

  get address(): string {
    return this.#door.address
  }

  invoke(name: string, input: unknown, signal: AbortSignal): Promise<unknown> {
    return this.#ask(signal, (transport) => transport.invoke(name, input, signal))
  }

  converse(name: string, input: unknown, signal: AbortSignal): Promise<Conversation> {
    return this.#ask(signal, (transport) => transport.converse(name, input, signal))
  }

  async *open(name: string, input: unknown, signal: AbortSignal): AsyncIterable<unknown> {
    let refusal: unknown = null
    for (let tried = 0; tried < this.#doors.length; tried += 1) {
      let hasBegun = false
      try {
        for await (const item of (await this.#transport(signal)).open(name, input, signal)) {
          hasBegun = true
          yield item
        }
        return
      } catch (error) {
        if (hasBegun) throw error
        refusal = await this.#passOver(error, signal)
      }
    }
    throw this.#nobody(refusal)
  }

  async close(): Promise<void> {
    const [settled] = await Promise.allSettled(this.#current === null ? [] : [this.#current])
    if (settled?.status === 'fulfilled') await settled.value.close()
  }

  async #ask<T>(signal: AbortSignal, ask: (transport: Transport) => Promise<T>): Promise<T> {
    let refusal: unknown = null
    for (let tried = 0; tried < this.#doors.length; tried += 1) {
      try {
        return await ask(await this.#transport(signal))
      } catch (error) {
        refusal = await this.#passOver(error, signal)
      }
    }
    throw this.#nobody(refusal)
  }

  get #door(): Door {
    const door = this.#doors[this.#at]
    if (door === undefined) throw new Error('there is no address')
    return door
  }

  #transport(signal: AbortSignal): Promise<Transport> {
    return (this.#current ??= this.#opened(signal))
  }

  /** A peer that cannot even be visited is as good as one that refuses. */
  async #opened(signal: AbortSignal): Promise<Transport> {
    const { address, open } = this.#door
    try {
      return await open(signal)
    } catch (error) {
      if (!ClawError.is(error, 'NODE_UNREACHABLE')) throw error
      throw new ClawError('ECONNREFUSED', { address }, { cause: error })
    }
  }

  /** On to the next one, if nothing can have arrived at this one; throws otherwise. */
  async #passOver(error: unknown, signal: AbortSignal): Promise<unknown> {
    if (signal.aborted || !ClawError.is(error, 'ECONNREFUSED')) throw error
    await this.close()
    this.#current = null
    this.#at = (this.#at + 1) % this.#doors.length
    return error
  }

  #nobody(cause: unknown): ClawError {
    return new ClawError('ECONNREFUSED', { address: this.#doors.map(({ address }) => address).join(', ') }, { cause })
  }
}
