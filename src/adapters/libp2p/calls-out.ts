/** The calls that this peer has open at another one, over one pipe. */
import { ClawError } from '../../model/failure.ts'
import { decodeFailure, frame, FrameKind, type FrameMessage, streamWindow } from '../../wire/frame.ts'
import type { Conversation } from '../../ports/conversation.ts'
import { reasonOf, unlessAborted } from './abort.ts'
import { CallersSide } from './callers-side.ts'
import type { Bounds } from './handlers.ts'
import type { Pipe } from './pipe.ts'

/** Something that waits for frames with its call number. */
interface Open {
  take(message: FrameMessage): void
  fail(error: Error): void
}

export interface OutgoingCall {
  readonly bounds: Bounds
  readonly request: Uint8Array
  readonly signal: AbortSignal
}

export class CallsOut {
  readonly #pipe: Pipe
  readonly #open = new Map<number, Open>()
  #last = 0
  #ended: ClawError | null = null

  constructor(pipe: Pipe) {
    this.#pipe = pipe
  }

  get count(): number {
    return this.#open.size
  }

  /** One request, one response. Throws the signal's reason, or what the other side threw. */
  async call({ bounds, request, signal }: OutgoingCall): Promise<Uint8Array> {
    await this.#admitted(signal)
    const id = this.#nextId()
    let onAbort = (): void => {}
    try {
      return await new Promise<Uint8Array>((resolve, reject) => {
        this.#open.set(id, { take: (message) => settle(message, bounds, { resolve, reject }), fail: reject })
        onAbort = () => {
          this.#pipe.send(frame(FrameKind.CANCEL, { call: id }))
          reject(reasonOf(signal))
        }
        signal.addEventListener('abort', onAbort)
        this.#pipe.send(frame(FrameKind.REQUEST, { call: id, protocol: bounds.id, payload: request }))
      })
    } finally {
      signal.removeEventListener('abort', onAbort)
      this.#open.delete(id)
    }
  }

  /** One request, then items as they are read. Whatever way the reader leaves, the other side is told to stop. */
  async *stream({ bounds, request, signal }: OutgoingCall): AsyncGenerator<Uint8Array> {
    await this.#admitted(signal)
    const id = this.#nextId()
    const inbox = new Inbox(bounds)
    const onAbort = (): void => inbox.fail(reasonOf(signal))
    signal.addEventListener('abort', onAbort)
    this.#open.set(id, inbox)
    try {
      this.#pipe.send(
        frame(FrameKind.REQUEST, { call: id, protocol: bounds.id, payload: request, credit: streamWindow }),
      )
      for (let item = await inbox.next(); item !== null; item = await inbox.next()) {
        yield item
        const credit = inbox.consumed(item.length)
        if (credit > 0) this.#pipe.send(frame(FrameKind.CREDIT, { call: id, credit }))
      }
    } finally {
      signal.removeEventListener('abort', onAbort)
      this.#open.delete(id)
      if (!inbox.finished) this.#pipe.send(frame(FrameKind.CANCEL, { call: id }))
    }
  }

  /** One request, then a conversation. Throws only when there is no way to ask. */
  async converse({
    bounds,
    request,
    signal,
    onOver,
  }: OutgoingCall & { readonly onOver?: () => void }): Promise<Conversation> {
    await this.#admitted(signal)
    const id = this.#nextId()
    const onAbort = (): void => opened.leave(reasonOf(signal))
    const opened: CallersSide = new CallersSide(id, this.#pipe, () => {
      signal.removeEventListener('abort', onAbort)
      this.#open.delete(id)
      onOver?.()
    })
    signal.addEventListener('abort', onAbort)
    this.#open.set(id, opened)
    this.#pipe.send(frame(FrameKind.REQUEST, { call: id, protocol: bounds.id, payload: request }))
    opened.side.open()
    return opened.side
  }

  /** Gives a frame to the call that it answers. An answer to nothing is what a cancelled call leaves behind: it is dropped. */
  take(message: FrameMessage): void {
    this.#open.get(message.call)?.take(message)
  }

  /** The pipe is gone: every open call fails, and so does every later one. */
  end(error: ClawError): void {
    this.#ended = error
    for (const open of [...this.#open.values()]) open.fail(error)
  }

  async #admitted(signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw reasonOf(signal)
    if (this.#ended === null) await unlessAborted(this.#pipe.ready(), signal)
    if (signal.aborted) throw reasonOf(signal)
    if (this.#ended !== null) throw this.#ended
  }

  #nextId(): number {
    do this.#last = (this.#last % 0xffff_ffff) + 1
    while (this.#open.has(this.#last))
    return this.#last
  }
}

interface Settle {
  readonly resolve: (bytes: Uint8Array) => void
  readonly reject: (error: Error) => void
}

function settle(message: FrameMessage, bounds: Bounds, { resolve, reject }: Settle): void {
  if (message.kind === FrameKind.FAILURE) reject(failureOf(message.payload))
  else if (message.kind !== FrameKind.RESPONSE) reject(nonsense(bounds.id))
  else if (message.payload.length > bounds.maxBytes) reject(tooLarge(bounds))
  else resolve(message.payload)
}

/** Items that have arrived and were not read yet. The credit given bounds how many bytes they can be. */
class Inbox implements Open {
  readonly #bounds: Bounds
  readonly #items: Uint8Array[] = []
  #error: Error | null = null
  #granted = streamWindow
  #unacknowledged = 0
  #wake: () => void = () => {}
  finished = false

  constructor(bounds: Bounds) {
    this.#bounds = bounds
  }

  take({ kind, payload }: FrameMessage): void {
    if (this.finished || this.#error !== null) return
    if (kind === FrameKind.END) this.finished = true
    else if (kind === FrameKind.FAILURE) this.#finishWith(failureOf(payload))
    else if (kind !== FrameKind.ITEM) this.#error = nonsense(this.#bounds.id)
    else if (payload.length > this.#bounds.maxBytes || this.#granted <= 0) this.#error = tooLarge(this.#bounds)
    else {
      this.#granted -= cost(payload)
      this.#items.push(payload)
    }
    this.#wake()
  }

  fail(error: Error): void {
    this.#items.length = 0
    this.#error ??= error
    this.#wake()
  }

  /** The next item, or null at the end. */
  async next(): Promise<Uint8Array | null> {
    while (this.#items.length === 0) {
      if (this.#error !== null) throw this.#error
      if (this.finished) return null
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    return this.#items.shift() ?? null
  }

  /** What to grant after so many bytes were read: nothing until half the window is used, so that credits stay rare. */
  consumed(bytes: number): number {
    this.#unacknowledged += bytes + itemCost
    if (this.finished || this.#unacknowledged < streamWindow / 2) return 0
    const credit = this.#unacknowledged
    this.#unacknowledged = 0
    this.#granted += credit
    return credit
  }

  #finishWith(error: Error): void {
    this.finished = true
    this.#error = error
  }
}

/** What an item costs of the window beyond its bytes, so that empty items cannot pile up. */
const itemCost = 16
export const cost = (item: Uint8Array): number => item.length + itemCost

function failureOf(payload: Uint8Array): ClawError {
  try {
    return decodeFailure(payload)
  } catch (cause) {
    return new ClawError('INTERNAL', { detail: 'the peer answered with something that is no failure' }, { cause })
  }
}

const tooLarge = ({ id, maxBytes }: Bounds): ClawError =>
  new ClawError('TOO_LARGE', { what: `An answer of ${id}`, limit: maxBytes })

const nonsense = (id: string): ClawError =>
  new ClawError('INTERNAL', { detail: `the peer answered a call of ${id} with another kind of message` })
