/**
 * Pure placement decisions a second: one planner on a mesh of so many nodes with 8 GPUs each, two cliques of four, whose state changes
 * with every decision. Half of the mesh is taken before the clock runs; requests are mixed in size, model, labels and strategy, and all
 * filters and scores are on. The naive scan looks at every node for every decision, with the same rules.
 *
 *     node scripts/bench/run.mjs scheduler [decisions]
 */
import { performance } from 'node:perf_hooks'
import { NodeLedger } from '../../src/core/scheduler/ledger.ts'
import { compareOffers, devicesFor, offerOf } from '../../src/core/scheduler/offer.ts'
import { Planner } from '../../src/core/scheduler/planner.ts'
import { standingOf } from '../../src/core/scheduler/standing.ts'
import type { NodeSnapshot, Snapshot } from '../../src/core/scheduler/types.ts'
import { defaultScheduling } from '../../src/core/scheduler/types.ts'
import { unborn } from '../../src/core/state/workloads.ts'
import type { GpuLink } from '../../src/model/gpu.ts'
import { nodeId, workloadId } from '../../src/model/ids.ts'
import type { Workload } from '../../src/model/workload.ts'
import { gpu, spec } from '../../test/support/control-samples.ts'
import { nodeSnapshot } from '../../test/support/scheduler-samples.ts'
import { figure, quantile, round } from './figures.ts'

const decisions = Number(process.argv[2] ?? 20_000)

const clique = (...indexes: readonly number[]): readonly GpuLink[] =>
  indexes.flatMap((a) =>
    indexes.filter((b) => b > a).map((b) => ({ devices: [a, b], kind: 'nvlink', width: 4 }) as const),
  )
const links = [...clique(0, 1, 2, 3), ...clique(4, 5, 6, 7)]

/** Every third node has older GPUs, every tenth a taint, every seventh a hot device. */
function node(number: number): NodeSnapshot {
  const id = nodeId(`node-${number}`)
  const model = number % 3 === 0 ? 'NVIDIA A100-SXM4-80GB' : 'NVIDIA H100 80GB HBM3'
  const gpus = Array.from({ length: 8 }, (_, index) => gpu(id, index, { model, numaNode: index < 4 ? 0 : 1 }))
  return nodeSnapshot(id, 8, {
    labels: { zone: `zone-${number % 4}` },
    taints: number % 10 === 0 ? [{ key: 'shy', value: '', effect: 'PreferNoSchedule' }] : [],
    hot: new Set(number % 7 === 0 ? [`GPU-${id}-3`] : []),
    has: { gpus, links, cpuCores: 256, memoryMib: 2_097_152 },
  })
}

const kinds = [
  { gpus: { count: 1, model: 'H100' }, cpus: 4 },
  { gpus: { count: 1 }, cpus: 2, memoryMib: 16_384 },
  { gpus: { count: 2, model: 'A100' }, nodeSelector: { zone: 'zone-1' } },
  { gpus: { count: 4, model: 'H100' }, cpus: 16, labels: { app: 'train' }, apart: [{ app: 'serve' }] },
  { gpus: { count: 1, minComputeCapability: '8.0' }, strategy: 'spread', labels: { app: 'serve' } },
  { gpus: { count: 2, memoryMib: 40_000 }, tolerations: [{ key: 'shy' }] },
].map((parts) => spec(parts))

const request = (number: number): Workload => ({
  ...unborn,
  id: workloadId(`wl-${number}`),
  name: `wl-${number}`,
  spec: kinds[number % kinds.length] ?? spec(),
  submittedBy: 'bench',
  submittedAt: number,
})

const snapshotOf = (size: number): Snapshot => ({
  ...{ at: 0, pending: [], blocked: new Map(), reservations: new Map() },
  nodes: Array.from({ length: size }, (_, number) => node(number)),
})

/** Planners begin anew when their mesh is full, as plans do: what was placed has to be in the state before it can end. */
function indexed(size: number, isShown = true): void {
  const snapshot = snapshotOf(size)
  const times: number[] = []
  let planner = new Planner(snapshot, defaultScheduling)
  // Each decision takes 1.8 devices on average.
  const most = Math.floor(size * 8 * 0.4)
  for (let number = 0, inThis = 0; times.length < decisions; number += 1, inThis += 1) {
    if (inThis > most) {
      planner = new Planner(snapshot, defaultScheduling)
      inThis = 0
    }
    const workload = request(number)
    const isFirst = inThis < kinds.length
    const begun = performance.now()
    planner.decide(workload)
    // The first of a kind pays for the ranking of all nodes; that is told apart.
    if (!isFirst) times.push(performance.now() - begun)
  }
  const total = times.reduce((sum, each) => sum + each, 0)
  const build = performance.now()
  const fresh = new Planner(snapshot, defaultScheduling)
  for (const number of kinds.keys()) fresh.decide(request(number))
  const built = performance.now() - build
  if (!isShown) return
  figure('placement_decisions', 'decisions/s', {
    nodes: size,
    perSecond: round((times.length * 1_000) / total),
    p50Ms: round(quantile(times, 0.5)),
    p99Ms: round(quantile(times, 0.99)),
    rankingMs: round(built),
  })
}

function naive(size: number, count: number): void {
  const ledgers = snapshotOf(size).nodes.map((each) => new NodeLedger(each))
  const begun = performance.now()
  for (let number = 0; number < count; number += 1) {
    const { spec: wanted } = request(number)
    let best = null
    for (const ledger of ledgers) {
      const standing = standingOf(ledger.node, wanted)
      if ('one' in standing) continue
      const offer = offerOf(ledger, standing, wanted)
      if (offer !== null && (best === null || compareOffers(offer, best.offer, wanted) < 0))
        best = { ledger, standing, offer }
    }
    if (best !== null) best.ledger.take(wanted, devicesFor(best.ledger, best.standing, wanted))
  }
  const perSecond = round((count * 1_000) / (performance.now() - begun))
  figure('placement_decisions_by_scan', 'decisions/s', { nodes: size, perSecond })
}

// Until the code is warm.
indexed(1_000, false)
for (const size of [100, 1_250, 5_000, 12_500]) indexed(size)
naive(1_250, 100)
