import { describe, expect, test } from 'vitest'
import { decodeBackup } from '../../../../src/core/state/backup.ts'
import { encodeBackup } from '../../../support/backup-file.ts'
import { decodeEntry, encodeEntry } from '../../../../src/core/state/entry.ts'
import { restore } from '../../../../src/core/state/restore.ts'
import { snapshot } from '../../../../src/core/state/snapshot.ts'
import { limits } from '../../../../src/core/state/state.ts'
import type { Command, CommandOf } from '../../../../src/core/state/types.ts'
import { additions, versionNeeded } from '../../../../src/core/state/versions.ts'
import { entitlements, epochsInUse, usersOf } from '../../../../src/core/vault/entitlement.ts'
import type { PlacementId } from '../../../../src/model/ids.ts'
import { jobId, placementId, workloadId } from '../../../../src/model/ids.ts'
import { openPolicy } from '../../../../src/model/secret.ts'
import { WorkloadSpec } from '../../../../src/model/workload.ts'
import { ada, bob, cyd, meshOf, submit } from '../../../support/control-samples.ts'
import { jobSettings } from '../../../support/job-lab.ts'

const workload = workloadId('wl-train')
const sealed = (word = 'Ym94', epoch = 1): string => `s1.${epoch}.a2V5.${word}`
const db = { namespace: 'default', name: 'db' }
const create = (parts: Partial<CommandOf<'create-secret'>> = {}): Command => ({
  ...{ type: 'create-secret', ...db, sealed: sealed(), how: 'created', policy: openPolicy, rotation: null },
  ...parts,
})
const set = (version: number, word = 'bmV3'): Command => ({
  ...{ type: 'set-secret', ...db, version, sealed: sealed(word), how: 'set' },
})
const vault = (epoch: number, nodes = [ada, bob], publicKey = `key-${epoch}`): Command => ({
  ...{ type: 'set-vault', epoch, publicKey },
  holders: nodes.map((node) => ({ node, sealed: `ring-${node}` })),
})

describe('versions of a secret', () => {
  test('given a new value for the next number, it is the one that counts; one that comes too late is refused', () => {
    const mesh = meshOf([ada, bob])
    expect(mesh.run(create()).outcome.ok).toBe(true)
    expect(mesh.run(set(2)).outcome.ok).toBe(true)
    expect(mesh.run(set(2)).outcome).toMatchObject({ ok: false, failure: { code: 'SECRET_CHANGED' } })
    const secret = mesh.state.secrets.get('default/db')
    expect(secret?.current).toBe(2)
    expect(secret?.versions.map(({ number }) => number)).toEqual([1, 2])
    expect(mesh.run(create()).outcome).toMatchObject({ ok: false, failure: { code: 'SECRET_EXISTS' } })
  })

  test('given more values than are kept, the oldest go and no number comes again', () => {
    const mesh = meshOf([ada])
    mesh.run(create())
    for (let number = 2; number <= 20; number += 1) expect(mesh.run(set(number)).outcome.ok).toBe(true)
    const secret = mesh.state.secrets.get('default/db')
    expect(secret?.versions.length).toBe(limits.secretVersions)
    expect(secret?.changes.length).toBeLessThanOrEqual(limits.secretChanges)
    mesh.run({ type: 'update-secret', ...db, current: 15 })
    expect(mesh.run(set(16)).outcome.ok).toBe(false)
    expect(mesh.run(set(21)).outcome.ok).toBe(true)
  })

  test('given an earlier version is asked for, it counts again; one that is not kept is refused', () => {
    const mesh = meshOf([ada])
    mesh.run(create())
    mesh.run(set(2))
    expect(mesh.run({ type: 'update-secret', ...db, current: 1 }).outcome.ok).toBe(true)
    expect(mesh.state.secrets.get('default/db')?.current).toBe(1)
    expect(mesh.run({ type: 'update-secret', ...db, current: 7 }).outcome).toMatchObject({
      failure: { code: 'SECRET_NOT_FOUND' },
    })
  })

  test('given a rotation that is due, it is said once, until there is a new value', () => {
    const mesh = meshOf([ada])
    mesh.run(create({ rotation: { everyMs: 1_000, generate: null } }))
    const due: Command = { type: 'note-due', ...db, version: 1 }
    expect(mesh.run(due).outcome.ok).toBe(true)
    expect(mesh.run(due).outcome.ok).toBe(false)
    expect(mesh.state.secrets.get('default/db')?.isDue).toBe(true)
    mesh.run(set(2))
    expect(mesh.state.secrets.get('default/db')?.isDue).toBe(false)
  })
})

