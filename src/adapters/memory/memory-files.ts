/** Files in a folder of the host that is in memory (tmpfs), which nobody but the daemon's user may enter. */
import { hasCode } from '../../lib/error-code.ts'
import { createHash } from 'node:crypto'
import { chmod, chown, mkdir, readdir, rm, statfs, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ClawError } from '../../model/failure.ts'
import type { PlacementId } from '../../model/ids.ts'
import type { MemoryFile, MemoryFiles } from '../../ports/memory-files.ts'

/** What statfs says of a file system in memory. */
const tmpfs = 0x01021994

/** Folders of different daemons of one host must not be taken for each other's. */
const nameFor = (dataDir: string): string =>
  `clawnode-${createHash('sha256').update(dataDir).digest('hex').slice(0, 16)}`

/** `places` are tried in this order. */
export function memoryFiles(dataDir: string, places: readonly string[] = usualPlaces()): MemoryFiles {
  const name = nameFor(dataDir)
  let found: Promise<string | null> | null = null
  const base = (): Promise<string | null> => (found ??= inMemory(places).then((place) => place && join(place, name)))
  const remove = async (placement: string): Promise<void> => {
    const folder = await base()
    if (folder !== null) await rm(join(folder, placement), { recursive: true, force: true })
  }
  return {
    async put(placement, files) {
      const folder = await base()
      if (folder === null)
        throw new ClawError('CONTAINER_FAILED', { detail: 'this host has no folder in memory for files' })
      await remove(placement)
      return write(folder, placement, files)
    },
    remove,
    async keepOnly(placements) {
      const folder = await base()
      for (const each of folder === null ? [] : await namesIn(folder))
        if (!placements.has(each as PlacementId)) await remove(each)
    },
  }
}

const usualPlaces = (): readonly string[] =>
  ['/dev/shm', process.env['XDG_RUNTIME_DIR'] ?? ''].filter((place) => place !== '')

async function inMemory(places: readonly string[]): Promise<string | null> {
  for (const place of places) {
    try {
      if ((await statfs(place)).type === tmpfs) return place
    } catch (error) {
      if (!hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES')) throw error
    }
  }
  return null
}

async function write(folder: string, placement: string, files: readonly MemoryFile[]): Promise<string> {
  const own = join(folder, placement)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  // It may have been there, made by somebody else who may write to the place.
  await chmod(folder, 0o700)
  const root = join(own, 'files')
  try {
    for (const { path, data, mode, owner } of files) {
      const target = join(root, path)
      await makeOpen(root, dirname(target))
      await writeFile(target, data, { mode: 0o600, flag: 'wx' })
      if (owner !== null) await chown(target, owner, -1)
      await chmod(target, mode)
    }
  } catch (error) {
    await rm(own, { recursive: true, force: true })
    if (hasCode(error, 'EEXIST', 'ENOTDIR', 'EISDIR'))
      throw new ClawError('CONTAINER_FAILED', { detail: 'two of its secret or config files cannot both be there' })
    if (hasCode(error, 'ENOSPC')) throw new ClawError('DISK_FULL', { path: folder }, { cause: error })
    throw error
  }
  return root
}

/** What is mounted must be open to every user of the container, whatever the daemon’s umask. */
async function makeOpen(root: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (let each = folder; each.startsWith(root); each = dirname(each)) await chmod(each, 0o755)
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  }
}
