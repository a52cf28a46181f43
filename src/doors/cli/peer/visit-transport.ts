/** Operations over libp2p, to any peer of a mesh, as an operator. */
import type { Visit } from '../../../ports/visitor.ts'
import type { Conversation } from '../../../ports/conversation.ts'
import { attachOperation, followOperation, visitOperation } from '../../../wire/operation.ts'
import { answerIn } from '../../../operations/told-json.ts'
import { ClawError } from '../../../model/failure.ts'
import type { OperationRequest } from '../../../wire/gen/operation.ts'
import { encodeProof } from '../../../wire/signed-request.ts'
import type { Transport } from './api.ts'
import type { RequestSigner } from './request-signer.ts'

export class VisitTransport implements Transport {
  readonly address: string
  readonly #visit: Visit
  readonly #signer: RequestSigner

  constructor(address: string, visit: Visit, signer: RequestSigner) {
    this.address = address
    this.#visit = visit
    this.#signer = signer
  }

  async invoke(name: string, input: unknown, signal: AbortSignal): Promise<unknown> {
    const isUnsigned = this.#signer.mesh === null
    try {
      const { output } = await this.#visit.call(attachOperation, this.#request(name, input), signal)
      return answerIn(output)
    } catch (error) {
      // Whoever signs has to know for which mesh, and the peer says so when it refuses what is not signed.
      if (!isUnsigned || !ClawError.is(error, 'AUTH_FAILED') || !this.#signer.learn(error.facts.mesh)) throw error
      return this.invoke(name, input, signal)
    }
  }

  async *open(name: string, input: unknown, signal: AbortSignal): AsyncIterable<unknown> {
    await this.#meet(signal)
    for await (const { item } of this.#visit.stream(followOperation, this.#request(name, input), signal))
      yield answerIn(item)
  }

  async converse(name: string, input: unknown, signal: AbortSignal): Promise<Conversation> {
    await this.#meet(signal)
    return this.#visit.converse(visitOperation, this.#request(name, input), signal)
  }

  close(): Promise<void> {
    return this.#visit.close()
  }

  async #meet(signal: AbortSignal): Promise<void> {
    if (this.#signer.mesh === null) await this.invoke('gateway.ping', {}, signal)
  }

  /** Who asks is the key that the connection proves, and that signs: the peer that carries it out may be another one. */
  #request(name: string, value: unknown): OperationRequest {
    const input = JSON.stringify(value)
    const signed = this.#signer.sign(name, input)
    const proof = signed === null ? new Uint8Array(0) : encodeProof(signed, { name, input })
    return { name, input, caller: '', role: '', request: '', proof }
  }
}
