import { expect, test } from 'vitest'
import { explain } from '../../../../src/core/scheduler/explain.ts'
import type { Snapshot } from '../../../../src/core/scheduler/types.ts'
import { defaultScheduling } from '../../../../src/core/scheduler/types.ts'
import { nearestFit } from '../../../../src/core/scheduler/would-fit.ts'
import { groupId, nodeId, workloadId } from '../../../../src/model/ids.ts'
import type { Workload } from '../../../../src/model/workload.ts'
import { spec } from '../../../support/control-samples.ts'
import { node, nodeSnapshot, quiet, work } from '../../../support/scheduler-samples.ts'

const a = nodeSnapshot(nodeId('a'), 2, { held: new Set(['GPU-a-0']) })
const b = nodeSnapshot(nodeId('b'), 4, { taints: [{ key: 'team', value: 'red', effect: 'NoSchedule' }] })

test.each([
  [{ gpus: { count: 2 } }, 'with 1 GPU instead of 2 (on a)'],
  [{ gpus: { count: 4 } }, 'with 1 GPU instead of 4 (on a)'],
  [{ gpus: { count: 1, model: 'A100' } }, 'with another GPU model than A100 (on a)'],
  [{ gpus: { count: 1, devices: [0] }, node: 'a' }, 'with any GPUs instead of those (on a)'],
  [{ gpus: { count: 1 }, node: 'b' }, 'on any node instead of b (on a)'],
  [{ gpus: { count: 1 }, nodeSelector: { zone: 'x' } }, 'without asking for the label zone (on a)'],
  [{ gpus: { count: 1 }, memoryMib: 900_000 }, 'with less than 900000 MiB of memory (on a)'],
  [{ gpus: { count: 1 }, near: [{ app: 'db' }] }, 'without being near other work (on a)'],
  [{ gpus: { count: 1, minDriver: '999' } }, 'with an older driver (on a)'],
  [{ gpus: { devices: [1], model: 'A100' } }, 'with another GPU model than A100 (on a)'],
  [
    { gpus: { devices: [0], memoryMib: 90_000 } },
    'with any GPUs instead of those and with less memory in each GPU (on a)',
  ],
  [{ gpus: { count: 1, mig: '1g.10gb' } }, 'with whole GPUs instead of MIG devices 1g.10gb (on a)'],
  [
    { gpus: { count: 3, model: 'A100' } },
    'with another GPU model than A100 and if it tolerated the taint team=red:NoSchedule (on b)',
  ],
  [{ gpus: { count: 1, model: 'A100', minDriver: '999' }, nodeSelector: { zone: 'x' } }, null],
  [{ gpus: { count: 8 }, cpus: 500 }, null],
])('%j would fit %s', (wanted, words) => {
  expect(nearestFit(spec(wanted), [a, b])).toBe(words)
})

test('where nothing else helps, a taint that it does not tolerate is named', () => {
  expect(nearestFit(spec({ gpus: { count: 1 } }), [b])).toBe('if it tolerated the taint team=red:NoSchedule (on b)')
})

test('a node that refused it a while ago is no place for it, and while it waits for others no change helps', () => {
  const snapshot = { ...quiet, at: 1_000, nodes: [a, b], pending: [] }
  const wouldFit = (parts: Partial<Workload>, blocked: Snapshot['blocked'] = new Map()) =>
    explain({ ...snapshot, blocked }, work('wl', { gpus: { count: 2 } }, parts), defaultScheduling).wouldFit
  const rejections = [{ node: a.id, attempt: 1, reason: 'GPU 1 is busy', at: 900 }]
  expect(wouldFit({})).toBe('with 1 GPU instead of 2 (on a)')
  expect(wouldFit({ rejections })).toBe('if it tolerated the taint team=red:NoSchedule (on b)')
  expect(wouldFit({ notBefore: 2_000 })).toBe(null)
  expect(wouldFit({}, new Map([[workloadId('wl'), 'waits for prepare to complete']]))).toBe(null)
})

test('what is over its quota, or one too many of its array, is told so though there is room', () => {
  const snapshot = { ...quiet, at: 1_000, nodes: [node('roomy', 4)], pending: [] }
  const limits = { gpus: 1, cpuMillis: null, memoryMib: null, workloads: null }
  const spending = { gpuMillis: 1_000, cpuMillis: 0, memoryMib: 0, workloads: 1 }
  const accounts = new Map([['default', { quota: limits, weight: 1, borrow: false, spending, share: 0 }]])
  const job = work('wl', { gpus: { count: 1 } })
  expect(explain({ ...snapshot, accounts }, job, defaultScheduling)).toMatchObject({
    reason: 'has to wait for its namespace default: it needs 1 GPU, and 1 of 1 are in use',
    wouldFit: null,
  })
  const group = groupId('wl-g')
  const part = work('wl-g-1', { parts: { count: 3, atOnce: 1 } }, { part: { group, index: 1 } })
  const busy = { ...snapshot, placedParts: new Map([[group, 1]]) }
  expect(explain(busy, part, defaultScheduling).reason).toBe('waits, as 1 of its array run already')
  expect(explain(snapshot, part, defaultScheduling).reason).toBe(null)
})
