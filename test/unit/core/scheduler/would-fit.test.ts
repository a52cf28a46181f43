import { expect, test } from 'vitest'
import { nearestFit } from '../../../../src/core/scheduler/would-fit.ts'
import { nodeId } from '../../../../src/model/ids.ts'
import { spec } from '../../../support/control-samples.ts'
import { nodeSnapshot } from '../../../support/scheduler-samples.ts'

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
  [{ gpus: { count: 8 }, cpus: 500 }, null],
])('%j would fit %s', (wanted, words) => {
  expect(nearestFit(spec(wanted), [a, b])).toBe(words)
})

test('where nothing else helps, a taint that it does not tolerate is named', () => {
  expect(nearestFit(spec({ gpus: { count: 1 } }), [b])).toBe('if it tolerated the taint team=red:NoSchedule (on b)')
})
