/** The mesh's private key, as far as this node holds it: opened from the state when it is needed, and kept nowhere else. */
import { certificateTag, certify } from '../../core/admission/certificate.ts'
import type { Genesis, MeshState } from '../../core/state/types.ts'
import { ClawError } from '../../model/failure.ts'
import type { MeshId, NodeId } from '../../model/ids.ts'
import type { Member } from '../../model/node.ts'
import { day, type Instant, type Millis } from '../../model/time.ts'
import type { MeshKey, MeshKeys, Sealer } from '../../ports/keys.ts'

/** Long enough for a mesh that was switched off over the holidays. */
export const certificateLife: Millis = 30 * day

/** Binds a sealed mesh key to its mesh. */
export const meshKeyScope = (mesh: MeshId): string => `mesh-key ${mesh}`

export interface MeshKeyDeps {
  readonly self: NodeId
  readonly sealer: Sealer
  readonly keys: Pick<MeshKeys, 'sign'>
  readonly state: () => Pick<MeshState, 'mesh' | 'sealedKeys' | 'members'>
}

export class MeshKeyHolder {
  readonly #deps: MeshKeyDeps

  constructor(deps: MeshKeyDeps) {
    this.#deps = deps
  }

  /** Can this node sign for the mesh? */
  get holds(): boolean {
    return this.#secret() !== null
  }

  /** A certificate for a member as it stands in the state. Throws NODE_NOT_FOUND for others, PERMISSION_DENIED without the key. */
  issue(node: NodeId, now: Instant): Uint8Array {
    const { mesh, members } = this.#deps.state()
    const member = members.get(node)
    if (member === undefined || mesh === null) throw new ClawError('NODE_NOT_FOUND', { node })
    const secret = this.#secret()
    if (secret === null) throw new ClawError('PERMISSION_DENIED', { action: 'sign for the mesh on this node' })
    return certificateFor(member, { mesh: mesh.id, secret, now, keys: this.#deps.keys })
  }

  /** The mesh key, sealed to a member that may come to lead. Null when this node does not hold it, or that one is no member. */
  sealFor(node: NodeId): string | null {
    const { mesh, members } = this.#deps.state()
    const member = members.get(node)
    const secret = this.#secret()
    if (member === undefined || mesh === null || secret === null) return null
    return this.#deps.sealer.seal(member.sealKey, meshKeyScope(mesh.id), secret)
  }

  #secret(): Uint8Array | null {
    const { mesh, sealedKeys } = this.#deps.state()
    const sealed = sealedKeys.get(this.#deps.self)
    if (mesh === null || sealed === undefined) return null
    return this.#deps.sealer.open(meshKeyScope(mesh.id), sealed)
  }
}

export interface Issuing {
  readonly mesh: MeshId
  readonly secret: MeshKey['secret']
  readonly now: Instant
  readonly keys: Pick<MeshKeys, 'sign'>
}

export function certificateFor(member: Pick<Member, 'id' | 'name' | 'roles' | 'epoch'>, issuing: Issuing): Uint8Array {
  const { mesh, secret, now, keys } = issuing
  const { id: peer, name, roles, epoch } = member
  const membership = { mesh, peer, name, roles, epoch, notBefore: now, notAfter: now + certificateLife }
  return certify(membership, (body) => keys.sign(secret, certificateTag, mesh, body))
}

/** The mesh's public key as it stands in its founding record. */
export const publicKeyIn = ({ publicKey }: Genesis): Uint8Array => new Uint8Array(Buffer.from(publicKey, 'base64'))
