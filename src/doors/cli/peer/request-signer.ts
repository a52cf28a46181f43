/** Signs requests with an operator’s key, for the mesh that they are meant for and for no other. */
import { createPrivateKey, randomBytes, sign } from 'node:crypto'
import { nodeId } from '../../../model/ids.ts'
import type { SignedRequest } from '../../../wire/signed-request.ts'
import { digestOf, signatureBase } from '../../../wire/signed-request.ts'
import { operatorId, pkcs8Of } from './operator-key.ts'

export interface RequestSigner {
  /** Null while it is not known which mesh is asked. */
  readonly mesh: string | null
  /** The peer says which it is of. False where that is no answer, or another than is known already. */
  learn(mesh: unknown): boolean
  sign(operation: string, input: string): SignedRequest | null
}

/** `pinned` is the mesh that a context is about: a peer of another gets no signature. */
export function requestSigner(seed: Uint8Array, pinned: string | null, now = (): number => Date.now()): RequestSigner {
  const key = createPrivateKey({ key: pkcs8Of(seed), format: 'der', type: 'pkcs8' })
  const id = nodeId(operatorId(seed))
  let mesh = pinned
  return {
    get mesh() {
      return mesh
    },
    learn(found) {
      if (typeof found === 'string') mesh ??= found
      return mesh === found
    },
    sign(operation, input) {
      if (mesh === null) return null
      const created = Math.floor(now() / 1_000)
      const nonce = randomBytes(18).toString('base64url')
      const said = { key: id, mesh, created, nonce, digest: digestOf(input) }
      const signature = new Uint8Array(sign(null, Buffer.from(signatureBase(operation, said)), key))
      return { ...said, signature, operation, input }
    },
  }
}
