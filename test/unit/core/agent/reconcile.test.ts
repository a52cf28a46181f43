import { describe, expect, test } from 'vitest'
import { agentSettings } from '../../../../src/core/agent/view.ts'
import { reconcile } from '../../../../src/core/agent/reconcile.ts'
import { WorkloadSpec } from '../../../../src/model/workload.ts'
import type { Opinion } from '../../../../src/core/agent/health.ts'
import type { AgentView, Assigned } from '../../../../src/core/agent/view.ts'
import type { PlacementId } from '../../../../src/model/ids.ts'
import { placementId, workloadId } from '../../../../src/model/ids.ts'
import {
  assigned,
  at,
  ended,
  holding,
  id,
  other,
  running,
  steps,
  stopRequested,
  task,
  view,
} from '../../../support/agent-samples.ts'

test('a placement is held in the ledger before it is claimed', () => {
  const workloads = [assigned({ claimed: false })]
  expect(steps({ workloads })).toEqual([
    { do: 'record', placement: id, record: { type: 'acquire', placement: id, devices: ['GPU-0'] } },
  ])
  expect(steps({ workloads, ledger: new Map([holding('held')]) })).toEqual([{ do: 'claim', placement: id }])
})

test.each([
  ['a missing device', { devices: new Map<string, number>() }, 'device GPU-0 is missing or has failed'],
  [
    'a device of another placement',
    { ledger: new Map([holding('held', other)]), tasks: new Map([task(running, other)]) },
    `device GPU-0 is in use by ${other}`,
  ],
  ['an executor that this node has not', { executors: new Map() }, 'the docker executor is not offered'],
  [
    'an executor that does not answer',
    { executors: new Map([['docker', 'unknown'] as const]) },
    'the docker executor does not answer',
  ],
])('a placement is rejected for %s', (_, parts, reason) => {
  const workloads = [assigned({ claimed: false })]
  expect(steps({ workloads, ...parts })).toContainEqual({ do: 'reject', placement: id, reason })
})

test('what is claimed and held is started, once the state is known to be fresh', () => {
  const given = { workloads: [assigned()], ledger: new Map([holding('held')]) }
  expect(steps(given)).toEqual([{ do: 'start', placement: id }])
  expect(steps({ ...given, fresh: false })).toEqual([])
})

test('nothing is started while its executor has not told what it runs', () => {
  const executors = new Map([['docker', 'unknown'] as const])
  expect(steps({ workloads: [assigned()], ledger: new Map([holding('held')]), executors })).toEqual([])
})

test('a task that runs is noted in the ledger and reported, once', () => {
  const tasks = new Map([task(running)])
  expect(steps({ workloads: [assigned()], ledger: new Map([holding('held')]), tasks })).toEqual([
    { do: 'record', placement: id, record: { type: 'started', placement: id } },
    { do: 'report', placement: id, report: { type: 'running', startedAt: 900_000 } },
  ])
  const known = assigned({ state: 'running', startedAt: 900_000 })
  expect(steps({ workloads: [known], ledger: new Map([holding('started')]), tasks })).toEqual([])
})

test('a task that runs tells where it is in the overlay', () => {
  const tasks = new Map([task({ state: 'running', startedAt: 900_000, overlayAddress: '10.200.2.7' })])
  const report = { type: 'running', startedAt: 900_000, overlayAddress: '10.200.2.7' }
  expect(steps({ workloads: [assigned()], ledger: new Map([holding('started')]), tasks })).toEqual([
    { do: 'report', placement: id, report },
  ])
})

test('the devices of an ended task are free before the mesh hears of the end', () => {
  const given = { workloads: [assigned()], tasks: new Map([task(ended)]) }
  expect(steps({ ...given, ledger: new Map([holding('started')]) })).toEqual([
    { do: 'record', placement: id, record: { type: 'release', placement: id } },
  ])
  expect(steps({ ...given, ledger: new Map([holding('over')]) })).toEqual([
    {
      do: 'report',
      placement: id,
      report: { type: 'ended', endedAt: 950_000, exitCode: 0, error: null, unasked: true },
    },
  ])
})

test('a stop has the grace of the workload, and a forced one has none', () => {
  const given = { tasks: new Map([task(running)]), ledger: new Map([holding('started')]) }
  const stopping = assigned({ state: 'stopping', startedAt: 900_000, stopRequested })
  expect(steps({ ...given, workloads: [stopping] })).toEqual([
    { do: 'stop', placement: id, executor: 'docker', grace: 7_000 },
  ])
  const forced = { ...stopping, stopRequested: { ...stopRequested, force: true } }
  expect(steps({ ...given, workloads: [forced] })).toEqual([
    { do: 'stop', placement: id, executor: 'docker', grace: 0 },
  ])
})

