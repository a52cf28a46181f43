import { expect, test } from 'vitest'
import { Interrupt } from '../../../../src/doors/cli/talk/interrupt.ts'
import { ClawError } from '../../../../src/model/failure.ts'
import { thenSilence } from '../../../support/fake-invoker.ts'
import { fakeHost } from '../../../support/fake-host.ts'
import { cli, items, workload } from '../../../support/run-cli.ts'

const failed = (code: string) => ({ state: 'failed', exitCode: null, error: { code, message: code } })
const ends = {
  completed: { state: 'completed', exitCode: 0 },
  'exit 3': { state: 'failed', exitCode: 3, error: { code: 'NONZERO_EXIT', message: '' } },
  stopped: { state: 'stopped', exitCode: 143 },
  lost: failed('WORKLOAD_LOST'),
  late: failed('WORKLOAD_TIMEOUT'),
  hungry: failed('OOM_KILLED'),
}

const answers = (...states: readonly Record<string, unknown>[]) => ({
  'workload.info': () => workload(states[0]),
  'workload.wait': () => items(...states.map((state) => workload(state))),
})
const wait = (options: readonly string[], ...states: readonly Record<string, unknown>[]) =>
  cli(['wait', 'job', ...options], answers(...states))

test.each([
  ['completed', [0, 0, 0, 101]],
  ['exit 3', [3, 3, 3, 3]],
  ['stopped', [103, 103, 103, 103]],
  ['lost', [102, 102, 102, 102]],
  ['late', [124, 124, 124, 124]],
  ['hungry', [137, 137, 137, 137]],
] as const)('given one that ends as %s, when its end is waited for, then the exit code tells', async (end, codes) => {
  const conditions = ['done', 'completed', 'running', 'ready']
  const ran = await Promise.all(
    conditions.map((condition) => wait(['--for', condition], { state: 'starting' }, ends[end])),
  )
  expect(ran.map(({ code }) => code)).toEqual(codes)
})

test('given one that starts, when it runs, then whoever waits for that goes on at once', async () => {
  const { code, out } = await wait(['--for', 'running'], { state: 'starting' }, { state: 'running' }, ends['exit 3'])
  expect([code, out]).toEqual([0, 'job (wl-1) running\n'])
})

test('given one with a probe, when it is ready, then whoever waits for that goes on, and not before', async () => {
  const { code, out } = await wait(
    ['--for', 'ready', '--json'],
    { state: 'running', ready: false },
    { state: 'running', ready: true },
  )
  expect([code, JSON.parse(out)]).toEqual([0, [expect.objectContaining({ ready: true })]])
})

test('given one that goes on, when --timeout is over, then it is not finished, which is 101', async () => {
  const running = {
    'workload.info': () => workload({ state: 'running' }),
    'workload.wait': (_: unknown, signal: AbortSignal) => thenSilence([workload({ state: 'running' })], signal),
  }
  const { code, err } = await cli(['wait', 'job', '--timeout', '50ms'], running)
  expect([code, err]).toEqual([101, expect.stringContaining('error[DEADLINE_EXCEEDED]: waiting for job')])
})

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)(
  'given one that is waited for, when the command is sent %s, then it ends with %i',
  async (signal, expected) => {
    const interrupt = new AbortController()
    const running = {
      'workload.info': () => workload({ state: 'running' }),
      'workload.wait': async function* (_: unknown, ending: AbortSignal) {
        yield workload({ state: 'running' })
        interrupt.abort(new Interrupt(signal))
        yield* thenSilence([], ending)
      },
    }
    expect((await cli(['wait', 'job'], running, fakeHost(), interrupt)).code).toBe(expected)
  },
)

test('given one that is forgotten, when that is waited for, then it is over', async () => {
  let looks = 0
  const { code, out } = await cli(['wait', 'job', '--for', 'deleted'], {
    'workload.info': () => {
      if (looks++ > 0) throw new ClawError('WORKLOAD_NOT_FOUND', { workload: 'wl-1' })
      return workload()
    },
  })
  expect([code, out]).toEqual([0, 'job (wl-1) is gone\n'])
})

test('given one that is gone already, when that is waited for, then it is over, and it is refused for anything else', async () => {
  const none = {
    'workload.info': () => {
      throw new ClawError('WORKLOAD_NOT_FOUND', { workload: 'job' })
    },
  }
  const { code, out } = await cli(['wait', 'job', '--for', 'deleted'], none)
  expect([code, out]).toEqual([0, 'job is gone\n'])
  expect((await cli(['wait', 'job'], none)).err).toContain('error[WORKLOAD_NOT_FOUND]')
})

