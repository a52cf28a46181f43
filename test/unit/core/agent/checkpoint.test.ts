import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkpointEnvironment } from '../../../../src/core/agent/checkpoint.ts'
import { laneOf } from '../../../../src/core/agent/action.ts'
import { reconcile } from '../../../../src/core/agent/reconcile.ts'
import type { AgentView, Assigned } from '../../../../src/core/agent/view.ts'
import { agentSettings } from '../../../../src/core/agent/view.ts'
import { unborn } from '../../../../src/core/state/workloads.ts'
import { nodeId, placementId, workloadId } from '../../../../src/model/ids.ts'
import { WorkloadSpec } from '../../../../src/model/workload.ts'

const node = nodeId('node')
const id = placementId(workloadId('wl-a'), 1)
const startedAt = 100_000
const eviction = { at: 0, by: 'me', reason: 'node is drained', grace: 7_000, target: null, avoid: false }

/** It runs since 100,000 and saves every minute, and for at most half a minute before it leaves. */
const running = (parts: Partial<Assigned> = {}, spec: object = {}): Assigned => ({
  ...unborn,
  id: workloadId('wl-a'),
  name: 'a',
  spec: WorkloadSpec.parse({
    image: 'x',
    stopGraceMs: 7_000,
    checkpoint: { signal: 'SIGUSR1', intervalMs: 60_000, saveMs: 30_000 },
    ...spec,
  }),
  submittedBy: 'test',
  submittedAt: 0,
  state: 'running',
  attempt: 1,
  startedAt,
  placement: {
    ...{ id, workload: workloadId('wl-a'), attempt: 1, node, devices: [], executor: 'process', term: 1 },
    ...{ state: 'claimed', at: 0, port: null },
  },
  gang: null,
  ...parts,
})

const steps = (workload: Assigned, parts: Partial<AgentView> = {}) =>
  reconcile(
    {
      ...{ node, fresh: true, cutOffFor: 0, told: new Map(), adopted: new Set(), ledger: new Map() },
      opinions: new Map(),
      ...{
        checkpoints: new Map(),
        saves: new Map(),
        letGo: new Map(),
        failures: new Map(),
        devices: new Map<string, number>(),
        at: startedAt,
      },
      sharing: false,
      executors: new Map([['process', 'ready']]),
      assigned: new Map([[id, workload]]),
      tasks: new Map([
        [
          id,
          {
            executor: 'process',
            status: {
              ...{ placement: id, workload: workload.id, handle: '7', devices: [] },
              status: { state: 'running', startedAt },
            },
          },
        ],
      ]),
      ...parts,
    },
    agentSettings,
  )

const signal = (isLeaving: boolean) => ({ do: 'checkpoint', placement: id, executor: 'process', signal: 'SIGUSR1', isLeaving }) // prettier-ignore
const stop = (grace: number, more: object = {}) => ({ do: 'stop', placement: id, executor: 'process', grace, ...more })

describe('while it stays', () => {
  test('it is told to save at each interval since its start, and once only', () => {
    expect(steps(running(), { at: startedAt + 59_999 })).toEqual([])
    expect(steps(running(), { at: startedAt + 60_000 })).toEqual([signal(false)])
    const late = startedAt + 95_000
    const told = { checkpoints: new Map([[id, late]]) }
    expect(steps(running({ lastCheckpoint: late }), { ...told, at: startedAt + 119_999 })).toEqual([])
    expect(steps(running({ lastCheckpoint: late }), { ...told, at: startedAt + 120_000 })).toEqual([signal(false)])
  })

  test('a daemon that was started since goes on from what the mesh knows', () => {
    const known = running({ lastCheckpoint: startedAt + 61_000 })
    expect(steps(known, { at: startedAt + 119_999 })).toEqual([])
    expect(steps(known, { at: startedAt + 120_000 })).toEqual([signal(false)])
  })

  test('that it was told is reported until the mesh knows, and what was not told is not', () => {
    const at = startedAt + 60_010
    const reported = { do: 'report', placement: id, report: { type: 'checkpoint', at } }
    expect(steps(running(), { at, checkpoints: new Map([[id, at]]) })).toEqual([reported])
    expect(steps(running({ lastCheckpoint: at }), { at, checkpoints: new Map([[id, at]]) })).toEqual([])
  })

  test('without an interval it is left alone, and so is work that does not save', () => {
    const at = startedAt + 86_400_000
    expect(steps(running({}, { checkpoint: { signal: 'SIGUSR1' } }), { at })).toEqual([])
    expect(steps(running({}, { checkpoint: undefined }), { at })).toEqual([])
  })

  test('however often and whenever somebody looks, each interval has one signal at most, and with a look a second exactly one', () => {
    const look = fc.integer({ min: 0, max: 600_000 })
    fc.assert(
      fc.property(fc.integer({ min: 10_000, max: 90_000 }), fc.array(look), (intervalMs, looks) => {
        const told: number[] = []
        const play = (moments: readonly number[]): number[] => {
          told.length = 0
          for (const at of moments.map((moment) => startedAt + moment)) {
            const last = told.at(-1)
            const checkpoints = new Map(last === undefined ? [] : [[id, last] as const])
            const workload = running(
              { lastCheckpoint: last ?? null },
              { checkpoint: { signal: 'SIGUSR1', intervalMs } },
            )
            if (steps(workload, { at, checkpoints }).some((step) => step.do === 'checkpoint')) told.push(at)
          }
          return told.map((at) => Math.floor((at - startedAt) / intervalMs))
        }
        const turns = play(looks.toSorted((a, b) => a - b))
        expect(new Set(turns).size).toBe(turns.length)
        expect(turns).not.toContain(0)
        const everySecond = Array.from({ length: 300 }, (_, i) => i * 1_000)
        const most = Math.floor(299_000 / intervalMs)
        expect(play(everySecond)).toEqual(Array.from({ length: most }, (_, i) => i + 1))
      }),
      { numRuns: 50 },
    )
  })
})

