/** How commands reach operations, whatever carries them. Types come from the registry; nothing of it is loaded. */
import type { InputOf, OutputOf, StreamName, UnaryName } from '../../operations/registry.ts'

export interface Transport {
  /** What the user would call the peer's address. */
  readonly address: string
  invoke(name: string, input: unknown, signal: AbortSignal): Promise<unknown>
  open(name: string, input: unknown, signal: AbortSignal): AsyncIterable<unknown>
  close(): Promise<void>
}

export class Api {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  get address(): string {
    return this.#transport.address
  }

  /** Throws the ClawError that the peer answered, or ECONNREFUSED and its kind. */
  call<Name extends UnaryName>(name: Name, input: InputOf<Name>, signal: AbortSignal): Promise<OutputOf<Name>> {
    return this.#transport.invoke(name, input, signal) as Promise<OutputOf<Name>>
  }

  stream<Name extends StreamName>(
    name: Name,
    input: InputOf<Name>,
    signal: AbortSignal,
  ): AsyncIterable<OutputOf<Name>> {
    return this.#transport.open(name, input, signal) as AsyncIterable<OutputOf<Name>>
  }

  close(): Promise<void> {
    return this.#transport.close()
  }
}
