/** What an engine gets to see of an archive that is checked on its way. */
import { checkedArchive } from '../../src/adapters/docker/archive-check.ts'

export const cut = (bytes: Uint8Array, at: readonly number[]): Uint8Array[] => {
  const ends = [...new Set(at.map((n) => n % bytes.length))].toSorted((a, b) => a - b)
  return [0, ...ends].map((from, i) => bytes.subarray(from, ends[i] ?? bytes.length))
}

/** What the engine gets to see, and the error if there is one. */
export async function passed(
  archive: readonly Uint8Array[],
  asked: string,
): Promise<{ bytes: Buffer; error: unknown }> {
  const seen: Uint8Array[] = []
  const source = async function* (): AsyncIterable<Uint8Array> {
    for (const part of archive) yield await Promise.resolve(part)
  }
  try {
    for await (const part of checkedArchive(source(), asked)) seen.push(part)
    return { bytes: Buffer.concat(seen), error: null }
  } catch (error) {
    return { bytes: Buffer.concat(seen), error }
  }
}

/** An engine stops reading at two blocks of zeros. */
export const hasEnd = (bytes: Buffer): boolean => {
  for (let at = 0; at + 512 <= bytes.length; at += 512)
    if (bytes.subarray(at, at + 512).every((byte) => byte === 0)) return true
  return false
}