test('an evicted task gets the grace of the eviction', () => {
  const eviction = { at: 0, by: 'me', reason: 'x', grace: 2_000, target: null, avoid: false }
  const given = { ledger: new Map([holding('started')]), tasks: new Map([task(running)]) }
  const workloads = [assigned({ state: 'stopping', startedAt: 900_000, eviction })]
  expect(steps({ ...given, workloads })).toEqual([{ do: 'stop', placement: id, executor: 'docker', grace: 2_000 }])
})

test('evicted before it was started, it ends without ever having run', () => {
  const eviction = { at: 0, by: 'me', reason: 'x', grace: 2_000, target: null, avoid: false }
  const workloads = [assigned({ state: 'stopping', eviction })]
  expect(steps({ workloads, ledger: new Map([holding('over')]) })).toEqual([
    { do: 'report', placement: id, report: { type: 'ended', endedAt: at, exitCode: null, error: null } },
  ])
})

test('what ended before it was told to says so, by this node’s own clock', () => {
  const given = { workloads: [assigned({ startedAt: 900_000 })], tasks: new Map([task(ended)]) }
  const end = { type: 'ended', endedAt: 950_000, exitCode: 0, error: null }
  const report = (told: AgentView['told']) => steps({ ...given, told })
  expect(report(new Map())).toMatchObject([{ report: { ...end, unasked: true } }])
  expect(report(new Map([[id, { at: 950_001, isCutOff: false }]]))).toMatchObject([{ report: { unasked: true } }])
  expect(report(new Map([[id, { at: 940_000, isCutOff: false }]]))).toEqual([
    { do: 'report', placement: id, report: end },
  ])
})

test('what an earlier daemon started may have been told to stop by it, and never says that it ended unasked', () => {
  const given = { workloads: [assigned({ startedAt: 900_000 })], tasks: new Map([task(ended)]), adopted: new Set([id]) }
  const report = { type: 'ended', endedAt: 950_000, exitCode: 0, error: null }
  expect(steps(given)).toEqual([{ do: 'report', placement: id, report }])
  const told = new Map([[id, { at: 950_001, isCutOff: false }]])
  expect(steps({ ...given, told })).toEqual([{ do: 'report', placement: id, report }])
})

test('what was stopped does not say that nobody asked, though the clock was set back meanwhile', () => {
  const given = {
    workloads: [assigned({ startedAt: 900_000 })],
    told: new Map([[id, { at: 960_000, isCutOff: false }]]),
  }
  const stopped = { state: 'ended', exitCode: 143, error: null, endedAt: 950_000 } as const
  expect(steps({ ...given, tasks: new Map([task(stopped)]) })).toEqual([
    { do: 'report', placement: id, report: { type: 'ended', endedAt: 950_000, exitCode: 143, error: null } },
  ])
})

describe('a node that hears of no leader', () => {
  const given = { ledger: new Map([holding('started')]), tasks: new Map([task(running)]) }
  const works = (onPartition?: 'stop' | 'continue' | 'replace') => [
    assigned({ state: 'running', startedAt: 900_000, spec: WorkloadSpec.parse({ image: 'x', onPartition }) }),
  ]

  test('stops at the end of the lease what asked for it, and nothing before', () => {
    const cutOffFor = agentSettings.lease
    expect(steps({ ...given, workloads: works('stop'), cutOffFor: cutOffFor - 1 })).toEqual([])
    const stop = { do: 'stop', placement: id, executor: 'docker', grace: 10_000, isCutOff: true } as const
    expect(steps({ ...given, workloads: works('stop'), cutOffFor })).toEqual([
      { do: 'record', placement: id, record: { type: 'cut-off', placement: id } },
      stop,
    ])
    const noted = new Map([[id, { ...holding('started')[1], isCutOff: true as const }]])
    expect(steps({ ...given, ledger: noted, workloads: works('stop'), cutOffFor })).toEqual([stop])
  })

  test('lets all other work run on', () => {
    for (const onPartition of [undefined, 'continue', 'replace'] as const)
      expect(steps({ ...given, workloads: works(onPartition), cutOffFor: 1e9 })).toEqual([])
  })

  test('starts nothing that it would have to stop, and takes it up when it is back', () => {
    const workloads = [assigned({ spec: WorkloadSpec.parse({ image: 'x', onPartition: 'stop' }) })]
    const waiting = { workloads, ledger: new Map([holding('held')]) }
    expect(steps({ ...waiting, cutOffFor: agentSettings.lease })).toEqual([])
    expect(steps(waiting)).toEqual([{ do: 'start', placement: id }])
  })

  test('reports as lost what it kept from starting, and not as failed', () => {
    const workloads = [assigned({ spec: WorkloadSpec.parse({ image: 'x', onPartition: 'stop' }) })]
    const calledOff = { code: 'CONTAINER_FAILED', message: 'it was stopped while it started' } as const
    const failures = new Map([[id, { error: calledOff, since: at - 1, at: at - 1 }]])
    const told = new Map([[id, { at: 940_000, isCutOff: true }]])
    expect(steps({ workloads, told, failures, ledger: new Map([holding('over')]) })).toMatchObject([
      { do: 'report', report: { type: 'ended', error: { code: 'WORKLOAD_LOST' } } },
    ])
  })

  test('reports what it stopped as lost, so that the mesh places it again', () => {
    const told = new Map([[id, { at: 940_000, isCutOff: true }]])
    expect(steps({ workloads: works('stop'), tasks: new Map([task(ended)]), told })).toMatchObject([
      { do: 'report', report: { type: 'ended', exitCode: 0, error: { code: 'WORKLOAD_LOST' } } },
    ])
  })

  test('knows after a restart too why it stopped what it did', () => {
    const ledger = new Map([[id, { ...holding('over')[1], isCutOff: true as const }]])
    const after = { tasks: new Map([task(ended)]), ledger, adopted: new Set([id]) }
    expect(steps({ ...after, workloads: works('stop') })).toMatchObject([
      { report: { error: { code: 'WORKLOAD_LOST' } } },
    ])
    const stopped = works('stop').map((work) => ({ ...work, state: 'stopping' as const, stopRequested }))
    expect(steps({ ...after, workloads: stopped })).toMatchObject([{ report: { exitCode: 0, error: null } }])
  })
})

