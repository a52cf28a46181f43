import { beforeEach, expect, test } from 'vitest'
import { ClawError } from '../../../src/model/failure.ts'
import type { OperationService } from '../../../src/operations/invoke.ts'
import type { OperationsMesh } from '../../support/operations-mesh.ts'
import { admin } from '../../support/operations-mesh.ts'
import { play } from '../../support/play.ts'
import { twoPeers } from '../../support/two-peers.ts'

let mesh: OperationsMesh
let service: OperationService
const { signal } = new AbortController()

beforeEach(async () => {
  ;({ mesh, service } = await twoPeers())
})

const ask = (name: string, input: object): Promise<unknown> =>
  play(mesh.world, service.invoke(name, input, { caller: admin, signal }))

test('a stale read asks nobody, and a denial neither', async () => {
  mesh.failure = new ClawError('NO_LEADER', { detail: 'nobody leads' })
  await expect(ask('workload.list', {})).resolves.toEqual([])
  mesh.failure = null
  mesh.reads.length = 0
  await expect(ask('workload.info', { workload: 'x', consistency: 'stale' })).rejects.toMatchObject({
    code: 'WORKLOAD_NOT_FOUND',
  })
  expect(mesh.reads).toEqual(['stale'])
})

test('a linearizable read fails where it cannot be had, instead of being old', async () => {
  mesh.failure = new ClawError('NO_LEADER', { detail: 'nobody leads' })
  await expect(ask('workload.list', { consistency: 'linearizable' })).rejects.toMatchObject({ code: 'NO_LEADER' })
  mesh.failure = null
  mesh.reads.length = 0
  await expect(ask('workload.list', { consistency: 'linearizable' })).resolves.toEqual([])
  expect(mesh.reads).toEqual(['linearizable'])
})

test.each([
  ['alone', { index: 7 }],
  ['as text, as URLs carry it', { index: '7' }],
  ['with its name', { consistency: 'session', index: 7 }],
])('an index %s means a state at least that far', async (_, input) => {
  await ask('workload.list', input)
  expect(mesh.reads).toEqual([{ atLeast: 7 }])
})

test('every peer on the way is as fresh as was asked', async () => {
  await ask('node.health', { node: 'bob', index: 7 })
  expect(mesh.reads).toEqual([{ atLeast: 7 }, { atLeast: 7 }])
})

test('streams take it too', async () => {
  const items = service.open('events.watch', { index: 7 }, { caller: admin, signal })
  for await (const item of items) expect(item).toBeTypeOf('object')
  expect(mesh.reads).toEqual([{ atLeast: 7 }])
})

test.each([
  [{ consistency: 'session' }, 'session takes an index'],
  [{ consistency: 'stale', index: 7 }, 'an index means session'],
  [{ consistency: 'eventual' }, 'consistency'],
  [{ index: -1 }, 'index'],
  [{ index: 'x' }, 'index'],
])('%j makes no sense', async (input, problem) => {
  await expect(ask('workload.list', input)).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
    message: expect.stringContaining(problem) as string,
  })
  expect(mesh.reads).toEqual([])
})

test('what is submitted answers with the index at which any peer has it', async () => {
  const { index } = (await ask('workload.run', { image: 'busybox' })) as { readonly index: number }
  expect(index).toBe(mesh.book.state.index)
  expect(service.applied).toBeGreaterThanOrEqual(index)
})
