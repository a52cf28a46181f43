import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { combineInventory, inventoryFingerprint } from '../../../../src/core/inventory/combine.ts'
import type { GpuDevice } from '../../../../src/model/gpu.ts'
import { gpuDevice } from '../../../support/gpu-device.ts'

const gpu = (index: number, uuid: string, more: Partial<GpuDevice> = {}): GpuDevice =>
  gpuDevice({ index, uuid, ...more })

const findings = {
  host: {
    hostname: 'ada',
    os: 'Debian 12',
    kernel: '6.1',
    arch: 'x64',
    cpuModel: 'CPU',
    cpuCores: 2,
    memoryMib: 1,
    diskMib: 2,
  },
  executors: ['process', 'process'] as const,
  versions: { clawnode: '0.1.0' },
}
const combine = (...probes: readonly GpuDevice[][]) =>
  combineInventory(
    findings,
    probes.map((gpus) => ({ gpus, links: [] })),
  )

describe('combining', () => {
  test('devices come in the order of their indexes, executors once', () => {
    const { gpus, executors, hostname } = combine([gpu(1, 'b'), gpu(0, 'a')])
    expect(gpus.map(({ uuid }) => uuid)).toEqual(['a', 'b'])
    expect([executors, hostname]).toEqual([['process'], 'ada'])
  })

  test('a device that two tools see is the one that the first named', () => {
    const seen = combine(
      [gpu(0, 'GPU-a', { pciBusId: '00000000:19:00.0' })],
      [gpu(0, 'other-name', { pciBusId: '0000:19:00.0' }), gpu(1, 'AMD-b', { pciBusId: '0000:1a:00.0' })],
    )
    expect(seen.gpus.map(({ index, uuid }) => `${index} ${uuid}`)).toEqual(['0 GPU-a', '1 AMD-b'])
  })

  test('instances of one GPU are different devices, though they share its slot', () => {
    const mig = { profile: '1g.10gb', parent: 'GPU-a' }
    const slot = { mig, pciBusId: '00000000:07:00.0' }
    expect(combine([gpu(100, 'MIG-a', slot), gpu(101, 'MIG-b', slot)]).gpus).toHaveLength(2)
  })

  test('where indexes clash the later devices are counted on, and their links follow', () => {
    const { gpus, links } = combineInventory(findings, [
      { gpus: [gpu(0, 'a'), gpu(1, 'b')], links: [{ devices: [0, 1], kind: 'nvlink', width: 18 }] },
      { gpus: [gpu(0, 'c'), gpu(1, 'd')], links: [{ devices: [0, 1], kind: 'pix', width: 1 }] },
    ])
    expect(gpus.map(({ index, uuid }) => `${index} ${uuid}`)).toEqual(['0 a', '1 b', '2 c', '3 d'])
    expect(links.map(({ devices, kind }) => `${devices.join('-')} ${kind}`)).toEqual(['0-1 nvlink', '2-3 pix'])
  })

  test('whatever is found, every index and every uuid is there once', () => {
    const device = fc.tuple(fc.nat(5), fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')).map(([i, uuid]) => gpu(i, uuid))
    const probe = fc.uniqueArray(device, { selector: ({ index }) => index })
    fc.assert(
      fc.property(fc.array(probe, { maxLength: 4 }), (probes) => {
        const unique = probes.map((gpus) =>
          gpus.filter((one, i) => gpus.findIndex(({ uuid }) => uuid === one.uuid) === i),
        )
        const { gpus } = combine(...unique)
        const uuids = new Set(unique.flat().map(({ uuid }) => uuid))
        expect(new Set(gpus.map(({ index }) => index)).size).toBe(gpus.length)
        expect(gpus.map(({ uuid }) => uuid).toSorted()).toEqual([...uuids].toSorted())
      }),
    )
  })
})

describe('the fingerprint', () => {
  test('stays with the inventory and changes with any fact in it', () => {
    const before = combine([gpu(0, 'a')])
    expect(inventoryFingerprint(combine([gpu(0, 'a')]))).toBe(inventoryFingerprint(before))
    expect(inventoryFingerprint(combine([gpu(0, 'a', { driver: '1' })]))).not.toBe(inventoryFingerprint(before))
    expect(inventoryFingerprint({ ...before, versions: {} })).not.toBe(inventoryFingerprint(before))
  })
})
