/** What operators sign, at each peer through which a request comes: taken first hand, passed on with it, and checked again where it ends. */
import { ClawError, isClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Signature, SignedRequest } from '../../wire/signed-request.ts'
import { decodeProof, encodeProof } from '../../wire/signed-request.ts'
import { callerOf, told } from '../caller.ts'
import { readingIn } from '../consistency.ts'
import type { OperationContext } from '../context.ts'
import { nameOf } from '../node/node-view.ts'
import type { Caller, Operation } from '../operation.ts'
import { inputIn } from '../told-json.ts'
import { isSettledByLeader } from './at-leader.ts'
import { goesOnTo } from './leads-to.ts'
import { SignatureDesk } from './signature-desk.ts'

interface Wire {
  readonly name: string
  readonly input: string
  readonly caller: string
  readonly role: string
  readonly proof: Uint8Array
}

export class Proofs {
  readonly #context: OperationContext
  readonly #known: ReadonlyMap<string, Operation>
  readonly #desk: SignatureDesk

  constructor(context: OperationContext, known: ReadonlyMap<string, Operation>) {
    const { control, clock, self, verifier, startedAt, signedAhead } = context
    this.#context = context
    this.#known = known
    this.#desk = new SignatureDesk({
      ...{ verifier, clock, since: startedAt },
      ...(signedAhead !== undefined && { ahead: signedAhead }),
      state: () => control.state,
      parse: (operation, input) => this.#parsed(operation, input),
      self: () => nameOf(control.state, self),
    })
  }

  get mesh(): string | undefined {
    return this.#desk.mesh
  }

  check(operation: string, signed: Signature): void {
    this.#desk.check(operation, signed)
  }

  /** Throws INVALID_REQUEST besides what the desk throws, for a change that would be another one at another peer. */
  take(request: SignedRequest): SignedRequest {
    const operation = this.#known.get(request.operation)
    const isHarmless = operation !== undefined && (operation.permission.verb === 'read' || isSettledByLeader(operation))
    const taken = this.#desk.take(request, isHarmless)
    if (operation !== undefined) this.#requirePlace(operation, request)
    return taken
  }

  /** An operator who has attached: the connection proves the key, and the signature what it asks for. Throws as `take` does. */
  visitor(wire: Wire, from: NodeId): Caller {
    const { mesh } = this
    const signed = decodeProof(wire.proof, wire)
    if (signed === null || signed.key !== from || signed.operation !== wire.name || signed.input !== wire.input)
      throw new ClawError('AUTH_FAILED', {
        reason: 'the request is not signed with the key of the connection',
        ...(mesh === undefined ? {} : { mesh }),
      })
    return { ...callerOf({ kind: 'operator', key: from }), proof: this.take(signed) }
  }

  /** Whom a member names. For operators, its word is worth nothing: they sign what they ask for. Throws AUTH_FAILED and CLOCK_SKEW. */
  told(wire: Wire, from: NodeId): Caller {
    const caller = told(wire, from)
    if (caller.identity.kind !== 'operator') return caller
    const signed = wire.proof.length === 0 ? null : decodeProof(wire.proof, wire)
    if (signed === null || signed.key !== caller.identity.key)
      throw new ClawError('AUTH_FAILED', { reason: 'a member speaks for an operator who has signed nothing of it' })
    const operation = this.#known.get(wire.name)
    const input = inputIn(wire.input)
    const proof = this.#desk.takePassedOn(signed, {
      ...{ name: wire.name, input, from },
      isMeant: operation !== undefined && this.#isMeant(operation, input, from),
      isRead: operation?.permission.verb === 'read',
      isOnce: operation !== undefined && isSettledByLeader(operation),
    })
    return { ...callerOf(caller.identity), proof }
  }

  /** Would an honest member have brought this here? */
  #isMeant(operation: Operation, input: unknown, from: NodeId): boolean {
    const { self } = this.#context
    return operation.where === undefined ? isSettledByLeader(operation) : this.#placeOf(operation, input, from) === self
  }

  /** Where the operation runs for the peer `self`; null where nobody could say. */
  #placeOf(operation: Operation, input: unknown, self: NodeId): NodeId | null {
    try {
      const parsed: unknown = operation.input.parse(readingIn(input).own)
      return operation.where?.(parsed, { ...this.#context, self }) ?? self
    } catch (error) {
      if (isClawError(error) || (error instanceof Error && error.name === 'ZodError')) return null
      throw error
    }
  }

  /** A change of whatever peer is asked could be had made at another by whoever hears of it. */
  #requirePlace(operation: Operation, request: SignedRequest): void {
    const { self, control } = this.#context
    if (operation.where === undefined || operation.permission.verb === 'read' || goesOnTo(operation.name)) return
    const input = inputIn(request.input)
    const other = [...control.state.members.keys()].find((id) => id !== self)
    if (other === undefined || [self, other].some((peer) => this.#placeOf(operation, input, peer) !== peer)) return
    throw new ClawError('INVALID_REQUEST', { problem: `signed, ${operation.name} takes the name of the node` })
  }

  #parsed(name: string, input: unknown): unknown {
    return this.#known.get(name)?.input.safeParse(input).data ?? input
  }
}

/** As it goes along with a request to another peer; nothing where nothing was signed. */
export const proofBeside = (
  { proof }: Caller,
  beside: { readonly name: string; readonly input: string },
): Uint8Array<ArrayBuffer> => (proof === undefined ? new Uint8Array(0) : encodeProof(proof, beside))
