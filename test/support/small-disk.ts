/** A disk that is soon full: a piece of memory, mounted on a folder. Takes root. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'

const mib = 1_048_576
/** More than any disk here has. */
const tooMuch = 64 * mib

/** Returns what unmounts it, with all that is on it. */
export function mountSmallDisk(folder: string, sizeMib: number): () => void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMib}m,mode=700`, 'tmpfs', folder])
  return () => void execFileSync('umount', ['-l', folder])
}

/** Writes into the file until the disk is full. Throws when it does not become full. */
export function fillDisk(file: string): void {
  try {
    writeFileSync(file, Buffer.alloc(tooMuch))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    return
  }
  throw new Error(`${file} fits on its disk`)
}
