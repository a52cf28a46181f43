/** Agreements whose signatures can be written to disk and read again, and who has made them. */
import type { Agreement, Terms } from '../../../src/core/molt/agreement.ts'
import { sign } from '../../../src/core/molt/signing.ts'
import { partiesOf, type SignedParties, signParties } from '../../../src/core/records/parties.ts'
import type { NodeId } from '../../../src/model/ids.ts'
import { simSigner } from '../../../src/simulation/signer.ts'
import { agreed, network } from './samples.ts'

export function agreedFor(parts: Partial<Terms> = {}): Agreement {
  const { terms } = agreed(parts)
  const by = (who: NodeId): string => sign(simSigner(who), { kind: 'agreement', network: network.id, value: terms })
  return { terms, byBuyer: by(terms.buyer), byProvider: by(terms.provider) }
}

export function partiesSigned(agreement: Agreement): SignedParties {
  const parties = partiesOf(agreement)
  const by = (who: NodeId): string => signParties(simSigner(who), network.id, parties)
  return { parties, byBuyer: by(parties.buyer), byProvider: by(parties.provider) }
}
