import { beforeEach, expect, test } from 'vitest'
import { ClawError } from '../../../src/model/failure.ts'
import type { OperationService } from '../../../src/operations/invoke.ts'
import { callerOf } from '../../../src/operations/caller.ts'
import type { Attempt, AuditLog, Denial } from '../../../src/ports/audit.ts'
import { unrecorded } from '../../../src/ports/audit.ts'
import { attachOperation, invokeOperation } from '../../../src/wire/operation.ts'
import { ada, bob } from '../../support/control-samples.ts'
import { OperationsMesh } from '../../support/operations-mesh.ts'
import { play } from '../../support/play.ts'
import { userWith } from '../../support/user-with.ts'

class Recorded {
  readonly begun: Attempt[] = []
  readonly ended: string[] = []
  readonly denials: Denial[] = []
  isFull = false
  /** For which there is no room left. */
  full = ''

  readonly log: AuditLog = {
    ...unrecorded,
    begin: (attempt) => {
      if (attempt.operation === this.full || (this.isFull && !attempt.makesRoom))
        throw new ClawError('DISK_FULL', { path: '/audit' })
      this.begun.push(attempt)
      return Promise.resolve((outcome) => {
        this.ended.push(`${attempt.operation} ${outcome}`)
        return Promise.resolve()
      })
    },
    denied: (denial) => void this.denials.push(denial),
  }
}

let mesh: OperationsMesh
let service: OperationService
let here: Recorded
let there: Recorded
const { signal } = new AbortController()
const nothing = new Uint8Array(0)

beforeEach(async () => {
  mesh = new OperationsMesh()
  here = new Recorded()
  there = new Recorded()
  mesh.audits.set(ada, here.log)
  mesh.audits.set(bob, there.log)
  service = await mesh.service(ada)
  await mesh.service(bob)
  await mesh.world.runFor(1_000)
})

const run = (name: string, input: unknown = {}, caller = callerOf({ kind: 'token' })): Promise<unknown> =>
  play(mesh.world, service.invoke(name, input, { caller, signal }))

test('what changes something is on record before it is done, and how it ended before anybody hears of it', async () => {
  await run('workload.run', { image: 'busybox', name: 'train', env: ['API_KEY=hunter2'] })
  expect(here.begun).toMatchObject([
    { actor: 'token:api', via: null, operation: 'workload.run', verb: 'create', resource: 'workload', object: 'train' },
  ])
  expect(here.ended).toEqual(['workload.run ok'])
  expect(JSON.stringify(here.begun)).not.toContain('hunter2')
})

test('what the mesh refused is on record with its reason', async () => {
  await run('workload.run', { image: 'busybox', name: 'train' })
  await expect(run('workload.run', { image: 'busybox', name: 'train' })).rejects.toMatchObject({ code: 'NAME_TAKEN' })
  expect(here.ended).toEqual(['workload.run ok', 'workload.run NAME_TAKEN'])
})

test('who looks is not on record, unless everything is taken along', async () => {
  await run('node.list')
  expect(here.begun).toEqual([])
  const asker = { caller: callerOf({ kind: 'socket' }), signal }
  await Array.fromAsync(service.open('mesh.backup', { stale: true }, asker))
  expect(here.begun).toMatchObject([{ operation: 'mesh.backup' }])
  expect(here.ended).toEqual(['mesh.backup ok'])
})

test('who is turned away is on record, also where it only looks', async () => {
  const viewer = userWith(mesh, 'viewer')
  await expect(run('token.create', {}, viewer)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
  await expect(run('operator.list', {}, viewer)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
  expect(here.denials).toMatchObject([
    { actor: viewer.id, operation: 'token.create', outcome: 'PERMISSION_DENIED' },
    { operation: 'operator.list', resource: 'operator' },
  ])
  expect(here.begun).toEqual([])
})

test('a key that nobody knows is on record', async () => {
  const { rpc } = mesh.network.host(bob)
  const request = { name: 'status', input: '{}', caller: 'root', role: 'admin', request: '', proof: nothing }
  await expect(play(mesh.world, rpc.call(ada, attachOperation, request, signal))).rejects.toMatchObject({
    code: 'AUTH_FAILED',
  })
  expect(here.denials).toMatchObject([{ actor: bob, operation: 'status', outcome: 'AUTH_FAILED' }])
})

test('what was forwarded is on record where it is done, with who forwarded it and the name of the request', async () => {
  const { rpc } = mesh.network.host(ada)
  const { id: caller } = userWith(mesh, 'admin')
  const request = { name: 'node.cordon', input: '{"node":"bob"}', caller, role: 'admin', request: 'r7', proof: nothing }
  await play(mesh.world, rpc.call(bob, invokeOperation, request, signal))
  expect(there.begun).toMatchObject([{ actor: caller, via: ada, object: 'bob', request: 'r7' }])
})

test('without room to record it nothing is changed, and what makes room is done all the same', async () => {
  await run('workload.run', { image: 'busybox', name: 'train' })
  here.isFull = true
  await expect(run('workload.run', { image: 'busybox', name: 'other' })).rejects.toMatchObject({ code: 'DISK_FULL' })
  expect(mesh.book.state.names.has('other')).toBe(false)
  await expect(run('workload.stop', { workload: 'train' })).resolves.toBeTruthy()
})

test('work with more than every container has is on record with what that is, and not let in where that cannot be', async () => {
  const more = { privileges: ['privileged', 'net_admin'], volumes: ['/data:/data'] }
  await run('workload.run', { image: 'busybox', name: 'odd', ...more }, callerOf({ kind: 'socket' }))
  const [first, second] = here.begun
  expect(first).toMatchObject({ operation: 'workload.run', object: 'odd' })
  expect(second).toMatchObject({
    ...{ actor: 'socket', operation: 'privilege.use', verb: 'use', resource: 'privilege', namespace: 'default' },
    ...{ object: 'odd: cap-NET_ADMIN host-mount privileged', request: first?.request },
  })
  expect(here.ended).toEqual(['privilege.use ok', 'workload.run ok'])
  await run('workload.run', { image: 'busybox', name: 'plain' }, callerOf({ kind: 'socket' }))
  expect(here.begun.filter(({ operation }) => operation === 'privilege.use')).toHaveLength(1)
  here.full = 'privilege.use'
  const asked = run('workload.run', { image: 'busybox', name: 'more', ...more }, callerOf({ kind: 'socket' }))
  await expect(asked).rejects.toMatchObject({ code: 'DISK_FULL' })
  expect(await run('workload.list')).toMatchObject([{ name: 'plain' }, { name: 'odd' }])
})

test('what makes such work later is on record when it is made', async () => {
  const socket = callerOf({ kind: 'socket' })
  const work = { image: 'busybox', network: 'host' }
  await run('deploy.create', { ...work, name: 'web', replicas: 2 }, socket)
  await run('job.create', { ...work, name: 'sums' }, socket)
  await run('cron.create', { ...work, name: 'nightly', schedule: '@daily' }, socket)
  const used = here.begun.filter(({ operation }) => operation === 'privilege.use').map(({ object }) => object)
  expect(used).toEqual(['web: host-network', 'sums: host-network', 'nightly: host-network'])
})