describe('the vault', () => {
  test('given a key, more voters can be lent it; another key needs another epoch', () => {
    const mesh = meshOf([ada, bob, cyd])
    expect(mesh.run(vault(1)).outcome.ok).toBe(true)
    expect(mesh.run(vault(1, [cyd])).outcome.ok).toBe(true)
    expect([...(mesh.state.vault?.holders.keys() ?? [])]).toEqual([ada, bob, cyd])
    expect(mesh.run(vault(1, [cyd], 'other')).outcome.ok).toBe(false)
    expect(mesh.run(vault(3)).outcome.ok).toBe(false)
    expect(mesh.run(vault(2)).outcome.ok).toBe(true)
  })

  test('given a holder is removed, what it held is known to be exposed; removing another member changes nothing', () => {
    const mesh = meshOf([ada, bob, cyd])
    mesh.run(vault(1))
    mesh.run({ type: 'remove-member', node: cyd, force: true })
    expect(mesh.state.vault?.isExposed).toBe(false)
    mesh.run({ type: 'remove-member', node: bob, force: true })
    expect(mesh.state.vault).toMatchObject({ isExposed: true })
    expect([...(mesh.state.vault?.holders.keys() ?? [])]).toEqual([ada])
    mesh.run(vault(2, [ada]))
    expect(mesh.state.vault?.isExposed).toBe(false)
  })

  test('a backup holds secrets as ciphertext, and nothing that opens them', () => {
    const mesh = meshOf([ada, bob])
    mesh.run(vault(1))
    mesh.run(create())
    const { state } = decodeBackup(encodeBackup(mesh.state, { at: 1, software: 'test' }))
    expect(state.vault).toBeNull()
    expect(state.secrets.get('default/db')?.versions[0]?.sealed).toBe(sealed())
  })
})

describe('who may be given a secret', () => {
  const placed = (spec: Record<string, unknown>, policy = openPolicy) => {
    const mesh = meshOf([ada, bob])
    mesh.run(create({ policy }))
    mesh.run(submit(workload, spec, 'train'))
    mesh.run({ type: 'place', workload, attempt: 1, node: ada, devices: [], executor: 'docker' })
    const placement = placementId(workload, 1)
    mesh.run({ type: 'claim', placement, node: ada })
    return { mesh, placement }
  }
  const asks = {
    secrets: [
      { env: 'DB', secret: 'db' },
      { env: 'OWN', sealed: sealed('b3du') },
    ],
  }

  test('given the node that has the placement, it is due exactly what its workload names', () => {
    const { mesh, placement } = placed(asks)
    expect(entitlements(mesh.state, placement, ada)).toMatchObject([
      { index: 0, sealed: sealed(), secret: { name: 'db', version: 1 } },
      { index: 1, sealed: sealed('b3du'), secret: null },
    ])
  })

  test('given a run of a job, the name of the job counts as well', () => {
    const mesh = meshOf([ada])
    mesh.run(create({ policy: { ...openPolicy, allowWorkloads: ['sums'] } }))
    const job = jobId('job-sums')
    const spec = WorkloadSpec.parse({ image: 'app:1', secrets: [{ env: 'DB', secret: 'db' }] })
    mesh.run({ type: 'create-job', job, name: 'sums', spec, settings: jobSettings({ completions: 1 }) })
    const start = [{ workload, name: 'sums-0-abcd', index: 0 }]
    mesh.run({ type: 'set-job', job, step: mesh.state.jobs.get(job)?.step ?? 0, start })
    mesh.run({ type: 'place', workload, attempt: 1, node: ada, devices: [], executor: 'docker' })
    const placement = placementId(workload, 1)
    mesh.run({ type: 'claim', placement, node: ada })
    expect(entitlements(mesh.state, placement, ada)).toMatchObject([{ secret: { name: 'db', version: 1 } }])
  })

  test('given another node, another attempt, or work that has ended, nothing is due', () => {
    const { mesh, placement } = placed(asks)
    const denied = expect.objectContaining({ code: 'PERMISSION_DENIED' })
    expect(() => entitlements(mesh.state, placement, bob)).toThrow(denied)
    expect(() => entitlements(mesh.state, placementId(workload, 2), ada)).toThrow(denied)
    mesh.run({ type: 'report-ended', placement, node: ada, endedAt: 1, exitCode: 0, error: null })
    expect(() => entitlements(mesh.state, placement, ada)).toThrow(denied)
  })

  test('given a policy that does not fit, a secret that is gone, or one of another namespace, it is refused', () => {
    const { mesh, placement } = placed(asks, { ...openPolicy, denyWorkloads: ['tr*'] })
    expect(() => entitlements(mesh.state, placement, ada)).toThrow(expect.objectContaining({ code: 'SECRET_DENIED' }))
    mesh.run({ type: 'delete-secret', ...db })
    mesh.run(create({ namespace: 'default', name: 'other' }))
    expect(() => entitlements(mesh.state, placement, ada)).toThrow(
      expect.objectContaining({ code: 'SECRET_NOT_FOUND' }),
    )
  })

  test('given it was given one version and there is another now, that is known', () => {
    const { mesh, placement } = placed(asks)
    const use: Command = { type: 'note-secret-use', placement, node: ada, uses: [{ name: 'db', version: 1 }] }
    expect(mesh.run(use).outcome.ok).toBe(true)
    mesh.run(set(2))
    const secret = mesh.state.secrets.get('default/db')
    expect(usersOf(mesh.state, db).map(({ version }) => version)).toEqual([1])
    expect(secret?.uses).toMatchObject([{ name: 'train', node: ada, version: 1 }])
    mesh.run({ type: 'report-ended', placement, node: ada, endedAt: 1, exitCode: 0, error: null })
    expect(mesh.run(use, { id: 'again' }).outcome).toMatchObject({ failure: { code: 'PLACEMENT_SUPERSEDED' } })
  })

  test('given it was given to a backup, then that stands with it, and only where the backup is kept', () => {
    const mesh = meshOf([ada, bob])
    mesh.run(create())
    const target = { type: 'directory', node: ada, path: '/srv/backups' } as const
    const selection = { scope: 'mesh' } as const
    mesh.run({ type: 'create-backup', backup: 'bak-a', namespace: 'default', selection, target })
    const placement = 'bak-a' as PlacementId
    const use: Command = { type: 'note-secret-use', placement, node: ada, uses: [{ name: 'db', version: 1 }] }
    expect(mesh.run({ ...use, node: bob }).outcome).toMatchObject({ failure: { code: 'PLACEMENT_SUPERSEDED' } })
    expect(mesh.run(use).outcome.ok).toBe(true)
    expect(mesh.state.secrets.get('default/db')?.uses).toMatchObject([{ name: 'bak-a', node: ada, version: 1 }])
    expect(restore(snapshot(mesh.state))).toEqual(mesh.state)
  })

  test('all that is sealed counts for which keys are still needed', () => {
    const { mesh } = placed({ secrets: [{ env: 'OWN', sealed: sealed('b3du', 5) }] })
    expect(epochsInUse(mesh.state)).toEqual(new Set([1, 5]))
  })
})

