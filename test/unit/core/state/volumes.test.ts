import { describe, expect, test } from 'vitest'
import { snapshotOf } from '../../../../src/core/scheduler/snapshot.ts'
import { plan } from '../../../../src/core/scheduler/plan.ts'
import { defaultScheduling } from '../../../../src/core/scheduler/types.ts'
import { mayForward } from '../../../../src/core/state/authority.ts'
import { restore } from '../../../../src/core/state/restore.ts'
import { snapshot } from '../../../../src/core/state/snapshot.ts'
import type { Command } from '../../../../src/core/state/types.ts'
import { volumesOf } from '../../../../src/core/state/volumes.ts'
import { entitlements } from '../../../../src/core/vault/entitlement.ts'
import type { NodeId, PlacementId } from '../../../../src/model/ids.ts'
import { placementId, workloadId } from '../../../../src/model/ids.ts'
import type { Book } from '../../../support/control-samples.ts'
import { ada, bob, meshOf, refusal, submit } from '../../../support/control-samples.ts'

const create = (name: string, parts: object = {}): Command => ({
  ...{ type: 'create-volume', namespace: 'default', name },
  volume: { type: 'local', access: 'RWO', hostPath: null, nfs: null, sizeMib: null, node: null, ...parts },
})
const using = (id: string, ...sources: readonly string[]): Command =>
  submit(id, { mounts: sources.map((source) => ({ source, target: `/${source}`, readOnly: false })) })
const place = (id: string, node: NodeId, attempt = 1): Command => ({
  ...{ type: 'place', workload: workloadId(id), attempt, node, devices: [], executor: 'docker' },
})

const alive = () =>
  ({ liveness: 'alive', failed: new Set<string>(), hot: new Set<string>(), diskFreeMib: null }) as const
const planned = (book: Book) => plan(snapshotOf(book.state, alive, 1_000), defaultScheduling)

test('work binds a volume to the node on which it is first used, and its successors go there', () => {
  const book = meshOf([ada, bob])
  book.run(create('data'))
  book.run(using('wl-1', 'data'))
  expect(refusal(book.run(place('wl-1', bob)))).toBeNull()
  expect(book.state.volumes.get('default/data')?.node).toBe(bob)
  book.run(using('wl-2', 'data'))
  expect(refusal(book.run(place('wl-2', ada)))).toBe('VOLUME_ELSEWHERE')
  expect(planned(book)).toMatchObject([{ decision: 'place', workload: 'wl-2', node: bob }])
  book.run(using('wl-3', 'other'))
  expect(planned(book).find(({ workload }) => workload === 'wl-3')).toMatchObject({ decision: 'place' })
})

test('work whose data is on a node that is away waits, and is told why', () => {
  const book = meshOf([ada, bob])
  book.run(create('data', { node: bob }))
  book.run(using('wl-1', 'data'))
  const seen = (node: NodeId) => ({ ...alive(), liveness: node === bob ? 'lost' : 'alive' }) as const
  const [decision] = plan(snapshotOf(book.state, seen, 1_000), defaultScheduling)
  expect(decision).toMatchObject({
    decision: 'wait',
    reason: expect.stringContaining('has not the data of the volume data') as string,
  })
})

test('a directory that is on every node, and a server, bind nobody', () => {
  const book = meshOf([ada, bob])
  book.run(create('shared', { type: 'nfs', access: 'RWX', nfs: { server: 'nas', path: '/x', options: '' } }))
  book.run(using('wl-1', 'shared'))
  book.run(place('wl-1', ada))
  expect(book.state.volumes.get('default/shared')?.node).toBeNull()
  const spec = book.state.workloads.get(workloadId('wl-1'))?.spec ?? { namespace: '', mounts: [] }
  expect(volumesOf(book.state, spec)).toHaveLength(1)
})

test('a volume that is in use stays, and one that is not goes with its name', () => {
  const book = meshOf([ada])
  book.run(create('data'))
  expect(refusal(book.run(create('data')))).toBe('VOLUME_EXISTS')
  book.run(using('wl-1', 'data'))
  const remove: Command = { type: 'remove-volume', namespace: 'default', name: 'data' }
  expect(refusal(book.run(remove))).toBe('VOLUME_BUSY')
  book.run({ type: 'request-stop', workload: workloadId('wl-1'), force: true })
  expect(refusal(book.run(remove))).toBeNull()
  expect(refusal(book.run(remove))).toBe('VOLUME_NOT_FOUND')
})

