/** What an extended header says of the entry that follows it: records such as `22 size=10737418240\n`. */
import { BadArchive } from './archive-header.ts'

export interface Extension {
  readonly path?: string
  readonly linkpath?: string
  readonly size?: number
}

/** The others say nothing of what an archive holds and where. Sparse files and attributes are in none that an engine writes. */
const known = ['path', 'linkpath', 'size', 'mtime', 'atime', 'ctime', 'uid', 'gid', 'uname', 'gname']

/** Throws BadArchive, also for what is said twice: of that, some readers take the first and others the last. */
export function readExtension(bytes: Buffer): Extension {
  const records = new Map<string, string>()
  for (let at = 0; at < bytes.length;) {
    const { length, key, value } = recordAt(bytes, at)
    if (!known.includes(key)) throw new BadArchive(`an extended header with ${JSON.stringify(key)}`)
    if (records.has(key)) throw new BadArchive(`an extended header that says ${key} twice`)
    records.set(key, value)
    at += length
  }
  const [path, linkpath, size] = [records.get('path'), records.get('linkpath'), records.get('size')]
  return {
    ...(path === undefined ? {} : { path }),
    ...(linkpath === undefined ? {} : { linkpath }),
    ...(size === undefined ? {} : { size: sizeOf(size) }),
  }
}

/** A value may hold line ends and what looks like records, so only the lengths say where they end. */
function recordAt(bytes: Buffer, at: number): { length: number; key: string; value: string } {
  const digits = /^([1-9]\d{0,5}) /.exec(bytes.toString('latin1', at, at + 7))?.[1]
  const length = Number(digits ?? 0)
  const record = bytes.toString('latin1', at + (digits?.length ?? 0) + 1, at + length)
  const [, key, value] = /^([^=\n]+)=([^]+)\n$/.exec(record) ?? []
  if (at + length > bytes.length || key === undefined || value === undefined)
    throw new BadArchive('an extended header that cannot be read')
  return { length, key, value }
}

function sizeOf(text: string): number {
  const size = Number(text)
  if (!/^(0|[1-9]\d*)$/.test(text) || !Number.isSafeInteger(size)) throw new BadArchive('an entry without a size')
  return size
}
