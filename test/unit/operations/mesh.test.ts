import { beforeEach, describe, expect, test } from 'vitest'
import { decodeBackup } from '../../../src/core/state/backup.ts'
import { ClawError } from '../../../src/model/failure.ts'
import type { OperationService } from '../../../src/operations/invoke.ts'
import { nodeId } from '../../../src/model/ids.ts'
import { callerOf } from '../../../src/operations/caller.ts'
import type { Caller } from '../../../src/operations/operation.ts'
import { ada, bob, submit } from '../../support/control-samples.ts'
import { admin, OperationsMesh } from '../../support/operations-mesh.ts'
import { play } from '../../support/play.ts'
import { userWith } from '../../support/user-with.ts'

let mesh: OperationsMesh
/** Of ada, who leads, and of bob. */
let services: readonly [OperationService, OperationService]
const { signal } = new AbortController()

beforeEach(async () => {
  mesh = new OperationsMesh()
  services = [await mesh.service(ada), await mesh.service(bob)]
  await mesh.world.runFor(1_000)
})

const ask = (name: string, input: unknown, { at = 0, caller = admin }: { at?: 0 | 1; caller?: Caller } = {}) =>
  play(mesh.world, services[at].invoke(name, input, { caller, signal }))

async function backup(input: object = {}, caller: Caller = admin): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const item of services[1].open('mesh.backup', input, { caller, signal }))
    parts.push(Buffer.from((item as { data: string }).data, 'base64'))
  return Buffer.concat(parts)
}

const send = (file: Uint8Array, upload = 'upload-1'): Promise<unknown> =>
  ask('mesh.upload', { upload, offset: 0, data: Buffer.from(file).toString('base64') }, { at: 1 })

describe('a backup', () => {
  test('comes in parts from any peer, and is the state', async () => {
    for (let i = 0; i < 8; i += 1) mesh.apply(submit(`wl-${i}`, { env: { BIG: 'x'.repeat(32_000) } }))
    const { header, state } = decodeBackup(await backup())
    expect(header).toMatchObject({ index: mesh.book.state.index, workloads: 8 })
    expect(state.workloads.size).toBe(8)
  })

  test('is refused while nobody leads, unless one that may be old will do', async () => {
    mesh.failure = new ClawError('NO_LEADER', { detail: 'nobody leads' })
    await expect(backup()).rejects.toMatchObject({ code: 'NO_LEADER' })
    expect(decodeBackup(await backup({ stale: true })).header.nodes).toBe(2)
  })

  test('is for administrators: it holds the environment of all work', async () => {
    await expect(backup({}, userWith(mesh, 'operator'))).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
  })
})

describe('a restore', () => {
  test('goes to the leader, and leaves a mesh in use alone unless it is forced', async () => {
    const file = await backup()
    mesh.apply(submit('wl-a'))
    expect(await send(file)).toEqual({ received: file.length })
    await expect(ask('mesh.restore', { upload: 'upload-1' }, { at: 1 })).rejects.toMatchObject({
      code: 'MESH_IN_USE',
      facts: { nodes: 2, workloads: 1 },
    })
    await expect(ask('mesh.restore', { upload: 'upload-1', force: true })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
    await send(file)
    expect(await ask('mesh.restore', { upload: 'upload-1', force: true }, { at: 1 })).toMatchObject({
      mesh: 'lab',
      replaced: 1,
      rolledBack: true,
    })
    expect(mesh.restored[0]?.workloads.size).toBe(0)
  })

  test('refuses what is damaged before it touches anything', async () => {
    const file = await backup()
    file[file.length - 3] = (file[file.length - 3] ?? 0) ^ 1
    await send(file)
    await expect(ask('mesh.restore', { upload: 'upload-1', force: true })).rejects.toMatchObject({
      code: 'BACKUP_INVALID',
    })
    expect(mesh.restored).toEqual([])
  })

  test('takes parts in order only, one file at a time, and forgets what nobody goes on with', async () => {
    const part = (upload: string, offset: number) => ask('mesh.upload', { upload, offset, data: 'AAAA' })
    expect(await part('upload-1', 0)).toEqual({ received: 3 })
    expect(await part('upload-1', 3)).toEqual({ received: 6 })
    await expect(part('upload-1', 3)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    expect(await part('upload-2', 0)).toEqual({ received: 3 })
    await expect(part('upload-1', 6)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    await mesh.world.runFor(6 * 60_000)
    await expect(part('upload-2', 3)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })

  test('takes no more than the mesh can hold', async () => {
    const data = Buffer.alloc(500_000).toString('base64')
    await ask('mesh.upload', { upload: 'upload-1', offset: 0, data })
    await ask('mesh.upload', { upload: 'upload-1', offset: 500_000, data })
    await expect(ask('mesh.upload', { upload: 'upload-1', offset: 1_000_000, data })).rejects.toMatchObject({
      code: 'TOO_LARGE',
    })
  })
})

describe('a recovery', () => {
  const wanted = { unsafe: true, confirm: 'lab' }

  beforeEach(() => {
    mesh.voters = [ada, bob]
    mesh.leader = null
    mesh.liveness.set(bob, 'lost')
  })

  test('makes the peer that is asked the only voter, and names those it gives up', async () => {
    expect(await ask('gateway.recover', wanted)).toMatchObject({ node: 'ada', lost: ['bob'] })
    expect(mesh.recovered).toEqual(['bob'])
  })

  test('is refused while there is a leader, or a majority that could elect one', async () => {
    mesh.leader = bob
    await expect(ask('gateway.recover', { ...wanted, force: true })).rejects.toThrow('bob leads')
    mesh.leader = null
    mesh.liveness.set(bob, 'alive')
    await expect(ask('gateway.recover', wanted)).rejects.toThrow('a majority of the voters seems to answer (ada, bob)')
    expect(await ask('gateway.recover', { ...wanted, force: true })).toMatchObject({ node: 'ada' })
  })

  test('is refused by a peer that is outdated, for it could not lead', async () => {
    mesh.outdated = new ClawError('VERSION_UNSUPPORTED', { found: 'more', oldest: 1, newest: 1 })
    await expect(ask('gateway.recover', { ...wanted, force: true })).rejects.toMatchObject(mesh.outdated)
    expect(mesh.recovered).toEqual([])
  })

  test('is refused on a node that never voted, and without the name of the mesh', async () => {
    await expect(ask('gateway.recover', wanted, { at: 1 })).rejects.toThrow('this node never voted')
    await expect(ask('gateway.recover', { ...wanted, confirm: 'lob' })).rejects.toThrow(
      'give the name of the mesh: lab',
    )
    await expect(ask('gateway.recover', { confirm: 'lab' })).rejects.toThrow('must be true')
    expect(mesh.recovered).toEqual([])
  })

  test('is refused to a stranger', async () => {
    const caller = callerOf({ kind: 'operator', key: nodeId('12D3KooW') })
    await expect(ask('gateway.recover', wanted, { caller })).rejects.toMatchObject({ code: 'AUTH_FAILED' })
  })

  test.each([
    ['the API token', callerOf({ kind: 'token' })],
    ['the socket for readers', callerOf({ kind: 'reader' })],
    ['the socket of another host', { ...admin, via: [bob] }],
  ] as const)('is refused to %s', async (_, caller) => {
    await expect(ask('gateway.recover', wanted, { caller })).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
  })

  test('is refused through another peer', async () => {
    mesh.leader = ada
    const input = { node: 'bob', command: 'gateway.recover', params: wanted }
    await expect(ask('node.invoke', input)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
  })
})
