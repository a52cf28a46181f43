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

type Fails = (what: 'open' | 'read' | 'write' | 'remove' | 'report', backup: string) => Error | null
type Waits = (what: 'write' | 'remove', backup: string, signal: AbortSignal) => Promise<unknown> | null

/** A node that makes backups of the state of its mesh; `fails` is asked before each thing that it does, and its store may have it wait. */
function lab(fails: Fails = () => null, waits: Waits = () => null) {
  const world = new World(1)
  const book = meshOf([ada])
  const written: string[] = []
  const finished: string[] = []
  const warned: string[] = []
  const asked: string[] = []
  const reports: string[] = []
  const may = (what: Parameters<Fails>[0], backup: string): void => {
    const error = fails(what, backup)
    if (error !== null) throw error
    asked.push(what)
  }
  const store: BackupStore = {
    async write(backup, file, content, signal) {
      may('write', backup)
      await waits('write', backup, signal)
      await Array.fromAsync(content)
      if (file !== 'manifest.json') written.push(backup)
      return { bytes: 1, sha256: 'a'.repeat(64) }
    },
    finish: async (backup) => void finished.push(backup),
    async *read(backup) {
      may('read', backup)
      yield await Promise.resolve(Buffer.from('{}'))
    },
    async remove(backup, signal) {
      may('remove', backup)
      await waits('remove', backup, signal)
    },
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
      async execute(command, { id }) {
        reports.push(id)
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
    meshState: () => Promise.resolve(new Uint8Array(1)),
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
  return {
    play,
    run,
    service,
    written,
    finished,
    warned,
    asked,
    reports,
    of: (id: string) => book.state.backups.get(id),
  }
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

const minute = 60_000
test.each([
  ['comes back in time', 10 * minute, 'complete'],
  ['stays away', Infinity, 'failed'],
])(
  'given a node with something of it that cannot be reached and %s, then it is tried until then',
  async (_, away, end) => {
    let [now, tries] = [0, 0]
    const { play, run, service, of } = lab((what, id) => {
      if (what !== 'write' || id !== 'bak-a') return null
      tries += 1
      return now < away ? new ClawError('NODE_UNREACHABLE', { node: 'bob', detail: 'for the test' }) : null
    })
    run(create('bak-a'))
    run(create('bak-b'))
    await service.start()
    await play(14_000)
    expect([of('bak-a')?.state, of('bak-b')?.state, tries]).toEqual(['running', 'complete', 3])
    now = 11 * minute
    await play(away === Infinity ? 15 * minute : 6_000)
    expect(of('bak-a')?.state).toBe(end)
    if (end === 'failed') expect(of('bak-a')).toMatchObject({ reason: expect.stringContaining('bob') as string })
    await service.stop()
  },
  30_000,
)

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

const never = (): Promise<never> => new Promise(() => {})

test('given a store that does nothing and hears nothing, then the backup has failed in the end, is never whole after all, and others are made', async () => {
  const isOver = Promise.withResolvers<undefined>()
  const { play, run, service, finished, of } = lab(undefined, (what, id) =>
    what === 'write' && id === 'bak-a' ? isOver.promise : null,
  )
  run(create('bak-a'))
  run(create('bak-b'))
  await service.start()
  await play(6 * 60_000)
  expect([of('bak-a')?.state, of('bak-b')?.state]).toEqual(['running', 'running'])
  await play(60_000)
  expect(of('bak-a')).toMatchObject({ state: 'failed', reason: expect.stringContaining('nothing was read or written') })
  expect(of('bak-b')?.state).toBe('complete')
  isOver.resolve(undefined)
  await play(1_000)
  expect(finished).toEqual(['bak-b'])
  await service.stop()
})

test('given a store that never lets go of a backup, then others are made all the same', async () => {
  const { play, run, service, of } = lab(undefined, (what, id) =>
    what === 'remove' && id === 'bak-a' ? never() : null,
  )
  run(create('bak-a'))
  run({ type: 'delete-backup', backup: 'bak-a' })
  await service.start()
  await play(7 * 60_000)
  for (const id of ['bak-b', 'bak-c', 'bak-d']) run(create(id))
  await play(60_000)
  const states = ['bak-a', 'bak-b', 'bak-c', 'bak-d'].map((id) => of(id)?.state)
  expect(states).toEqual(['deleting', 'complete', 'complete', 'complete'])
  await service.stop()
})

test('given a backup that is called off, then nothing of it comes after it was taken away', async () => {
  const order: string[] = []
  const { play, run, service, of } = lab(undefined, async (what, id, signal) => {
    if (what === 'write' && id === 'bak-a' && !signal.aborted) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      await setImmediate()
    }
    order.push(`${what} ${id}`)
  })
  run(create('bak-a'))
  await service.start()
  await play(1_000)
  run({ type: 'delete-backup', backup: 'bak-a' })
  await play(1_000)
  expect(of('bak-a')).toBeUndefined()
  expect(order.lastIndexOf('write bak-a')).toBeLessThan(order.lastIndexOf('remove bak-a'))
  await service.stop()
})

test('given one that is to be taken in again as soon as it could not be, then it is read again', async () => {
  const again = { type: 'import-backup', backup: 'bak-a', namespace: 'default', target, secret: 'old-key' } as const
  let tries = 0
  const { play, run, service, asked, of } = lab((what) => {
    if (what === 'report' && (tries += 1) === 1) queueMicrotask(() => run(again))
    return null
  })
  const policy = { allowWorkloads: [], allowLabels: {}, denyWorkloads: [] }
  const made = { namespace: 'default', name: 'old-key', sealed: 's1.1.AAAA.AAAA', how: 'given', policy, rotation: null }
  run({ type: 'create-secret', ...made } as Command)
  run(again)
  await service.start()
  await play(10_000)
  expect([of('bak-a')?.state, asked.filter((what) => what === 'read').length]).toEqual(['failed', 2])
  await service.stop()
})

test('given a backup that was there before, then it is read and never written, and what is there stays when it is forgotten', async () => {
  const { play, run, service, asked, reports, of } = lab()
  const policy = { allowWorkloads: [], allowLabels: {}, denyWorkloads: [] }
  const made = { namespace: 'default', name: 'old-key', sealed: 's1.1.AAAA.AAAA', how: 'given', policy, rotation: null }
  run({ type: 'create-secret', ...made } as Command)
  run({ type: 'import-backup', backup: 'bak-a', namespace: 'default', target, secret: 'old-key' })
  await service.start()
  await play(1_000)
  // What stands there is no manifest.
  expect(of('bak-a')).toMatchObject({ state: 'failed', reason: expect.stringContaining('manifest.json') })
  run({ type: 'delete-backup', backup: 'bak-a' })
  await play(1_000)
  expect([of('bak-a'), asked.filter((what) => what === 'write' || what === 'remove')]).toEqual([undefined, []])
  run({ type: 'import-backup', backup: 'bak-a', namespace: 'default', target, secret: 'old-key' })
  await play(1_000)
  // Else the mesh would take it for what it has heard already.
  expect([of('bak-a')?.state, new Set(reports).size]).toEqual(['failed', 3])
  await service.stop()
})
