/** What namespaces took, and what it costs. */
import { z } from 'zod'
import { billFor, takenBy, totalOf } from '../../core/policy/bill.ts'
import { namespaceOf } from '../../core/state/namespaces.ts'
import { meteredDay } from '../../core/state/metering.ts'
import type { MeshState } from '../../core/state/types.ts'
import { ClawError } from '../../model/failure.ts'
import { defaultNamespace, namespaceName } from '../../model/namespace.ts'
import type { MeteredDay } from '../../model/prices.ts'
import { noPrices, Prices, PricesPatch } from '../../model/prices.ts'
import { carryOut } from '../carry-out.ts'
import { iso, momentOf, noInput, since } from '../fields.ts'
import { refresh } from '../find.ts'
import { unary } from '../operation.ts'

const Took = z.object({
  gpuHours: z.record(z.string(), z.number()).describe('By the model of the GPU; a share counts as in quotas'),
  gpuHoursTotal: z.number(),
  cpuHours: z.number().describe('Of cores, as they were asked for'),
  memoryGibHours: z.number().describe('Of memory, as it was asked for'),
  cost: z.number().nullable().describe('In the currency of the prices; null while there are none'),
  unpriced: z.array(z.string()).describe('Models without a price, which the cost leaves out'),
})

const NamespaceUsage = Took.extend({
  namespace: z.string(),
  days: z.array(Took.extend({ day: z.string().describe('Such as 2026-11-29, in UTC') })),
})

export const namespaceUsage = unary({
  name: 'namespace.usage',
  about: 'Say what namespaces took, by the day, and what it costs. What runs is counted as far as it has run.',
  input: z.strictObject({
    namespace: namespaceName.optional().describe('Only this one'),
    since: since
      .optional()
      .describe('From the day of that moment on, at most 92 days: 30d, as when left out, or an ISO time'),
  }),
  output: z.object({
    from: z.string().describe('ISO 8601: the beginning of the first day that is counted'),
    to: z.string(),
    currency: z.string().nullable(),
    cost: z.number().nullable().describe('Of all of them together'),
    namespaces: z.array(NamespaceUsage),
  }),
  permission: { verb: 'read', resource: 'namespace' },
  isScoped: true,
  rest: { method: 'GET', path: '/api/usage' },
  async handler({ namespace, since: asked = '30d' }, context, { sees, signal }) {
    await refresh(context, signal)
    const { control, clock } = context
    const { state } = control
    const now = clock.now()
    const from = Math.floor((momentOf(asked, now) ?? now) / meteredDay) * meteredDay
    if (namespace !== undefined && (!sees(namespace) || namespaceOf(state, namespace) === null))
      throw new ClawError('NAMESPACE_NOT_FOUND', { namespace })
    const names = namespace === undefined ? namesIn(state).filter(sees) : [namespace]
    const namespaces = names.map((name) => {
      const days = takenBy(state, name, { from, now })
      return {
        namespace: name,
        ...tookView(totalOf(days), state),
        days: days.map((one) => ({ day: iso(one.day * meteredDay).slice(0, 10), ...tookView(one, state) })),
      }
    })
    return {
      ...{ from: iso(from), to: iso(now), currency: state.prices?.currency ?? null, namespaces },
      cost: state.prices === null ? null : cents(namespaces.reduce((sum, { cost }) => sum + (cost ?? 0), 0)),
    }
  },
})

const namesIn = ({ namespaces, metered }: MeshState): readonly string[] =>
  [...new Set([defaultNamespace, ...namespaces.keys(), ...metered.keys()])].toSorted()

const cents = (amount: number): number => Math.round(amount * 100) / 100
const hours = (seconds: number): number => Math.round((seconds / 3_600) * 1_000) / 1_000

function tookView(took: MeteredDay, { prices }: Pick<MeshState, 'prices'>): z.infer<typeof Took> {
  const bill = prices === null ? null : billFor(took, prices)
  return {
    gpuHours: Object.fromEntries(Object.entries(took.gpuSeconds).map(([model, seconds]) => [model, hours(seconds)])),
    gpuHoursTotal: hours(Object.values(took.gpuSeconds).reduce((sum, seconds) => sum + seconds, 0)),
    cpuHours: hours(took.cpuSeconds),
    memoryGibHours: hours(took.memoryGibSeconds),
    cost: bill?.cost ?? null,
    unpriced: [...(bill?.unpriced ?? [])],
  }
}

export const priceList = unary({
  name: 'price.list',
  about: 'Show what an hour of each GPU model, of a core and of memory costs.',
  input: noInput,
  output: Prices.extend({ isSet: z.boolean().describe('False while nobody has set any') }),
  permission: { verb: 'read', resource: 'price' },
  rest: { method: 'GET', path: '/api/prices' },
  async handler(_, context, { signal }) {
    await refresh(context, signal)
    const { prices } = context.control.state
    return { ...(prices ?? noPrices), isSet: prices !== null }
  },
})

export const priceSet = unary({
  name: 'price.set',
  about: 'Set what an hour costs. What is not named stays; a model whose price is null has none any more.',
  input: PricesPatch,
  output: Prices,
  permission: { verb: 'change', resource: 'price' },
  rest: { method: 'PATCH', path: '/api/prices' },
  async handler(prices, context, { caller, signal }) {
    await carryOut('prices', { type: 'set-prices', prices }, { context, caller, signal })
    return context.control.state.prices ?? noPrices
  },
})
