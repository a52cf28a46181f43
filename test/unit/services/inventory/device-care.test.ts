/** The care for devices between two guests, in virtual time, with a probe that says what it is told to. */
import { describe, expect, test } from 'vitest'
import type { Assigned } from '../../../../src/core/agent/view.ts'
import { placementId, workloadId } from '../../../../src/model/ids.ts'
import { unknownSample } from '../../../../src/model/gpu-health.ts'
import type { GpuSample } from '../../../../src/model/gpu.ts'
import { leaseLabel, leaseNamespace } from '../../../../src/model/lease-mark.ts'
import { second } from '../../../../src/model/time.ts'
import { WorkloadSpec } from '../../../../src/model/workload.ts'
import { silent } from '../../../../src/ports/log.ts'
import type { GpuProbe } from '../../../../src/ports/probe.ts'
import { DeviceCare } from '../../../../src/services/inventory/device-care.ts'
import { admitGuest } from '../../../../src/services/inventory/traces.ts'
import { World } from '../../../../src/simulation/world.ts'
import { gpuDevice } from '../../../support/gpu-device.ts'

const never = new AbortController().signal

class Host {
  readonly world = new World(1)
  readonly held = new Set<string>()
  readonly used = new Map([
    ['G0', 0],
    ['G1', 0],
  ])
  readonly processes = new Map<string, GpuSample['processes']>()
  readonly resets: string[] = []
  problem: string | null = null
  resetProblem: string | null = null
  readonly traces: {
    readonly probes: { readonly gpus: readonly GpuProbe[] }
    readonly devices: () => ReturnType<typeof gpuDevice>[]
  }
  readonly care: DeviceCare

