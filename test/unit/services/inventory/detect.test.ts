import { expect, test } from 'vitest'
import type { HostProbe } from '../../../../src/ports/probe.ts'
import type { GpuProbe } from '../../../../src/ports/probe.ts'
import { detect } from '../../../../src/services/inventory/detect.ts'

const facts = {
  hostname: 'ada',
  os: 'Debian 12',
  kernel: '6.1',
  arch: 'x64',
  cpuModel: 'CPU',
  cpuCores: 2,
  memoryMib: 1,
  diskMib: 2,
}
const host: HostProbe = {
  inventory: () => Promise.resolve(facts),
  sample: () => Promise.reject(new Error('nobody asked')),
  disks: () => Promise.reject(new Error('nobody asked')),
}
const probe = (vendor: string, problem: string | null): GpuProbe => ({
  vendor,
  inventory: () => Promise.resolve({ gpus: [], links: [], problem }),
  sample: () => Promise.reject(new Error('nobody asked')),
})

test('problems are told, and tools that are not installed are kept apart from them', async () => {
  const gpus = [probe('nvidia', 'nvidia-smi did not answer within 20000 ms'), probe('amd', 'amd-smi is not installed')]
  const known = { executors: [], versions: { clawnode: '0.1.0' } }
  const detected = await detect({ host, gpus }, known, new AbortController().signal)
  expect(detected).toEqual({
    inventory: { ...facts, ...known, gpus: [], links: [] },
    problems: ['nvidia-smi did not answer within 20000 ms'],
    absent: ['amd'],
  })
})
