/** What doors need of whatever runs operations for them. */
import type { Carry, Conversation } from '../ports/conversation.ts'
import type { Caller } from './operation.ts'

export interface Asker {
  readonly caller: Caller
  readonly signal: AbortSignal
  /** What the first peer that was asked has called the request; the same for all that it leads to. */
  readonly request?: string
}

export interface Invoker {
  /** Log index up to which this peer has applied everything: after a change, at least that change's own. */
  readonly applied: number
  /** Throws the ClawError of a refusal; anything else it throws is a bug. */
  invoke(name: string, input: unknown, asker: Asker): Promise<unknown>
  open(name: string, input: unknown, asker: Asker): AsyncIterable<unknown>
  /** The asker's side of a conversation. What goes wrong once it has begun, its readers get. */
  converse(name: string, input: unknown, asker: Asker): Promise<Conversation>
  /** The same for whoever has a side of their own, and is let in before that is opened: bytes go straight to it. */
  admit(name: string, input: unknown, asker: Asker): Promise<Carry>
}
