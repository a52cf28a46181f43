/**
 * Who has made an agreement, as everybody may know it: hashes and keys. What it is about, and at which price, is nobody else's business, so both
 * sign this beside the terms.
 */
import { z } from 'zod'
import type { NodeId } from '../../model/ids.ts'
import { Hash, party, Signature } from '../../model/molt-agreement.ts'
import type { Signer, Verifier } from '../../ports/signer.ts'
import type { Agreement } from '../molt/agreement.ts'
import { agreementId } from '../molt/agreement.ts'
import { isValueSignedBy, signValue } from './signed-value.ts'

const Parties = z
  .strictObject({
    /** The id of the agreement: the hash of its terms. */
    agreement: Hash,
    buyer: party,
    provider: party,
    arbiters: z.array(party).max(7),
    endsAt: z.int().min(0),
  })
  .refine(({ buyer, provider }) => buyer !== provider, 'nobody lends to himself')
  .refine(
    ({ arbiters, buyer, provider }) => !arbiters.includes(buyer) && !arbiters.includes(provider),
    'a party is no arbiter',
  )
export type Parties = z.infer<typeof Parties>

export const SignedParties = z.strictObject({ parties: Parties, byBuyer: Signature, byProvider: Signature })
export type SignedParties = z.infer<typeof SignedParties>

export function partiesOf(agreement: Pick<Agreement, 'terms'>): Parties {
  const { buyer, provider, arbiters, endsAt } = agreement.terms
  return { agreement: agreementId(agreement), buyer, provider, arbiters, endsAt }
}

const saidOf = (network: string, value: Parties) => ({ kind: 'parties', network, value }) as const

export const signParties = (signer: Signer, network: string, parties: Parties): Signature =>
  signValue(signer, saidOf(network, parties))

export function areSigned(
  { parties, byBuyer, byProvider }: SignedParties,
  network: string,
  verifier: Verifier,
): boolean {
  const by = (who: NodeId, signed: Signature): boolean =>
    isValueSignedBy(verifier, who, saidOf(network, parties), signed)
  return by(parties.buyer, byBuyer) && by(parties.provider, byProvider)
}
