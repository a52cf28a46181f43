/** Signatures that cost nothing: anybody's are what a hash of the signed text and of his name is. Only tests may believe them. */
import { sha256 } from '../../../src/lib/sha256.ts'
import type { NodeId } from '../../../src/model/ids.ts'
import { nodeId } from '../../../src/model/ids.ts'
import type { Signer, Verifier } from '../../../src/ports/signer.ts'

const signatureOf = (by: NodeId, tag: string, scope: string, bytes: Uint8Array): Buffer =>
  Buffer.from(sha256(`${by}\0${tag}\0${scope}\0${Buffer.from(bytes).toString('latin1')}`), 'hex')

export const signerOf = (name: string): Signer => {
  const id = nodeId(name)
  return { id, sign: (tag, scope, bytes) => signatureOf(id, tag, scope, bytes) }
}

export const nameVerifier: Verifier = {
  verify: (by, tag, scope, bytes, signature) => signatureOf(by, tag, scope, bytes).equals(signature),
  verifyText: () => false,
  verifyWith: () => false,
}
