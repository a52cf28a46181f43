import fc from 'fast-check'
import { expect, test } from 'vitest'
import { explain } from '../../../../src/core/scheduler/explain.ts'
import { plan } from '../../../../src/core/scheduler/plan.ts'
import type { NodeSnapshot } from '../../../../src/core/scheduler/types.ts'
import { defaultScheduling } from '../../../../src/core/scheduler/types.ts'
import { nodeId } from '../../../../src/model/ids.ts'
import type { Taint, Toleration } from '../../../../src/model/label.ts'
import { taintEffects } from '../../../../src/model/label.ts'
import { node, quiet, work } from '../../../support/scheduler-samples.ts'

const key = fc.constantFrom('team', 'zone')
const value = fc.constantFrom('', 'red', 'blue')
const effect = fc.constantFrom(...taintEffects)
const host = fc.record({
  gpus: fc.nat(2),
  mode: fc.constantFrom('open' as const, 'open' as const, 'open' as const, 'cordoned' as const, 'draining' as const),
  taints: fc.array(fc.record({ key, value, effect }), { maxLength: 2 }),
})
const job = fc.record({
  count: fc.nat(1),
  tolerations: fc.array(fc.record({ key, value, effect }, { requiredKeys: ['key'] }) as fc.Arbitrary<Toleration>, {
    maxLength: 2,
  }),
  preferred: fc.option(fc.nat(5)),
})

/** What a toleration says, said once more: each of its words that is there has to be the taint's. */
const tolerates = (toleration: Toleration, taint: Taint): boolean =>
  Object.entries(toleration).every(([name, wanted]) => wanted === undefined || taint[name as keyof Taint] === wanted)

const isClosed = ({ scheduling, taints }: NodeSnapshot, tolerations: readonly Toleration[]): boolean =>
  scheduling.mode !== 'open' ||
  taints.some((one) => one.effect !== 'PreferNoSchedule' && !tolerations.some((each) => tolerates(each, one)))

test('nothing goes to a node that is cordoned, drained, or has a taint that it does not tolerate; and what waits is told so', () => {
  fc.assert(
    fc.property(fc.array(host, { minLength: 1, maxLength: 5 }), fc.array(job, { maxLength: 8 }), (hosts, jobs) => {
      const nodes = hosts.map(({ gpus, mode, taints }, i) =>
        node(`n${i}`, gpus, { taints, scheduling: { mode, reason: '', since: 0, grace: null } }),
      )
      const pending = jobs.map(({ count, tolerations, preferred }, i) =>
        work(
          `wl-${i}`,
          { gpus: { count }, tolerations },
          { preferredNode: preferred === null ? null : nodeId(`n${preferred}`) },
        ),
      )
      const snapshot = { ...quiet, at: 0, nodes, pending }
      for (const decision of plan(snapshot, defaultScheduling)) {
        const workload = pending.find(({ id }) => id === decision.workload)
        if (workload === undefined) throw new Error('a decision for nobody')
        const tolerations = workload.spec.tolerations ?? []
        const home = nodes.find(({ id }) => decision.decision === 'place' && id === decision.node)
        if (home !== undefined) expect(isClosed(home, tolerations)).toBe(false)
        const verdicts = explain(snapshot, workload, defaultScheduling).nodes
        for (const [i, verdict] of verdicts.entries()) {
          const at = nodes[i]
          if (at !== undefined && isClosed(at, tolerations)) expect(verdict.obstacle).toMatch(/cordoned|drained|taint/)
        }
      }
    }),
    { numRuns: 500 },
  )
})