describe('config maps', () => {
  const app = { namespace: 'default', name: 'app' }

  test('given one that is changed, keys come, stay and go, and its version rises', () => {
    const mesh = meshOf([ada])
    mesh.run({ type: 'create-config', ...app, data: { A: '1', B: '2' }, immutable: false })
    mesh.run({ type: 'update-config', ...app, data: { A: null, C: '3' }, whole: false })
    expect(mesh.state.configs.get('default/app')).toMatchObject({ data: { B: '2', C: '3' }, version: 2 })
    mesh.run({ type: 'update-config', ...app, data: { D: '4' }, whole: true, immutable: true })
    expect(mesh.state.configs.get('default/app')?.data).toEqual({ D: '4' })
    expect(mesh.run({ type: 'update-config', ...app, data: {}, whole: true }).outcome).toMatchObject({
      failure: { code: 'CONFIG_IMMUTABLE' },
    })
    expect(mesh.run({ type: 'delete-config', ...app }).outcome.ok).toBe(true)
  })

  test('given too much, it is refused', () => {
    const mesh = meshOf([ada])
    const data = Object.fromEntries(Array.from({ length: limits.configKeys + 1 }, (_, index) => [`K${index}`, '']))
    expect(mesh.run({ type: 'create-config', ...app, data, immutable: false }).outcome.ok).toBe(false)
    const large = { a: 'x'.repeat(limits.configBytes) }
    expect(mesh.run({ type: 'create-config', ...app, data: large, immutable: false }).outcome).toMatchObject({
      failure: { code: 'TOO_LARGE' },
    })
  })
})

test('given secrets, config maps and a vault, a state that is written is read as it was', () => {
  const mesh = meshOf([ada, bob])
  mesh.run(vault(1))
  mesh.run(create({ rotation: { everyMs: 86_400_000, generate: 32 } }))
  mesh.run({ type: 'create-config', namespace: 'default', name: 'app', data: { A: '1' }, immutable: true })
  mesh.run(submit(workload, { secrets: [{ path: '/run/secrets/db', secret: 'db' }], configs: [{ config: 'app' }] }))
  const bytes = snapshot(mesh.state)
  expect(snapshot(restore(bytes))).toEqual(bytes)
})

test('every command of secrets and config maps came with the second version, and survives the log', () => {
  const commands: readonly Command[] = [
    vault(1),
    create(),
    set(2),
    { type: 'update-secret', ...db, policy: openPolicy, rotation: null, current: 1 },
    { type: 'delete-secret', ...db },
    { type: 'note-reveal', ...db, version: 1 },
    { type: 'note-due', ...db, version: 1 },
    { type: 'note-secret-use', placement: placementId(workload, 1), node: ada, uses: [{ name: 'db', version: 1 }] },
    { type: 'create-config', ...db, data: { A: '1' }, immutable: false },
    { type: 'update-config', ...db, data: { A: null }, whole: true, immutable: true },
    { type: 'delete-config', ...db },
  ]
  for (const command of commands) {
    const entry = { id: 'e', at: 1, by: 'socket', via: null, command }
    expect(decodeEntry(encodeEntry(entry))).toEqual(entry)
    expect(versionNeeded(command)).toBe(2)
  }
  expect(additions.some(({ field }) => field === 'spec.secrets')).toBe(true)
})
