/** Answers the network's question who belongs to the mesh, from the certificate shown and the state that this peer has. */
import { isWorker } from '../../core/access/standing.ts'
import { checkCertificate, type Membership } from '../../core/admission/certificate.ts'
import type { MeshAnchor } from '../../core/admission/genesis.ts'
import type { Change, MeshState } from '../../core/state/types.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Admission, AdmissionCheck } from '../../ports/admission.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Unsubscribe } from '../../ports/rpc.ts'
import type { Verifier } from '../../ports/signer.ts'

export interface GateDeps {
  readonly mesh: MeshAnchor
  readonly certificate: Uint8Array
  readonly verifier: Verifier
  readonly clock: Clock
  /** The state as far as this peer has it; empty before it has any. */
  readonly state: () => Pick<MeshState, 'members' | 'removed'>
}

/** More than a mesh has members. */
const mostCertified = 4_096

export class AdmissionGate implements Admission {
  readonly #deps: GateDeps
  readonly #removals = new Set<(node: NodeId) => void>()
  readonly #renewals = new Set<() => void>()
  /** Peers whose certificate says that they do not only work; whoever was let in last is last. */
  readonly #certified = new Set<NodeId>()
  #certificate: Uint8Array

  constructor(deps: GateDeps) {
    this.#deps = deps
    this.#certificate = deps.certificate
  }

  certificate(): Uint8Array {
    return this.#certificate
  }

  check(certificate: Uint8Array, from: NodeId): AdmissionCheck {
    const { mesh, verifier, clock, state } = this.#deps
    const verdict = checkCertificate(certificate, { mesh, from, removed: state().removed, now: clock.now(), verifier })
    if (!verdict.ok) return verdict
    this.#note(from, verdict.membership)
    return { ok: true }
  }

  isMember(node: NodeId): boolean {
    return this.#deps.state().members.has(node)
  }

  /**
   * May it take the lead? The state says so, where it knows the peer. A newcomer knows nobody, and who was away may be led by a newcomer:
   * for them, what the mesh has signed of that peer says it. Of whom nothing is known does not lead.
   */
  mayLead(node: NodeId): boolean {
    const member = this.#deps.state().members.get(node)
    return member === undefined ? this.#certified.has(node) : !isWorker(member)
  }

  #note(node: NodeId, membership: Pick<Membership, 'roles'>): void {
    this.#certified.delete(node)
    if (isWorker(membership)) return
    this.#certified.add(node)
    const [oldest] = this.#certified
    if (this.#certified.size > mostCertified && oldest !== undefined) this.#certified.delete(oldest)
  }

  onRemoved(listener: (node: NodeId) => void): Unsubscribe {
    this.#removals.add(listener)
    return () => this.#removals.delete(listener)
  }

  onRenewed(listener: () => void): Unsubscribe {
    this.#renewals.add(listener)
    return () => this.#renewals.delete(listener)
  }

  /** This node has a newer certificate. */
  renewed(certificate: Uint8Array): void {
    this.#certificate = certificate
    for (const listener of [...this.#renewals]) listener()
  }

  /** To be told of every change of the state. */
  changed(changes: readonly Change[]): void {
    const { members, removed } = this.#deps.state()
    for (const change of changes) {
      if (change.type !== 'member' || !removed.has(change.node) || members.has(change.node)) continue
      this.#certified.delete(change.node)
      for (const listener of [...this.#removals]) listener(change.node)
    }
  }
}
