/** What a node knows of others: from the agreements that it has closed with them itself, and from those that others have. */
import { z } from 'zod'
import type { Marks, Role } from '../../core/molt/market/reputation.ts'
import { partyCalled, look, node, where } from './molt-wallet.ts'
import type { NodeId } from '../../model/ids.ts'
import { unary } from '../operation.ts'

const Reputation = z.object({
  party: z.string(),
  role: z.enum(['buyer', 'provider']).describe('As which it has dealt with this node'),
  score: z.int().nullable().describe('good / (good + bad + 1), of 100; null when nothing is known'),
  isClosedOut: z.boolean().describe('It was proven to contradict itself: nobody deals with it'),
  closed: z.object({ agreed: z.int(), claimed: z.int(), takenBack: z.int(), judged: z.int() }),
  own: z.int().describe('How many of these this node has closed itself'),
  blamed: z.int().describe('In how many the other party has said that it failed'),
  good: z.number().describe('What good deals count, all of one pair together for one at most'),
  bad: z.number().describe('What bad deals count'),
})

export const moltReputation = unary({
  name: 'molt.reputation',
  about:
    'Show what a node knows of those with whom it has closed agreements, or of anybody by what others have closed, and what each score follows from.',
  input: z.strictObject({
    party: z.string().min(1).max(128).optional().describe('Only of this account, or node of this mesh'),
    node,
  }),
  output: z.array(Reputation),
  permission: look,
  rest: { method: 'GET', path: '/api/molt/reputation' },
  where,
  async handler({ party: wanted }, context, { signal }) {
    const { account: self, reputations } = context.wallet.view()
    const parties = wanted === undefined ? reputations.partners() : [partyCalled(wanted, context, self)]
    for (const party of wanted === undefined ? [] : parties) await reputations.learn(party, signal, { isAsked: true })
    return parties.flatMap((party) =>
      roles.map((role) => reputation({ party, role, self }, reputations.marks(party, role))),
    )
  },
})

const roles: readonly Role[] = ['buyer', 'provider']

interface About {
  readonly party: NodeId
  readonly role: Role
  readonly self: NodeId
}

function reputation({ party, role, self }: About, { score, isClosedOut, deals, good, bad }: Marks) {
  const count = (wanted: string): number => deals.filter(({ how }) => how === wanted).length
  const closed = {
    ...{ agreed: count('agreed'), claimed: count('claimed') },
    ...{ takenBack: count('taken-back'), judged: count('judged') },
  }
  const own = deals.filter(({ buyer, provider }) => buyer === self || provider === self).length
  const blamed = deals.filter(({ blamed: ones = [] }) => ones.includes(role)).length
  return { party, role, score, isClosedOut, closed, own, blamed, good: Number(good) / 1_000, bad: Number(bad) / 1_000 }
}
