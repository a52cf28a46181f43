/** The machine's own chance. */
import { randomBytes } from 'node:crypto'
import type { Random } from '../../ports/random.ts'

export const systemRandom: Random = {
  next: () => Math.random(),
  bytes: (count) => new Uint8Array(randomBytes(count)),
}
