/** Backups in a real directory, of somebody who writes there as well. */
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { directoryStore } from '../../../../src/adapters/backups/directory-store.ts'

const { signal } = new AbortController()
const damaged = { code: 'BACKUP_DAMAGED' }
const refused = { code: 'BACKUP_TARGET' }
let root: string
let folder: string
/** Of the daemon, and nobody else's. */
let own: string
let draft: string

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'claw-backups-')))
  folder = join(root, 'backups')
  own = join(root, 'own')
  draft = join(folder, '.draft-bak-a')
  await mkdir(folder)
  await mkdir(own)
  await writeFile(join(own, 'manifest.json'), 'mine')
})
afterEach(() => rm(root, { recursive: true }))

async function* content(text = 'a backup'): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text))
}
const write = (text?: string) => directoryStore(folder).write('bak-a', 'manifest.json', content(text), signal)
const finish = () => directoryStore(folder).finish('bak-a', signal)
const remove = () => directoryStore(folder).remove('bak-a', signal)
const read = async (): Promise<string> =>
  Buffer.concat(await Array.fromAsync(directoryStore(folder).read('bak-a', 'manifest.json', signal))).toString()

const untouched = async (): Promise<void> => {
  expect(await readdir(own)).toEqual(['manifest.json'])
  expect(await readFile(join(own, 'manifest.json'), 'utf8')).toBe('mine')
}

test('what was written is there under its name when it is finished, and nothing is when it was removed', async () => {
  await write('half')
  await write()
  expect(await readdir(folder)).toEqual(['.draft-bak-a'])
  await finish()
  expect(await read()).toBe('a backup')
  await write('another try')
  await remove()
  await remove()
  expect(await readdir(folder)).toEqual([])
  await expect(read()).rejects.toMatchObject(damaged)
})

test('given a link in the place of a file, then what it leads to is neither written nor read', async () => {
  await mkdir(draft)
  await symlink(join(own, 'manifest.json'), join(draft, 'manifest.json'))
  await write()
  await untouched()
  await finish()
  expect(await read()).toBe('a backup')
  await rm(join(folder, 'bak-a', 'manifest.json'))
  await symlink(join(own, 'manifest.json'), join(folder, 'bak-a', 'manifest.json'))
  await expect(read()).rejects.toMatchObject(damaged)
})

test('given a link in the place of a folder, then nothing is written, read, or removed where it leads', async () => {
  await symlink(own, draft)
  await expect(write()).rejects.toMatchObject(refused)
  await untouched()
  await symlink(own, join(folder, 'bak-a'))
  await expect(read()).rejects.toMatchObject(damaged)
  await remove()
  await untouched()
  expect(await readdir(folder)).toEqual([])
})

test('given a directory that was changed for a link after it was looked at, then nothing is done where that leads', async () => {
  await mkdir(join(own, '.draft-bak-a'))
  await rename(folder, `${folder}.old`)
  await symlink(own, folder)
  for (const attempt of [write, finish, remove]) await expect(attempt()).rejects.toMatchObject(refused)
  expect(await readdir(join(own, '.draft-bak-a'))).toEqual([])
})

test('given a pipe in the place of a file, then nobody waits at it', async () => {
  await mkdir(join(folder, 'bak-a'))
  execFileSync('mkfifo', [join(folder, 'bak-a', 'manifest.json')])
  await expect(read()).rejects.toMatchObject(damaged)
  await remove()
  await mkdir(draft)
  execFileSync('mkfifo', [join(draft, 'manifest.json')])
  await write()
  await finish()
  expect(await read()).toBe('a backup')
})

test('whatever the system says is about the place, and what the content breaks off with is not', async () => {
  await mkdir(join(folder, 'bak-a', 'something'), { recursive: true })
  await write()
  await expect(finish()).rejects.toMatchObject(refused)
  await expect(remove()).rejects.toMatchObject(refused)
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(Buffer.from('half'))
    throw new Error('breaks off')
  }
  await expect(directoryStore(folder).write('bak-a', 'data', broken(), signal)).rejects.toThrow('breaks off')
})
