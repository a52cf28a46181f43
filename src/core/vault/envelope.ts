/** A sealed value as it stands in the state, and what it is bound to. */
import type { MeshId } from '../../model/ids.ts'

/** What a value is the value of. It is bound into the seal, so that one cannot be passed off as another. */
export interface Subject {
  readonly mesh: MeshId
  readonly namespace: string
  /** A secret of the mesh in one of its versions, or a variable of one workload. */
  readonly of: { readonly secret: string; readonly version: number } | { readonly env: string }
}

/** Names hold no NUL, so no two subjects have the same scope. */
export function scopeOf({ mesh, namespace, of }: Subject): string {
  const parts = 'secret' in of ? ['secret', of.secret, String(of.version)] : ['env', of.env]
  return ['claw/secret/1', mesh, namespace, ...parts].join('\0')
}

export interface Envelope {
  /** Of the vault's key to which the data key is sealed. */
  readonly epoch: number
  /** The data key, sealed, base64. */
  readonly key: string
  /** The value under the data key, base64. */
  readonly box: string
}

export const envelopeText = ({ epoch, key, box }: Envelope): string => `s1.${epoch}.${key}.${box}`

/** Null for what is none. */
export function readEnvelope(text: string): Envelope | null {
  const [, epoch, key, box] = /^s1\.(\d{1,9})\.([A-Za-z0-9+/=]+)\.([A-Za-z0-9+/=]+)$/.exec(text) ?? []
  return epoch === undefined || key === undefined || box === undefined ? null : { epoch: Number(epoch), key, box }
}

/** What keeps the keys of the vault apart from all else that is sealed to a node. */
export const ringScope = (mesh: MeshId, epoch: number): string => `vault-ring ${mesh} ${epoch}`

/** Of a data key that is handed on to one node for one subject. */
export const deliveryScope = (subject: string): string => `vault-delivery ${subject}`
