/** Operations over libp2p, to any peer of a mesh, as an operator. */
import type { Visit } from '../../../ports/visitor.ts'
import type { Conversation } from '../../../ports/conversation.ts'
import { attachOperation, followOperation, visitOperation } from '../../../wire/operation.ts'
import { answerIn } from '../../../operations/told-json.ts'
import type { Transport } from './api.ts'

export class VisitTransport implements Transport {
  readonly address: string
  readonly #visit: Visit

  constructor(address: string, visit: Visit) {
    this.address = address
    this.#visit = visit
  }

  async invoke(name: string, input: unknown, signal: AbortSignal): Promise<unknown> {
    const { output } = await this.#visit.call(attachOperation, requestOf(name, input), signal)
    return answerIn(output)
  }

  async *open(name: string, input: unknown, signal: AbortSignal): AsyncIterable<unknown> {
    for await (const { item } of this.#visit.stream(followOperation, requestOf(name, input), signal))
      yield answerIn(item)
  }

  converse(name: string, input: unknown, signal: AbortSignal): Promise<Conversation> {
    return this.#visit.converse(visitOperation, requestOf(name, input), signal)
  }

  close(): Promise<void> {
    return this.#visit.close()
  }
}

/** Who asks is the key that the connection proves; the fields that name a caller are for members only. */
const requestOf = (
  name: string,
  input: unknown,
): { readonly name: string; readonly input: string; readonly caller: string; readonly role: string } => ({
  name,
  input: JSON.stringify(input),
  caller: '',
  role: '',
})
