/** What there is to rent, and having it run work: looking and asking cost nothing, requesting does. */
import { z } from 'zod'
import { depthOf } from '../../core/molt/market/depth.ts'
import { buyingOf } from '../../core/molt/market/preferences.ts'
import { publicKeyOf } from '../../lib/peer-id.ts'
import { parseMolt } from '../../model/amount.ts'
import { gpuModelMatches } from '../../model/gpu.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import { gpuModel, isAsSure, isolations, verification, verifications } from '../../model/molt-hardware.ts'
import { MoltJobRequest, wishFields } from '../../model/molt-job-request.ts'
import { BuyingPreferences } from '../../model/molt-preferences.ts'
import type { BuyingView } from '../../services/molt/buying/buying-door.ts'
import type { OperationContext } from '../context.ts'
import { nodeRef } from '../fields.ts'
import { findNode } from '../find.ts'
import { unary } from '../operation.ts'
import { nameOfJob, wishOf, workOf } from './molt-job-request.ts'
import { BidView, bidView, JobView, jobView, RoundView } from './molt-job-view.ts'
import { Money, money, perHour } from './molt-lease-view.ts'

export const buyer = nodeRef.optional().describe('The node that buys; the one that is asked when left out')
export const atBuyer = (
  { node }: { readonly node?: string | undefined },
  { control, self }: OperationContext,
): NodeId => (node === undefined ? self : findNode(control.state, node))

const look = { verb: 'read', resource: 'molt' } as const
export const spend = { verb: 'spend', resource: 'molt' } as const

/** Throws MOLT_NOT_CONNECTED for a node that has not joined: a witness alone buys nothing. */
export function buyingHere({ molt, buying }: Pick<OperationContext, 'molt' | 'buying'>): BuyingView {
  if (molt.status().part === null)
    throw new ClawError('MOLT_NOT_CONNECTED', { reason: 'it takes no part in one, so it buys nothing' })
  return buying.view()
}

const perGpuHour = Money.describe('For an hour of one GPU')

export const moltMarket = unary({
  name: 'molt.market',
  about: 'Show which GPUs strangers lend now, and at which rates.',
  input: z.strictObject({
    gpuType: gpuModel.optional().describe('Only this model or family'),
    minVerification: verification.optional().describe('Only of providers of whom this node is at least so sure'),
    node: buyer,
  }),
  output: z.array(
    z.object({
      model: z.string(),
      memoryMib: z.int().describe('Of one GPU'),
      free: z.int().describe('GPUs that are free now'),
      providers: z.int(),
      lowest: perGpuHour,
      median: perGpuHour.describe('Half of the GPUs cost no more'),
      highest: perGpuHour,
      longestMs: z.int().describe('The longest that any of them lends for'),
      isolation: z.array(z.enum(isolations)).describe('How guests are kept apart there'),
      verified: z
        .record(z.enum(verifications), z.int())
        .describe('Providers by how sure this node is of them, by what it has seen itself'),
    }),
  ),
  permission: look,
  rest: { method: 'GET', path: '/api/molt/market' },
  where: atBuyer,
  async handler({ gpuType, minVerification = 'self-reported' }, context, { signal }) {
    const view = buyingHere(context)
    const offers = (await view.offers(signal)).filter(
      ({ model, provider }) =>
        provider !== context.molt.status().party &&
        (gpuType === undefined || gpuModelMatches(model, gpuType)) &&
        isAsSure(view.verificationOf(provider), minVerification),
    )
    return depthOf(offers, view.verificationOf).map(({ lowest, median, highest, longest, isolation, ...depth }) => ({
      ...{ ...depth, lowest: money(perHour(lowest)), median: money(perHour(median)) },
      ...{ highest: money(perHour(highest)), longestMs: longest, isolation: [...isolation] },
    }))
  },
})

export const moltQuote = unary({
  name: 'molt.quote',
  about: 'Ask providers what they would want for some work. Nothing is spent, and nobody is promised anything.',
  input: z.strictObject({ ...wishFields, node: buyer }),
  output: z.object({
    quote: z
      .string()
      .describe(
        'With it in a request within a minute, the job takes these very bids; a request is refused when none of them holds any more',
      ),
    bids: z.array(BidView).describe('The best first: it would be taken'),
    found: RoundView,
    maxPrice: Money,
  }),
  permission: look,
  rest: { method: 'POST', path: '/api/molt/quote' },
  where: atBuyer,
  async handler(request, context, { signal }) {
    const view = buyingHere(context)
    const here = { images: context.images, sent: view.service.inputs }
    const wish = await wishOf(request, await context.buying.preferences(), here, signal)
    const { id, ranked, told } = await view.service.quote(wish, signal)
    return {
      quote: id,
      bids: ranked.map((one) => bidView(one, wish, view.verificationOf(one.signed.bid.provider))),
      found: told,
      maxPrice: money(wish.maxTotal),
    }
  },
})

