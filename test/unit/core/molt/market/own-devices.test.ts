import { expect, test } from 'vitest'
import { heldByOwner, ownCapacity } from '../../../../../src/core/molt/market/own-devices.ts'
import { createState } from '../../../../../src/core/state/state.ts'
import type { GpuDevice } from '../../../../../src/model/gpu.ts'
import { nodeId, placementId, workloadId } from '../../../../../src/model/ids.ts'
import type { Member } from '../../../../../src/model/node.ts'
import type { Workload } from '../../../../../src/model/workload.ts'
import { WorkloadSpec } from '../../../../../src/model/workload.ts'
import { unborn } from '../../../../../src/core/state/workloads.ts'
import { gpuDevice } from '../../../../support/gpu-device.ts'

const home = nodeId('home')
const clean = { memoryUsedMib: 300, eccUncorrected: 0, health: 'ok' as const, processes: [] }
const gpus = (count: number): readonly GpuDevice[] =>
  Array.from({ length: count }, (_, index) => gpuDevice({ index, uuid: `G${index}` }))

function meshOf(devices: readonly GpuDevice[], parts: Partial<Member> = {}) {
  const state = createState()
  state.members.set(home, {
    ...{ id: home, name: 'home', labels: {}, roles: [], epoch: 1, addresses: [], sealKey: '', joinedAt: 0, taints: [] },
    scheduling: { mode: 'open', reason: '', since: 0, grace: null },
    inventory: {
      ...{ hostname: 'home', os: 'linux', kernel: '6', arch: 'x64', cpuModel: 'x', cpuCores: 8, memoryMib: 1_000 },
      ...{ diskMib: 1, links: [], executors: ['docker'], versions: {}, gpus: devices },
    },
    ...parts,
  })
  return state
}

function running(state: ReturnType<typeof createState>, uuid: string, spec: Partial<WorkloadSpec>): void {
  const id = workloadId(`wl-${uuid.toLowerCase()}`)
  const workload: Workload = {
    ...{ ...unborn, id, name: id, submittedBy: 'x', submittedAt: 0, state: 'running' },
    spec: WorkloadSpec.parse({ image: 'x', ...spec }),
  }
  state.workloads.set(id, workload)
  state.holders.set(uuid, placementId(id, 1))
}

const samplesOf = (count: number, odd: Readonly<Record<string, object>> = {}) =>
  new Map(gpus(count).map(({ uuid }) => [uuid, { ...clean, ...odd[uuid] }]))

const usesOf = (state: ReturnType<typeof createState>, own: Partial<Parameters<typeof ownCapacity>[1]> = {}) =>
  Object.fromEntries(
    ownCapacity(state, {
      ...{ node: home, promised: new Set(), samples: samplesOf(8), unclean: new Set(), priority: 0 },
      ...own,
    }).devices.map(({ uuid, use }) => [uuid, use]),
  )

test('what nobody holds and is clean is free; what is promised or held is not', () => {
  const state = meshOf(gpus(3))
  running(state, 'G1', {})
  expect(usesOf(state, { promised: new Set(['G2']) })).toEqual({ G0: 'free', G1: 'owner', G2: 'promised' })
})

test('a device that is ill, was never looked at, or is not clean, is not lent', () => {
  const odd = {
    G0: { health: 'failed' },
    G1: { processes: [{ pid: 1, memoryMib: 1 }] },
    G2: { memoryUsedMib: 5_000 },
  }
  expect(usesOf(meshOf(gpus(4)), { samples: samplesOf(3, odd) })).toEqual({
    G0: 'out',
    G1: 'out',
    G2: 'out',
    G3: 'out',
  })
  const worse = { G0: { memoryUsedMib: null }, G1: { eccUncorrected: 1 } }
  const found = usesOf(meshOf(gpus(4)), { samples: samplesOf(4, worse), unclean: new Set(['G2']) })
  expect(found).toEqual({ G0: 'out', G1: 'out', G2: 'out', G3: 'free' })
})

test('work of less than leases gives way to them, and leased work is no work of the owner', () => {
  const state = meshOf(gpus(2))
  running(state, 'G0', { priority: 100 })
  running(state, 'G1', { namespace: 'molt', labels: { 'claw.molt/lease': 'a' } })
  expect(usesOf(state, { priority: 200 })).toEqual({ G0: 'yielding', G1: 'promised' })
  expect(heldByOwner(['G0'], state, 200)).toBe(false)
  expect(heldByOwner(['G0'], state, 0)).toBe(true)
  expect(heldByOwner(['G1'], state, 0)).toBe(false)
})

test('a node that takes no work lends nothing, and parts of a GPU are not lent', () => {
  const closed = meshOf(gpus(1), { scheduling: { mode: 'cordoned', reason: '', since: 0, grace: null } })
  expect(usesOf(closed)).toEqual({ G0: 'out' })
  const cut = [...gpus(1), gpuDevice({ index: 1, uuid: 'G1', mig: { profile: '1g.10gb', parent: 'G0' } })]
  expect(usesOf(meshOf(cut))).toEqual({})
})
