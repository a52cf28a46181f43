/** The agent under crashes, a mesh in trouble, and a leader that gives devices out twice. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { GpuDevice } from '../../src/model/gpu.ts'
import type { PlacementId, WorkloadId } from '../../src/model/ids.ts'
import { meshId, nodeId, placementId } from '../../src/model/ids.ts'
import type { WorkloadSpec } from '../../src/model/workload.ts'
import { silent } from '../../src/ports/log.ts'
import { agentSettings } from '../../src/core/agent/view.ts'
import { AgentService } from '../../src/services/agent/agent-service.ts'
import { World } from '../../src/simulation/world.ts'
import { Engine, EngineExecutor } from '../support/agent-engine.ts'
import { Mesh } from '../support/agent-mesh.ts'
import { Life, MemoryDisk } from '../support/mortal.ts'
import { gpuDevice } from '../support/gpu-device.ts'
import { allWell } from '../support/all-well.ts'

const node = nodeId('node')
const gpu = (index: number): GpuDevice => gpuDevice({ index, uuid: `GPU-${index}`, simulated: true })
const gpus = [0, 1, 2].map(gpu)
const muteMetrics = { count() {}, gauge() {}, observe() {} }

/** One host: its disk and engine last, its daemon does not. */
class Host {
  readonly world: World
  readonly mesh: Mesh
  readonly engine: Engine
  readonly #disk: MemoryDisk
  #life = new Life()
  #agent: AgentService | null = null
  /** Busy devices, each time that the agent said they had changed. */
  readonly told: (readonly string[])[] = []

  constructor(seed: number) {
    this.world = new World(seed)
    this.mesh = new Mesh(this.world)
    this.engine = new Engine(this.world)
    this.#disk = new MemoryDisk(this.world)
  }

  boot(): void {
    const life = new Life()
    this.#life = life
    const agent = new AgentService(
      {
        mesh: meshId('mesh'),
        node,
        control: life.bind(this.mesh.control()),
        executors: new Map([['docker', life.bind(new EngineExecutor(this.engine, this.world, life))]]),
        devices: { devices: () => gpus, failed: () => new Set(), onChange: () => () => {} },
        sharing: true,
        ...{ isPortFree: async () => true, checks: allWell },
        disk: this.#disk.of(life),
        clock: life.clock(this.world),
        log: silent,
        metrics: muteMetrics,
      },
      { ...agentSettings, keepEnded: 3 },
    )
    this.#agent = agent
    agent.onBusyChange(() => this.told.push(agent.busyDevices()))
    agent.start().catch((error: unknown) => this.engine.violations.push(`the agent did not start: ${String(error)}`))
  }

  crash(): void {
    this.#life.alive = false
    this.#agent = null
  }

  busyDevices(): readonly string[] {
    return this.#agent?.busyDevices() ?? []
  }
}

const saving = { checkpoint: { signal: 'SIGUSR1', intervalMs: 10_000, saveMs: 5_000 } } as const

type Step =
  | {
      readonly do: 'submit'
      readonly devices: readonly number[]
      readonly isSaving: boolean
      readonly share: number | null
    }
  | { readonly do: 'place'; readonly which: number; readonly devices: readonly number[] }
  | { readonly do: 'supersede' | 'vanish'; readonly which: number }
  | { readonly do: 'stop' | 'evict'; readonly which: number; readonly force: boolean }
  | { readonly do: 'crash'; readonly down: number }

const devices = fc.uniqueArray(fc.nat(2), { maxLength: 3 })
/** MiB of devices that have 81,559. */
const share = fc.option(fc.integer({ min: 1, max: 60_000 }))
const which = fc.nat(20)
const step = fc.oneof<fc.WeightedArbitrary<Step>[]>(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('submit' as const), devices, isSaving: fc.boolean(), share }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('place' as const), which, devices }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('supersede' as const, 'vanish' as const), which }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('stop' as const, 'evict' as const), which, force: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('crash' as const), down: fc.nat(3_000) }) },
)
const plan = fc.record({
  seed: fc.integer(),
  trouble: fc.double({ min: 0, max: 0.6, noNaN: true }),
  steps: fc.array(fc.tuple(fc.oneof(fc.nat(50), fc.nat(3_000)), step), { maxLength: 40 }),
})

