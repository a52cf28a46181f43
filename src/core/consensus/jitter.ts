/** Chance without a random source: the same peer in the same term always draws the same number, so a run can be replayed. */

/** Uniform in [0, 1), from the parts. FNV-1a, 32 bits, with a final mix (murmur3's) because neighbours must not draw alike. */
export function jitter(...parts: readonly (string | number)[]): number {
  let hash = 0x811c9dc5
  for (const part of parts) {
    const text = `${part}/`
    for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 4_294_967_296
}
