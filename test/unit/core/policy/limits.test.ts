import { describe, expect, test } from 'vitest'
import { withDefaults } from '../../../../src/core/policy/limits.ts'
import { deviceCount } from '../../../../src/model/workload.ts'
import { specOf, WorkloadRequest } from '../../../../src/operations/workload/workload-request.ts'

const namespace = { defaults: { gpus: 2, memoryMib: 512 } }

describe('GPUs that a namespace gives to work that names none', () => {
  const given = (asked: object) =>
    withDefaults(specOf(WorkloadRequest.parse({ image: 'busybox', ...asked })), namespace, 'ending')

  test.each([
    [{}, 2],
    [{ gpus: 0 }, 0],
    [{ gpus: '0' }, 0],
    [{ gpus: 1 }, 1],
    [{ gpuType: 'H100' }, 1],
    [{ gpus: 'device=0,1,2' }, 3],
    [{ gpus: 'device=0' }, 1],
  ])('%o has %i', (asked, count) => {
    expect(deviceCount(given(asked))).toBe(count)
  })

  test('whoever says none gets what else it gives', () => {
    expect(given({ gpus: 0 })).toMatchObject({ memoryMib: 512 })
  })
})
