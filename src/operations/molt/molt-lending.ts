/** What a node lends: at which terms, to whom it does, and what it has earned with it. */
import { z } from 'zod'
import { earnedIn } from '../../core/molt/market/lent.ts'
import { lendingOf, modeLimits } from '../../core/molt/market/lending.ts'
import { parseMolt } from '../../model/amount.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import { isolations } from '../../model/molt-hardware.ts'
import { type EarningPeriod, earningPeriods } from '../../model/molt-lease.ts'
import { type LendingMode, lendingModes, LendingPolicy } from '../../model/molt-policy.ts'
import { day, type Instant } from '../../model/time.ts'
import type { OperationContext } from '../context.ts'
import { iso, nodeRef, time } from '../fields.ts'
import { findNode } from '../find.ts'
import { unary } from '../operation.ts'
import { obstaclesOf } from './lending-status.ts'
import { LeaseRow, leaseRow, LeaseView, leaseView, LentView, lentView, Money, money } from './molt-lease-view.ts'

const node = nodeRef.optional().describe('The node that lends; the one that is asked when left out')
const where = ({ node: of }: { readonly node?: string | undefined }, { control, self }: OperationContext): NodeId =>
  of === undefined ? self : findNode(control.state, of)
const look = { verb: 'read', resource: 'molt' } as const
const change = { verb: 'change', resource: 'molt' } as const

const mode = z.enum(lendingModes)
const PolicyView = z.object({
  mode: mode.nullable().describe('How it lends; null where it lends nothing'),
  policy: z.record(z.string(), z.unknown()).describe('What its owner has written'),
  terms: z
    .object({
      mode: mode.describe('Of which these are the terms: the one that is shown, or moderate'),
      prices: z.record(z.string(), Money).describe('For an hour of one GPU, by model; `*` for all others'),
      isolation: z.array(z.enum(isolations)).describe('How guests may be kept apart'),
      shortestMs: z.number(),
      longestMs: z.number(),
      intervalMs: z.number().describe('Between two meter notes: what one costs is all that can be lost'),
      reclaimMs: z.number(),
      concurrency: z.int().describe('Leases at a time'),
      minReputation: z.int(),
      newcomers: z.boolean().describe('Lends to those of whom nothing is known'),
      largestLease: Money,
      data: z
        .object({
          inputs: z.int().describe('Most bytes that a buyer may send for one lease'),
          outputs: z.int().describe('Most bytes that work may leave for its buyer'),
          images: z.int().describe('Bytes of the largest image that is taken from a buyer'),
          all: z.int().describe('Most bytes of all that together, of all leases'),
          sendMs: z.int().describe('GPUs wait so long for what is sent'),
          keepMs: z.int().describe('What work leaves is kept so long after its agreement was closed'),
        })
        .describe('What goes with work, and comes back'),
    })
    .describe('What follows from both'),
  available: z
    .array(z.enum(isolations))
    .nullable()
    .describe('What guests can be kept apart by here; null while it is in no network'),
})

const dataView = ({ send, keep, ...sizes }: ReturnType<typeof lendingOf>['data']) => ({
  ...sizes,
  ...{ sendMs: send, keepMs: keep },
})

function policyView(policy: LendingPolicy, lending: LendingMode | null, available: readonly string[] | null) {
  const shown = lending ?? 'moderate'
  const rules = lendingOf(shown, policy)
  const prices = Object.entries(rules.prices).map(([model, rate]) => [model, money(rate * 3_600n)] as const)
  return {
    mode: lending,
    policy,
    terms: {
      ...{ mode: shown, prices: Object.fromEntries(prices), isolation: [...rules.isolation] },
      ...{ shortestMs: rules.shortest, longestMs: rules.longest, intervalMs: rules.interval, reclaimMs: rules.reclaim },
      ...{ concurrency: rules.concurrency, minReputation: rules.minReputation, newcomers: rules.newcomers },
      largestLease: money(rules.largestLease),
      data: dataView(rules.data),
    },
    available: available === null ? null : isolations.filter((one) => available.includes(one)),
  }
}

const modeNow = ({ molt }: OperationContext): LendingMode | null =>
  lendingModes.find((one) => one === molt.status().part?.mode) ?? null

const availableNow = (context: OperationContext) =>
  context.molt.status().isConnected ? context.lending.view().isolation() : null

export const moltPolicyShow = unary({
  name: 'moltpolicy.show',
  about: 'Show at which terms a node lends its GPUs to strangers.',
  input: z.strictObject({ node }),
  output: PolicyView,
  permission: look,
  rest: { method: 'GET', path: '/api/molt/policy' },
  where,
  async handler(_, context) {
    return policyView(await context.lending.policy(), modeNow(context), availableNow(context))
  },
})

export const moltPolicySet = unary({
  name: 'moltpolicy.set',
  about: 'Set at which terms a node lends its GPUs to strangers. What was agreed before stays as it was agreed.',
  input: z.strictObject({ policy: LendingPolicy, node }),
  output: PolicyView,
  permission: change,
  rest: { method: 'POST', path: '/api/molt/policy' },
  where,
  async handler({ policy }, context) {
    checkPrices(policy)
    await context.lending.setPolicy(policy)
    return policyView(policy, modeNow(context), availableNow(context))
  },
})

