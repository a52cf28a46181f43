import { describe, expect, test } from 'vitest'
import { mayForward } from '../../../../src/core/state/authority.ts'
import { restore } from '../../../../src/core/state/restore.ts'
import { snapshot } from '../../../../src/core/state/snapshot.ts'
import { limits } from '../../../../src/core/state/state.ts'
import type { Command, CommandOf } from '../../../../src/core/state/types.ts'
import { entitlements } from '../../../../src/core/vault/entitlement.ts'
import type { BackupSelection } from '../../../../src/model/backup.ts'
import type { PlacementId } from '../../../../src/model/ids.ts'
import { noQuota } from '../../../../src/model/namespace.ts'
import { ada, type Book, bob, meshOf, refusal } from '../../../support/control-samples.ts'

const volume = (name: string, labels: Record<string, string> = {}, node: typeof ada | null = ada): Command => ({
  ...{ type: 'create-volume', namespace: 'default', name },
  volume: { type: 'local', access: 'RWO', hostPath: null, nfs: null, sizeMib: null, node, labels },
})
const key: Command = {
  ...{ type: 'create-secret', namespace: 'default', name: 'backup-key', sealed: 's1.1.AAAA.AAAA', how: 'generated' },
  ...{ policy: { allowWorkloads: ['mesh:backup'], allowLabels: {}, denyWorkloads: [] }, rotation: null },
}
const target = { type: 'directory', node: ada, path: '/srv/backups' } as const
const all = { scope: 'volumes', names: [], labels: {} } as const
const create = (backup: string, parts: object = {}): Command => ({
  ...{ type: 'create-backup', backup, namespace: 'default', selection: all, target, ...parts },
})
const sha256 = 'a'.repeat(64)
const made = (backup: string, parts: object = {}): CommandOf<'report-backup'> => ({
  ...{ type: 'report-backup', backup, node: ada, ...parts },
  made: {
    ok: true,
    files: [{ name: 'data.tar.sealed', volume: 'data', bytes: 1, stored: 2, sha256 }],
    manifest: { stored: 1, sha256 },
  },
})
const failed = (backup: string): Command => ({
  ...{ type: 'report-backup', backup, node: ada, made: { ok: false, reason: 'no room' } },
})

function mesh(): Book {
  const book = meshOf([ada, bob])
  book.run(volume('data', { tier: 'gold' }))
  book.run(volume('other', { tier: 'tin' }))
  book.run(volume('unused', { tier: 'gold' }, null))
  book.run(key)
  return book
}

describe('a backup', () => {
  test('is of the volumes that were named, or that have the labels, and hold something', () => {
    const book = mesh()
    const volumesOf = (id: string) => book.state.backups.get(id)?.volumes
    book.run(create('bak-a'))
    book.run(create('bak-b', { selection: { ...all, labels: { tier: 'gold' } } }))
    expect([volumesOf('bak-a'), volumesOf('bak-b')]).toEqual([['data', 'other'], ['data']])
    const named = (name: string) => refusal(book.run(create('bak-c', { selection: { ...all, names: [name] } })))
    expect([named('nothing'), named('unused')]).toEqual(['VOLUME_NOT_FOUND', 'INVALID_REQUEST'])
  })

  test('is whole, or failed, as its node says once, and nobody else', () => {
    const book = mesh()
    book.run(create('bak-a'))
    expect(refusal(book.run(made('bak-a', { node: bob })))).toBe('BACKUP_NOT_FOUND')
    expect([mayForward(made('bak-a'), ada), mayForward(made('bak-a'), bob)]).toEqual([true, false])
    expect(refusal(book.run(made('bak-a')))).toBeNull()
    expect(refusal(book.run(failed('bak-a')))).toBe('BACKUP_UNUSABLE')
    expect(restore(snapshot(book.state)).backups).toEqual(book.state.backups)
  })

  test('goes when its node has taken it away, at once when that node is gone', () => {
    const book = mesh()
    book.run(create('bak-a'))
    book.run(create('bak-b', { target: { ...target, node: bob } }))
    book.run({ type: 'delete-backup', backup: 'bak-a' })
    expect(book.state.backups.get('bak-a')?.state).toBe('deleting')
    book.run({ type: 'report-backup-gone', backup: 'bak-a', node: ada })
    expect(book.state.backups.has('bak-a')).toBe(false)
    book.run({ type: 'remove-member', node: bob, force: true })
    expect(book.state.backups.get('bak-b')?.state).toBe('failed')
    book.run({ type: 'delete-backup', backup: 'bak-b' })
    expect(book.state.backups.has('bak-b')).toBe(false)
  })

  test('has its key opened for the node that keeps it, and for no other', () => {
    const book = mesh()
    book.run(create('bak-a'))
    const of = (node: typeof ada) => entitlements(book.state, 'bak-a' as PlacementId, node)
    expect(of(ada)).toMatchObject([{ secret: { name: 'backup-key', version: 1 } }])
    expect(() => of(bob)).toThrow(expect.objectContaining({ code: 'PERMISSION_DENIED' }) as Error)
  })
})

