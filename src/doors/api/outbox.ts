/** What a WebSocket has still to send, within a bound: answers wait for the reader, and whoever does not read is not read either. */
import type { WebSocket } from 'ws'

/** A socket that has this much unsent gets no more until it has taken some. */
const mostUnsent = 1_048_576

export class Outbox {
  readonly #socket: WebSocket
  readonly #waiting = new Set<() => void>()
  #isPaused = false
  #taken = 0

  constructor(socket: WebSocket) {
    this.#socket = socket
  }

  /** Nothing is read of this client, not even its signs of life. */
  get isPaused(): boolean {
    return this.#isPaused
  }

  /** How many messages the client has taken. */
  get taken(): number {
    return this.#taken
  }

  /** At once, for what is short. No more is read of a client that takes none of it. */
  tell(message: object): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    this.#socket.send(JSON.stringify(message), () => this.#onTaken())
    if (this.#isFull) this.#pause()
  }

  /** When there is room; not at all once the signal has ended. */
  async send(message: object, signal: AbortSignal): Promise<void> {
    while (this.#isFull && !signal.aborted) await this.#room(signal)
    if (signal.aborted || this.#socket.readyState !== this.#socket.OPEN) return
    this.#socket.send(JSON.stringify(message), () => this.#onTaken())
  }

  get #isFull(): boolean {
    return this.#socket.bufferedAmount >= mostUnsent
  }

  async #room(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const wake = (): void => resolve(undefined)
    this.#waiting.add(wake)
    signal.addEventListener('abort', wake, { once: true })
    await promise
    this.#waiting.delete(wake)
    signal.removeEventListener('abort', wake)
  }

  #pause(): void {
    this.#isPaused = true
    this.#socket.pause()
  }

  #onTaken(): void {
    this.#taken += 1
    if (this.#isFull) return
    for (const wake of this.#waiting) wake()
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#socket.resume()
  }
}
