/** Checks who signed a request, at the peer that is asked first and again at the one that carries it out. */
import type { MeshState } from '../../core/state/types.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Instant } from '../../model/time.ts'
import { day, minute, second } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Verifier } from '../../ports/signer.ts'
import type { Signature, SignedRequest } from '../../wire/signed-request.ts'
import { digestOf, isWellFormed, mostSkew, signatureBase } from '../../wire/signed-request.ts'
import { inputIn } from '../told-json.ts'
import { leadsTo } from './leads-to.ts'
import { Nonces } from './nonces.ts'
import type { SignedAhead } from './signed-ahead.ts'
import { forgetful } from './signed-ahead.ts'

export interface SignatureDeskDeps {
  /** The state as this peer has applied it: whose keys count, and which mesh this is. */
  readonly state: () => MeshState
  readonly verifier: Pick<Verifier, 'verifyText'>
  readonly clock: Pick<Clock, 'now'>
  /** The input as the operation's schema makes it; as it is where it does not fit. */
  readonly parse: (operation: string, input: unknown) => unknown
  /** Name of this peer, for people. */
  readonly self: () => string
  /** When this peer was started: what it carried out before that it does not remember. */
  readonly since: Instant
  readonly ahead?: SignedAhead
}

/** What a member passes on, as the operation that it asks for. */
export interface PassedOn {
  readonly name: string
  readonly input: unknown
  /** The member. */
  readonly from: NodeId
  /** An honest member that has this to do asks this peer for it. */
  readonly isMeant: boolean
  /** It changes nothing, so that doing it again does no harm. */
  readonly isRead: boolean
  /** The mesh does it once, whoever asks how often. */
  readonly isOnce: boolean
}

/** Whoever looks at something for long may have it looked at elsewhere as it moves. */
const longestLook = day

export class SignatureDesk {
  readonly #deps: SignatureDeskDeps
  readonly #nonces: Nonces

  constructor(deps: SignatureDeskDeps, nonces = new Nonces()) {
    this.#deps = deps
    this.#nonces = nonces
  }

  /** The mesh that requests have to be signed for; undefined while this peer does not know it. */
  get mesh(): string | undefined {
    return this.#deps.state().mesh?.id
  }

  /** Throws AUTH_FAILED unless the key is an operator’s and signed that, for this mesh; and CLOCK_SKEW. The input is not looked at. */
  check(operation: string, signed: Signature): void {
    this.#prove(operation, signed)
    this.#requireFresh(signed, mostSkew * second)
  }

  /**
   * At the peer that is asked first. Throws as `check` does, also where the input is another, or the request was made before. What is
   * harmless to do again need not have been signed since this peer was started.
   */
  take(request: SignedRequest, isHarmless = false): SignedRequest {
    this.check(request.operation, request)
    requireInput(request)
    if (!isHarmless) this.#requireSince(request)
    this.#once(request, firstHand, (uses) => uses.size > 0)
    return request
  }

  /** At the peer to which a member passes it on. Throws AUTH_FAILED besides where what is asked for does not follow from it. */
  takePassedOn(request: SignedRequest, asked: PassedOn): SignedRequest {
    this.#prove(request.operation, request)
    requireInput(request)
    const { state, parse } = this.#deps
    const signed = { name: request.operation, input: inputIn(request.input) }
    if (!asked.isMeant || !leadsTo(signed, asked, { state: state(), from: asked.from, parse }))
      throw refusal(`the operator signed ${request.operation}, and ${asked.name} here does not follow from it`)
    const isPart = asked.isRead && asked.name !== request.operation
    this.#requireFresh(request, isPart ? longestLook : mostSkew * second)
    if (asked.isRead || asked.isOnce) return request
    this.#requireSince(request)
    this.#once(request, asked.name, (uses) => uses.has(asked.name) || uses.has(firstHand))
    return request
  }

  #prove(operation: string, signed: Signature): void {
    const { state, verifier } = this.#deps
    if (!isWellFormed(signed)) throw refusal('the signature is not of the form that is taken')
    const { operators, mesh } = state()
    if (mesh === null) throw new ClawError('NO_LEADER', { detail: 'this peer has yet to hear what its mesh is' })
    if (signed.mesh !== mesh.id)
      throw new ClawError('AUTH_FAILED', { reason: 'it was signed for another mesh', mesh: mesh.id })
    if (!operators.has(signed.key))
      throw refusal('this key is not one of the mesh’s operators; see `clawbernetes operator add`')
    if (!verifier.verifyText(signed.key, signatureBase(operation, signed), signed.signature))
      throw refusal('the signature is not that of the key, or of another request')
  }

  #requireFresh({ created }: Signature, oldest: number): void {
    const ahead = created * second - this.#deps.clock.now()
    // A second is as exact as the time of a signature can be.
    if (ahead <= mostSkew * second + second && -ahead <= oldest + second) return
    throw new ClawError('CLOCK_SKEW', { seconds: Math.round(ahead / second), peer: this.#deps.self() })
  }

  /** What was carried out before this peer was started is forgotten, so that anything of then may be a repetition. */
  #requireSince({ key, created }: Signature): void {
    const { since, clock, ahead = forgetful } = this.#deps
    if (created * second < since || created <= ahead.until(key))
      throw refusal('it was signed before this peer was started, which may have carried it out already; ask again')
    if (created * second > clock.now()) ahead.note(key, created)
  }

  #once({ key, nonce }: Signature, use: string, isAgain: (uses: ReadonlySet<string>) => boolean): void {
    const now = this.#deps.clock.now()
    const used = { key, nonce }
    if (isAgain(this.#nonces.uses(used, now))) throw refusal('this request was made before')
    // As long as the request could come again: signed a minute ahead, it is good for two.
    this.#nonces.use(used, use, { now, until: now + 2 * minute + 2 * second })
  }
}

/** What no operation is called. */
const firstHand = ''

function requireInput({ input, digest }: SignedRequest): void {
  if (digestOf(input) !== digest) throw refusal('the input is not the one that was signed')
}

const refusal = (reason: string): ClawError => new ClawError('AUTH_FAILED', { reason })