test('snapshots are kept with their volume, and all of it in a snapshot of the state', () => {
  const book = meshOf([ada])
  book.run(create('data', { node: ada, sizeMib: 10 }))
  const copy = { id: 'snap-a', bytes: 5, sha256: 'a'.repeat(64) }
  const named = { namespace: 'default', name: 'data' } as const
  expect(refusal(book.run({ type: 'report-snapshot', ...named, node: ada, snapshot: copy }))).toBeNull()
  expect(restore(snapshot(book.state)).volumes).toEqual(book.state.volumes)
  expect(refusal(book.run({ type: 'remove-snapshot', ...named, snapshot: 'snap-b' }))).toBe('SNAPSHOT_NOT_FOUND')
  expect(refusal(book.run({ type: 'remove-snapshot', ...named, snapshot: 'snap-a' }))).toBeNull()
  expect(book.state.volumes.get('default/data')?.snapshots).toEqual([])
})

describe('what takes the place of the data of a volume', () => {
  const fill = (incarnation: string, parts: object = {}): Command => ({
    ...{ type: 'report-restore', namespace: 'default', name: 'data', node: ada, incarnation, instead: null, ...parts },
  })

  test('is taken at once, once, and by the node that has it', () => {
    const book = meshOf([ada, bob])
    book.run(create('data', { node: ada }))
    expect(refusal(book.run(fill('fill-a', { node: bob })))).toBe('INVALID_REQUEST')
    expect(refusal(book.run(fill('fill-a')))).toBeNull()
    expect(refusal(book.run(fill('fill-b')))).toBe('INVALID_REQUEST')
    expect(refusal(book.run(fill('fill-c', { instead: 'fill-a' })))).toBeNull()
    expect(restore(snapshot(book.state)).volumes.get('default/data')).toMatchObject({ incarnation: 'fill-c' })
  })

  test('is not taken while work may write', () => {
    const book = meshOf([ada])
    book.run(create('data', { node: ada }))
    book.run(using('wl-1', 'data'))
    expect(refusal(book.run(fill('fill-a')))).toBe('VOLUME_BUSY')
  })

  test('may be a volume that there was not, which is seen with all that it holds', () => {
    const book = meshOf([ada])
    const made = fill('fill-a', { made: { labels: { app: 'db' } } })
    expect(refusal(book.run(made))).toBeNull()
    expect(book.state.volumes.get('default/data')).toMatchObject({ incarnation: 'fill-a', node: ada, type: 'local' })
    expect(refusal(book.run(fill('fill-b', { made: {} })))).toBe('VOLUME_EXISTS')
    expect([mayForward(made, ada), mayForward(made, bob), mayForward(made, ada, true)]).toEqual([true, false, false])
    expect(mayForward(fill('fill-b'), ada, true)).toBe(true)
  })
})

test('a volume that is a directory of the host is a mount of that directory, for policies too', () => {
  const book = meshOf([ada])
  const shelf = create('shelf', { type: 'hostpath', hostPath: '/srv/private/shelf' })
  const policy = (name: string, mode: 'enforce' | 'warn'): Command => ({
    ...{ type: 'create-policy', name, about: '', namespaces: null, mode, rules: { forbidMounts: ['/srv/private'] } },
  })
  book.run(shelf)
  book.run(policy('soon', 'warn'))
  expect(refusal(book.run(using('wl-1', 'shelf')))).toBeNull()
  book.run(policy('now', 'enforce'))
  expect(refusal(book.run(using('wl-2', 'shelf')))).toBe('POLICY_DENIED')
  expect(refusal(book.run(using('wl-3', 'other')))).toBeNull()
  expect(refusal(book.run({ ...shelf, name: 'again' } as Command))).toBe('POLICY_DENIED')
})

