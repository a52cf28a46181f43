/** Metrics that a test can look at. */
import type { Metrics } from '../../src/ports/metrics.ts'

/** Counts by `name` and by `name label`, and the last value of each gauge, for tests to look at. */
export class Tally implements Metrics {
  readonly #counts = new Map<string, number>()

  count(name: string, labels: Readonly<Record<string, string>> = {}, by = 1): void {
    for (const key of [name, ...Object.values(labels).map((label) => `${name} ${label}`)])
      this.#counts.set(key, this.of(key) + by)
  }

  of(key: string): number {
    return this.#counts.get(key) ?? 0
  }

  gauge(name: string, value: number): void {
    this.#counts.set(name, value)
  }

  observe(): void {}
}
