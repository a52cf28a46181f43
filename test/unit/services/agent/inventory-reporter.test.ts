import { expect, test } from 'vitest'
import type { Change, Command } from '../../../../src/core/state/types.ts'
import { openSince } from '../../../../src/core/state/members.ts'
import { createState } from '../../../../src/core/state/state.ts'
import { ClawError } from '../../../../src/model/failure.ts'
import type { GpuDevice, GpuHealth } from '../../../../src/model/gpu.ts'
import { nodeId } from '../../../../src/model/ids.ts'
import type { Member } from '../../../../src/model/node.ts'
import { silent } from '../../../../src/ports/log.ts'
import type { GpuProbe, HostProbe } from '../../../../src/ports/probe.ts'
import { InventoryReporter } from '../../../../src/services/agent/inventory-reporter.ts'
import { World } from '../../../../src/simulation/world.ts'
import { gpuDevice } from '../../../support/gpu-device.ts'

const self = nodeId('self')
const never = new AbortController().signal

const device = (index: number): GpuDevice =>
  gpuDevice({ index, uuid: `GPU-${index}`, model: 'NVIDIA A100', memoryMib: 40_960 })

/** A host whose GPUs come and go. */
class Hardware {
  gpus = [device(0), device(1)]
  health: GpuHealth = 'ok'
  problem: string | null = null

  readonly gpu: GpuProbe = {
    vendor: 'nvidia',
    inventory: () => Promise.resolve({ gpus: this.gpus, links: [], problem: null }),
    sample: () =>
      Promise.resolve({
        problem: this.problem,
        samples: this.problem === null ? this.gpus.map(({ uuid }) => ({ ...quiet, uuid, health: this.health })) : [],
      }),
  }

  readonly host: HostProbe = {
    disks: () => Promise.resolve([]),
    inventory: () =>
      Promise.resolve({
        hostname: 'h',
        os: 'linux',
        kernel: '6',
        arch: 'x64',
        cpuModel: 'c',
        cpuCores: 2,
        memoryMib: 1,
        diskMib: 1,
      }),
    sample: () =>
      Promise.resolve({
        cpuUtilization: 1,
        load: [0, 0, 0],
        memoryUsedMib: 1,
        memoryTotalMib: 2,
        diskFreeMib: 3,
        uptime: 4,
      }),
  }
}

const quiet = {
  utilization: null,
  memoryUsedMib: null,
  temperatureC: null,
  powerW: null,
  powerLimitW: null,
  smClockMhz: null,
  eccUncorrected: null,
  throttle: [],
  processes: [],
} as const

function setUp(): {
  readonly world: World
  readonly hardware: Hardware
  readonly reporter: InventoryReporter
  readonly reported: () => readonly (readonly string[])[]
  readonly admit: () => void
  readonly mesh: { down: boolean; outdated: ClawError | null; asked: number }
} {
  const world = new World(1)
  const hardware = new Hardware()
  const state = createState()
  const mesh = { down: false, outdated: null as ClawError | null, asked: 0 }
  const reports: string[][] = []
  let tell = (changes: readonly Change[]): void => void changes
  const member: Member = {
    id: self,
    name: 'self',
    labels: {},
    roles: [],
    epoch: 1,
    addresses: [],
    sealKey: '',
    joinedAt: 0,
    ...openSince(0),
    inventory: null,
  }
  const execute = (command: Command): Promise<{ index: number; value: object }> => {
    mesh.asked += 1
    if (mesh.down) return Promise.reject(new ClawError('NO_LEADER', { detail: 'an election' }))
    if (command.type !== 'report-inventory') throw new Error(command.type)
    reports.push(command.inventory.gpus.map(({ uuid }) => uuid))
    state.members.set(self, { ...member, inventory: command.inventory })
    tell([{ type: 'member', node: self }])
    return Promise.resolve({ index: reports.length, value: {} })
  }
  const reporter = new InventoryReporter({
    self,
    probes: { host: hardware.host, gpus: [hardware.gpu] },
    executors: ['docker'],
    sharing: false,
    versions: () => ({ clawnode: '0' }),
    control: {
      state,
      get outdated() {
        return mesh.outdated
      },
      execute,
      onChange: (listener) => {
        tell = listener
        return () => {}
      },
    },
    clock: world,
    log: silent,
  })
  const admit = (): void => {
    state.members.set(self, member)
    tell([{ type: 'member', node: self }])
  }
  return { world, hardware, reporter, reported: () => reports, admit, mesh }
}

test('a node that is outdated does not try to report: nobody could take it', async () => {
  const { world, hardware, reporter, reported, admit, mesh } = setUp()
  await reporter.start()
  admit()
  await world.runFor(10_000)
  mesh.outdated = new ClawError('VERSION_UNSUPPORTED', { found: 'more', oldest: 1, newest: 1 })
  hardware.gpus = [device(0)]
  await world.runFor(300_000)
  expect(reporter.devices()).toHaveLength(1)
  expect([reported().length, mesh.asked]).toEqual([1, 1])
})

test('a node reports itself once it is admitted, and not again while nothing changes', async () => {
  const { world, reporter, reported, admit } = setUp()
  await reporter.start()
  await world.runFor(120_000)
  expect(reported()).toEqual([])
  admit()
  await world.runFor(300_000)
  expect(reported()).toEqual([['GPU-0', 'GPU-1']])
  expect(reporter.devices()?.map(({ uuid }) => uuid)).toEqual(['GPU-0', 'GPU-1'])
})

test('a report that no leader takes is sent until one does', async () => {
  const { world, reporter, reported, admit, mesh } = setUp()
  mesh.down = true
  await reporter.start()
  admit()
  await world.runFor(10_000)
  expect(reported()).toEqual([])
  mesh.down = false
  await world.runFor(3_000)
  expect(reported()).toEqual([['GPU-0', 'GPU-1']])
})

test('a device that vanishes counts as failed at the next sample, and the mesh hears of it', async () => {
  const { world, hardware, reporter, reported, admit } = setUp()
  await reporter.start()
  admit()
  await reporter.sample(never)
  let changes = 0
  reporter.onChange(() => (changes += 1))

  hardware.gpus = [device(0)]
  await reporter.sample(never)
  expect([...reporter.failed()]).toEqual(['GPU-1'])
  await world.runFor(1_000)
  expect(reported()).toEqual([['GPU-0', 'GPU-1'], ['GPU-0']])
  expect(changes).toBeGreaterThan(0)
})

test('a device that its tool calls failed has failed until it is well again', async () => {
  const { hardware, reporter } = setUp()
  await reporter.start()
  hardware.health = 'failed'
  await reporter.sample(never)
  expect([...reporter.failed()]).toEqual(['GPU-0', 'GPU-1'])
  hardware.health = 'ok'
  await reporter.sample(never)
  expect([...reporter.failed()]).toEqual([])
})

test('a tool that does not answer says nothing about the devices', async () => {
  const { hardware, reporter } = setUp()
  await reporter.start()
  await reporter.sample(never)
  hardware.problem = 'nvidia-smi took too long'
  await reporter.sample(never)
  expect([...reporter.failed()]).toEqual([])
})
