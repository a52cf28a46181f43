/** A network of one witness, with real keys: an issuer, and lines that count. */
import { newIdentity } from '../../../src/adapters/keys/identity.ts'
import type { Genesis } from '../../../src/core/molt/network.ts'
import { networkOf } from '../../../src/core/molt/network.ts'
import { sign } from '../../../src/core/molt/signing.ts'
import { type Certificate, type Order, type Spend, voteText } from '../../../src/core/molt/spend.ts'

const witness = newIdentity()
export const [issuer, customer] = [newIdentity(), newIdentity()]
export const genesis: Genesis = {
  ...{ name: 'lab', witnesses: [witness.id], faulty: 0, feeBps: 0, feeTo: null, claimTime: 60_000, createdAt: 0 },
  issuers: [{ account: issuer.id, limit: 50_000_000n }],
}
export const network = networkOf(genesis)

/** By its owner. */
export function ordered(spend: Spend, { signer }: Pick<typeof issuer, 'signer'>): Order {
  return {
    spend,
    right: { type: 'owner', signature: sign(signer, { kind: 'spend', network: network.id, value: spend }) },
  }
}

/** By the witness. */
export function counted(order: Order): Certificate {
  const said = { kind: 'vote', network: network.id, value: voteText(order, 'pay', 0) } as const
  return { order, phase: 'pay', round: 0, votes: [{ witness: witness.id, signature: sign(witness.signer, said) }] }
}
