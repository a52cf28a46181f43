import { expect, test } from 'vitest'
import { placementId, workloadId } from '../../../../src/model/ids.ts'
import { pauseTask } from '../../../../src/services/agent/pause.ts'

const placement = placementId(workloadId('wl-a'), 1)
const task = {
  executor: 'docker' as const,
  status: {
    ...{ placement, workload: workloadId('wl-a'), handle: null, devices: [] },
    status: { state: 'running' as const, startedAt: 0 },
  },
}

test('a task is held still and let go on by the executor that has it', async () => {
  const told: string[] = []
  const docker = {
    kind: 'docker',
    pause: async (one: string) => void told.push(`pause ${one}`),
    resume: async (one: string) => void told.push(`resume ${one}`),
  }
  const host = { executors: new Map([['docker', docker]]) as never, tasks: () => [task] }
  await pauseTask(host, placement, true)
  await pauseTask(host, placement, false)
  expect(told).toEqual([`pause ${placement}`, `resume ${placement}`])
})

test('what nobody has, or cannot be held, is refused', async () => {
  const none = { executors: new Map() as never, tasks: () => [] }
  await expect(pauseTask(none, placement, true)).rejects.toMatchObject({ code: 'WORKLOAD_NOT_FOUND' })
  const cannot = { executors: new Map([['docker', { kind: 'docker' }]]) as never, tasks: () => [task] }
  await expect(pauseTask(cannot, placement, true)).rejects.toMatchObject({ code: 'PAUSE_UNSUPPORTED' })
})