type Plan = typeof plan extends fc.Arbitrary<infer Given> ? Given : never

async function play({ seed, trouble, steps }: Plan): Promise<Host> {
  const host = new Host(seed)
  host.mesh.trouble = trouble
  host.boot()
  for (const [wait, what] of steps) {
    await host.world.runFor(wait)
    await take(host, what)
  }
  host.mesh.trouble = 0
  await host.world.runFor(120_000)
  return host
}

async function take(host: Host, what: Step): Promise<void> {
  const { mesh, engine, world } = host
  const known = [...mesh.state.workloads.values()]
  const chosen = 'which' in what ? known[what.which % known.length] : undefined
  const uuids = 'devices' in what ? what.devices.map((index) => `GPU-${index}`) : []
  switch (what.do) {
    case 'submit':
      return mesh.place(
        mesh.submit(`job${known.length}`, { ...gpusOf(what.share), ...(what.isSaving ? saving : {}) }),
        node,
        uuids,
      )
    case 'crash':
      host.crash()
      await world.runFor(what.down)
      return host.boot()
    case 'place':
      return chosen && mesh.place(chosen.id, node, uuids)
    case 'supersede':
      return chosen && mesh.supersede(chosen.id)
    case 'vanish':
      return chosen?.placement === null || chosen === undefined ? undefined : engine.vanish(chosen.placement.id)
    case 'stop':
      return chosen && mesh.requestStop(chosen.id, what.force)
    case 'evict':
      return chosen && mesh.evict(chosen.id, what.force ? 0 : 1_000)
  }
}

const gpusOf = (share: number | null) => (share === null ? {} : { gpus: { count: 1, share } })

test('whatever crashes and whatever the leader does, no device is in two tasks, unless it has room for both, nor an attempt twice', async () => {
  let shared = 0
  await fc.assert(
    fc.asyncProperty(plan, async (given) => {
      const { engine } = await play(given)
      expect(engine.violations).toEqual([])
      shared += engine.shared
    }),
    { numRuns: 500 },
  )
  expect(shared).toBeGreaterThan(10)
})

test('when the trouble is over, all that was placed has ended, nothing runs astray, and no device is held', async () => {
  await fc.assert(
    fc.asyncProperty(plan, async (given) => {
      const host = await play(given)
      expect([...host.mesh.live()]).toEqual([])
      expect(host.engine.running().map(({ task }) => task.placement)).toEqual([])
      expect(host.busyDevices()).toEqual([])
      expect(host.engine.containers.size).toBeLessThanOrEqual(3)
    }),
    { numRuns: 100 },
  )
})

test('given devices, when they are given out, after a crash too, and let go of, then the agent says so each time', async () => {
  const host = new Host(1)
  host.boot()
  const job = host.mesh.submit('job')
  host.mesh.place(job, node, ['GPU-0', 'GPU-1'])
  await host.world.runUntil(() => host.told.length === 1, 1_000)
  host.crash()
  host.boot()
  await host.world.runUntil(() => host.told.length === 2, 1_000)
  host.mesh.requestStop(job, true)
  await host.world.runUntil(() => host.told.length === 3, 60_000)
  expect(host.told).toEqual([['GPU-0', 'GPU-1'], ['GPU-0', 'GPU-1'], []])
})

/** A job that runs, and its placement. */
async function runningJob(
  host: Host,
  spec: Partial<WorkloadSpec> = {},
): Promise<{ readonly job: WorkloadId; readonly placement: PlacementId }> {
  host.boot()
  const job = host.mesh.submit('job', spec)
  host.mesh.place(job, node, ['GPU-0'])
  const placement = placementId(job, 1)
  await host.world.runUntil(() => (host.mesh.state.workloads.get(job)?.startedAt ?? null) !== null, 10_000)
  return { job, placement }
}

