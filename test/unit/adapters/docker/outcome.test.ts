import { expect, test } from 'vitest'
import type { Circumstances } from '../../../../src/adapters/docker/outcome.ts'
import { taskState } from '../../../../src/adapters/docker/outcome.ts'

const exited = {
  Status: 'exited',
  OOMKilled: false,
  ExitCode: 0,
  Error: '',
  StartedAt: '2026-01-01T00:00:00.5Z',
  FinishedAt: '2026-01-01T00:00:10.5Z',
}
const calm: Circumstances = { stopAsked: false, timedOut: false, timeout: null, limitMib: 32 }

const codeOf = (state: Partial<typeof exited>, why: Partial<Circumstances> = {}): unknown => {
  const task = taskState({ ...exited, ...state }, { ...calm, ...why })
  return task.state === 'ended' ? (task.error?.code ?? null) : task.state
}

test('running, paused and restarting containers run, since they were started', () => {
  for (const Status of ['running', 'paused', 'restarting'])
    expect(taskState({ ...exited, Status }, calm)).toEqual({ state: 'running', startedAt: 1_767_225_600_500 })
})

test('an exit code of 0 is no error, any other is NONZERO_EXIT', () => {
  expect(codeOf({})).toBeNull()
  expect(codeOf({ ExitCode: 3 })).toBe('NONZERO_EXIT')
})

test('OOM_KILLED needs the kill of the task itself, not of some process in the container', () => {
  expect(codeOf({ OOMKilled: true, ExitCode: 137 })).toBe('OOM_KILLED')
  expect(codeOf({ OOMKilled: true, ExitCode: 0 })).toBeNull()
  expect(codeOf({ OOMKilled: true, ExitCode: 1 })).toBe('NONZERO_EXIT')
  expect(codeOf({ ExitCode: 137 })).toBe('NONZERO_EXIT')
})

test('an end that was asked for is no error, and one for lack of time is WORKLOAD_TIMEOUT whatever the exit code', () => {
  expect(codeOf({ ExitCode: 143 }, { stopAsked: true })).toBeNull()
  expect(codeOf({ ExitCode: 0 }, { timedOut: true, timeout: 5_000 })).toBe('WORKLOAD_TIMEOUT')
})

test('a task that an earlier daemon stopped for lack of time is recognised by how long it ran', () => {
  expect(codeOf({ ExitCode: 143 }, { timeout: 10_000 })).toBe('WORKLOAD_TIMEOUT')
  expect(codeOf({ ExitCode: 143 }, { timeout: 10_001 })).toBe('NONZERO_EXIT')
})

test('what the engine could not start is CONTAINER_FAILED', () => {
  expect(codeOf({ ExitCode: 127, Error: 'exec: no such file' })).toBe('CONTAINER_FAILED')
})
