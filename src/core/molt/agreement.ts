/** What a buyer and a provider have agreed on: both have signed the same terms, whose hash is its id. */
import type { Agreement, Hash } from '../../model/molt-agreement.ts'
import type { Verifier } from '../../ports/signer.ts'
import { hashOf, isSignedBy } from './signing.ts'

export { Agreement, Terms } from '../../model/molt-agreement.ts'

export const agreementId = ({ terms }: Pick<Agreement, 'terms'>): Hash => hashOf('agreement', terms)

const prefix = 'agr-'
/** The account that holds what is set aside. Nobody has its key: it can only be closed, by the rules of its agreement. */
export const holdAccount = (agreement: Pick<Agreement, 'terms'>): string => `${prefix}${agreementId(agreement)}`
export const isHoldAccount = (account: string): boolean => account.startsWith(prefix)

/** Whether both have signed it. */
export function isAgreed({ terms, byBuyer, byProvider }: Agreement, verifier: Verifier): boolean {
  const said = { kind: 'agreement', network: terms.network, value: terms } as const
  return isSignedBy(verifier, terms.buyer, said, byBuyer) && isSignedBy(verifier, terms.provider, said, byProvider)
}
