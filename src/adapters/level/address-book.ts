/** Where libp2p remembers its peers' addresses: a LevelDB that may be lost, because peers tell their addresses again. */
import { LevelDatastore } from 'datastore-level'
import { rename, rm } from 'node:fs/promises'
import type { Log } from '../../ports/log.ts'

/** Opens it, or starts an empty one and sets the old aside when it is damaged. Throws when another process holds it. */
export async function openAddressBook(path: string, log: Log): Promise<LevelDatastore> {
  const book = new LevelDatastore(path)
  try {
    await book.open()
    return book
  } catch (error) {
    if (isLocked(error)) throw error
    log.warn('remembered addresses cannot be read and are set aside', { path, error })
    await rm(`${path}.damaged`, { recursive: true, force: true })
    await rename(path, `${path}.damaged`)
    const fresh = new LevelDatastore(path)
    await fresh.open()
    return fresh
  }
}

function isLocked(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) if ('code' in at && at.code === 'LEVEL_LOCKED') return true
  return false
}
