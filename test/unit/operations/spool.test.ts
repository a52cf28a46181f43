import { beforeEach, describe, expect, test } from 'vitest'
import { ClawError } from '../../../src/model/failure.ts'
import type { Spooled } from '../../../src/core/spool/spool.ts'
import { workloadId } from '../../../src/model/ids.ts'
import { requireStill } from '../../../src/operations/mesh/spool.ts'
import { ada, bob, spec } from '../../support/control-samples.ts'
import type { OperationsMesh } from '../../support/operations-mesh.ts'
import type { TwoPeers } from '../../support/two-peers.ts'
import { userWith } from '../../support/user-with.ts'
import { twoPeers } from '../../support/two-peers.ts'

let mesh: OperationsMesh
let run: TwoPeers['run']

const noLeader = new ClawError('NO_LEADER', { detail: 'this peer knows of none' })
const submission = { image: 'busybox', name: 'train', idempotencyKey: 'k' }

beforeEach(async () => {
  ;({ mesh, run } = await twoPeers())
})

test('with a leader, nothing is kept', async () => {
  expect(await run('workload.run', { ...submission, spool: true })).toMatchObject({ name: 'train', state: 'pending' })
  expect(await run('spool.list', {})).toEqual([])
})

test('without one, a submission is refused and told of the spool, unless it asked for it', async () => {
  mesh.failure = noLeader
  mesh.leader = null
  await expect(run('workload.run', submission)).rejects.toThrow('with --spool this peer would keep the submission')
  const kept = await run('workload.run', { ...submission, spool: true })
  expect(kept).toMatchObject({ name: 'train', state: 'spooled' })
  expect(await run('workload.run', { ...submission, name: 'again', spool: true })).toEqual(kept)
  expect(await run('spool.list', {})).toMatchObject([
    { id: kept.id, name: 'train', state: 'waiting', node: 'ada', tried: false, submittedBy: 'socket', error: null },
  ])
})

test('one that was handed over without an answer says so', async () => {
  mesh.failure = new ClawError('DEADLINE_EXCEEDED', { what: 'submit', ms: 5_000 })
  await run('workload.run', { ...submission, spool: true })
  expect(await run('spool.drop', { workload: 'train' })).toMatchObject({ name: 'train', tried: true })
  expect(await run('spool.list', {})).toEqual([])
  await expect(run('spool.drop', { workload: 'train' })).rejects.toMatchObject({ code: 'WORKLOAD_NOT_FOUND' })
})

test('what is wrong by itself is refused at once, and what the mesh refuses is refused again under its key', async () => {
  mesh.failure = new ClawError('NAME_TAKEN', { name: 'train' })
  await expect(run('workload.run', { ...submission, spool: true })).rejects.toMatchObject({ code: 'NAME_TAKEN' })
  mesh.failure = noLeader
  await run('workload.run', { ...submission, spool: true })
  const refusal = { code: 'NAME_TAKEN', message: 'taken', hint: '', facts: { name: 'train' } }
  mesh.spool = mesh.spool.map((one) => ({ ...one, refusal }))
  await expect(run('workload.run', { ...submission, spool: true })).rejects.toMatchObject({ code: 'NAME_TAKEN' })
  expect(await run('spool.list', {})).toMatchObject([{ state: 'refused', error: { code: 'NAME_TAKEN' } }])
})

describe('when it is handed over, whoever submitted it', () => {
  const kept = (by: string, parts: Partial<Spooled> = {}): Spooled => ({
    ...{
      command: 'run/x/k',
      workload: workloadId('wl-a'),
      name: 'train',
      spec: spec({ namespace: 'default' }),
      by,
      at: 5,
    },
    ...{ isTried: false, refusal: null },
    ...parts,
  })
  const handedOver = (one: Spooled) => () => requireStill(mesh.context(ada), one)

  test('has to have the role still', () => {
    const { id } = userWith(mesh, 'operator', 'default')
    expect(handedOver(kept(id))).not.toThrow()
    mesh.apply({ type: 'unbind-role', user: 'operator-default', binding: { role: 'operator', namespace: 'default' } })
    expect(handedOver(kept(id))).toThrow(expect.objectContaining({ code: 'PERMISSION_DENIED' }))
  })

  test('has to be let in still', () => {
    const { id } = userWith(mesh, 'operator', 'default')
    mesh.apply({ type: 'set-user', name: 'operator-default', disabled: true })
    expect(handedOver(kept(id))).toThrow(expect.objectContaining({ code: 'AUTH_FAILED' }))
    expect(handedOver(kept('apikey:ak_aaaabbbbcccc'))).toThrow(expect.objectContaining({ code: 'AUTH_FAILED' }))
  })

  test('has to have the right for privileges still', () => {
    const { id } = userWith(mesh, 'operator', 'default')
    const privileged = spec({ namespace: 'default', privileges: ['privileged'] })
    expect(handedOver(kept(id, { spec: privileged }))).toThrow(expect.objectContaining({ code: 'PERMISSION_DENIED' }))
    expect(handedOver(kept('socket', { spec: privileged }))).not.toThrow()
  })

  test('is worth no more than the members that vouched for it', () => {
    expect(handedOver(kept('socket', { via: [bob] }))).not.toThrow()
    mesh.apply({ type: 'remove-member', node: bob, force: true })
    expect(handedOver(kept('socket', { via: [bob] }))).toThrow(expect.objectContaining({ code: 'PERMISSION_DENIED' }))
  })
})
