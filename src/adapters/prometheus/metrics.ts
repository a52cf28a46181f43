/** The daemon's own counters through prom-client, in the text format that Prometheus scrapes. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Metrics } from '../../ports/metrics.ts'

type Labels = Readonly<Record<string, string>>

export interface ScrapedMetrics extends Metrics {
  /** Everything so far, as text/plain version 0.0.4. */
  scrape(): Promise<string>
}

/** Bounds for spans in milliseconds, from a fast call to a slow pull. */
const buckets = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 60_000]

/** A metric comes to be when it is first used; its label names are those of that first use. */
export function prometheusMetrics(): ScrapedMetrics {
  const registry = new Registry()
  const known = new Map<string, Counter | Gauge | Histogram>()
  const find = <M extends Counter | Gauge | Histogram>(name: string, make: () => M): M => {
    const metric = known.get(name) ?? make()
    known.set(name, metric)
    return metric as M
  }
  const options = (name: string, labels: Labels) => ({
    name,
    help: name.replaceAll('_', ' '),
    labelNames: Object.keys(labels),
    registers: [registry],
  })
  return {
    count: (name, labels = {}, by = 1) => find(name, () => new Counter(options(name, labels))).inc(labels, by),
    gauge: (name, value, labels = {}) => find(name, () => new Gauge(options(name, labels))).set(labels, value),
    observe: (name, value, labels = {}) =>
      find(name, () => new Histogram({ ...options(name, labels), buckets })).observe(labels, value),
    scrape: () => registry.metrics(),
  }
}
