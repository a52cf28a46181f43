import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { taintEffects } from '../../../src/model/label.ts'
import { parseInput } from '../../../src/operations/input.ts'
import { specOf, WorkloadRequest } from '../../../src/operations/workload/workload-request.ts'

const spec = (request: Record<string, unknown>) => specOf(parseInput(WorkloadRequest, { image: 'busybox', ...request }))

test('a request that says nothing of it leaves all of it out of the spec', () => {
  expect(Object.keys(spec({}))).toEqual(
    expect.not.arrayContaining([
      'labels',
      'tolerations',
      'near',
      'apart',
      'strategy',
      'restart',
      'onPartition',
      'diskMib',
    ]),
  )
})

describe('tolerations', () => {
  test.each([
    ['gpu', { key: 'gpu' }],
    ['gpu=h100', { key: 'gpu', value: 'h100' }],
    ['gpu=', { key: 'gpu', value: '' }],
    ['gpu:NoExecute', { key: 'gpu', effect: 'NoExecute' }],
    ['team/gpu=h100:NoSchedule', { key: 'team/gpu', value: 'h100', effect: 'NoSchedule' }],
    [
      { key: 'gpu', effect: 'PreferNoSchedule' },
      { key: 'gpu', effect: 'PreferNoSchedule' },
    ],
  ])('%j is read as %j', (written, wanted) => {
    expect(spec({ tolerations: [written] }).tolerations).toEqual([wanted])
  })

  test('whatever is written in full is read back', () => {
    const word = fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,10}[a-z0-9])?$/)
    fc.assert(
      fc.property(word, word, fc.constantFrom(...taintEffects), (key, value, effect) => {
        expect(spec({ tolerations: [`${key}=${value}:${effect}`] }).tolerations).toEqual([{ key, value, effect }])
      }),
    )
  })
})

test('neighbours are named by labels, as text or as an object', () => {
  const { near, apart } = spec({ near: ['app=db, tier=cache', { zone: 'a' }], apart: ['app=web'] })
  expect(near).toEqual([{ app: 'db', tier: 'cache' }, { zone: 'a' }])
  expect(apart).toEqual([{ app: 'web' }])
})

test.each([
  ['no', undefined],
  ['on-failure', { policy: 'on-failure', maxRetries: 3, backoffMs: 10_000 }],
  ['on-failure:5', { policy: 'on-failure', maxRetries: 5, backoffMs: 10_000 }],
  ['always', { policy: 'always', maxRetries: 3, backoffMs: 10_000 }],
  [
    { policy: 'on-failure', maxRetries: 1, backoff: '1m' },
    { policy: 'on-failure', maxRetries: 1, backoffMs: 60_000 },
  ],
  [
    { policy: 'on-failure:2', backoff: 0 },
    { policy: 'on-failure', maxRetries: 2, backoffMs: 0 },
  ],
])('restart %j is %j', (restart, wanted) => {
  expect(spec({ restart }).restart).toEqual(wanted)
})

test('what the GPUs must be asks for one when no count is given', () => {
  expect(spec({ gpuMig: '1g.10gb' }).gpus).toEqual({ count: 1, mig: '1g.10gb' })
  expect(spec({ gpuShare: '8Gi' }).gpus).toEqual({ count: 1, share: 8_192 })
  expect(spec({ gpus: 2, minDriver: '550.54', minComputeCapability: '8.0' }).gpus).toEqual({
    ...{ count: 2, minDriver: '550.54', minComputeCapability: '8.0' },
  })
})

test('disk is a size, and the rest is taken as it is', () => {
  const asked = { labels: { app: 'db' }, strategy: 'spread', onPartition: 'replace' }
  expect(spec({ ...asked, disk: '200g' })).toMatchObject({ ...asked, diskMib: 204_800 })
})

test.each([
  [{ tolerations: ['=x'] }, /toleration “=x” is not key/],
  [{ tolerations: ['gpu:Never'] }, /none of NoSchedule, PreferNoSchedule, NoExecute/],
  [{ tolerations: ['not a name'] }, /tolerations\.0\.key: must be a label name/],
  [{ tolerations: [7] }, /must be "key"/],
  [{ near: ['app'] }, /near “app” is not key=value/],
  [{ apart: [''] }, /apart/],
  [{ apart: [{}] }, /apart names no label/],
  [{ labels: { 'no name': 'x' } }, /labels/],
  [{ strategy: 'random' }, /pack or spread/],
  [{ restart: 'sometimes' }, /none of no, on-failure, on-failure:5, always/],
  [{ restart: 'always:3' }, /none of no, on-failure, on-failure:5, always/],
  [{ restart: { policy: 'on-failure:3', maxRetries: 4 } }, /twice/],
  [{ restart: { policy: 'on-failure', backoff: 'soon' } }, /no span of time/],
  [{ restart: { policy: 'on-failure', backoff: '2d' } }, /restart\.backoffMs/],
  [{ onPartition: 'panic' }, /continue, stop or replace/],
  [{ disk: 'lots' }, /disk “lots” is no size/],
  [{ minDriver: 'new' }, /version/],
])('%j is refused as INVALID_REQUEST', (request, problem) => {
  expect(() => spec(request)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }) as Error)
  expect(() => spec(request)).toThrow(problem)
})