test('a task that is asked to stop while it starts is stopped, and ends as asked', () => {
  const workloads = [assigned({ state: 'stopping', stopRequested })]
  const tasks = new Map([task({ state: 'starting', progress: 'pulling image' })])
  expect(steps({ workloads, tasks, ledger: new Map([holding('held')]) })).toEqual([
    { do: 'stop', placement: id, executor: 'docker', grace: 7_000 },
  ])
  expect(steps({ workloads, ledger: new Map([holding('over')]) })).toEqual([
    { do: 'report', placement: id, report: { type: 'ended', endedAt: at, exitCode: null, error: null } },
  ])
})

test.each([
  ['was reported running', assigned({ state: 'running', startedAt: 900_000 }), holding('over')],
  ['was seen running', assigned(), holding('over')],
])('a task that %s and is gone is lost, never started again', (_, gone, held) => {
  expect(steps({ workloads: [gone], ledger: new Map([held]) })).toMatchObject([
    { do: 'report', report: { type: 'ended', exitCode: null, error: { code: 'WORKLOAD_LOST' } } },
  ])
})

test('a start that failed ends the workload with its reason', () => {
  const error = { code: 'IMAGE_NOT_FOUND', message: 'no' } as const
  const failures = new Map([[id, { error, since: at - 1, at: at - 1 }]])
  expect(steps({ workloads: [assigned()], ledger: new Map([holding('over')]), failures })).toMatchObject([
    { do: 'report', report: { type: 'ended', error } },
  ])
})

test.each([
  { code: 'EXECUTOR_UNAVAILABLE', what: 'the docker executor' },
  { code: 'OVERLAY_FAILED', what: 'its network' },
] as const)('$what that went away is waited for, but not for ever', ({ code, what }) => {
  const workloads = [assigned({ progress: `waiting for ${what}` })]
  const given = { workloads, ledger: new Map([holding('held')]) }
  const failed = (since: number, last: number): AgentView['failures'] =>
    new Map([[id, { error: { code, message: 'no' }, since, at: last }]])
  expect(steps({ ...given, failures: failed(at - 100, at - 100) })).toEqual([])
  expect(steps({ ...given, failures: failed(at - 9_000, at - 3_000) })).toEqual([{ do: 'start', placement: id }])
  expect(steps({ ...given, failures: failed(at - 90_000, at - 3_000) })).toEqual([
    { do: 'record', placement: id, record: { type: 'release', placement: id } },
  ])
})

test('a task that the mesh does not want is stopped, freed and forgotten, but only by a fresh state', () => {
  const ledger = new Map([holding('started')])
  expect(steps({ tasks: new Map([task(running)]), ledger, fresh: false })).toEqual([])
  expect(steps({ tasks: new Map([task(running)]), ledger })).toEqual([
    { do: 'stop', placement: id, executor: 'docker', grace: agentSettings.strayGrace },
  ])
  expect(steps({ tasks: new Map([task(ended)]), ledger })).toEqual([
    { do: 'record', placement: id, record: { type: 'release', placement: id } },
  ])
  expect(steps({ tasks: new Map([task(ended)]), ledger: new Map([holding('over')]) })).toEqual([
    { do: 'record', placement: id, record: { type: 'forget', placement: id } },
  ])
})

