/** A number for a text: the same everywhere, spread evenly, and no secret (FNV-1a with murmur3's finish). */

/** 0 to 2^32 - 1. */
export function textHash(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** The same as a number in [0, 1). */
export const textChance = (text: string): number => textHash(text) / 4_294_967_296
