/** How much of a GPU a container uses: said only where it can be known. */
import { expect, test } from 'vitest'
import { useOf } from '../../../src/operations/workload/container-stats.ts'
import { sample } from '../../support/operations-mesh.ts'

const busy = sample('g', {
  processes: [
    { pid: 7, memoryMib: 100 },
    { pid: 8, memoryMib: 50 },
    { pid: 9, memoryMib: null },
  ],
})
const quiet = sample('g', { processes: [] })

test.each([
  ['a device that it has alone is its own use', quiet, [], false, [50, 1_000, 'device']],
  ['its own processes are counted where the tool names them', busy, [7, 8, 1], false, [50, 150, 'processes']],
  ['a process whose memory the tool cannot tell leaves the device’s', busy, [9], false, [50, 1_000, 'device']],
  ['a shared device says nothing of one that is not named on it', busy, [1], true, [null, null, null]],
  ['a shared device tells the memory of those that are named on it', busy, [8], true, [null, 50, 'processes']],
  ['without process ids a shared device is not known', busy, null, true, [null, null, null]],
  ['a device that was not measured is not known', undefined, [7], false, [null, null, null]],
] as const)('%s', (_, one, processes, isShared, [utilization, memoryUsedMib, measured]) => {
  expect(useOf(one, { processes, isShared })).toEqual({ utilization, memoryUsedMib, measured })
})
