/** What an agent does about the lease while somebody else keeps it waiting. */
import { expect, test } from 'vitest'
import { executionLease } from '../../src/core/gateway/lease.ts'
import { ClawError } from '../../src/model/failure.ts'
import { meshId, nodeId } from '../../src/model/ids.ts'
import type { Millis } from '../../src/model/time.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Executor } from '../../src/ports/executor.ts'
import { silent } from '../../src/ports/log.ts'
import { AgentService } from '../../src/services/agent/agent-service.ts'
import { World } from '../../src/simulation/world.ts'
import { Engine, EngineExecutor } from '../support/agent-engine.ts'
import { Mesh } from '../support/agent-mesh.ts'
import { Life, MemoryDisk } from '../support/mortal.ts'
import { allWell } from '../support/all-well.ts'

const node = nodeId('node')
const muteMetrics = { count() {}, gauge() {}, observe() {} }

/** An executor that is not there at first, and then never answers. */
function mute(): Executor {
  let asked = 0
  const adopt = (_mesh: unknown, _node: unknown, signal: AbortSignal): Promise<never> => {
    asked += 1
    if (asked === 1)
      return Promise.reject(new ClawError('EXECUTOR_UNAVAILABLE', { executor: 'process', detail: 'none' }))
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))))
  }
  return { kind: 'process', adopt, onStatus: () => () => {}, status: () => null } as unknown as Executor
}

/** A host that runs `writer`, which must never run twice, beside an executor that does not answer. */
async function running() {
  const world = new World(1)
  const mesh = new Mesh(world)
  const engine = new Engine(world)
  const life = new Life()
  const timers: Millis[] = []
  const clock: Clock = {
    now: () => world.now(),
    elapsed: () => world.elapsed(),
    after(wait, run) {
      timers.push(wait)
      return world.after(wait, run)
    },
  }
  const agent = new AgentService({
    ...{ mesh: meshId('mesh'), node, control: mesh.control(), log: silent, metrics: muteMetrics, clock },
    executors: new Map<'docker' | 'process', Executor>([
      ['docker', new EngineExecutor(engine, world, life)],
      ['process', mute()],
    ]),
    devices: { devices: () => [], failed: () => new Set(), onChange: () => () => {} },
    sharing: false,
    ...{ isPortFree: async () => true, checks: allWell },
    disk: new MemoryDisk(world).of(life),
  })
  const started = agent.start()
  await world.runFor(1_000)
  await started
  engine.lasting = true
  mesh.place(mesh.submit('writer', { onPartition: 'stop', stopGraceMs: 1_000 }), node, [])
  await world.runUntil(() => engine.running().length === 1, 20_000)
  return { world, mesh, engine, agent, timers }
}

test('given an executor that does not answer, when the leader is known all the time, then nothing is taken for cut off', async () => {
  const { world, engine } = await running()
  await world.runFor(2 * executionLease)
  expect(engine.running()).toHaveLength(1)
})

test('given an executor that does not answer, when the node is cut off, then what may not run twice ends in time', async () => {
  const { world, mesh, engine } = await running()
  await world.runFor(2 * executionLease)
  mesh.silentSince = world.elapsed()
  await world.runFor(executionLease - 2_000)
  expect(engine.running()).toHaveLength(1)
  await world.runFor(10_000)
  expect(engine.running()).toEqual([])
})

test('given an agent that is stopped while an executor keeps it waiting, then it does nothing more', async () => {
  const { world, agent, timers } = await running()
  await world.runFor(3_000)
  await agent.stop()
  const { length } = timers
  await world.runFor(10_000)
  expect(timers).toHaveLength(length)
})
