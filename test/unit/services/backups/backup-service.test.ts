import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { contentCipher } from '../../../../src/adapters/keys/content-cipher.ts'
import type { Command } from '../../../../src/core/state/types.ts'
import { ClawError } from '../../../../src/model/failure.ts'
import { noQuota } from '../../../../src/model/namespace.ts'
import type { BackupStore } from '../../../../src/ports/backups.ts'
import { silent } from '../../../../src/ports/log.ts'
import type { BackupDeps } from '../../../../src/services/backups/backup-service.ts'
import { BackupService } from '../../../../src/services/backups/backup-service.ts'
import { World } from '../../../../src/simulation/world.ts'
import { ada, meshOf } from '../../../support/control-samples.ts'

const noLeader = () => new ClawError('NO_LEADER', { detail: 'for the test' })
const target = { type: 'directory', node: ada, path: '/srv/backups' } as const
const create = (backup: string, namespace = 'default'): Command => ({
  ...{ type: 'create-backup', backup, namespace, selection: { scope: 'mesh' }, target },
})

/** A node that makes backups of the state of its mesh; `fails` is asked before each thing that it does. */
function lab(fails: (what: 'open' | 'write' | 'remove' | 'report', backup: string) => Error | null = () => null) {
  const world = new World(1)
  const book = meshOf([ada])
  const written: string[] = []
  const warned: string[] = []
  const may = (what: Parameters<typeof fails>[0], backup: string): void => {
    const error = fails(what, backup)
    if (error !== null) throw error
  }
  const store: BackupStore = {
    async write(backup, file, content) {
      may('write', backup)
      await Array.fromAsync(content)
      if (file !== 'manifest.json') written.push(backup)
      return { bytes: 1, sha256: 'a'.repeat(64) }
    },
    finish: () => Promise.resolve(),
    async *read() {},
    remove: async (backup) => may('remove', backup),
  }
  const listeners = new Set<Parameters<BackupDeps['control']['onChange']>[0]>()
  const run = (command: Command): void => {
    const { changes, outcome } = book.run(command)
    if (!outcome.ok) throw new Error(outcome.failure.message)
    for (const listener of listeners) listener(changes)
  }
  const deps: BackupDeps = {
    ...{
      self: ada,
      clock: world,
      cipher: contentCipher,
      rpc: { serveStream: () => () => {} } as never,
    },
    log: { ...silent, warn: (message) => void warned.push(message) },
    control: {
      state: book.state,
      onChange(listener) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
      async execute(command) {
        may('report', 'backup' in command ? String(command.backup) : '')
        run(command)
        return { index: 1, value: null as never }
      },
      fresh: () => Promise.resolve(),
    },
    volumes: {} as never,
    vault: { values: () => Promise.resolve([]) },
    openStore: async (_, namespace) => {
      may('open', namespace)
      return store
    },
    meshState: () => new Uint8Array(1),
  }
  const service = new BackupService(deps)
  /** A backup takes more turns of promises than the world waits for. */
  const play = async (span: number): Promise<void> => {
    for (let at = 0; at < span; at += 50) {
      await setImmediate()
      await world.runFor(50)
    }
    await setImmediate()
  }
  return { play, run, service, written, warned, of: (id: string) => book.state.backups.get(id) }
}

const raw = (code: string): Error => Object.assign(new Error(`${code}: for the test`), { code })

test.each(['ENOTEMPTY', 'EBUSY', 'ECONNRESET'])(
  'given a place that fails with %s, then the backup has failed, and says so, and the next is made',
  async (code) => {
    const { play, run, service, of } = lab((what, backup) =>
      what === 'write' && backup === 'bak-a' ? raw(code) : null,
    )
    run(create('bak-a'))
    run(create('bak-b'))
    await service.start()
    await play(1_000)
    expect(of('bak-a')).toMatchObject({ state: 'failed', reason: expect.stringContaining(`/srv/backups: ${code}`) })
    expect(of('bak-b')).toMatchObject({ state: 'complete' })
    await service.stop()
  },
)

test('given an error that nobody has foreseen, then the backup has failed with what it says', async () => {
  const { play, run, service, of } = lab((what) => (what === 'write' ? new TypeError('no such thing') : null))
  run(create('bak-a'))
  await service.start()
  await play(1_000)
  expect(of('bak-a')).toMatchObject({ state: 'failed', reason: 'no such thing' })
  await service.stop()
})

test('given a place that gives nothing back, when a backup is to go from it, then it is tried again, and others are made', async () => {
  let isFull = true
  const { play, run, service, of } = lab((what, id) =>
    what === 'remove' && id === 'bak-a' && isFull ? raw('ENOTEMPTY') : null,
  )
  run(create('bak-a'))
  run({ type: 'delete-backup', backup: 'bak-a' })
  run(create('bak-b'))
  await service.start()
  await play(1_000)
  expect([of('bak-a')?.state, of('bak-b')?.state]).toEqual(['deleting', 'complete'])
  isFull = false
  await play(61_000)
  expect(of('bak-a')).toBeUndefined()
  await service.stop()
})

test('given nobody who can be told that a backup is made, then it is told again, and not made again', async () => {
  let reports = 0
  const { play, run, service, written, warned, of } = lab((what) => {
    if (what !== 'report') return null
    reports += 1
    return reports > 3 ? null : noLeader()
  })
  run(create('bak-a'))
  await service.start()
  await play(4_900)
  expect(reports).toBe(1)
  await play(20_000)
  expect([reports, written, of('bak-a')?.state]).toEqual([4, ['bak-a'], 'complete'])
  expect(warned).toEqual(['a backup has to wait'])
  await service.stop()
})

test('given one that has to wait, then it is tried every few seconds, and those after it are made meanwhile', async () => {
  let tries = 0
  const { play, run, service, of } = lab((what, id) => {
    if (what !== 'write' || id !== 'bak-a') return null
    tries += 1
    return noLeader()
  })
  run(create('bak-a'))
  run(create('bak-b'))
  await service.start()
  await play(12_000)
  expect([tries, of('bak-a')?.state, of('bak-b')?.state]).toEqual([3, 'running', 'complete'])
  await service.stop()
})

test('given many of one namespace, then another does not wait for all of them', async () => {
  const { play, run, service, written } = lab()
  run({ type: 'create-namespace', name: 'other', quota: noQuota, weight: 1, borrow: false })
  for (const id of ['bak-a', 'bak-b', 'bak-c']) run(create(id))
  run(create('bak-d', 'other'))
  await service.start()
  await play(1_000)
  expect(written).toEqual(['bak-a', 'bak-d', 'bak-b', 'bak-c'])
  await service.stop()
})
