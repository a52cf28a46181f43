import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { systemClock } from '../../../src/adapters/system/clock.ts'
import { hardwareProbes } from '../../../src/daemon/hardware.ts'
import { detect } from '../../../src/services/inventory/detect.ts'

const settings = {
  dataDir: tmpdir(),
  node: 'ada',
  simulateGpus: '2xH100',
  realGpus: false,
  clock: systemClock,
  busy: () => new Set<string>(),
}

test('this host is described with the GPUs that are simulated on it', async () => {
  const known = { executors: ['process'] as const, versions: {} }
  const { inventory, problems } = await detect(hardwareProbes(settings), known, new AbortController().signal)
  expect(inventory.gpus.map(({ uuid, simulated }) => [uuid, simulated])).toEqual([
    ['SIM-ada-0', true],
    ['SIM-ada-1', true],
  ])
  expect([inventory.links.length, inventory.cpuCores > 0, problems]).toEqual([1, true, []])
})

test('real GPUs are asked for before simulated ones, where this daemon is to offer them', () => {
  const { gpus } = hardwareProbes({ ...settings, realGpus: true })
  expect(gpus.map(({ vendor }) => vendor)).toEqual(['nvidia', 'amd', 'intel', 'apple', 'simulated'])
})
