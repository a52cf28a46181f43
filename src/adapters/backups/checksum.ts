import { createHash } from 'node:crypto'
import type { Checksum } from '../../ports/volumes.ts'

/** SHA-256 of whatever is added. */
export function sha256Sum(): Checksum {
  const hash = createHash('sha256')
  return { add: (chunk) => void hash.update(chunk), hex: () => hash.digest('hex') }
}
