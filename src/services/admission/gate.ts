/** Answers the network's question who belongs to the mesh, from the certificate shown and the state that this peer has. */
import { checkCertificate } from '../../core/admission/certificate.ts'
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

export class AdmissionGate implements Admission {
  readonly #deps: GateDeps
  readonly #removals = new Set<(node: NodeId) => void>()
  readonly #renewals = new Set<() => void>()
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
    return verdict.ok ? { ok: true } : verdict
  }

  isMember(node: NodeId): boolean {
    return this.#deps.state().members.has(node)
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
    for (const change of changes)
      if (change.type === 'member' && removed.has(change.node) && !members.has(change.node))
        for (const listener of [...this.#removals]) listener(change.node)
  }
}