test('given work that has just ended, when it is evicted before anybody knows, then it is done and does not run again', async () => {
  const host = new Host(1)
  const { job, placement } = await runningJob(host)
  host.engine.end(placement, 0)
  host.mesh.evict(job, 1_000)
  await host.world.runFor(10_000)
  expect(host.mesh.state.workloads.get(job)).toMatchObject({ state: 'completed', exitCode: 0 })
})

test('given work that was told to go, when its daemon dies before the end, then the next one does not take it for done', async () => {
  const host = new Host(1)
  const { job, placement } = await runningJob(host)
  host.mesh.evict(job, 1_000)
  await host.world.runFor(5)
  host.crash()
  host.engine.end(placement, 0)
  await host.world.runFor(1_000)
  host.boot()
  await host.world.runFor(10_000)
  expect(host.mesh.state.workloads.get(job)).toMatchObject({ state: 'pending', history: [{ attempt: 1 }] })
})

test('given work that saves every ten seconds, when its daemon restarts in between, then it is told once each time and the mesh knows when', async () => {
  const host = new Host(1)
  host.engine.lasting = true
  const { job, placement } = await runningJob(host, saving)
  const start = host.mesh.state.workloads.get(job)?.startedAt ?? 0
  for (const span of [12_000, 3_000, 12_000, 5_000]) {
    await host.world.runFor(span)
    host.crash()
    host.boot()
  }
  await host.world.runFor(9_000)
  expect(host.engine.signals.map(({ at }) => Math.floor((at - start) / 10_000))).toEqual([1, 2, 3, 4])
  expect(host.engine.signals.every((signal) => signal.placement === placement)).toBe(true)
  const { lastCheckpoint = null } = host.mesh.state.workloads.get(job) ?? {}
  expect(Math.floor(((lastCheckpoint ?? 0) - start) / 10_000)).toBe(4)
})

test('given work that saves, when it is evicted, then it is told first and stopped only when it has had its time', async () => {
  const host = new Host(1)
  host.engine.lasting = true
  const { job, placement } = await runningJob(host, saving)
  host.mesh.evict(job, 1_000)
  await host.world.runFor(4_900)
  expect(host.engine.signals).toMatchObject([{ placement }])
  expect(host.engine.running()).toHaveLength(1)
  await host.world.runFor(8_000)
  expect(host.engine.running()).toEqual([])
  expect(host.engine.signals).toHaveLength(1)
  expect(host.mesh.state.workloads.get(job)).toMatchObject({ state: 'pending', history: [{ attempt: 1 }] })
})

test('given work that ends with 0 once it has saved, when it was evicted, then it goes on elsewhere', async () => {
  const host = new Host(1)
  host.engine.lasting = true
  const { job, placement } = await runningJob(host, saving)
  host.mesh.evict(job, 1_000)
  await host.world.runUntil(() => host.engine.signals.length === 1, 3_000)
  host.engine.end(placement, 0)
  await host.world.runFor(2_000)
  expect(host.mesh.state.workloads.get(job)).toMatchObject({ state: 'pending', history: [{ attempt: 1, exitCode: 0 }] })
})

test('given work that saves, when somebody stops it or kills it, then it is not told to save', async () => {
  for (const end of ['stop', 'kill'] as const) {
    const host = new Host(1)
    host.engine.lasting = true
    const { job } = await runningJob(host, saving)
    if (end === 'stop') host.mesh.requestStop(job, false)
    else host.mesh.evict(job, 0)
    await host.world.runFor(8_000)
    expect(host.engine.running()).toEqual([])
    expect(host.engine.signals).toEqual([])
  }
})

test('given an engine that passes no signals on, then nothing counts as saved, and what has to leave leaves all the same', async () => {
  const host = new Host(1)
  host.engine.lasting = true
  host.engine.deaf = true
  const { job } = await runningJob(host, saving)
  await host.world.runFor(15_000)
  expect(host.mesh.state.workloads.get(job)).toMatchObject({ state: 'running', lastCheckpoint: null })
  host.mesh.evict(job, 1_000)
  await host.world.runFor(4_900)
  expect(host.engine.running()).toHaveLength(1)
  await host.world.runFor(8_000)
  expect(host.mesh.state.workloads.get(job)).toMatchObject({ state: 'pending', history: [{ attempt: 1 }] })
})
