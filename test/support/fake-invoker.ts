/** Answers operations as a test says, and remembers what it was asked. */
import { ClawError } from '../../src/model/failure.ts'
import type { Asker, Invoker } from '../../src/operations/invoker.ts'
import { findOperation } from '../../src/operations/known.ts'
import { bridge } from '../../src/operations/talk.ts'
import type { Carry, Conversation } from '../../src/ports/conversation.ts'

type Answer = (input: unknown, signal: AbortSignal) => unknown

export class FakeInvoker implements Invoker {
  readonly asked: { readonly name: string; readonly input: unknown; readonly caller: string }[] = []
  /** Streams that are open now. */
  openStreams = 0
  applied = 42
  readonly #answers: Readonly<Record<string, Answer>>

  constructor(answers: Readonly<Record<string, Answer>>) {
    this.#answers = answers
  }

  async invoke(name: string, input: unknown, asker: Asker): Promise<unknown> {
    return this.#answer(name, input, asker)
  }

  async *open(name: string, input: unknown, asker: Asker): AsyncIterable<unknown> {
    this.openStreams += 1
    try {
      yield* this.#answer(name, input, asker) as AsyncIterable<unknown>
    } finally {
      this.openStreams -= 1
    }
  }

  async converse(name: string, input: unknown, asker: Asker): Promise<Conversation> {
    return Promise.resolve(this.#answer(name, input, asker) as Conversation)
  }

  async admit(name: string, input: unknown, asker: Asker): Promise<Carry> {
    const callee = await this.converse(name, input, asker)
    return (side) => bridge(side, callee)
  }

  #answer(name: string, input: unknown, { caller, signal }: Asker): unknown {
    findOperation(name)
    this.asked.push({ name, input, caller: caller.id })
    const answer = this.#answers[name]
    if (answer === undefined) throw new ClawError('OPERATION_NOT_FOUND', { operation: name })
    return answer(input, signal)
  }
}

/** These items, then nothing more until it is called off. */
export async function* thenSilence(items: readonly unknown[], signal: AbortSignal): AsyncIterable<unknown> {
  yield* items
  if (!signal.aborted)
    await new Promise((resolve) => {
      signal.addEventListener('abort', resolve, { once: true })
    })
}
