/** Metrics that keep their counts for a test to look at. */
import type { Metrics } from '../../src/ports/metrics.ts'

export class FakeMetrics implements Metrics {
  readonly counts = new Map<string, number>()
  readonly gauges = new Map<string, number>()

  count(name: string, labels: Readonly<Record<string, string>> = {}, by = 1): void {
    const key = `${name}${JSON.stringify(labels)}`
    this.counts.set(key, (this.counts.get(key) ?? 0) + by)
  }

  gauge(name: string, value: number): void {
    this.gauges.set(name, value)
  }

  observe(name: string, value: number): void {
    this.gauges.set(name, value)
  }
}