describe('a schedule of backups', () => {
  const timing = { schedule: '0 3 * * *', timeZone: 'UTC', missed: 'run-once', startingDeadlineMs: 60_000 } as const
  const keep = { last: 2, hourly: 0, daily: 0, weekly: 0, monthly: 0 }
  const nightly: Command = {
    ...{ type: 'create-backup-schedule', namespace: 'default', name: 'nightly', selection: all, target, timing, keep },
  }
  const fire = (at: number, backup?: string): Command => ({
    ...{ type: 'fire-backup', namespace: 'default', name: 'nightly', at, missed: 0 },
    ...(backup !== undefined && { backup }),
  })
  const scheduled = () => {
    const book = mesh()
    book.run(nightly)
    return { book, begin: book.state.backupSchedules.get('default/nightly')?.last ?? 0 }
  }

  test('counts each moment once, whoever says it and however often', () => {
    const { book, begin } = scheduled()
    expect(refusal(book.run(fire(begin)))).toBe('CRON_BUSY')
    expect(refusal(book.run(fire(begin + 10, 'bak-a')))).toBeNull()
    expect(refusal(book.run(fire(begin + 10, 'bak-b')))).toBe('CRON_BUSY')
    expect(refusal(book.run(fire(begin + 5, 'bak-c')))).toBe('CRON_BUSY')
    expect([...book.state.backups.keys()]).toEqual(['bak-a'])
    expect(mayForward(fire(begin + 20, 'bak-d'), ada)).toBe(false)
    expect(restore(snapshot(book.state)).backupSchedules).toEqual(book.state.backupSchedules)
  })

  test('keeps what it is told to, and begins none while the one before is being made', () => {
    const { book, begin } = scheduled()
    const states = () => Object.fromEntries([...book.state.backups].map(([id, { state }]) => [id, state]))
    book.run(fire(begin + 1, 'bak-a'))
    book.run(fire(begin + 2, 'bak-b'))
    expect(book.state.backupSchedules.get('default/nightly')).toMatchObject({ fired: 1, skipped: 1 })
    book.run(made('bak-a'))
    for (const [index, id] of ['bak-c', 'bak-d'].entries()) {
      book.run(fire(begin + 3 + index, id))
      book.run(made(id))
    }
    expect(states()).toEqual({ 'bak-a': 'deleting', 'bak-c': 'complete', 'bak-d': 'complete' })
    book.run(fire(begin + 9, 'bak-e'))
    book.run(failed('bak-e'))
    expect(states()).toMatchObject({ 'bak-c': 'complete', 'bak-d': 'complete', 'bak-e': 'failed' })
  })

  const state = { scope: 'mesh' } as const
  test.each([
    ['of the same kind', {}],
    ['of the state of the mesh', { selection: state }],
  ])('takes none away that another of its name has left, one %s', (_, other) => {
    const { book, begin } = scheduled()
    for (const [index, id] of ['bak-a', 'bak-b'].entries()) {
      book.run(fire(begin + 1 + index, id))
      book.run(made(id))
    }
    book.run({ type: 'delete-backup-schedule', namespace: 'default', name: 'nightly' })
    book.run({ ...nightly, ...other, keep: { ...keep, last: 1 } })
    const again = book.state.backupSchedules.get('default/nightly')?.last ?? 0
    for (const [index, id] of ['bak-c', 'bak-d'].entries()) {
      expect(refusal(book.run(fire(again + 1 + index, id)))).toBeNull()
      book.run(made(id))
    }
    expect(Object.fromEntries([...book.state.backups].map(([id, backup]) => [id, backup.state]))).toEqual({
      ...{ 'bak-a': 'complete', 'bak-b': 'complete', 'bak-c': 'deleting', 'bak-d': 'complete' },
    })
  })

  test('takes none away that is of something else, whenever that was made', () => {
    const { book, begin } = scheduled()
    book.run(fire(begin + 1, 'bak-a'))
    book.run(made('bak-a'))
    const [schedule, backup] = [book.state.backupSchedules.get('default/nightly'), book.state.backups.get('bak-a')]
    if (schedule === undefined || backup === undefined) throw new Error('there is none')
    book.state.backups.set('bak-a', { ...backup, scope: 'mesh' })
    book.state.backupSchedules.set('default/nightly', { ...schedule, keep: { ...keep, last: 1 } })
    for (const [index, id] of ['bak-b', 'bak-c'].entries()) {
      book.run(fire(begin + 2 + index, id))
      book.run(made(id))
    }
    expect(book.state.backups.get('bak-a')?.state).toBe('complete')
  })

  test('has room for what it keeps', () => {
    const { book } = scheduled()
    const many = { ...nightly, name: 'many', keep: { ...keep, hourly: 366, daily: 366 } } as Command
    expect(refusal(book.run(many))).toBe('INVALID_REQUEST')
  })

  test('says why there was none', () => {
    const { book, begin } = scheduled()
    for (const name of ['data', 'other']) book.run({ type: 'remove-volume', namespace: 'default', name })
    book.run(fire(begin + 1, 'bak-a'))
    expect(book.state.backupSchedules.get('default/nightly')).toMatchObject({ fired: 0, skipped: 1 })
    expect(book.state.backupSchedules.get('default/nightly')?.refusal).toContain('none of these volumes')
  })
})

