/** How commands reach operations, whatever carries them. Types come from the registry; nothing of it is loaded. */
import { ClawError } from '../../../model/failure.ts'
import type { Millis } from '../../../model/time.ts'
import type { DuplexName, InputOf, OutputOf, StreamName, UnaryName } from '../../../operations/registry.ts'
import type { Conversation } from '../../../ports/conversation.ts'

export interface Transport {
  /** What the user would call the peer's address. */
  readonly address: string
  invoke(name: string, input: unknown, signal: AbortSignal): Promise<unknown>
  open(name: string, input: unknown, signal: AbortSignal): AsyncIterable<unknown>
  converse(name: string, input: unknown, signal: AbortSignal): Promise<Conversation>
  close(): Promise<void>
}

/** What the user says of consistency, as it goes along with every request. The peer checks it. */
export interface Reading {
  readonly consistency?: string
  readonly index?: string
}

/** Longer than a peer itself waits for a leader. */
const usualPatience: Millis = 35_000
/** Looks at the mesh are answered at once or not at all; an invocation may wait for an image to be pulled. */
const patienceFor: Readonly<Record<string, Millis>> = {
  status: 10_000,
  version: 10_000,
  'gateway.ping': 10_000,
  'gateway.status': 10_000,
  'node.invoke': 125_000,
  'mesh.invoke': 125_000,
  // The engine may take its time over what was sent before.
  'image.upload': 120_000,
  'image.list': 60_000,
  'image.prune': 120_000,
  // Each waits for a leader twice.
  'mesh.restore': 60_000,
  'gateway.recover': 60_000,
}

export class Api {
  readonly #transport: Transport
  readonly #patience: Millis | undefined
  readonly #reading: Reading

  /** `patience` is how long one answer may take, instead of the usual time; `reading` says how fresh each must be. */
  constructor(transport: Transport, patience?: Millis, reading: Reading = {}) {
    this.#transport = transport
    this.#patience = patience
    this.#reading = reading
  }

  get address(): string {
    return this.#transport.address
  }

  /** Throws the ClawError that the peer answered, ECONNREFUSED and its kind, or DEADLINE_EXCEEDED when no answer comes. */
  async call<Name extends UnaryName>(
    name: Name,
    input: InputOf<Name>,
    signal: AbortSignal,
    patience: Millis | undefined = patienceFor[name],
  ): Promise<OutputOf<Name>> {
    const ms = this.#patience ?? patience ?? usualPatience
    const late = new AbortController()
    const timer = setTimeout(() => {
      late.abort()
    }, ms)
    try {
      return (await this.#transport.invoke(
        name,
        { ...(input as object), ...this.#reading },
        AbortSignal.any([signal, late.signal]),
      )) as OutputOf<Name>
    } catch (error) {
      if (!late.signal.aborted || signal.aborted) throw error
      throw new ClawError('DEADLINE_EXCEEDED', { what: `${name} at ${this.address}`, ms }, { cause: error })
    } finally {
      clearTimeout(timer)
    }
  }

  stream<Name extends StreamName>(
    name: Name,
    input: InputOf<Name>,
    signal: AbortSignal,
  ): AsyncIterable<OutputOf<Name>> {
    return this.#transport.open(name, { ...(input as object), ...this.#reading }, signal) as AsyncIterable<
      OutputOf<Name>
    >
  }

  /** The user's side of a conversation. */
  converse<Name extends DuplexName>(name: Name, input: InputOf<Name>, signal: AbortSignal): Promise<Conversation> {
    return this.#transport.converse(name, { ...(input as object), ...this.#reading }, signal)
  }

  close(): Promise<void> {
    return this.#transport.close()
  }
}
