/** Figures that say much about many numbers. */

export interface Quantiles {
  readonly count: number
  readonly mean: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

/** All zero where there is nothing; `count` says so. */
export function quantiles(values: readonly number[]): Quantiles {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
  return {
    count: sorted.length,
    mean: Math.round(mean(sorted)),
    p50: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
    max: at(1),
  }
}

/** 0 where there is nothing. */
export const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length

export interface Bin {
  /** From this, up to the next bin's. */
  readonly from: number
  readonly to: number
  readonly count: number
}

const mostBins = 24

/** Equal bins from 0 that hold all values, at a width that people like to read. */
export function binsOf(values: readonly number[]): readonly Bin[] {
  if (values.length === 0) return []
  const top = Math.max(1, ...values)
  const width = niceStep(top / mostBins)
  const bins = Array.from({ length: Math.floor(top / width) + 1 }, (_, at) => ({
    from: at * width,
    to: (at + 1) * width,
    count: 0,
  }))
  for (const value of values) {
    const bin = bins[Math.floor(value / width)]
    if (bin !== undefined) bin.count += 1
  }
  return bins
}

/** The next of 1, 2, 5, 10, 20, 50 … that is not below. */
export function niceStep(least: number): number {
  if (least <= 0) return 1
  const power = 10 ** Math.floor(Math.log10(least))
  return ([1, 2, 5, 10].find((factor) => factor * power >= least) ?? 10) * power
}
