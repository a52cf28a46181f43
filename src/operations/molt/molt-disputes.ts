/** Disputes about agreements that this node has made, or is to judge. */
import { z } from 'zod'
import { type Agreement, agreementId } from '../../core/molt/agreement.ts'
import { claimableAt } from '../../core/molt/closing.ts'
import { wordFor } from '../../core/molt/market/job.ts'
import { type Dispute, disputeStates, stateOf } from '../../core/records/dispute.ts'
import { evidenceFileText, factsIn } from '../../core/records/evidence.ts'
import { parseMolt } from '../../model/amount.ts'
import type { MicroMolt } from '../../model/amount.ts'
import { ClawError } from '../../model/failure.ts'
import { longestReason } from '../../model/molt-dispute.ts'
import type { WalletView } from '../../services/molt/wallet-door.ts'
import type { OperationContext } from '../context.ts'
import { iso, time } from '../fields.ts'
import { unary } from '../operation.ts'
import { Money, money } from './molt-lease-view.ts'
import { networkIn } from './molt-view.ts'
import { look, node, where } from './molt-wallet.ts'

const spend = { verb: 'spend', resource: 'molt' } as const
const reference = z.string().min(4).max(64).describe('Id of its agreement, or the beginning of it')

const DisputeRow = z.object({
  agreement: z.string(),
  state: z.enum(disputeStates).describe('`judged`: all arbiters have signed one sum, and it is being closed at that'),
  as: z.enum(['buyer', 'provider', 'arbiter']).describe('What this node has to do with it'),
  openedBy: z.string(),
  reason: z.string(),
  at: time,
  hold: Money.describe('What is set aside'),
  judgedUntil: time.describe('Until then nobody but both parties together, or the arbiters, can close it'),
  paid: Money.nullable().describe('What its provider got in the end, before the fee'),
  how: z.enum(['agreed', 'claimed', 'taken-back', 'judged', 'nothing']).nullable(),
})

const DisputeView = DisputeRow.extend({
  buyer: z.string(),
  provider: z.string(),
  arbiters: z.array(z.string()),
  claims: z.array(
    z.object({
      by: z.string(),
      as: z.enum(['buyer', 'provider']),
      reason: z.string(),
      at: time,
      evidence: z.string().describe('SHA-256 of what was put forward'),
      promised: Money.nullable().describe(
        'The most that the buyer has signed for; null where the evidence is not here',
      ),
      metered: Money.nullable().describe('The most that the provider has signed as used'),
      isContradicted: z.boolean().nullable().describe('The provider has signed two notes with one number'),
    }),
  ),
  rulings: z.array(z.object({ arbiter: z.string(), paid: Money })).describe('What each arbiter has signed so far'),
})

const roleOf = ({ terms }: Agreement, self: string): 'buyer' | 'provider' | 'arbiter' =>
  self === terms.buyer ? 'buyer' : self === terms.provider ? 'provider' : 'arbiter'

function rowOf(dispute: Dispute, { account, network }: WalletView): z.infer<typeof DisputeRow> {
  const { agreement, claims, end, at } = dispute
  const [first] = claims
  return {
    ...{ agreement: agreementId(agreement), state: stateOf(dispute), as: roleOf(agreement, account), at: iso(at) },
    ...{ openedBy: first?.by ?? '', reason: first?.reason ?? '', hold: money(agreement.terms.hold) },
    judgedUntil: iso(claimableAt(agreement.terms, network)),
    ...{ paid: end === null ? null : money(end.outcome.paid), how: end?.outcome.how ?? null },
  }
}

function viewOf(dispute: Dispute, view: WalletView): z.infer<typeof DisputeView> {
  const { agreement, claims, rulings } = dispute
  const { buyer, provider, arbiters } = agreement.terms
  const id = agreementId(agreement)
  return {
    ...{ ...rowOf(dispute, view), buyer, provider, arbiters: [...arbiters] },
    claims: claims.map(({ by, reason, at, evidence }) => {
      const put = view.disputes.evidence(id, by)
      const found = put === null ? null : factsIn(put)
      return {
        ...{ by, as: by === buyer ? ('buyer' as const) : ('provider' as const), reason, at: iso(at), evidence },
        promised: found === null ? null : money(found.promised),
        metered: found === null ? null : money(found.metered),
        isContradicted: found?.isContradicted ?? null,
      }
    }),
    rulings: rulings.map(({ arbiter, paid }) => ({ arbiter, paid: money(paid) })),
  }
}

export const moltDisputeList = unary({
  name: 'moltdispute.list',
  about: 'List the disputes that concern a node, as a party or as an arbiter.',
  input: z.strictObject({ node }),
  output: z.array(DisputeRow),
  permission: look,
  rest: { method: 'GET', path: '/api/molt/disputes' },
  where,
  handler(_, { wallet }) {
    const view = wallet.view()
    return Promise.resolve(view.disputes.all().map((dispute) => rowOf(dispute, view)))
  },
})

