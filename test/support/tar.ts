/** Writes tar archives, for tests that need one, right or wrong. */

export interface TarFile {
  readonly name: string
  readonly content: Uint8Array
  /** `0` for a file. */
  readonly type?: string
  /** Where a link leads to. */
  readonly target?: string
  /** What is changed in its header before the sum is made. */
  readonly spoil?: (header: Buffer) => void
}

const block = 512

export function tarOf(files: readonly TarFile[], end = true): Buffer {
  const parts = files.flatMap((file) => [
    header(file),
    file.content,
    Buffer.alloc((block - (file.content.length % block)) % block),
  ])
  return Buffer.concat([...parts, Buffer.alloc(end ? 2 * block : 0)])
}

/** What an extended header says of the entry after it. */
export const extension = (records: readonly (readonly [string, string])[]): TarFile => ({
  name: 'PaxHeaders.0/next',
  content: Buffer.from(records.map(([key, value]) => recordOf(`${key}=${value}`)).join('')),
  type: 'x',
})

/** Begins with its own length, whose digits count too. */
function recordOf(text: string): string {
  const rest = Buffer.byteLength(text) + 2
  const length = [1, 2, 3, 4].map((digits) => rest + digits).find((n) => String(n).length === n - rest) ?? 0
  return `${length} ${text}\n`
}

function header({ name, content, type = '0', target = '', spoil }: TarFile): Buffer {
  const size = content.length
  const bytes = Buffer.alloc(block)
  const put = (text: string, at: number): void => void bytes.write(text, at, 'latin1')
  put(name, 0)
  put('0000644\0', 100)
  put('0000000\0', 108)
  put('0000000\0', 116)
  put(`${size.toString(8).padStart(11, '0')}\0`, 124)
  put('00000000000\0', 136)
  put(type, 156)
  put(target, 157)
  put('ustar\u000000', 257)
  spoil?.(bytes)
  put('        ', 148)
  const sum = bytes.reduce((total, byte) => total + byte, 0)
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return bytes
}
