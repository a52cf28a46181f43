import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openDisk } from '../../src/adapters/disk/disk.ts'
import { diskConformance } from './disk.ts'

const folders: string[] = []
const folder = async (): Promise<string> => {
  const made = await mkdtemp(join(tmpdir(), 'claw-disk-'))
  folders.push(made)
  return made
}
afterAll(async () => {
  for (const made of folders) await rm(made, { recursive: true, force: true })
})

diskConformance('file', async () => {
  const at = await folder()
  const path = (journal: string): string => join(at, `${journal}.journal`)
  return {
    disk: await openDisk(at),
    again: () => openDisk(at),
    tear: async (journal, bytes) => truncate(path(journal), (await stat(path(journal))).size - bytes),
    rot: async (journal, offset) => {
      const content = await readFile(path(journal))
      content[offset] = (content[offset] ?? 0) ^ 0x55
      await writeFile(path(journal), content)
    },
  }
})

test('a secret is readable by its owner only, also when it replaces something that was not', async () => {
  const at = await folder()
  const disk = await openDisk(at)
  await disk.writeBlob('key', new Uint8Array(3))
  await disk.writeBlob('key', new Uint8Array(3), { secret: true })
  expect((await stat(join(at, 'key'))).mode & 0o777).toBe(0o600)
})
