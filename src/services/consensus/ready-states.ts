/** States that were read from snapshots in slices, ready to replace that of the machine at once. */
import { inTurns, partsInTurns, type Slices } from '../../lib/slices.ts'
import type { Pause } from './pause.ts'
import type { Machine } from './types.ts'

export class ReadyStates {
  readonly #machine: Pick<Machine, 'snapshot' | 'restore'>
  readonly #pause: Pause
  /** By the bytes that they were read from; those that nobody has any more are forgotten. */
  readonly #ready = new WeakMap<Uint8Array, (index: number) => void>()

  constructor(machine: Pick<Machine, 'snapshot' | 'restore'>, pause: Pause) {
    this.#machine = machine
    this.#pause = pause
  }

  /** Throws VERSION_UNSUPPORTED and STATE_CORRUPT, and changes nothing of the machine. */
  async prepare(data: Uint8Array): Promise<void> {
    if (this.#ready.has(data)) return
    this.#ready.set(data, await inTurns(this.#machine.restore(data), this.#pause))
  }

  /** Only after it was prepared. */
  takeOver(data: Uint8Array, index: number): void {
    const takeOver = this.#ready.get(data)
    if (takeOver === undefined) throw new Error('a state was not read before it was to be taken over')
    this.#ready.delete(data)
    takeOver(index)
  }

  /** One that is made in slices for the machine. */
  made(data: Slices<unknown, Uint8Array>): Promise<Uint8Array> {
    return inTurns(data, this.#pause)
  }

  /** The state of the machine as it is now, all of it. */
  async written(): Promise<Uint8Array> {
    const parts: Uint8Array[] = []
    for await (const part of partsInTurns(this.#machine.snapshot(), this.#pause)) parts.push(part)
    return new Uint8Array(Buffer.concat(parts))
  }
}
