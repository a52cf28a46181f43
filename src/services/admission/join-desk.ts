/** The members' side of joining: any member answers, the leader decides, whoever holds the mesh key signs. */
import type { Command, Genesis } from '../../core/state/types.ts'
import { sameBytes } from '../../lib/same-bytes.ts'
import { sha256 } from '../../lib/sha256.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import { covers, rangeInWords, rangeOfNumbers } from '../../model/version.ts'
import { type Millis, second } from '../../model/time.ts'
import type { Denial } from '../../ports/audit.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Peers } from '../../ports/peers.ts'
import type { Rpc } from '../../ports/rpc.ts'
import { type GenesisRecord, issueCertificate, type JoinReply, type JoinRequest } from '../../wire/admission.ts'
import { secretBytes } from '../../core/admission/join-token.ts'
import { isPeerAddress } from '../../lib/peer-id.ts'
import type { Control } from '../control/types.ts'
import { type MeshKeyHolder, publicKeyIn } from './mesh-key.ts'

export interface JoinDeskDeps {
  readonly control: Control
  readonly rpc: Pick<Rpc, 'call'>
  readonly peers: Pick<Peers, 'self' | 'addresses'>
  readonly meshKey: MeshKeyHolder
  readonly clock: Clock
  readonly log: Log
  /** Told of whoever is not let in. */
  readonly onDenial?: (denial: Denial) => void
}

/** Attempts to join that this member looks at, from everybody together. */
const perSecond = 10
const burst = 50

export class JoinDesk {
  readonly #deps: JoinDeskDeps
  #turns = burst
  #filledAt: Millis

  constructor(deps: JoinDeskDeps) {
    this.#deps = deps
    this.#filledAt = deps.clock.elapsed()
  }

  /** Lets a newcomer in. `from` is the key that its connection has proved. */
  async join(request: JoinRequest, from: NodeId, signal: AbortSignal): Promise<JoinReply> {
    const { control, log } = this.#deps
    const { mesh } = control.state
    if (mesh === null) throw new ClawError('NO_LEADER', { detail: 'the mesh is still being founded' })
    const problem = problemOf(request)
    if (problem !== null) throw new ClawError('INVALID_REQUEST', { problem })
    await this.#refuseEarly(request, { mesh: mesh.id, from }, signal)
    this.#refuseOtherVersions(request, from)
    const id = `join:${request.token}:${from}:${sha256(request.secret).slice(0, 16)}`
    const { index } = await control.execute(admission(request, from), { id, by: from, signal })
    await control.fresh({ atLeast: index }, signal)
    // A repetition is answered as the first time was, also when the node has been removed since.
    if (!control.state.members.has(from)) throw new ClawError('TOKEN_INVALID', { reason: 'it was used already' })
    const certificate = await this.certificate(from, index, signal)
    log.info('a node joined through this one', { node: from, token: request.token })
    return {
      certificate: new Uint8Array(certificate),
      genesis: recordOf(mesh.genesis),
      addresses: this.#addresses(from),
    }
  }

  /** A member's certificate, signed here or by a peer that can. Throws NO_LEADER when none of them answers. */
  async certificate(node: NodeId, atLeast: number, signal: AbortSignal): Promise<Uint8Array> {
    const { control, rpc, peers, meshKey, clock, log } = this.#deps
    if (atLeast > 0) await control.fresh({ atLeast }, signal)
    if (meshKey.holds) return meshKey.issue(node, clock.now())
    const { leader } = control.status()
    const holders = [...control.state.sealedKeys.keys()].filter((holder) => holder !== peers.self)
    for (const holder of holders.toSorted((a, b) => Number(b === leader) - Number(a === leader))) {
      try {
        const reply = await rpc.call(holder, issueCertificate, { node, atLeast }, signal)
        return reply.certificate
      } catch (error) {
        signal.throwIfAborted()
        log.warn('a holder of the mesh key did not sign', { holder, error })
      }
    }
    throw new ClawError('NO_LEADER', { detail: 'no peer that can sign certificates answers' })
  }

  /** A guess must not cost the mesh a log entry: what the newest state does not know is refused here. */
  async #refuseEarly(
    { mesh, token, secret }: JoinRequest,
    own: { readonly mesh: string; readonly from: NodeId },
    signal: AbortSignal,
  ): Promise<void> {
    const { control, onDenial } = this.#deps
    const refuse = (reason: string): never => {
      onDenial?.({ actor: own.from, operation: 'join', object: token, outcome: 'TOKEN_INVALID' })
      throw new ClawError('TOKEN_INVALID', { reason })
    }
    if (mesh !== own.mesh) return refuse('it is of another mesh')
    this.#takeTurn()
    const fits = (): boolean => {
      const known = control.state.tokens.get(token)
      return known !== undefined && sameBytes(Buffer.from(known.secretHash), Buffer.from(sha256(secret)))
    }
    if (fits()) return
    await control.fresh('linearizable', signal)
    if (!fits()) refuse('the mesh does not know it')
  }

  /** A newcomer that could not go on with the state would be a member that is outdated from the start. Throws PROTOCOL_MISMATCH. */
  #refuseOtherVersions({ oldestState, newestState }: JoinRequest, from: NodeId): void {
    const { control, log } = this.#deps
    const { version } = control.state
    const theirs = rangeOfNumbers(oldestState, newestState)
    if (covers(theirs, version)) return
    const inWords = { ours: `state version ${version}`, theirs: rangeInWords(theirs) }
    log.warn('a newcomer of another version was not let in', { node: from, ...inWords })
    throw new ClawError('PROTOCOL_MISMATCH', inWords)
  }

  /** Keys cost nothing, so guests are limited together. */
  #takeTurn(): void {
    const now = this.#deps.clock.elapsed()
    this.#turns = Math.min(burst, this.#turns + ((now - this.#filledAt) * perSecond) / second)
    this.#filledAt = now
    if (this.#turns < 1) throw new ClawError('RATE_LIMITED', { who: 'The newcomers together' })
    this.#turns -= 1
  }

  #addresses(newcomer: NodeId): string[] {
    const { control, peers } = this.#deps
    const others = [...control.state.members.values()].filter(({ id }) => id !== newcomer && id !== peers.self)
    return [...peers.addresses(), ...others.flatMap(({ addresses }) => addresses.slice(0, 4))].slice(0, 256)
  }
}

function admission(request: JoinRequest, from: NodeId): Command {
  const { token, secret, name, labels, addresses, sealKey } = request
  return {
    type: 'admit',
    tokenId: token,
    secretHash: sha256(secret),
    member: {
      id: from,
      name,
      labels: Object.fromEntries(labels),
      roles: [],
      addresses: addresses.filter((address) => isPeerAddress(address) && address.endsWith(from)),
      sealKey: Buffer.from(sealKey).toString('base64'),
    },
  }
}

function problemOf({ token, secret, name, labels, sealKey }: JoinRequest): string | null {
  if (token.length === 0 || token.length > 64) return 'the token has no id'
  if (secret.length !== secretBytes) return 'the token holds no secret'
  if (sealKey.length !== 32) return 'there is no key to seal to'
  if (!/^[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/.test(name)) return 'the name must be a host name'
  for (const [label, value] of labels)
    if (label.length === 0 || label.length > 63 || value.length > 256) return `the label ${label} is too long`
  return null
}

const recordOf = (genesis: Genesis): GenesisRecord => ({
  name: genesis.name,
  publicKey: new Uint8Array(publicKeyIn(genesis)),
  founder: genesis.founder,
  createdAt: genesis.createdAt,
})