export const moltRequest = unary({
  name: 'molt.request',
  about: 'Have a stranger run some work, and pay for what it uses. Providers that fail are made up for by others.',
  input: MoltJobRequest.extend({
    quote: z
      .string()
      .max(64)
      .optional()
      .describe('Whose bids are to be taken; refused with MOLT_QUOTE_GONE when none of them holds any more'),
    node: buyer,
  }),
  output: JobView,
  secretFields: ['env'],
  permission: spend,
  rest: { method: 'POST', path: '/api/molt/jobs' },
  where: atBuyer,
  object: nameOfJob,
  async handler(request, context, { signal, caller }) {
    const view = buyingHere(context)
    const here = { images: context.images, sent: view.service.inputs }
    const wish = await wishOf(request, await context.buying.preferences(), here, signal)
    const work = workOf(request, wish, here)
    const reExecution = request.verify === undefined ? null : { budget: parseMolt(request.maxPrice) ?? 0n }
    const inputs = request.inputs.map(({ from }) => from)
    const asked = { name: nameOfJob(request), wish, work, inputs, by: caller.id, quote: request.quote, reExecution }
    return jobView(await view.service.submit(asked), view)
  },
})

const Preferences = z.object({
  preferences: z.record(z.string(), z.unknown()).describe('What its owner has written'),
  limits: z.object({ job: Money, hour: Money, day: Money }).describe('What it may spend'),
  prefer: z.array(z.string()),
  minReputation: z.int(),
  arbiters: z.array(z.string()).describe('Who may judge a dispute, and nobody else'),
  isolation: z.array(z.enum(isolations)).describe('How it lets its work be kept apart'),
  challenges: z.string().nullable().describe('How often providers are challenged at random, and by which image'),
})

function preferencesView(preferences: BuyingPreferences): z.infer<typeof Preferences> {
  const { limits, prefer, minReputation, isolation, arbiters } = buyingOf(preferences)
  const { job, hour, day } = limits
  const { probes } = preferences
  return {
    ...{ preferences, limits: { job: money(job), hour: money(hour), day: money(day) } },
    ...{ prefer: [...prefer], minReputation, arbiters: [...arbiters], isolation: [...isolation] },
    challenges: probes === undefined ? null : `${probes.perDay} a day, with ${probes.image}`,
  }
}

/** A typing error would be a party that never comes. Throws INVALID_REQUEST. */
function checkParties(parties: readonly string[]): void {
  const odd = parties.find((one) => publicKeyOf(one) === null)
  if (odd === undefined) return
  const problem = `${odd} is no market id, which is like 12D3KooW…: \`clawbernetes molt status\` of its node shows it`
  throw new ClawError('INVALID_REQUEST', { problem })
}

export const moltBuyingShow = unary({
  name: 'moltbuying.show',
  about: 'Show what a node may spend on work that strangers run, and from whom it takes.',
  input: z.strictObject({ node: buyer }),
  output: Preferences,
  permission: look,
  rest: { method: 'GET', path: '/api/molt/buying' },
  where: atBuyer,
  handler: async (_, { buying }) => preferencesView(await buying.preferences()),
})

export const moltBuyingSet = unary({
  name: 'moltbuying.set',
  about:
    'Set what a node may spend on work that strangers run, and from whom it takes. What is left out stays as it is.',
  input: z.strictObject({
    preferences: BuyingPreferences.default({}),
    unset: z.array(BuyingPreferences.keyof()).max(16).default([]).describe('What is to be as if nobody had said it'),
    node: buyer,
  }),
  output: Preferences,
  permission: { verb: 'change', resource: 'molt' },
  rest: { method: 'POST', path: '/api/molt/buying' },
  where: atBuyer,
  async handler({ preferences, unset }, { buying }) {
    checkParties([...(preferences.prefer ?? []), ...(preferences.arbiters ?? [])])
    const changed = await buying.changePreferences((before) => {
      const wanted = { ...before, ...preferences }
      for (const key of unset) delete wanted[key]
      return wanted
    })
    return preferencesView(changed)
  },
})
