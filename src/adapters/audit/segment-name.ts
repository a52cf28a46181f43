/** How the files of a chain are called. */

export const segmentName = (first: number): string => `${String(first).padStart(16, '0')}.jsonl`

/** The number of its first entry; null for what is no segment. */
export function parseName(name: string): number | null {
  const digits = /^(\d{16})\.jsonl$/.exec(name)?.[1]
  return digits === undefined ? null : Number(digits)
}
