/** Files that are whole or not there, and that only their owner reads. */
import { chmod, open, readFile, rename, rm } from 'node:fs/promises'
import { ClawError } from '../../model/failure.ts'
import { reasonOf } from './file-reason.ts'

/** Throws INVALID_REQUEST for a place that cannot be written; what was there before is then as it was. */
export const writeWhole = (file: string, bytes: Uint8Array): Promise<void> => writeAll(file, [bytes])

/** The same of what comes piece by piece. What goes wrong with where it comes from is thrown on. */
export async function writeAll(file: string, content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
  const draft = `${file}.part-${process.pid}`
  try {
    const handle = await open(draft, 'wx', 0o600)
    try {
      for await (const chunk of content) await handle.writeFile(chunk)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await chmod(draft, 0o600)
    await rename(draft, file)
  } catch (error) {
    await rm(draft, { force: true })
    throw (error as NodeJS.ErrnoException).syscall === undefined ? error : unusable(file, error)
  }
}

/** Throws INVALID_REQUEST for what cannot be read. */
export async function readWhole(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file)
  } catch (error) {
    throw unusable(file, error)
  }
}

const unusable = (file: string, error: unknown): ClawError =>
  new ClawError('INVALID_REQUEST', { problem: `${file}: ${reasonOf(error)}` }, { cause: error })
