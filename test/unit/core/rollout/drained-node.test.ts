import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { NodeId } from '../../../../src/model/ids.ts'
import type { Sample } from '../../../support/deployment-samples.ts'
import { RolloutLab } from '../../../support/rollout-lab.ts'

const four = { replicas: 4, image: 'app:1' }

const settled = (parts: Sample): RolloutLab => {
  const lab = new RolloutLab({ ...four, ...parts })
  lab.settle(30_000)
  return lab
}

const homes = (lab: RolloutLab): readonly (NodeId | undefined)[] =>
  lab.census().live.map(({ workload }) => workload.placement?.node)

test('given a node that is drained or tainted, when others have room, then its replicas go once others have taken their places', () => {
  const strategies = fc.constantFrom<Sample>(
    { strategy: { type: 'immediate' } },
    { strategy: { type: 'blue-green' } },
    { strategy: { type: 'rolling', batch: 1 } },
    { strategy: { type: 'canary', percent: 25 } },
    { strategy: { type: 'rolling', batch: 2 }, maxUnavailable: 1, maxSurge: 1 },
  )
  const service = fc.constantFrom(null, { port: 8_080, targetPort: 80 })
  fc.assert(
    fc.property(strategies, service, fc.boolean(), (parts, taken, isTainted) => {
      const lab = settled({ ...parts, service: taken })
      const [home] = homes(lab)
      if (home === undefined) throw new Error('nothing is placed')
      if (isTainted) lab.setTainted(home)
      else lab.setDrained(home, true)
      const least = 4 - (parts.maxUnavailable ?? 0)
      for (let i = 0; i < 120; i += 1) {
        lab.lead()
        expect(lab.known().serving.size).toBeGreaterThanOrEqual(least)
        lab.move(i)
        lab.at += 250
      }
      expect(homes(lab)).not.toContain(home)
      expect([lab.live(), lab.wrongs, lab.deployment?.state]).toEqual([{ 1: 4 }, [], 'active'])
    }),
    { numRuns: 40 },
  )
})

test('given a node that is drained, when there is no room elsewhere, then its replicas stay as long as they may', () => {
  const lab = settled({ strategy: { type: 'rolling', batch: 1 } })
  for (const node of new Set(homes(lab))) if (node !== undefined) lab.setDrained(node, true)
  for (let i = 0; i < 20; i += 1) {
    lab.lead()
    lab.at += 500
  }
  expect(lab.known().serving.size).toBe(4)
})
