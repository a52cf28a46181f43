/**
 * Inputs of containers that end with somebody's input. The engine ends such an input with any connection that could write to it: so there is
 * one for all who attach, which outlives them, and is ended on purpose. It is closed with this daemon at the latest, and the input with it.
 */
import type { Duplex } from 'node:stream'
import type Dockerode from 'dockerode'
import { abortable } from '../../lib/abortable.ts'
import { byteStreamOf } from '../../lib/byte-stream.ts'
import { ask } from './engine.ts'

export interface HeldInput {
  send(data: Uint8Array): Promise<void>
  end(): void
}

export class HeldInputs {
  readonly #open = new Map<string, Promise<Duplex>>()

  /** How many containers somebody may still write to. */
  get size(): number {
    return this.#open.size
  }

  async of(container: Dockerode.Container, signal: AbortSignal): Promise<HeldInput> {
    const { id } = container
    const known = this.#open.get(id)
    const opening = known ?? opened(container)
    if (known === undefined) {
      this.#open.set(id, opening)
      const forget = (): void => void this.#open.delete(id)
      opening.then((connection) => {
        connection.once('close', forget).resume()
        closeAfter(container, connection)
      }, forget)
    }
    return byteStreamOf(await abortable(opening, signal))
  }

  async close(): Promise<void> {
    const all = await Promise.allSettled(this.#open.values())
    for (const one of all) if (one.status === 'fulfilled') one.value.destroy()
  }
}

const opened = (container: Dockerode.Container): Promise<Duplex> =>
  ask(null, () => container.attach({ stream: true, stdin: true, hijack: true }) as Promise<Duplex>)

/** The engine leaves a connection open on which only it was written to. */
function closeAfter(container: Dockerode.Container, connection: Duplex): void {
  const over = new AbortController()
  connection.once('close', () => over.abort())
  const close = (): void => void connection.destroy()
  // Where the engine does not answer any more, the connection is gone too.
  container.wait({ condition: 'not-running', abortSignal: over.signal }).then(close, close)
}