describe('the room for backups', () => {
  const space = { name: 'other', quota: noQuota, weight: 1, borrow: false }
  const state = { scope: 'mesh' } as const

  test('is not all taken by one namespace, nor that of the mesh by volumes', () => {
    const book = mesh()
    book.run({ type: 'create-namespace', ...space })
    for (let i = 0; i < limits.namespaceBackups; i += 1) expect(refusal(book.run(create(`bak-${i}`)))).toBeNull()
    expect(refusal(book.run(create('bak-more')))).toBe('INVALID_REQUEST')
    expect(refusal(book.run(create('bak-mesh', { selection: state })))).toBeNull()
    expect(refusal(book.run(create('bak-other', { namespace: 'other', selection: state })))).toBeNull()
  })

  test('nor that for schedules', () => {
    const book = mesh()
    const timing = { schedule: '0 3 * * *', timeZone: 'UTC', missed: 'run-once', startingDeadlineMs: 60_000 } as const
    const keep = { last: 2, hourly: 0, daily: 0, weekly: 0, monthly: 0 }
    const schedule = (name: string, selection: BackupSelection): string | null =>
      refusal(
        book.run({
          ...{ type: 'create-backup-schedule', namespace: 'default', name, selection, target, timing, keep },
        }),
      )
    for (let i = 0; i < limits.namespaceBackupSchedules; i += 1) expect(schedule(`s-${i}`, all)).toBeNull()
    expect([schedule('more', all), schedule('mesh', state)]).toEqual(['INVALID_REQUEST', null])
  })
})

