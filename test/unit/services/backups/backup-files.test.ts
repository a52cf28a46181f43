import { sha256 } from '../../../../src/lib/sha256.ts'
import { expect, test } from 'vitest'
import { contentCipher } from '../../../../src/adapters/keys/content-cipher.ts'
import type { Backup } from '../../../../src/model/backup.ts'
import { ClawError } from '../../../../src/model/failure.ts'
import type { BackupStore } from '../../../../src/ports/backups.ts'
import { damageOf, readManifest, writeFile, writeManifest } from '../../../../src/services/backups/backup-files.ts'
import { BackupService } from '../../../../src/services/backups/backup-service.ts'
import { ada, meshOf } from '../../../support/control-samples.ts'

const { signal } = new AbortController()
const secret = Buffer.from('the key')
const told = { onBytes: () => {}, signal }

/** A backup of one volume in a store that keeps its files in memory. */
async function lab() {
  const files = new Map<string, Uint8Array[]>()
  const store: BackupStore = {
    async write(_, file, content) {
      const parts = await Array.fromAsync(content)
      files.set(file, parts)
      const whole = Buffer.concat(parts)
      return { bytes: whole.length, sha256: sha256(whole) }
    },
    finish: () => Promise.resolve(),
    async *read(_, file) {
      yield* await Promise.resolve(files.get(file) ?? [])
    },
    remove: () => Promise.resolve(),
  }
  const book = meshOf([ada])
  const selection = { scope: 'mesh' } as const
  const target = { type: 'directory', node: ada, path: '/srv/backups' } as const
  book.run({ type: 'create-backup', backup: 'bak-a', namespace: 'default', selection, target })
  const made = book.state.backups.get('bak-a')
  if (made === undefined) throw new Error('there is none')
  const running: Backup = { ...made, scope: 'volumes', key: { secret: 'backup-key', version: 1 } }
  const sealing = { cipher: contentCipher, store, secret }
  const file = await writeFile(running, { volume: 'data', content: store.read('', 'archive', signal) }, sealing, told)
  const { bytes, ...manifest } = await writeManifest(running, [file], store, signal)
  const backup: Backup = { ...running, state: 'complete', files: [file], manifest: { ...manifest, stored: bytes } }
  const service = (values: () => Promise<readonly Uint8Array[]>) =>
    new BackupService({
      ...({ cipher: contentCipher, vault: { values } } as never as object),
      openStore: () => Promise.resolve(store),
    } as never)
  return { backup, files, sealing, service }
}

test('a backup is whole when every file is what was written, and can be opened', async () => {
  const { backup, sealing } = await lab()
  expect(await damageOf(backup, sealing, told)).toEqual([])
})

test('given a file that was changed, or does not end, then it is named', async () => {
  const { backup, files, sealing } = await lab()
  const [name] = backup.files.map((file) => file.name)
  const whole = files.get(name ?? '') ?? []
  files.set(name ?? '', [...whole, Buffer.from('more')])
  expect(await damageOf(backup, sealing, told)).toMatchObject([
    { file: name, detail: expect.stringContaining('more than') },
  ])
  files.set(name ?? '', [Buffer.from('nothing of it')])
  expect(await damageOf(backup, sealing, told)).toMatchObject([{ file: name }])
  files.set(name ?? '', whole)
  files.set('manifest.json', [Buffer.from('{}')])
  expect(await damageOf(backup, sealing, told)).toMatchObject([{ file: 'manifest.json' }])
})

test('given another key of the same name, then a backup that nobody can open is not called whole', async () => {
  const { backup, service } = await lab()
  const verified = service(() => Promise.resolve([Buffer.from('made anew')])).verify(backup, () => {}, signal)
  expect(await verified).toMatchObject([
    { file: 'data.tar.sealed', detail: expect.stringContaining('sealed with another key') },
  ])
})

test('given a key that is gone, then a backup that nobody can open is not called whole', async () => {
  const { backup, service } = await lab()
  const gone = new ClawError('SECRET_NOT_FOUND', { secret: 'default/backup-key', version: 1 })
  const verified = service(() => Promise.reject(gone)).verify(backup, () => {}, signal)
  await expect(verified).rejects.toMatchObject({ code: 'SECRET_NOT_FOUND' })
})

test('given a backup that somebody has made before, then it says itself what is in it, and only what its own manifest can say', async () => {
  const { backup, files, sealing } = await lab()
  const read = () => readManifest({ id: 'bak-a' }, sealing.store, signal)
  expect(await read()).toEqual({ files: backup.files, manifest: backup.manifest })
  const text = Buffer.concat(files.get('manifest.json') ?? []).toString()
  const changes: readonly (readonly [from: string, to: string])[] = [
    ['bak-a', 'bak-b'],
    ['clawbernetes-backup-set', 'a-list-of-others'],
    ['data.tar.sealed', '../data.tar.sealed'],
    ['"data"', '"other"'],
    ['{', ''],
  ]
  for (const [from, to] of changes) {
    files.set('manifest.json', [Buffer.from(text.replace(from, to))])
    await expect(read()).rejects.toMatchObject({ code: 'BACKUP_DAMAGED', facts: { file: 'manifest.json' } })
  }
  files.set('manifest.json', [Buffer.alloc(2_000_000, ' ')])
  await expect(read()).rejects.toThrow('larger than any')
})
