/** What a node knows of others, from the agreements that it has closed with them itself: nobody else is asked. */
import { z } from 'zod'
import { type Marks, marksOf, type Role } from '../../core/molt/market/reputation.ts'
import { ownDeals } from '../../core/molt/own-deals.ts'
import { partyCalled, look, node, where } from './molt-wallet.ts'
import type { NodeId } from '../../model/ids.ts'
import { unary } from '../operation.ts'

const Reputation = z.object({
  party: z.string(),
  role: z.enum(['buyer', 'provider']).describe('As which it has dealt with this node'),
  score: z.int().nullable().describe('good / (good + bad + 1), of 100; null when nothing is known'),
  isClosedOut: z.boolean().describe('It was proven to contradict itself: nobody deals with it'),
  closed: z.object({ agreed: z.int(), claimed: z.int(), takenBack: z.int(), judged: z.int() }),
  good: z.number().describe('What good deals count, all of one pair together for one at most'),
  bad: z.number().describe('What bad deals count'),
})

export const moltReputation = unary({
  name: 'molt.reputation',
  about: 'Show what a node knows of those with whom it has closed agreements, and what each score follows from.',
  input: z.strictObject({
    party: z.string().min(1).max(128).optional().describe('Only of this account, or node of this mesh'),
    node,
  }),
  output: z.array(Reputation),
  permission: look,
  rest: { method: 'GET', path: '/api/molt/reputation' },
  where,
  handler({ party: wanted }, context) {
    const { bank, network, account: self, closedOut } = context.wallet.view()
    const deals = ownDeals(bank.books, network)
    const marks = marksOf({ deals, self, closedOut, now: context.clock.now() })
    const seen = new Set(deals.map(({ buyer, provider }) => (buyer === self ? provider : buyer)))
    const parties = wanted === undefined ? [...seen].toSorted() : [partyCalled(wanted, context, self)]
    const shown = parties.flatMap((party) => rowsOf(party, marks))
    return Promise.resolve(shown)
  },
})

const roles: readonly Role[] = ['buyer', 'provider']

const rowsOf = (party: NodeId, marks: (who: NodeId, role: Role) => Marks): readonly z.infer<typeof Reputation>[] =>
  roles.map((role) => reputation(party, role, marks(party, role)))

function reputation(party: NodeId, role: Role, { score, isClosedOut, deals, good, bad }: Marks) {
  const count = (wanted: string): number => deals.filter(({ how }) => how === wanted).length
  const closed = {
    ...{ agreed: count('agreed'), claimed: count('claimed') },
    ...{ takenBack: count('taken-back'), judged: count('judged') },
  }
  return { party, role, score, isClosedOut, closed, good: Number(good) / 1_000, bad: Number(bad) / 1_000 }
}
