import { describe, expect, test } from 'vitest'
import {
  guestShare,
  isLeaseWork,
  leaseSpec,
  leaseWorkload,
  sightOf,
} from '../../../../../src/core/molt/market/lease-work.ts'
import { guestFindings } from '../../../../../src/core/policy/guest.ts'
import { unborn } from '../../../../../src/core/state/workloads.ts'
import { nodeId, workloadId } from '../../../../../src/model/ids.ts'
import type { Workload } from '../../../../../src/model/workload.ts'
import { WorkloadSpec } from '../../../../../src/model/workload.ts'
import { agreed } from '../../../../support/molt/samples.ts'
import { someWork } from '../../../../support/molt/scripted-buyer.ts'

const { terms } = agreed()
const init = {
  ...{ agreement: 'f'.repeat(64), terms, work: someWork(), node: nodeId('home'), indexes: [2, 5] },
  ...{ executor: 'docker' as const, share: { cpus: 4, memoryMib: 8_000 }, priority: 0, secrets: [], isOffline: true },
}

describe('the workload of a lease', () => {
  test('is what a guest has to be: fenced in, on its devices alone, without network, and less than all else', () => {
    const spec = leaseSpec(init)
    expect(spec).toMatchObject({
      ...{ isolation: 'guest', sandbox: 'gvisor', offline: true, namespace: 'molt', priority: 0, node: 'home' },
      ...{ gpus: { devices: [2, 5] }, cpus: 4, memoryMib: 8_000, stopGraceMs: terms.reclaim, env: {} },
    })
    if (spec === null) throw new Error('it is one')
    expect(guestFindings(spec)).toEqual([])
    expect(isLeaseWork({ spec })).toBe(true)
  })

  test('has no more of the host than its GPUs’ part, whatever its buyer asks for', () => {
    const work = someWork({ cpus: 64, memoryMib: 1_000_000, shmMib: 500_000 })
    expect(leaseSpec({ ...init, work })).toMatchObject({ cpus: 4, memoryMib: 8_000, shmMib: 1_024 })
    expect(guestShare({ cpuCores: 16, memoryMib: 64_000, gpus: 4 }, 1)).toEqual({ cpus: 4, memoryMib: 14_400 })
    expect(guestShare({ cpuCores: 2, memoryMib: 100, gpus: 8 }, 1)).toEqual({ cpus: 1, memoryMib: 256 })
  })

  test('has one id for one agreement', () => {
    expect(leaseWorkload('a'.repeat(64))).toBe(leaseWorkload('a'.repeat(64)))
    expect(leaseWorkload('a'.repeat(64))).toMatch(/^wl-[a-z2-7]{10}$/)
    expect(leaseWorkload('a'.repeat(64))).not.toBe(leaseWorkload('b'.repeat(64)))
  })

  test('is nothing for a command that no workload can have', () => {
    expect(leaseSpec({ ...init, indexes: [-1] })).toBeNull()
  })
})

describe('what has become of it', () => {
  const one = (parts: Partial<Workload>): Workload => ({
    ...{ ...unborn, id: workloadId('wl-a'), name: 'a', submittedBy: 'x', submittedAt: 0 },
    ...{ spec: WorkloadSpec.parse({ image: 'x' }), ...parts },
  })
  const eviction = { at: 0, by: 'x', reason: 'makes room', grace: 1, target: null, avoid: false }
  const attempt = { attempt: 1, node: nodeId('home'), startedAt: 0, endedAt: 1, exitCode: 0, error: null }

  test.each([
    ['nothing yet', undefined, false, { is: 'absent' }],
    ['forgotten', undefined, true, { is: 'over', isFailed: true, isTaken: false }],
    ['waiting', one({}), false, { is: 'coming' }],
    ['running', one({ state: 'running' }), false, { is: 'running' }],
    ['pushed aside', one({ state: 'running', eviction }), true, { is: 'evicted' }],
    ['completed', one({ state: 'completed' }), true, { is: 'over', isFailed: false, isTaken: false }],
    ['failed', one({ state: 'failed' }), true, { is: 'over', isFailed: true, isTaken: false }],
    ['stopped by its owner', one({ state: 'stopped' }), true, { is: 'over', isFailed: true, isTaken: true }],
    [
      'withheld from its GPUs, as they were not clean',
      one({ state: 'failed', error: { code: 'GPU_UNCLEAN', message: 'x' } }),
      false,
      { is: 'over', isFailed: true, isTaken: true },
    ],
    [
      'to be begun anew after an eviction',
      one({ history: [{ ...attempt, reason: 'evicted: makes room' }] }),
      true,
      { is: 'over', isFailed: true, isTaken: true },
    ],
    [
      'to be begun anew',
      one({ history: [{ ...attempt, reason: 'its node was lost' }] }),
      true,
      { is: 'over', isFailed: true, isTaken: false },
    ],
  ] as const)('%s', (_, workload, hasRun, sight) => {
    expect(sightOf(workload, hasRun)).toEqual(sight)
  })
})
