/** What work took, and what an hour of it costs. */
import { z } from 'zod'
import { gpuModelMatches } from './gpu.ts'

const price = z.number().min(0).max(1_000_000)
const model = z.string().min(1).max(64)
const currency = z.string().regex(/^[A-Za-z]{1,8}$/, 'must be a currency such as EUR')

/** Of a model or family: the price that is named most closely counts; `*` is for all that are not named. */
export const Prices = z.strictObject({
  currency,
  gpuHour: z.record(model, price).refine((all) => Object.keys(all).length <= 64, 'at most 64 models'),
  cpuHour: price,
  memoryGibHour: price,
})
export type Prices = z.infer<typeof Prices>

/** What is to change; null takes the price of a model away. */
export const PricesPatch = z.strictObject({
  currency: currency.exactOptional(),
  gpuHour: z
    .record(model, price.nullable())
    .refine((all) => Object.keys(all).length <= 64, 'at most 64 models')
    .exactOptional(),
  cpuHour: price.exactOptional(),
  memoryGibHour: price.exactOptional(),
})
export type PricesPatch = z.infer<typeof PricesPatch>

/** What placements of a namespace took on one day, as far as they are over. Whole numbers, so that every peer counts the same. */
export interface MeteredDay {
  /** Since the epoch, in UTC. */
  readonly day: number
  /** By the model of the device. */
  readonly gpuSeconds: Readonly<Record<string, number>>
  /** Of cores, and of GiB, as they were asked for. */
  readonly cpuSeconds: number
  readonly memoryGibSeconds: number
}

export const noPrices: Prices = { currency: 'EUR', gpuHour: {}, cpuHour: 0, memoryGibHour: 0 }

/** Null where there is none for it. */
export function priceOfGpu({ gpuHour }: Prices, wanted: string): number | null {
  const fitting = Object.keys(gpuHour)
    .filter((name) => name !== '*' && gpuModelMatches(wanted, name))
    .toSorted((a, b) => b.length - a.length || (a < b ? -1 : 1))
  return gpuHour[fitting[0] ?? '*'] ?? null
}