describe('before it leaves its node although it is to go on', () => {
  const leaving = running({ state: 'stopping', eviction })
  const since = startedAt + 1_000
  const sent = { saves: new Map([[id, { since, isSent: true }]]) }

  test('it is told to save, then left alone, and stopped when it has had its time', () => {
    expect(steps(leaving, { at: since })).toEqual([signal(true)])
    expect(steps(leaving, { ...sent, at: since + 29_999 })).toEqual([])
    expect(steps(leaving, { ...sent, at: since + 30_000 })).toEqual([stop(7_000)])
  })

  test('it has as long as its stop grace when nobody says how long', () => {
    const plain = running({ state: 'stopping', eviction }, { checkpoint: { signal: 'SIGUSR1' } })
    expect(steps(plain, { ...sent, at: since + 6_999 })).toEqual([])
    expect(steps(plain, { ...sent, at: since + 7_000 })).toEqual([stop(7_000)])
  })

  test('a signal that was not sent is tried again, but not for longer than it may save', () => {
    const failed = { saves: new Map([[id, { since, isSent: false }]]) }
    expect(steps(leaving, { ...failed, at: since + 29_999 })).toEqual([signal(true)])
    expect(steps(leaving, { ...failed, at: since + 30_000 })).toEqual([stop(7_000)])
  })

  test('it is not told when somebody asks for its end, when it is killed at once, or when its node is cut off', () => {
    const stopRequested = { at: 0, by: 'me', force: false, because: null }
    expect(steps(running({ state: 'stopping', stopRequested }))).toEqual([stop(7_000)])
    expect(steps(running({ state: 'stopping', stopRequested, eviction }), sent)).toEqual([stop(7_000)])
    expect(steps(running({ state: 'stopping', eviction: { ...eviction, grace: 0 } }), sent)).toEqual([stop(0)])
    const bound = { onPartition: 'stop' }
    expect(steps(running({}, bound), { cutOffFor: agentSettings.lease })).toEqual([stop(7_000, { isCutOff: true })])
    const both = running({ state: 'stopping', eviction }, bound)
    expect(steps(both, { ...sent, cutOffFor: agentSettings.lease })).toEqual([stop(7_000)])
  })

  test('an end after it was told was asked for: it has made room', () => {
    const status = { state: 'ended', exitCode: 0, error: null, endedAt: since + 5 } as const
    const tasks = new Map([
      [id, { executor: 'process', status: { placement: id, workload: leaving.id, handle: '7', devices: [], status } }],
    ] as const)
    const end = { endedAt: since + 5, exitCode: 0, error: null }
    const told = new Map([[id, { at: since, isCutOff: false }]])
    expect(steps(leaving, { tasks, told })).toEqual([
      { do: 'report', placement: id, report: { type: 'ended', ...end } },
    ])
    expect(steps(leaving, { tasks })).toEqual([
      { do: 'report', placement: id, report: { type: 'ended', ...end, unasked: true } },
    ])
  })

  test('telling it to save has a lane of its own, so that nothing waits for it and nothing is told twice at a time', () => {
    const [first] = steps(leaving, { at: since })
    const [second] = steps(running(), { at: startedAt + 60_000 })
    expect([first, second].map((step) => (step === undefined ? null : laneOf(step)))).toEqual([
      'checkpoint',
      'checkpoint',
    ])
  })
})

test('where it saves is told in its environment', () => {
  expect(checkpointEnvironment(running().spec)).toEqual({})
  const { spec } = running({}, { checkpoint: { signal: 'SIGHUP', path: '/ckpt' } })
  expect(checkpointEnvironment(spec)).toEqual({ CLAW_CHECKPOINT_PATH: '/ckpt' })
})
