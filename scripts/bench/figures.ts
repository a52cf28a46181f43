/** Prints figures: one JSON object a line, so that a script can read what a person reads. */

/** The value below which a share of the sorted samples lies (nearest rank). */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? Number.NaN
}

export interface Spread {
  readonly p50: number
  readonly p99: number
  readonly max: number
  readonly samples: number
}

export const spread = (samples: readonly number[]): Spread => ({
  p50: round(quantile(samples, 0.5)),
  p99: round(quantile(samples, 0.99)),
  max: round(samples.reduce((most, one) => Math.max(most, one), 0)),
  samples: samples.length,
})

export const round = (value: number): number => Number(value.toPrecision(4))

export function figure(name: string, unit: string, values: object): void {
  process.stdout.write(`${JSON.stringify({ figure: name, unit, ...values })}\n`)
}