describe('a backup that is there already', () => {
  const found = (backup: string, parts: object = {}): Command => ({
    ...{ type: 'import-backup', backup, namespace: 'default', target, secret: 'backup-key', ...parts },
  })

  test('is of the volumes that its node finds in it, and is opened with the secret that was named', () => {
    const book = mesh()
    expect(refusal(book.run(found('bak-a', { secret: 'old-key' })))).toBe('SECRET_NOT_FOUND')
    expect(refusal(book.run(found('bak-a')))).toBeNull()
    expect(entitlements(book.state, 'bak-a' as PlacementId, ada)).toMatchObject([{ secret: { name: 'backup-key' } }])
    expect(refusal(book.run(made('bak-a')))).toBeNull()
    const backup = book.state.backups.get('bak-a')
    expect(backup).toMatchObject({ state: 'complete', volumes: ['data'], imported: true, schedule: null })
    expect(restore(snapshot(book.state)).backups).toEqual(book.state.backups)
  })

  test('is not one that is known, unless the node of that is gone', () => {
    const book = mesh()
    book.run(create('bak-a', { target: { ...target, node: bob } }))
    book.run(made('bak-a', { node: bob }))
    expect(refusal(book.run(found('bak-a')))).toBe('INVALID_REQUEST')
    book.run({ type: 'remove-member', node: bob, force: true })
    book.run({ type: 'create-namespace', name: 'team', quota: noQuota, borrow: false, weight: 1 })
    book.run({ ...key, namespace: 'team' })
    expect(refusal(book.run(found('bak-a', { namespace: 'team' })))).toBe('INVALID_REQUEST')
    expect(refusal(book.run(found('bak-a')))).toBeNull()
    expect(book.state.backups.get('bak-a')?.target.node).toBe(ada)
  })

  const lost = (parts: object = {}) => {
    const book = mesh()
    book.run(create('bak-a', { target: { ...target, node: bob }, ...parts }))
    book.run(made('bak-a', { node: bob }))
    book.run({ type: 'remove-member', node: bob, force: true })
    const set = { type: 'set-secret', namespace: 'default', name: 'backup-key', sealed: 's1.1.BBBB.BBBB' } as const
    const rotate = (version: number) => book.run({ ...set, how: 'rotated', version })
    const keyOf = () => book.state.backups.get('bak-a')?.key
    return { book, rotate, keyOf }
  }

  test('is opened with the version of its key that the mesh knows it was written with, whatever was tried meanwhile', () => {
    const { book, rotate, keyOf } = lost()
    rotate(2)
    book.run({ ...key, name: 'wrong' })
    expect(refusal(book.run(found('bak-a', { secret: 'wrong' })))).toBeNull()
    expect(keyOf()).toEqual({ secret: 'wrong', version: 1 })
    book.run(failed('bak-a'))
    expect(restore(snapshot(book.state)).backups).toEqual(book.state.backups)
    expect(refusal(book.run(found('bak-a')))).toBeNull()
    expect(keyOf()).toEqual({ secret: 'backup-key', version: 1 })
  })

  test('is opened with the present version where that is not known, or not kept', () => {
    const { book, rotate, keyOf } = lost()
    for (let version = 2; version <= limits.secretVersions + 1; version += 1) rotate(version)
    book.run(found('bak-a'))
    expect(keyOf()?.version).toBe(limits.secretVersions + 1)
    book.run(found('bak-b'))
    book.run(failed('bak-b'))
    rotate(limits.secretVersions + 2)
    expect(refusal(book.run(found('bak-b')))).toBeNull()
    expect(book.state.backups.get('bak-b')?.key?.version).toBe(limits.secretVersions + 2)
  })

  test('is not taken in again while it is being read, or once it is whole', () => {
    const book = mesh()
    book.run(found('bak-a'))
    expect(refusal(book.run(found('bak-a')))).toBe('INVALID_REQUEST')
    book.run(failed('bak-a'))
    expect(refusal(book.run(found('bak-a')))).toBeNull()
    book.run(made('bak-a'))
    expect(refusal(book.run(found('bak-a')))).toBe('INVALID_REQUEST')
  })

  test('is none of the state of the mesh, though the node of that is gone', () => {
    const { book } = lost({ selection: { scope: 'mesh' } })
    expect(refusal(book.run(found('bak-a')))).toBe('INVALID_REQUEST')
    expect(book.state.backups.get('bak-a')).toMatchObject({ scope: 'mesh', state: 'complete' })
  })
})
