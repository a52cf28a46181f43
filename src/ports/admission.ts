/** Who belongs to the mesh, as the network needs to know it. */
import type { NodeId } from '../model/ids.ts'
import type { Unsubscribe } from './rpc.ts'

/** What a node is told whose certificate counts no more because it was removed. */
export const removedReason = 'it was removed from the mesh'

export type AdmissionCheck = { readonly ok: true } | { readonly ok: false; readonly reason: string }

export interface Admission {
  /** This node's own certificate, the newest it has. */
  certificate(): Uint8Array
  /** Does this certificate let that peer in, now? `from` is the identity that the connection has proved. */
  check(certificate: Uint8Array, from: NodeId): AdmissionCheck
  /** Is this peer one that may be talked to without asking: a member of the state, and not removed from it? */
  isMember(node: NodeId): boolean
  /** Called when a member was removed: its connections must go. */
  onRemoved(listener: (node: NodeId) => void): Unsubscribe
  /** Called when this node has a newer certificate: peers must be shown it. */
  onRenewed(listener: () => void): Unsubscribe
}
