/** The market host counts under names of its own: what it does is not to be mistaken for what the mesh does. */
import type { Metrics } from '../ports/metrics.ts'

/** `claw_net_peers_up` becomes `claw_molt_net_peers_up`. */
export const marketMetrics = ({ count, gauge, observe }: Metrics): Metrics => ({
  count: (name, labels, by) => count(ofMarket(name), labels, by),
  gauge: (name, value, labels) => gauge(ofMarket(name), value, labels),
  observe: (name, value, labels) => observe(ofMarket(name), value, labels),
})

const ofMarket = (name: string): string => name.replace(/^claw_(molt_)?/, 'claw_molt_')