export const moltDisputeInfo = unary({
  name: 'moltdispute.info',
  about: 'Show one dispute: what each side has put forward, and what each arbiter has signed.',
  input: z.strictObject({ dispute: reference, node }),
  output: DisputeView,
  permission: look,
  rest: { method: 'GET', path: '/api/molt/disputes/{dispute}' },
  where,
  handler({ dispute }, { wallet }) {
    const view = wallet.view()
    return Promise.resolve(viewOf(view.disputes.find(dispute), view))
  },
})

export const moltDisputeOpen = unary({
  name: 'moltdispute.open',
  about:
    'Have the arbiters of an agreement judge what its provider gets. This side closes nothing by itself until their time is over.',
  input: z.strictObject({
    of: z.string().min(1).max(128).describe('A job that this node has bought, or a lease that it has given'),
    reason: z.string().min(1).max(longestReason).describe('For the arbiters and the other side'),
    node,
  }),
  output: DisputeView,
  permission: spend,
  rest: { method: 'POST', path: '/api/molt/disputes' },
  where,
  object: ({ of }) => of,
  async handler({ of, reason }, context, { signal }) {
    const view = context.wallet.view()
    return viewOf(await view.disputes.open(agreementFor(of, context), reason, signal), view)
  },
})

/** Of a lease by the beginning of its id, or of the last purchase of a job. Throws MOLT_JOB_NOT_FOUND and MOLT_JOB_NOT_PLACED. */
function agreementFor(of: string, { lending, buying }: OperationContext): Agreement {
  const given = lending
    .view()
    .leases()
    .flatMap(({ lease }) => lease.agreement ?? [])
    .filter((agreement) => of.length >= 4 && agreementId(agreement).startsWith(of))
  const [lent] = given
  if (lent !== undefined && given.length === 1) return lent
  const job = buying.view().service.job(of)
  const bought = job.buy.purchases.findLast(({ agreement }) => agreement !== null)?.agreement
  if (bought === undefined || bought === null)
    throw new ClawError('MOLT_JOB_NOT_PLACED', { job: job.name, state: wordFor(job) })
  return bought
}

export const moltDisputeEvidence = unary({
  name: 'moltdispute.evidence',
  about: 'Read what a side has put forward as a file, which `clawbernetes molt verify FILE` checks anywhere.',
  input: z.strictObject({
    dispute: reference,
    by: z.enum(['buyer', 'provider']).optional().describe('Whose; that of whoever has opened it when left out'),
    node,
  }),
  output: z.object({ by: z.string(), text: z.string() }),
  permission: look,
  rest: { method: 'GET', path: '/api/molt/disputes/{dispute}/evidence' },
  where,
  handler({ dispute: wanted, by: side }, { wallet, control }) {
    const { disputes } = wallet.view()
    const { agreement, claims } = disputes.find(wanted)
    const by = side === undefined ? claims[0]?.by : agreement.terms[side]
    const id = agreementId(agreement)
    const evidence = by === undefined ? null : disputes.evidence(id, by)
    if (by === undefined || evidence === null)
      throw new ClawError('DISPUTE_REFUSED', { agreement: id, problem: 'that side has put nothing forward here' })
    return Promise.resolve({ by, text: evidenceFileText(networkIn(control.state).genesis, evidence) })
  },
})

export const moltVerdict = unary({
  name: 'molt.verdict',
  about:
    'As an arbiter, sign what the provider of an agreement gets. Once all arbiters have signed the same, it is closed at that.',
  input: z.strictObject({
    dispute: reference,
    providerShare: z.string().max(32).describe('Of what is set aside, such as 60%; or MOLT, such as 1.25'),
    dryRun: z.boolean().default(false).describe('Say only what would be signed'),
    node,
  }),
  output: DisputeView.extend({ provided: Money.describe('What the provider gets, before the fee'), back: Money }),
  permission: spend,
  rest: { method: 'POST', path: '/api/molt/disputes/{dispute}/verdict' },
  where,
  object: ({ dispute }) => dispute,
  async handler({ dispute: wanted, providerShare, dryRun }, { wallet }) {
    const view = wallet.view()
    const dispute = view.disputes.find(wanted)
    const { hold } = dispute.agreement.terms
    const paid = shareOf(hold, providerShare)
    const judged = dryRun ? dispute : await view.disputes.rule(dispute, paid)
    return { ...viewOf(judged, view), provided: money(paid), back: money(hold - paid) }
  },
})

/** Rounded down. Throws INVALID_REQUEST. */
function shareOf(hold: MicroMolt, text: string): MicroMolt {
  const percent = /^(\d{1,3})(?:\.(\d{1,2}))?%$/.exec(text)
  const paid =
    percent === null
      ? parseMolt(text)
      : (hold * (BigInt(percent[1] ?? '0') * 100n + BigInt((percent[2] ?? '').padEnd(2, '0')))) / 10_000n
  if (paid === null || paid > hold)
    throw new ClawError('INVALID_REQUEST', {
      problem: `“${text}” is no share of what is set aside: write 60%, or MOLT such as 1.25, and no more than there is`,
    })
  return paid
}