test('given an array, when it is waited for, then all of its parts are, and the first failure counts', async () => {
  const part = (index: number) => ({ group: 'grp-1', name: 'sweep', index, count: 2, gang: false })
  const parts = [0, 1].map((index) => workload({ id: `wl-${index}`, name: `sweep-${index}`, part: part(index) }))
  const { code, out } = await cli(['wait', 'sweep'], {
    'workload.info': () => parts[0],
    'workload.list': () => parts,
    'workload.wait': (input) => {
      const { workload: id } = input as { workload: string }
      return items({ ...parts[id === 'wl-0' ? 0 : 1], ...(id === 'wl-0' ? ends.completed : ends['exit 3']) })
    },
  })
  expect([code, out]).toEqual([3, 'sweep-0 (wl-0) completed\nsweep-1 (wl-1) failed\n'])
})

test('given run --wait, when it has ended, then its output was not asked for and its code is ours', async () => {
  const { code, asked, err } = await cli(['run', '--wait', 'busybox'], {
    'workload.run': () => ({ id: 'wl-1', name: 'job', state: 'pending', parts: [], index: 7 }),
    'workload.wait': () => items(workload({ state: 'running' }), workload(ends['exit 3'])),
  })
  expect([code, asked.map(({ name }) => name)]).toEqual([3, ['workload.run', 'workload.wait']])
  expect(err).toContain('job runs on n1')
  expect((await cli(['run', '--wait', '-d', 'busybox'])).code).toBe(5)
})

const event = (sequence: number) => ({
  ...{ sequence, at: '2026-01-01T00:00:00.000Z', type: 'node.joined' },
  ...{ node: 'n1', workload: null, message: `event ${sequence}` },
})

test('given events that are followed, when the peer is away for a moment, then they go on after the last', async () => {
  const asks: unknown[] = []
  const interrupt = new AbortController()
  const { code, err } = await cli(
    ['events', '-f', '--since', '1h', '-o', 'name'],
    {
      async *'events.watch'(input: unknown, signal: AbortSignal) {
        asks.push(input)
        if (asks.length === 1) {
          yield event(4)
          throw new ClawError('NODE_UNREACHABLE', { node: 'unix:/run/test.sock', detail: 'the connection broke' })
        }
        yield event(5)
        setTimeout(() => interrupt.abort())
        yield* thenSilence([], signal)
      },
    },
    fakeHost(),
    interrupt,
  )
  expect([code, err]).toEqual([130, ''])
  expect(asks).toEqual(
    [
      { follow: true, since: '1h' },
      { follow: true, after: 4 },
    ].map((one) => expect.objectContaining(one)),
  )
})

test('given events that are followed, when Ctrl-C ends it, then it says how to go on', async () => {
  const interrupt = new AbortController()
  const { err } = await cli(
    ['events', '-w'],
    {
      'events.watch': (_, signal) => {
        setTimeout(() => interrupt.abort(), 20)
        return thenSilence([event(9)], signal)
      },
    },
    fakeHost(),
    interrupt,
  )
  expect(err).toContain('clawbernetes events -f --after 9')
})

const gpu = (index: number) => ({
  ...{ index, uuid: `G${index}`, model: 'NVIDIA H100', memoryMib: 1024, vendor: 'nvidia', simulated: false },
  ...{ state: 'used', workload: 'job', shares: [] },
  ...{ utilization: 90 + index, memoryUsedMib: 512, temperatureC: 60 + index, powerW: 300 },
})
const host = { cpuUtilization: 12.4, memoryUsedMib: 2048, memoryTotalMib: 4096 }
const mesh = {
  'node.list': () => [{ name: 'n1', id: 'i1', status: 'healthy', gpus: [gpu(0), gpu(1)] }],
  'node.metrics': () => ({ host }),
  'workload.list': () => [workload({ state: 'running', devices: ['G0'] }), workload({ id: 'wl-2', name: 'gone' })],
  'container.stats': (input: unknown) => {
    if ((input as { workloadId: string }).workloadId === 'wl-2')
      throw new ClawError('WORKLOAD_NOT_FOUND', { workload: 'wl-2' })
    return { cpuPercent: 150.55, memoryUsedMib: 100, memoryLimitMib: 200 }
  },
}

test('given a mesh, when top is asked, then nodes, workloads and GPUs say what they use', async () => {
  const rows = async (...words: readonly string[]): Promise<unknown> =>
    JSON.parse((await cli(['top', ...words, '--json'], mesh)).out)
  expect(await rows()).toMatchObject([
    {
      name: 'n1',
      cpuPercent: 12,
      memoryUsedMib: 2048,
      gpuUtilization: 91,
      gpuMemoryUsedMib: 1024,
      temperatureC: 61,
      powerW: 600,
    },
  ])
  expect(await rows('workloads')).toMatchObject([
    { name: 'job', cpuPercent: 150.6, memoryMib: 200, gpuUtilization: 90 },
    { name: 'gone', cpuPercent: null },
  ])
  expect(await rows('gpu', '--filter', 'gpuUtilization>90')).toMatchObject([{ name: 'n1/1', state: 'job' }])
  expect((await cli(['top'], mesh)).out).toMatch(/^NAME +STATUS +CPU +MEMORY/)
  expect((await cli(['top', 'cats'], mesh)).code).toBe(5)
})
