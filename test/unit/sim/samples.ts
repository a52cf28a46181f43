/** A scenario and what might have been seen of it, for tests of what is made of them. */
import type { Observed } from '../../../src/sim/observed.ts'
import type { RandomFor } from '../../../src/sim/arrivals.ts'
import { type Scenario, scenarioOf } from '../../../src/sim/scenario.ts'
import { textHash } from '../../../src/lib/text-hash.ts'
import { seededRandom } from '../../../src/simulation/world.ts'

export const randomOf =
  (seed: number): RandomFor =>
  (purpose) =>
    seededRandom(textHash(`${seed} ${purpose}`))

export const scenario = (more: object = {}): Scenario => scenarioOf('test.toml', { name: 'test', peers: 5, ...more })

const start = Date.UTC(2026, 0, 1)

/** Three workloads: one that ended well, one that waited and failed, one that was placed twice. */
export const observed = (more: Partial<Observed> = {}): Observed => ({
  interrupted: false,
  startedAt: start,
  formedIn: 1_500,
  lasted: 10_000,
  accepted: 3,
  refused: {},
  samples: [0, 1, 2, 3].map((at) => ({
    at: at * 1_000,
    running: at,
    pending: 3 - at,
    gpusUsed: at * 2,
    gpusReachable: 8,
    gpusTotal: 8,
    nodesOnline: 2,
    nodesTotal: 2,
  })),
  workloads: [
    workload('a', { firstStartedAt: start + 100 }),
    workload('b', { firstStartedAt: start + 900, state: 'failed', error: 'NONZERO_EXIT' }),
    workload('c', {
      firstStartedAt: start + 300,
      attempts: 3,
      setbacks: ['its node is offline', 'preempted by a job of priority 800'],
    }),
  ],
  leaders: [
    { at: 0, leader: 'peer-1', term: 1 },
    { at: 4_200, leader: 'peer-2', term: 2 },
  ],
  failovers: [
    { at: 4_000, cause: 'crash of the leader', from: 'peer-1', to: 'peer-2', electedAfter: 200, writableAfter: 240 },
  ],
  faults: [
    { at: 4_000, until: null, kind: 'crash', peers: ['peer-1'], hitLeader: true, words: 'crash of peer-1, which led' },
  ],
  spreads: [
    { at: 2_000, of: 'peer-3', delays: [10, 20, 40], missing: 0 },
    { at: 5_000, of: 'peer-4', delays: [30, 50], missing: 1 },
  ],
  losses: [{ at: 4_000, peer: 'peer-1', delays: [3_000, 3_500], missing: 0 }],
  notes: ['peer-9 & <others> crashed together'],
  ...more,
})

const workload = (name: string, more: Partial<Observed['workloads'][number]>): Observed['workloads'][number] => ({
  ...{ name, state: 'completed', gpus: 1, priority: 500, submittedAt: start, attempts: 1, setbacks: [], error: null },
  ...{ firstStartedAt: null, endedAt: start + 5_000 },
  ...more,
})
