/**
 * Inputs of containers that end with somebody's input. The engine ends such an input with any connection that could write to it: so there is
 * one for all who attach, which outlives them, and is ended on purpose. It is closed with this daemon at the latest, and the input with it.
 */
import type { Duplex } from 'node:stream'
import type Dockerode from 'dockerode'
import { abortable } from '../../lib/abortable.ts'
import { byteStreamOf } from '../../lib/byte-stream.ts'
import { hijack } from './hijacked.ts'

export interface HeldInput {
  send(data: Uint8Array): Promise<void>
  end(): void
}

interface Held extends HeldInput {
  close(): void
}

export class HeldInputs {
  readonly #open = new Map<string, Promise<Held>>()

  /** How many containers somebody may still write to. */
  get size(): number {
    return this.#open.size
  }

  async of(container: Dockerode.Container, signal: AbortSignal): Promise<HeldInput> {
    const { id } = container
    const forget = (): void => void this.#open.delete(id)
    const opening = this.#open.get(id) ?? opened(container, forget)
    this.#open.set(id, opening)
    return abortable(opening, signal)
  }

  async close(): Promise<void> {
    const all = await Promise.allSettled(this.#open.values())
    for (const one of all) if (one.status === 'fulfilled') one.value.close()
  }
}

/** `onOver`: it is closed, or was never opened. */
async function opened(container: Dockerode.Container, onOver: () => void): Promise<Held> {
  try {
    const open = (): Promise<Duplex> =>
      container.attach({ stream: true, stdin: true, hijack: true }) as unknown as Promise<Duplex>
    // For nobody in particular: whoever asked first may leave first.
    const { signal } = new AbortController()
    const connection = await hijack(open, (late) => late.on('error', () => {}).destroy(), signal)
    // Listens for errors, which nobody else may do for now.
    const held = byteStreamOf(connection)
    connection.once('close', onOver).resume()
    closeAfter(container, connection)
    return held
  } catch (error) {
    onOver()
    throw error
  }
}

/** The engine leaves a connection open on which only it was written to. */
function closeAfter(container: Dockerode.Container, connection: Duplex): void {
  const over = new AbortController()
  connection.once('close', () => over.abort())
  const close = (): void => void connection.destroy()
  // Where the engine does not answer any more, the connection is gone too.
  container.wait({ condition: 'not-running', abortSignal: over.signal }).then(close, close)
}