  constructor() {
    const probe: GpuProbe = {
      vendor: 'nvidia',
      inventory: () => Promise.resolve({ gpus: [], links: [], problem: null }),
      sample: () => Promise.resolve({ samples: [], problem: 'a look is asked for' }),
      look: (uuids) => Promise.resolve({ samples: uuids.map((uuid) => this.#sample(uuid)), problem: this.problem }),
      reset: (uuid) => {
        this.resets.push(uuid)
        if (this.resetProblem === null) this.used.set(uuid, 0)
        return Promise.resolve(this.resetProblem)
      },
    }
    this.traces = {
      probes: { gpus: [probe] },
      devices: () => [...this.used.keys()].map((uuid, index) => gpuDevice({ index, uuid })),
    }
    const isHeld = (uuid: string): boolean => this.held.has(uuid)
    this.care = new DeviceCare({ ...this.traces, isHeld, clock: this.world, log: silent })
  }

  async runs(): Promise<this> {
    await this.care.start()
    return this
  }

  #sample(uuid: string): GpuSample {
    const processes = this.processes.get(uuid) ?? []
    return { ...unknownSample(uuid), memoryUsedMib: this.used.get(uuid) ?? null, eccUncorrected: 0, processes }
  }
}

describe('before a guest', () => {
  test('given a device with something on it, then that is found, told, and forgotten once it is gone', async () => {
    const host = await new Host().runs()
    let told = 0
    host.care.onProblems(() => (told += 1))
    host.used.set('G1', 9_000)
    expect(await host.care.look(['G0', 'G1'])).toEqual(new Set(['G1']))
    expect(host.care.problems()).toEqual(['G1 is not lent: 9000 MiB of its memory are in use'])
    expect(told).toBe(1)
    host.used.set('G1', 0)
    await host.world.runFor(40 * second)
    expect(host.care.unclean()).toEqual(new Set())
    expect(told).toBe(2)
    // Nobody has had it as a guest, so nothing of the owner's is wiped.
    expect(host.resets).toEqual([])
  })

  test('given a tool that does not answer, then no device counts as clean', async () => {
    const host = await new Host().runs()
    host.problem = 'nvidia-smi did not answer within 4000 ms'
    expect(await host.care.look(['G0'])).toEqual(new Set(['G0']))
    expect(host.care.devices()).toMatchObject([{ uuid: 'G0', kind: 'unknown', detail: host.problem }])
    expect(await host.care.look(['G7'])).toEqual(new Set(['G7']))
  })

  test('given work of the owner on it, then it is not looked at: that work has to give way first', async () => {
    const host = await new Host().runs()
    host.held.add('G0')
    host.used.set('G0', 70_000)
    expect(await host.care.look(['G0'])).toEqual(new Set())
  })
})

describe('after a guest', () => {
  test('given nothing is left, then the device is lent again once it was looked at', async () => {
    const host = await new Host().runs()
    host.care.left(['G0'], { mayReset: true })
    expect(host.care.unclean()).toEqual(new Set(['G0']))
    await host.world.runFor(3 * second)
    expect(host.care.unclean()).toEqual(new Set())
    expect(host.resets).toEqual([])
  })

  test('given memory that stays, and an owner who allows it, then the device is reset, and is clean', async () => {
    const host = await new Host().runs()
    host.used.set('G0', 40_000)
    host.care.left(['G0'], { mayReset: true })
    await host.world.runFor(20 * second)
    expect(host.resets).toEqual(['G0'])
    expect(host.care.unclean()).toEqual(new Set())
  })

  test('given an owner who does not allow it, then it is not lent as long as that is so', async () => {
    const host = await new Host().runs()
    host.used.set('G0', 40_000)
    host.care.left(['G0'], { mayReset: false })
    await host.world.runFor(600 * second)
    expect(host.resets).toEqual([])
    expect(host.care.unclean()).toEqual(new Set(['G0']))
    host.used.set('G0', 10)
    await host.world.runFor(40 * second)
    expect(host.care.unclean()).toEqual(new Set())
  })

  test('given a reset that fails, or a process that stays, then it stays out, and is tried again', async () => {
    const host = await new Host().runs()
    host.resetProblem = 'nvidia-smi failed with code 19: In use by another client'
    host.used.set('G0', 40_000)
    host.processes.set('G1', [{ pid: 5, memoryMib: 1 }])
    host.care.left(['G0', 'G1'], { mayReset: true })
    await host.world.runFor(120 * second)
    expect(host.care.unclean()).toEqual(new Set(['G0', 'G1']))
    expect(host.resets.length).toBeGreaterThan(1)
    expect(new Set(host.resets)).toEqual(new Set(['G0']))
    host.resetProblem = null
    await host.world.runFor(40 * second)
    expect(host.care.unclean()).toEqual(new Set(['G1']))
  })

  test('given work of the owner that has it by then, then it is neither looked at nor reset', async () => {
    const host = await new Host().runs()
    host.used.set('G0', 40_000)
    host.care.left(['G0'], { mayReset: true })
    host.held.add('G0')
    await host.world.runFor(60 * second)
    expect(host.resets).toEqual([])
    expect(host.care.unclean()).toEqual(new Set())
  })
})

describe('a guest that is about to begin', () => {
  const guest = (spec: object): Pick<Assigned, 'spec' | 'placement'> => ({
    spec: WorkloadSpec.parse({ image: 'x', ...spec }),
    placement: {
      ...{ id: placementId(workloadId('wl-a'), 1), node: 'home', devices: ['G0'], executor: 'docker', attempt: 1 },
    } as unknown as Assigned['placement'],
  })
  const leased = guest({ namespace: leaseNamespace, labels: { [leaseLabel]: 'a' } })
  const admit = (host: Host, one = leased): Promise<string> =>
    admitGuest({ ...host.traces, clock: host.world }, one, never).then(
      () => 'admitted',
      (error: unknown) => (error as { readonly code: string }).code,
    )

  test('given work that has just given way, then it begins once that has gone', async () => {
    const host = new Host()
    host.used.set('G0', 40_000)
    host.world.after(4 * second, () => host.used.set('G0', 0))
    const admitted = admit(host)
    await host.world.runFor(20 * second)
    expect(await admitted).toBe('admitted')
  })

  test('given something that stays, or a tool that does not answer, then it does not', async () => {
    const host = new Host()
    host.used.set('G0', 40_000)
    const withheld = admit(host)
    await host.world.runFor(20 * second)
    expect(await withheld).toBe('GPU_UNCLEAN')
    host.problem = 'nvidia-smi did not answer within 4000 ms'
    expect(await admit(host)).toBe('GPU_UNCLEAN')
  })

  test('given work of the owner, then nobody looks', async () => {
    const host = new Host()
    host.used.set('G0', 40_000)
    expect(await admit(host, guest({}))).toBe('admitted')
  })
})
