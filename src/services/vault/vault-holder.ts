/** The private keys of the vault, as far as this node holds them: opened from the state when they are needed. */
import { deliveryScope, readEnvelope, ringScope } from '../../core/vault/envelope.ts'
import type { Ring } from '../../core/vault/ring.ts'
import { readRing, ringBytes } from '../../core/vault/ring.ts'
import type { MeshState } from '../../core/state/types.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Sealer, VaultKeys } from '../../ports/keys.ts'

export interface VaultHolderDeps {
  readonly self: NodeId
  readonly sealer: Sealer
  readonly keys: VaultKeys
  readonly state: () => Pick<MeshState, 'mesh' | 'vault' | 'members'>
}

/** Something sealed, and what it is the value of. */
export interface SealedValue {
  readonly sealed: string
  readonly scope: string
  /** What it is called where it cannot be opened. */
  readonly name: string
}

export class VaultHolder {
  readonly #deps: VaultHolderDeps
  /** What was opened last, so that not every value costs an agreement of keys. */
  #opened: { readonly sealed: string; readonly ring: Ring | null } | null = null

  constructor(deps: VaultHolderDeps) {
    this.#deps = deps
  }

  /** Null when this node does not hold them. */
  ring(): Ring | null {
    const { self, sealer, state } = this.#deps
    const { mesh, vault } = state()
    const sealed = vault?.holders.get(self)
    if (mesh === null || vault === null || sealed === undefined) return null
    if (this.#opened?.sealed !== sealed) {
      const bytes = sealer.open(ringScope(mesh.id, vault.epoch), sealed)
      this.#opened = { sealed, ring: bytes === null ? null : readRing(bytes) }
    }
    return this.#opened.ring
  }

  /** All keys for a member that may come to lead; null when it is none. */
  sealRing(ring: Ring, epoch: number, node: NodeId): string | null {
    const { keys, state } = this.#deps
    const { mesh, members } = state()
    const member = members.get(node)
    if (mesh === null || member === undefined) return null
    return keys.seal(member.sealKey, ringScope(mesh.id, epoch), ringBytes(ring))
  }

  /** The data key, sealed to one node. Throws SECRET_UNREADABLE, and SECRETS_UNAVAILABLE when this node does not hold the vault. */
  handOn(value: SealedValue, sealKey: string): string {
    return this.#deps.keys.seal(sealKey, deliveryScope(value.scope), this.#dataKey(value))
  }

  /** The value itself. Throws as `handOn` does. */
  open(value: SealedValue): Uint8Array {
    return this.unbox(value, this.#dataKey(value))
  }

  /** Throws SECRET_UNREADABLE. */
  unbox({ sealed, scope, name }: SealedValue, dataKey: Uint8Array): Uint8Array {
    const envelope = readEnvelope(sealed)
    const box = envelope === null ? null : new Uint8Array(Buffer.from(envelope.box, 'base64'))
    const opened = box === null ? null : this.#deps.keys.decrypt(box, dataKey, scope)
    if (opened === null) throw new ClawError('SECRET_UNREADABLE', { secret: name })
    return opened
  }

  #dataKey({ sealed, scope, name }: SealedValue): Uint8Array {
    const ring = this.ring()
    if (ring === null)
      throw new ClawError('SECRETS_UNAVAILABLE', { detail: 'the peer that was asked cannot open the vault' })
    const envelope = readEnvelope(sealed)
    const secret = envelope === null ? undefined : ring.get(envelope.epoch)
    const key = envelope === null || secret === undefined ? null : this.#deps.keys.open(secret, scope, envelope.key)
    if (key === null) throw new ClawError('SECRET_UNREADABLE', { secret: name })
    return key
  }
}