test('ended tasks are kept for their logs, the newest and not for ever', () => {
  const old = placementId(workloadId('wl-old'), 1)
  const tasks = new Map([task(ended), task({ ...ended, endedAt: 940_000 }, old)])
  const remove = (placement: PlacementId): object => ({ do: 'remove', placement, executor: 'docker' })
  expect(reconcile(view({ tasks }), agentSettings)).toEqual([])
  expect(reconcile(view({ tasks }), { ...agentSettings, keepEnded: 1 })).toEqual([remove(old)])
  expect(reconcile(view({ tasks }), { ...agentSettings, keepEndedFor: 1 })).toEqual([remove(id), remove(old)])
})

test('a holding without a task is freed, once every executor has told what it runs', () => {
  const ledger = new Map([holding('held')])
  expect(steps({ ledger, executors: new Map([['docker', 'unknown'] as const]) })).toEqual([])
  expect(steps({ ledger })).toEqual([{ do: 'record', placement: id, record: { type: 'release', placement: id } }])
})

describe('what its probes say', () => {
  const since = 930_000
  const opinion = (parts: Partial<Opinion>) =>
    new Map([[id, { ready: null, reason: null, since, fatal: null, ...parts }]])
  const given = { ledger: new Map([holding('started')]), tasks: new Map([task(running)]) }
  const workload = (parts: Partial<Assigned> = {}) => [assigned({ state: 'running', startedAt: 900_000, ...parts })]

  test('is told once: when the mesh knows it, nothing is', () => {
    const opinions = opinion({ ready: false, reason: 'readiness: HTTP 503' })
    const report = { type: 'health', ready: false, reason: 'readiness: HTTP 503', at: since }
    expect(steps({ ...given, workloads: workload(), opinions })).toEqual([{ do: 'report', placement: id, report }])
    const known = { ready: false, unreadyReason: 'readiness: HTTP 503', readySince: since }
    expect(steps({ ...given, workloads: workload(known), opinions })).toEqual([])
    expect(steps({ ...given, workloads: workload(), opinions: opinion({}) })).toEqual([])
  })

  test('outweighs what was said before by a clock that was ahead', () => {
    const known = { ready: false, unreadyReason: 'readiness: HTTP 503', readySince: since + 5 }
    expect(steps({ ...given, workloads: workload(known), opinions: opinion({ ready: true }) })).toMatchObject([
      { report: { ready: true, reason: null, at: since + 6 } },
    ])
  })

  const fatal = opinion({ fatal: 'liveness: connection refused' })
  const unhealthy = 'liveness: connection refused'
  const stop = { do: 'stop', placement: id, executor: 'docker', grace: 7_000, unhealthy } as const

  test('ends what is not well, once that is written down', () => {
    expect(steps({ ...given, workloads: workload(), opinions: fatal })).toEqual([
      { do: 'record', placement: id, record: { type: 'cut-off', placement: id, unhealthy } },
      stop,
    ])
    const noted = new Map([[id, { ...holding('started')[1], unhealthy }]])
    expect(steps({ ...given, ledger: noted, workloads: workload(), opinions: fatal })).toEqual([stop])
    // A daemon that has just started has asked nobody yet, and goes on with it.
    expect(steps({ ...given, ledger: noted, workloads: workload() })).toEqual([stop])
  })

  test('gives way to whoever asks for its end', () => {
    const workloads = workload({ state: 'stopping', stopRequested })
    expect(steps({ ...given, workloads, opinions: fatal })).toEqual([
      { do: 'stop', placement: id, executor: 'docker', grace: 7_000 },
    ])
  })

  test('is why it ended, for this daemon and for the one after it, unless it had ended before', () => {
    const over = { ...given, workloads: workload(), tasks: new Map([task(ended)]), ledger: new Map([holding('over')]) }
    const told = (at: number) => new Map([[id, { at, isCutOff: false, unhealthy }]])
    expect(steps({ ...over, told: told(940_000) })).toMatchObject([{ report: { error: { code: 'UNHEALTHY' } } }])
    expect(steps({ ...over, told: told(950_001) })).toMatchObject([{ report: { error: null, unasked: true } }])
    const noted = new Map([[id, { ...holding('over')[1], unhealthy }]])
    expect(steps({ ...over, ledger: noted, adopted: new Set([id]) })).toMatchObject([
      { report: { error: { code: 'UNHEALTHY' } } },
    ])
  })
})