export const moltPolicyValidate = unary({
  name: 'moltpolicy.validate',
  about: 'Say what would follow from a policy for lending, without setting it.',
  input: z.strictObject({ policy: LendingPolicy, mode: mode.optional(), node }),
  output: PolicyView.extend({
    warnings: z.array(z.string()).describe('What its owner may not have meant'),
  }),
  permission: look,
  rest: { method: 'POST', path: '/api/molt/policy/validate' },
  where,
  handler({ policy, mode: asked }, context) {
    checkPrices(policy)
    const lending = asked ?? modeNow(context)
    const view = policyView(policy, lending, availableNow(context))
    return Promise.resolve({ ...view, warnings: warningsOf(view, policy, context) })
  },
})

/** A lease that costs nothing cannot be paid, and so is never given. Throws INVALID_REQUEST. */
function checkPrices({ prices = {} }: LendingPolicy): void {
  const free = Object.keys(prices).find((model) => parseMolt(prices[model] ?? '') === 0n)
  if (free === undefined) return
  const problem = `${free} cannot be lent for nothing: 0.000001 is the least; what is not to be lent is left out of “gpus”`
  throw new ClawError('INVALID_REQUEST', { problem })
}

function warningsOf(
  { terms, available }: z.infer<typeof PolicyView>,
  policy: LendingPolicy,
  { control, self }: OperationContext,
): string[] {
  const least = modeLimits[terms.mode].least
  const cheap = Object.entries(terms.prices).filter(([, { micro }]) => BigInt(micro) < least)
  const gpus = control.state.members.get(self)?.inventory?.gpus ?? []
  return [
    ...cheap.map(
      ([model, { inWords }]) => `${model} is lent for ${inWords} an hour, less than ${terms.mode} would ask`,
    ),
    ...obstaclesOf(terms, { available, gpus }),
    ...(policy.isolation?.includes('runc') === true
      ? ['with runc, guests share the kernel of the host: a flaw in it is theirs to use']
      : []),
  ]
}

export const moltLeaseList = unary({
  name: 'moltlease.list',
  about: 'List the bids and leases of a node that lends.',
  input: z.strictObject({
    all: z.boolean().default(false).describe('Also those that were closed not long ago'),
    node,
  }),
  output: z.array(LeaseRow),
  permission: look,
  rest: { method: 'GET', path: '/api/molt/leases' },
  where,
  handler({ all }, { lending, clock }) {
    const leases = lending.view().leases()
    return Promise.resolve(
      leases.filter(({ lease }) => all || lease.state !== 'closed').map((one) => leaseRow(one, clock.now())),
    )
  },
})

export const moltLeaseInfo = unary({
  name: 'moltlease.info',
  about: 'Show one lease of a node that lends: its terms, its meter, its work, and how it was closed.',
  input: z.strictObject({
    lease: z.string().min(4).max(64).describe('Id of the agreement, or of the bid; its beginning will do'),
    node,
  }),
  output: LeaseView,
  permission: look,
  rest: { method: 'GET', path: '/api/molt/leases/:lease' },
  where,
  handler({ lease: id }, { lending, clock }) {
    const found = lending
      .view()
      .leases()
      .filter((sight) => leaseRow(sight, clock.now()).id.startsWith(id))
    const [one, another] = found
    if (one === undefined || another !== undefined) throw new ClawError('LEASE_UNKNOWN', { agreement: id })
    return Promise.resolve(leaseView(one, clock.now()))
  },
})

export const moltEarnings = unary({
  name: 'molt.earnings',
  about: 'Show what a node has earned by lending its GPUs.',
  input: z.strictObject({
    period: z.enum(earningPeriods).default('30d').describe('The last days, or the calendar month so far, in UTC'),
    detailed: z.boolean().default(false).describe('Also each lease'),
    node,
  }),
  output: z.object({
    from: time,
    to: time,
    leases: z.int().describe('Closed in that time'),
    used: z.number().describe('GPU-seconds'),
    paid: Money.describe('By buyers'),
    fee: Money.describe('What of it went to the network'),
    earned: Money.describe('What was left'),
    pending: Money.describe('Promised by buyers of leases that are not closed yet'),
    each: z.array(LentView).nullable(),
  }),
  permission: look,
  rest: { method: 'GET', path: '/api/molt/earnings' },
  where,
  handler({ period, detailed }, { lending, molt, clock }) {
    const view = lending.view()
    const to = clock.now() + 1
    const from = beginOf(period, to)
    const history = view.history()
    const { leases, gpuMillis, paid, fee } = earnedIn(history, molt.plane().network, { from, to })
    const open = view.leases().filter(({ lease }) => lease.state !== 'closed')
    const pending = open.reduce((sum, { lease }) => sum + lease.meter.vouched, 0n)
    return Promise.resolve({
      ...{ from: iso(from), to: iso(to), leases, used: Number(gpuMillis) / 1_000, paid: money(paid), fee: money(fee) },
      ...{ earned: money(paid - fee), pending: money(pending) },
      each: detailed ? history.filter(({ closedAt }) => closedAt >= from && closedAt < to).map(lentView) : null,
    })
  },
})

function beginOf(period: EarningPeriod, to: Instant): Instant {
  if (period !== 'month') return Math.max(0, to - (period === '7d' ? 7 : 30) * day)
  const now = new Date(to)
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1)
}
