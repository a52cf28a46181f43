/** Comparing secrets without telling how far they agree. */
import { timingSafeEqual } from 'node:crypto'

/** Are they the same bytes? Takes as long for a wrong guess that is nearly right as for any other of that length. */
export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b)
