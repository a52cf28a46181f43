import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nameFor, specOf, WorkloadRequest } from '../../../src/operations/workload/workload-request.ts'
import { parseInput } from '../../../src/operations/input.ts'
import { workloadName } from '../../../src/model/workload.ts'
import { seededRandom } from '../../../src/simulation/world.ts'

const spec = (request: Record<string, unknown>) => specOf(parseInput(WorkloadRequest, { image: 'busybox', ...request }))

describe('gpus', () => {
  test.each([
    [4, { count: 4 }],
    ['4', { count: 4 }],
    ['0', { count: 0, devices: [] }],
    ['device=0,1', { count: 2, devices: [0, 1] }],
    ['0,1', { count: 2, devices: [0, 1] }],
    ['device=3', { count: 1, devices: [3] }],
    ['1,1,2', { count: 2, devices: [1, 2] }],
  ])('%j means %j', (gpus, wanted) => {
    expect(spec({ gpus }).gpus).toEqual(wanted)
  })

  test('a model without a count asks for one', () => {
    expect(spec({ gpuType: 'H100' }).gpus).toEqual({ count: 1, model: 'H100' })
  })

  test.each(['all', '-1', 'device=', '1,,2', '1.5'])('%s is refused', (gpus) => {
    expect(() => spec({ gpus })).toThrow(/neither a count nor device=0,1/)
  })
})

test.each([
  ['5s', 5_000],
  [0, 0],
  ['0s', 0],
])('a grace of %j is %i ms: none at all is a kill at once', (stopGrace, ms) => {
  expect(spec({ stopGrace }).stopGraceMs).toBe(ms)
})

test.each([0, '0s', 'soon'])('a timeout of %j is refused', (timeout) => {
  expect(() => spec({ timeout })).toThrow(/is no span of time/)
})

test.each([
  ['64Gi', 65_536],
  ['512m', 512],
  ['8g', 8_192],
  [80_000, 80_000],
  ['80000', 80_000],
])('memory %s is %i MiB', (memory, mib) => {
  expect(spec({ memory }).memoryMib).toBe(mib)
})

test.each([
  ['python train.py --epochs 100', ['python', 'train.py', '--epochs', '100']],
  ['echo "$HOME" && ls', ['sh', '-c', 'echo "$HOME" && ls']],
  ['A=1 env', ['sh', '-c', 'A=1 env']],
  [
    ['a b', 'c'],
    ['a b', 'c'],
  ],
])('the command %j runs as %j', (command, words) => {
  expect(spec({ command }).command).toEqual(words)
})

test('environment and volumes are taken as Docker users write them', () => {
  const { env, mounts } = spec({ env: ['A=1', 'B=x=y', 'C='], volumes: ['/data:/in:ro', 'cache:/root/.cache'] })
  expect(env).toEqual({ A: '1', B: 'x=y', C: '' })
  expect(mounts).toEqual([
    { source: '/data', target: '/in', readOnly: true },
    { source: 'cache', target: '/root/.cache', readOnly: false },
  ])
})

test.each([
  [{ env: ['novalue'] }, /not NAME=value/],
  [{ volumes: ['/data'] }, /not host:container/],
  [{ volumes: ['/a:b'] }, /not host:container/],
  [{ memory: 'lots' }, /no size/],
  [{ timeout: 'soon' }, /no span of time/],
  [{ timeout: '0s' }, /no span of time/],
  [{ priority: 'urgent' }, /low, normal, high/],
  [{ image: 'bad image' }, /image reference/],
  [{ name: '-x' }, /1 to 63/],
])('%j is refused', (request, problem) => {
  expect(() => spec(request)).toThrow(problem)
})

test('words for priority are numbers in the end', () => {
  expect([spec({ priority: 'high' }), spec({}), spec({ priority: 3 })].map(({ priority }) => priority)).toEqual([
    750, 500, 3,
  ])
})

test('a made-up name is always a valid one', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 80 }), fc.nat(), (image, seed) => {
      expect(workloadName.safeParse(nameFor(image, seededRandom(seed))).success).toBe(true)
    }),
  )
  expect(nameFor('registry:5000/team/llm-server:v2@sha256:0', seededRandom(1))).toMatch(/^llm-server-[a-z2-7]{4}$/)
})

describe('what is talked to', () => {
  test('runs in a container, where nothing else is said', () => {
    expect(spec({ stdin: true }).executor).toBe('docker')
    expect(spec({ tty: true, executor: 'simulated' }).executor).toBe('simulated')
    expect(spec({}).executor).toBeUndefined()
  })

  test('cannot be a plain process', () => {
    expect(() => spec({ stdin: true, executor: 'process' })).toThrow(/plain processes have no input that stays open/)
    expect(() => spec({ tty: true, executor: 'process' })).toThrow(/plain processes have no terminal/)
  })
})

test('who wants no network has none, and cannot be reached', () => {
  expect(spec({ network: 'none' })).toMatchObject({ offline: true })
  expect(spec({ network: 'bridge' }).offline).toBeUndefined()
  expect(() => spec({ network: 'none', ports: [80] })).toThrow('ports without a network')
  expect(() => spec({ network: 'none', replicas: 2, gang: true })).toThrow('a gang without a network')
})
