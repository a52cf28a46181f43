/** Operators who sign, with keys of their own. */
import { requestSigner } from '../../src/doors/cli/peer/request-signer.ts'
import { operatorId } from '../../src/doors/cli/peer/operator-key.ts'
import { type NodeId, nodeId } from '../../src/model/ids.ts'
import type { SignedRequest } from '../../src/wire/signed-request.ts'

export interface SigningOperator {
  readonly id: NodeId
  readonly seed: Uint8Array
  /** As the command line signs it now. */
  sign(operation: string, input: unknown): SignedRequest
}

/** `now` is the time on its clock. */
export function signingOperator(number: number, mesh: string, now?: () => number): SigningOperator {
  const seed = new Uint8Array(32).fill(number)
  const signer = requestSigner(seed, mesh, now)
  return {
    id: nodeId(operatorId(seed)),
    seed,
    sign(operation, input) {
      const signed = signer.sign(operation, JSON.stringify(input))
      if (signed === null) throw new Error('it knows the mesh')
      return signed
    },
  }
}
