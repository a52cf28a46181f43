import fc from 'fast-check'
import { expect, test } from 'vitest'
import { advance, nextAt, signalled, simulatedTask } from '../../../../src/adapters/simulated/simulated-task.ts'
import { meshId, nodeId, placementId, workloadId } from '../../../../src/model/ids.ts'
import { WorkloadSpec } from '../../../../src/model/workload.ts'
import type { Task } from '../../../../src/ports/executor.ts'

const workload = workloadId('wl-1')
const task = (script: string, more: Partial<WorkloadSpec> = {}): Task => ({
  placement: placementId(workload, 1),
  workload,
  attempt: 1,
  term: 1,
  env: {},
  mesh: meshId('mesh-1'),
  node: nodeId('node-1'),
  name: 'test',
  spec: { ...WorkloadSpec.parse({ image: 'any', command: ['sh', '-c', script] }), ...more },
  devices: [],
})

test('however often somebody looks, a task is the same in the end', () => {
  const script = 'echo a; sleep 1; echo b; sleep 2; echo c; exit 5'
  fc.assert(
    fc.property(fc.array(fc.nat(3_500), { maxLength: 10 }), fc.option(fc.nat(4_000)), (looks, timeout) => {
      const more = timeout === null ? {} : { timeoutMs: timeout + 1 }
      const [watched, unwatched] = [simulatedTask(task(script, more), 0), simulatedTask(task(script, more), 0)]
      for (const at of looks.toSorted((a, b) => a - b)) advance(watched, at)
      advance(watched, 9_000)
      advance(unwatched, 9_000)
      expect(watched).toEqual(unwatched)
      expect(nextAt(watched)).toBeNull()
    }),
  )
})

test('lines carry the time at which they were due, and the end too', () => {
  const late = simulatedTask(task('echo a; sleep 1; echo b'), 100)
  advance(late, 50_000)
  expect(late.lines.map(({ at, text }) => `${at} ${text}`)).toEqual(['100 a', '1100 b'])
  expect(late.state).toMatchObject({ state: 'ended', endedAt: 1_100, exitCode: 0 })
})

test('a time-out ends it at its time, not when somebody looks', () => {
  const slow = simulatedTask(task('sleep 60', { timeoutMs: 500 }), 100)
  expect(nextAt(slow)).toBe(600)
  advance(slow, 50_000)
  expect(slow.state).toMatchObject({ endedAt: 600, error: { code: 'WORKLOAD_TIMEOUT' } })
})

test('whoever handles a signal does so at once, and then goes on with what it was doing', () => {
  const saver = simulatedTask(task(`trap 'echo saved' USR1; sleep 10; echo done; exit 5`), 0)
  advance(saver, 0)
  for (const at of [2_000, 3_000]) signalled(saver, 'SIGUSR1', at)
  advance(saver, 20_000)
  expect(saver.lines.map(({ at, text }) => `${at} ${text}`)).toEqual(['2000 saved', '3000 saved', '10000 done'])
  expect(saver.state).toMatchObject({ state: 'ended', exitCode: 5, endedAt: 10_000 })
})

test.each([
  ['sleep 10', 'SIGUSR1', 138],
  ['sleep 10', 'SIGTERM', 143],
  ['sleep 10', 'SIGCONT', 0],
  [`trap '' USR1; sleep 10`, 'SIGUSR1', 0],
  [`trap 'exit 4' USR1; sleep 10`, 'SIGUSR1', 4],
  [`trap 'exit 4' USR1; trap - USR1; sleep 10`, 'SIGUSR1', 138],
] as const)('%s, told %s, ends with %i', (script, signal, exitCode) => {
  const told = simulatedTask(task(script), 0)
  advance(told, 0)
  signalled(told, signal, 1_000)
  advance(told, 20_000)
  expect(told.state).toMatchObject({ state: 'ended', exitCode })
  signalled(told, signal, 30_000)
  expect(told.state).toMatchObject({ state: 'ended', exitCode })
})
