/** Who a mesh is: its founding record, and the id that follows from it. */
import { sha256 } from '../../lib/sha256.ts'
import { type MeshId, meshId } from '../../model/ids.ts'
import type { Genesis } from '../state/types.ts'

/**
 * The id is a hash of the record in one fixed form: a JSON array of the label and the four fields in this order. It cannot be
 * written in two ways, so it need not be kept beside the record.
 */
export function meshIdOf({ name, publicKey, founder, createdAt }: Genesis): MeshId {
  const record = JSON.stringify(['claw/genesis/1', name, publicKey, founder, createdAt])
  return meshId(`mesh-${sha256(record).slice(0, 32)}`)
}

/** What must be known of a mesh to check its certificates. */
export interface MeshAnchor {
  readonly id: MeshId
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array
}
