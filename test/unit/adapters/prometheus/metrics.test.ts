import { expect, test } from 'vitest'
import { prometheusMetrics } from '../../../../src/adapters/prometheus/metrics.ts'

test('counters add up, gauges keep the last value, spans fall into buckets', async () => {
  const metrics = prometheusMetrics()
  metrics.count('claw_test_refused_total', { code: 'A' })
  metrics.count('claw_test_refused_total', { code: 'A' }, 2)
  metrics.gauge('claw_test_peers_up', 3)
  metrics.gauge('claw_test_peers_up', 2)
  metrics.observe('claw_test_call_ms', 7)
  const lines = (await metrics.scrape()).split('\n')
  expect(lines).toContain('claw_test_refused_total{code="A"} 3')
  expect(lines).toContain('claw_test_peers_up 2')
  expect(lines).toContain('claw_test_call_ms_bucket{le="5"} 0')
  expect(lines).toContain('claw_test_call_ms_bucket{le="10"} 1')
})
