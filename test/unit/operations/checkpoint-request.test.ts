import { expect, test } from 'vitest'
import { checkpointSignals } from '../../../src/model/checkpoint.ts'
import { parseInput } from '../../../src/operations/input.ts'
import { specOf, WorkloadRequest } from '../../../src/operations/workload/workload-request.ts'

const spec = (checkpoint: unknown) => specOf(parseInput(WorkloadRequest, { image: 'busybox', checkpoint })).checkpoint

test('a request that says nothing of it saves nothing', () => {
  expect(spec(undefined)).toBeUndefined()
})

test.each(checkpointSignals)('%s is read with and without SIG, in any case', (signal) => {
  expect(spec({ signal })).toEqual({ signal })
  expect(spec({ signal: signal.slice(3).toLowerCase() })).toEqual({ signal })
})

test('spans become milliseconds, and the path stays as it is', () => {
  expect(spec({ signal: 'USR1', path: '/ckpt', interval: '10m', save: 90 })).toEqual({
    signal: 'SIGUSR1',
    path: '/ckpt',
    intervalMs: 600_000,
    saveMs: 90_000,
  })
})

test.each([
  [{ signal: 'KILL' }, /“KILL” is none of USR1, USR2/],
  [{ signal: 'STOP' }, /is none of/],
  [{ path: '/ckpt' }, /signal/],
  [{ signal: 'USR1', path: 'ckpt' }, /must begin with \//],
  [{ signal: 'USR1', interval: '9s' }, /at least 10 s/],
  [{ signal: 'USR1', interval: 'often' }, /“often” is no span of time/],
  [{ signal: 'USR1', save: '2h' }, /at most 1 h/],
])('%j is refused', (checkpoint, problem) => {
  expect(() => spec(checkpoint)).toThrow(problem)
})
