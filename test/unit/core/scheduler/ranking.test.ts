import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareOffers, devicesFor, isAsGood, offerOf } from '../../../../src/core/scheduler/offer.ts'
import type { Candidate } from '../../../../src/core/scheduler/ranking.ts'
import { Stock } from '../../../../src/core/scheduler/stock.ts'
import type { NodeId } from '../../../../src/model/ids.ts'
import { nodeId } from '../../../../src/model/ids.ts'
import type { GpuLink } from '../../../../src/model/gpu.ts'
import type { WorkloadSpec } from '../../../../src/model/workload.ts'
import { spec } from '../../../support/control-samples.ts'
import { nodeSnapshot } from '../../../support/scheduler-samples.ts'

/** What the ranking has to agree with: looks at every node each time. */
function bestByScan(candidates: readonly Candidate[], wanted: WorkloadSpec, mayUse: (node: NodeId) => boolean) {
  let best: Candidate | null = null
  for (const candidate of candidates) {
    if (!mayUse(candidate.ledger.node.id)) continue
    const offer = offerOf(candidate.ledger, candidate.standing, wanted)
    const other = best === null ? null : offerOf(best.ledger, best.standing, wanted)
    if (offer !== null && (other === null || compareOffers(offer, other, wanted) < 0)) best = candidate
  }
  return best
}

const pairs: readonly GpuLink[] = [[0, 1], [2, 3]].map(([a = 0, b = 0]) => ({ devices: [a, b], kind: 'nvlink', width: 4 })) // prettier-ignore

const host = fc.record({
  gpus: fc.integer({ min: 0, max: 4 }),
  linked: fc.boolean(),
  hot: fc.boolean(),
  shy: fc.boolean(),
})
const wish = fc.record({
  count: fc.integer({ min: 0, max: 3 }),
  cpus: fc.integer({ min: 1, max: 12 }),
  spread: fc.boolean(),
  app: fc.constantFrom('a', 'b'),
  apart: fc.boolean(),
})

test('the ranking chooses what a scan over all nodes would choose, whatever was placed before and whatever is wished for', () => {
  fc.assert(
    fc.property(
      fc.array(host, { minLength: 1, maxLength: 8 }),
      fc.array(wish, { minLength: 1, maxLength: 3 }),
      fc.array(fc.tuple(fc.nat(), fc.nat(10)), { maxLength: 30 }),
      (hosts, wishes, picks) => {
        const stock = new Stock()
        stock.renew(
          hosts.map(({ gpus, linked, hot, shy }, i) => {
            const id = nodeId(`n${i}`)
            const taints = shy ? [{ key: 'shy', value: '', effect: 'PreferNoSchedule' } as const] : []
            const has = { links: linked ? pairs : [] }
            return nodeSnapshot(id, gpus, { hot: new Set(hot ? [`GPU-${id}-0`] : []), taints, has })
          }),
        )
        const kinds = wishes.map(({ count, cpus, spread, app, apart }) =>
          spec({
            gpus: { count },
            cpus,
            labels: { app },
            ...(spread ? { strategy: 'spread' } : {}),
            ...(apart ? { apart: [{ app }] } : {}),
          }),
        )
        for (const [which, closed] of picks) {
          const wanted = kinds[which % kinds.length]
          if (wanted === undefined) return
          const mayUse = (node: NodeId): boolean => node !== `n${closed}`
          const kind = stock.kindOf(JSON.stringify(wanted), wanted)
          const best = kind.best(mayUse, null)
          expect(best?.ledger.node.id).toBe(bestByScan(kind.candidates, wanted, mayUse)?.ledger.node.id)
          if (best === null) continue
          const than = stock.placeOf(best.ledger.node.id) ?? 0
          const tier = new Set(hosts.keys().filter((place) => (place * 7 + which) % 3 > 0))
          const isForZone = closed % 2 === 0
          const wishes = [{ tiers: [[tier]], words: 'so it is', isForZone }]
          const among = kind.candidates.filter(({ ledger, standing }) => {
            const [offer, other] = [offerOf(ledger, standing, wanted), offerOf(best.ledger, best.standing, wanted)]
            const isIn = tier.has(stock.placeOf(ledger.node.id) ?? -1)
            return isIn && offer !== null && other !== null && isAsGood(offer, other, wanted, isForZone)
          })
          const { candidate, decided } = kind.granting(wishes, { than, mayUse })
          const granted = bestByScan(among, wanted, mayUse) ?? best
          expect(candidate?.ledger.node.id).toBe(granted.ledger.node.id)
          expect(decided).toEqual(granted.ledger === best.ledger ? [] : ['so it is'])
          best.ledger.take(wanted, devicesFor(best.ledger, best.standing, wanted))
          stock.changed(best.ledger.node.id)
        }
      },
    ),
    { numRuns: 300 },
  )
})