describe('a volume that is a place in a store of objects', () => {
  const keys = (parts: object = {}): Command => ({
    ...{ type: 'create-secret', namespace: 'default', name: 'store', sealed: 's1.1.AAAA.AAAA', how: 'generated' },
    ...{ policy: { allowWorkloads: [], allowLabels: {}, denyWorkloads: [], ...parts }, rotation: null },
  })
  const s3 = { endpoint: 'https://s3.example', bucket: 'models', prefix: 'llama/', region: 'eu', secret: 'store' }
  const weights = create('weights', { type: 's3', access: 'ROX', s3 })
  const mesh = (policy: object = {}): Book => {
    const book = meshOf([ada, bob])
    book.run(keys(policy))
    book.run(weights)
    return book
  }
  const keysFor = (book: Book, node: NodeId) => entitlements(book.state, 'default/weights' as PlacementId, node)
  const denied = expect.objectContaining({ code: 'PERMISSION_DENIED' }) as Error

  test('needs the secret with its keys, binds nobody, and is kept in a snapshot of the state', () => {
    const book = meshOf([ada, bob])
    expect(refusal(book.run(weights))).toBe('SECRET_NOT_FOUND')
    book.run(keys())
    expect(refusal(book.run(weights))).toBeNull()
    expect(restore(snapshot(book.state)).volumes).toEqual(book.state.volumes)
    for (const [id, node] of [
      ['wl-1', ada],
      ['wl-2', bob],
    ] as const) {
      book.run(using(id, 'weights'))
      expect(refusal(book.run(place(id, node)))).toBeNull()
    }
  })

  test('has its keys opened for a node that is to run what mounts it, and only as long as it is', () => {
    const book = mesh({ allowWorkloads: ['mesh:volume'] })
    expect(() => keysFor(book, ada)).toThrow(denied)
    book.run(using('wl-1', 'weights'))
    book.run(place('wl-1', ada))
    expect(keysFor(book, ada)).toMatchObject([{ index: 0, secret: { name: 'store', version: 1 } }])
    expect(() => keysFor(book, bob)).toThrow(denied)
    const use = {
      type: 'note-secret-use',
      placement: 'default/weights' as PlacementId,
      uses: [{ name: 'store', version: 1 }],
    } as const
    expect(refusal(book.run({ ...use, node: bob }))).toBe('PLACEMENT_SUPERSEDED')
    expect(refusal(book.run({ ...use, node: ada }))).toBeNull()
    expect(book.state.secrets.get('default/store')?.uses).toMatchObject([{ name: 'the volume weights', node: ada }])
    const placement = placementId(workloadId('wl-1'), 1)
    book.run({ type: 'claim', placement, node: ada })
    book.run({ type: 'report-ended', placement, node: ada, endedAt: 1, exitCode: 0, error: null })
    expect(() => keysFor(book, ada)).toThrow(denied)
  })

  test('has not the keys of a secret whose policy lists others', () => {
    const book = mesh({ allowWorkloads: ['train'] })
    book.run(using('wl-1', 'weights'))
    book.run(place('wl-1', ada))
    expect(() => keysFor(book, ada)).toThrow(expect.objectContaining({ code: 'SECRET_DENIED' }) as Error)
  })

  test('is bound to one node where work writes it, which has its keys for as long as it is there', () => {
    const book = mesh()
    book.run(create('results', { type: 's3', access: 'RWO', s3 }))
    const keysOf = (node: NodeId) => entitlements(book.state, 'default/results' as PlacementId, node)
    expect(() => keysOf(ada)).toThrow(denied)
    book.run(using('wl-1', 'results'))
    book.run(place('wl-1', ada))
    book.run(using('wl-2', 'results'))
    expect(refusal(book.run(place('wl-2', bob)))).toBe('VOLUME_ELSEWHERE')
    const placement = placementId(workloadId('wl-1'), 1)
    book.run({ type: 'claim', placement, node: ada })
    book.run({ type: 'report-ended', placement, node: ada, endedAt: 1, exitCode: 0, error: null })
    // To put back what was written.
    expect(keysOf(ada)).toMatchObject([{ secret: { name: 'store' } }])
    const use = {
      type: 'note-secret-use',
      placement: 'default/results' as PlacementId,
      uses: [{ name: 'store', version: 1 }],
    } as const
    expect(refusal(book.run({ ...use, node: ada }))).toBeNull()
    expect(() => keysOf(bob)).toThrow(denied)
    expect(refusal(book.run({ ...use, node: bob }))).toBe('PLACEMENT_SUPERSEDED')
  })

  test('is a mount of that place, for policies', () => {
    const book = mesh()
    const rules = { forbidMounts: ['https://s3.example/*'] }
    book.run({ type: 'create-policy', name: 'no-store', about: '', namespaces: null, mode: 'enforce', rules })
    expect(refusal(book.run(using('wl-1', 'weights')))).toBe('POLICY_DENIED')
    expect(refusal(book.run({ ...weights, name: 'again' } as Command))).toBe('POLICY_DENIED')
    expect(refusal(book.run(using('wl-2', 'other')))).toBeNull()
  })

  test('is a mount of all that is below that place, for policies, however the store is spelled', () => {
    const book = mesh()
    const rules = { forbidMounts: ['http://S3.Example:80/models/llama/secret/*'] }
    book.run({ type: 'create-policy', name: 'no-secrets', about: '', namespaces: null, mode: 'enforce', rules })
    expect(refusal(book.run(using('wl-1', 'weights')))).toBe('POLICY_DENIED')
    expect(refusal(book.run({ ...weights, name: 'again' } as Command))).toBe('POLICY_DENIED')
  })

  test('is in no backup: it is kept where it is', () => {
    const book = mesh()
    book.run({ ...keys(), name: 'backup-key' } as Command)
    const target = { type: 'directory', node: ada, path: '/srv/backups' } as const
    const selection = { scope: 'volumes', names: ['weights'], labels: {} } as const
    const backup = { type: 'create-backup', backup: 'bak-a', namespace: 'default', selection, target } as const
    expect(refusal(book.run(backup))).toBe('INVALID_REQUEST')
  })
})
