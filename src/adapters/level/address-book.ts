/** Where libp2p remembers its peers' addresses: a LevelDB that may be lost, because peers tell their addresses again. */
import { rename, rm } from 'node:fs/promises'
import { LevelDatastore } from 'datastore-level'
import { Level } from 'level'
import type { Log } from '../../ports/log.ts'

/** Another process has the address book open, so its daemon is running. Nothing was touched. */
export class AddressBookLocked extends Error {
  override readonly name = 'AddressBookLocked'
}

/**
 * Opens it, or starts an empty one and sets the old aside when it is damaged. Throws AddressBookLocked when another process holds it:
 * the kernel's lock on LevelDB's own lock file, which ends with the process however that ends.
 */
export async function openAddressBook(path: string, log: Log): Promise<LevelDatastore> {
  try {
    return await open(path)
  } catch (error) {
    if (isLocked(error)) throw new AddressBookLocked(`${path} is held by another process`, { cause: error })
    log.warn('remembered addresses cannot be read and are set aside', { path, error })
    await rm(`${path}.damaged`, { recursive: true, force: true })
    await rename(path, `${path}.damaged`)
    return open(path)
  }
}

/** The datastore would hide why LevelDB did not open, so that is opened first. */
async function open(path: string): Promise<LevelDatastore> {
  const database = new Level<string, Uint8Array>(path, { keyEncoding: 'utf8', valueEncoding: 'view' })
  await database.open()
  const book = new LevelDatastore(database)
  await book.open()
  return book
}

function isLocked(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) if ('code' in at && at.code === 'LEVEL_LOCKED') return true
  return false
}
