/** Where backups are written, and how they are made unreadable for who stores them. */
import type { BackupTarget } from '../model/backup.ts'
import type { Copied } from './volumes.ts'

/** A place for backups. What goes wrong there is BACKUP_TARGET, and DISK_FULL. */
export interface BackupStore {
  /** Writes a file of a backup that is being made, in place of one that is there. */
  write(backup: string, file: string, content: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<Copied>
  /** All files are written: from here on it is there. */
  finish(backup: string, signal: AbortSignal): Promise<void>
  /** Of a finished one. Throws BACKUP_DAMAGED for a file that is not there. */
  read(backup: string, file: string, signal: AbortSignal): AsyncIterable<Uint8Array>
  /** What is there of it, finished or not; none is no error. */
  remove(backup: string, signal: AbortSignal): Promise<void>
}

/** `keys` is the value of the secret that a store of objects asks for; null for a directory. Throws BACKUP_TARGET. */
export type OpenStore = (target: BackupTarget, namespace: string, keys: Uint8Array | null) => Promise<BackupStore>

/** Content under a key, however long it is, in bounded memory. `bound` has to be the same to open it again. */
export interface ContentCipher {
  seal(content: AsyncIterable<Uint8Array>, secret: Uint8Array, bound: string): AsyncIterable<Uint8Array>
  /** Throws BACKUP_DAMAGED at the first part that was changed, cut off, or sealed with another key. */
  open(
    sealed: AsyncIterable<Uint8Array>,
    secret: Uint8Array,
    bound: string,
    what: { readonly backup: string; readonly file: string },
  ): AsyncIterable<Uint8Array>
}
