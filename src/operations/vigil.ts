/**
 * What goes on for longer is asked about again: whoever was let in may have lost the right meanwhile, with a role, a user or a key. The one
 * place for all doors and for all that members ask of each other.
 */
import { type ClawError, isClawError } from '../model/failure.ts'
import type { Millis } from '../model/time.ts'
import type { Conversation, ServedConversation } from '../ports/conversation.ts'
import type { Clock } from '../ports/clock.ts'

/** Twice within a second: one who takes the own right away still hears that it is done, and is ended at the second look. */
const pause: Millis = 450

/** Throws AUTH_FAILED or PERMISSION_DENIED when it may go on no longer. */
export type Look = () => void

/** Something that goes on. */
export interface Watched {
  /** Ends with that of whoever asks, or with what the look has thrown. */
  readonly signal: AbortSignal
  /** Throws what ended it, if it was not whoever asks. */
  check(): void
  /** It is over. */
  release(): void
}

interface Held {
  readonly look: Look
  readonly end: (reason: ClawError) => void
  isDoubtful: boolean
}

export class Vigil {
  readonly #clock: Pick<Clock, 'after'>
  readonly #held = new Set<Held>()
  #cancel: (() => void) | null = null

  constructor(clock: Pick<Clock, 'after'>) {
    this.#clock = clock
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = null
    this.#held.clear()
  }

  hold(signal: AbortSignal, look: Look): Watched {
    const out = new AbortController()
    let ended: ClawError | null = null
    const held: Held = {
      look,
      isDoubtful: false,
      end: (reason) => {
        ended = reason
        out.abort(reason)
      },
    }
    const onAbort = (): void => out.abort(signal.reason)
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
    this.#held.add(held)
    this.#cancel ??= this.#clock.after(pause, () => this.#look())
    return {
      signal: out.signal,
      check: () => {
        if (ended !== null) throw ended
      },
      release: () => {
        this.#held.delete(held)
        signal.removeEventListener('abort', onAbort)
      },
    }
  }

  #look(): void {
    for (const held of [...this.#held]) {
      const reason = whyNot(held.look)
      if (reason === null) held.isDoubtful = false
      else if (!held.isDoubtful) held.isDoubtful = true
      else {
        this.#held.delete(held)
        held.end(reason)
      }
    }
    this.#cancel = this.#held.size === 0 ? null : this.#clock.after(pause, () => this.#look())
  }
}

function whyNot(look: Look): ClawError | null {
  try {
    look()
    return null
  } catch (error) {
    if (!isClawError(error)) throw error
    return error
  }
}

/** Why it was ended goes before whatever it has made of that. */
export async function whileAllowed<T>(watched: Watched, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    watched.check()
    throw error
  } finally {
    watched.release()
  }
}

/** Nothing is handed out any more once it was ended. */
export async function* itemsWhileAllowed<T>(watched: Watched, items: () => AsyncIterable<T>): AsyncGenerator<T> {
  try {
    for await (const item of items()) {
      watched.check()
      yield item
    }
  } catch (error) {
    watched.check()
    throw error
  } finally {
    watched.release()
  }
  watched.check()
}

/** Ends whether or not what goes on has noticed. */
export async function talkWhileAllowed(
  watched: Watched,
  side: Pick<ServedConversation, 'fail'>,
  talk: () => Promise<void>,
): Promise<void> {
  const { signal } = watched
  const over = Promise.withResolvers<never>()
  const onAbort = (): void => {
    side.fail(signal.reason)
    over.reject(signal.reason as Error)
  }
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await whileAllowed(watched, () => Promise.race([talk(), over.promise]))
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** A conversation with another node, for as long as somebody reads it. */
export function conversationWhileAllowed(watched: Watched, side: Conversation): Conversation {
  watched.signal.addEventListener('abort', () => watched.release(), { once: true })
  return {
    tell: (message) => side.tell(message),
    send: (channel, data) => side.send(channel, data),
    messages: itemsWhileAllowed(watched, () => side.messages),
    chunks: itemsWhileAllowed(watched, () => side.chunks),
  }
}
