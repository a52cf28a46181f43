/** A dispute in words. */
import type { OutputOf } from '../../../operations/registry.ts'
import { facts } from './words.ts'

type Shown = OutputOf<'moltdispute.info'>

export const disputeFacts = (dispute: Shown): readonly string[] =>
  facts([
    ['Agreement', dispute.agreement],
    ['State', stateInWords(dispute)],
    ['This node', dispute.as],
    ['Set aside', dispute.hold.inWords],
    ['Buyer', dispute.buyer],
    ['Provider', dispute.provider],
    ['Arbiters', dispute.arbiters.join(', ')],
    ['To be judged until', dispute.judgedUntil],
    ...dispute.claims.map(
      (claim) => [claim.as === 'buyer' ? 'Buyer says' : 'Provider says', claimInWords(claim)] as const,
    ),
    ...dispute.rulings.map(({ arbiter, paid }) => ['Signed', `${paid.inWords} by ${arbiter}`] as const),
  ])

const stateInWords = ({ state, how, paid }: Shown): string =>
  how === null ? state : `${state}, ${how} at ${paid?.inWords ?? 'nothing'}`

function claimInWords({ reason, promised, metered, isContradicted }: Shown['claims'][number]): string {
  if (promised === null || metered === null) return reason
  const two = isContradicted === true ? '; the provider has signed two notes with one number' : ''
  return `${reason} (promised ${promised.inWords}, metered ${metered.inWords}${two})`
}
