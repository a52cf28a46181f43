/**
 * Pure placement decisions a second, on a mesh of so many nodes with 8 GPUs each, two cliques of four. Half of the GPUs are taken before the
 * clock runs, unevenly; a planner then decides until four in five are taken, and the next one begins at half again. Requests are mixed
 * in size, model, labels and strategy. Told apart: the decisions alone, and with the ranking of all nodes that each planner begins
 * with. The naive scan looks at every node for every decision, with the same rules.
 *
 *     node scripts/bench/run.mjs scheduler [decisions]
 */
import { performance } from 'node:perf_hooks'
import { NodeLedger } from '../../src/core/scheduler/ledger.ts'
import { compareOffers, devicesFor, offerOf } from '../../src/core/scheduler/offer.ts'
import type { Ask } from '../../src/core/queue/ask.ts'
import { Planner } from '../../src/core/scheduler/planner.ts'
import { standingOf } from '../../src/core/scheduler/standing.ts'
import type { Decision, NodeSnapshot, Snapshot } from '../../src/core/scheduler/types.ts'
import { defaultScheduling } from '../../src/core/scheduler/types.ts'
import { Stock } from '../../src/core/scheduler/stock.ts'
import type { GpuLink } from '../../src/model/gpu.ts'
import type { NodeId } from '../../src/model/ids.ts'
import { nodeId, workloadId } from '../../src/model/ids.ts'
import type { Workload } from '../../src/model/workload.ts'
import { gpu, spec } from '../../test/support/control-samples.ts'
import { nodeSnapshot, quiet, work } from '../../test/support/scheduler-samples.ts'
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
  const gpus = Array.from({ length: 8 }, (_, index) =>
    gpu(id, index, { model, numaNode: index < 4 ? 0 : 1, computeCapability: '9.0' }),
  )
  // 0 to 8 of them, four on average.
  const held = new Set(gpus.slice(0, (number * 5) % 9).map(({ uuid }) => uuid))
  return nodeSnapshot(id, 8, {
    held,
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

const base = work('wl')

function request(number: number): Ask {
  const lead: Workload = { ...base, id: workloadId(`wl-${number}`), spec: kinds[number % kinds.length] ?? base.spec }
  return { lead, parts: [lead] }
}

const snapshotOf = (size: number): Snapshot => ({
  ...{ ...quiet, at: 0, pending: [] },
  nodes: Array.from({ length: size }, (_, number) => node(number)),
})

function indexed(size: number, isShown = true): void {
  const snapshot = snapshotOf(size)
  const held = snapshot.nodes.reduce((sum, each) => sum + each.held.size, 0)
  const most = Math.floor(0.8 * 8 * size)
  const times: number[] = []
  let ranking = 0
  let waits = 0
  for (let number = 0; times.length < decisions;) {
    const planner = new Planner(snapshot, defaultScheduling)
    // The first of each kind pays for the ranking of all nodes.
    const begun = performance.now()
    let taken = held
    for (const kind of kinds.keys()) taken += devicesIn(planner.decide(request(kind)))
    ranking += performance.now() - begun
    for (; taken < most && times.length < decisions; number += 1) {
      const workload = request(number)
      const asked = performance.now()
      const decision = planner.decide(workload)
      times.push(performance.now() - asked)
      taken += devicesIn(decision)
      if (decision.decision === 'wait') waits += 1
    }
  }
  if (!isShown) return
  const total = times.reduce((sum, each) => sum + each, 0)
  figure('placement_decisions', 'decisions/s', {
    nodes: size,
    perSecond: round((times.length * 1_000) / total),
    withRankingPerSecond: round((times.length * 1_000) / (total + ranking)),
    p50Ms: round(quantile(times, 0.5)),
    p99Ms: round(quantile(times, 0.99)),
    waitShare: round(waits / times.length),
  })
}

/**
 * As the leader does it: plans of at most 256 placements, each carried out before the next, and as much work ends as begins. All that a plan
 * costs is on the clock but the snapshot.
 */
function inPlans(size: number): void {
  let { nodes } = snapshotOf(size)
  const stock = new Stock()
  const places = new Map(nodes.map(({ id }, place) => [id, place]))
  const change = (id: NodeId, parts: (node: NodeSnapshot) => Partial<NodeSnapshot>): void => {
    const place = places.get(id) ?? 0
    const before = nodes[place]
    if (before !== undefined) nodes = nodes.with(place, { ...before, ...parts(before) })
  }
  const running: Taken[] = []
  let [spent, decided, number] = [0, 0, 0]
  while (decided < decisions) {
    const begun = performance.now()
    const planner = new Planner({ ...quiet, at: 0, pending: [], nodes }, defaultScheduling, stock)
    const made: Decision[] = []
    for (; made.length < 256; number += 1) made.push(planner.decide(request(number)))
    const took = performance.now() - begun
    // The first plan ranks all nodes.
    if (decided > 0) spent += took
    decided += made.length
    for (const one of made) {
      if (one.decision !== 'place') continue
      change(one.node, ({ held }) => ({ held: held.union(new Set(one.devices)) }))
      running.push({ node: one.node, devices: new Set(one.devices) })
    }
    for (const { node: id, devices } of running.splice(0, running.length - size))
      change(id, ({ held }) => ({ held: held.difference(devices) }))
  }
  figure('placement_decisions_in_plans', 'decisions/s', {
    nodes: size,
    perSecond: round(((decided - 256) * 1_000) / spent),
    planMs: round((spent * 256) / (decided - 256)),
  })
}

interface Taken {
  readonly node: NodeId
  readonly devices: ReadonlySet<string>
}

const devicesIn = (decision: Decision): number => (decision.decision === 'place' ? decision.devices.length : 0)

function naive(size: number, count: number): void {
  const ledgers = snapshotOf(size).nodes.map((each) => new NodeLedger(each))
  const begun = performance.now()
  for (let number = 0; number < count; number += 1) {
    const { spec: wanted } = request(number).lead
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
for (const size of [100, 1_250, 5_000, 12_500]) inPlans(size)
naive(1_250, 100)
