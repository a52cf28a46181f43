/** Writes tar archives, for tests that need one, right or wrong. */

export interface TarFile {
  readonly name: string
  readonly content: Uint8Array
  /** `0` for a file. */
  readonly type?: string
}

const block = 512

export function tarOf(files: readonly TarFile[], end = true): Buffer {
  const parts = files.flatMap(({ name, content, type = '0' }) => [
    header(name, content.length, type),
    content,
    Buffer.alloc((block - (content.length % block)) % block),
  ])
  return Buffer.concat([...parts, Buffer.alloc(end ? 2 * block : 0)])
}

function header(name: string, size: number, type: string): Buffer {
  const bytes = Buffer.alloc(block)
  const put = (text: string, at: number): void => void bytes.write(text, at, 'latin1')
  put(name, 0)
  put('0000644\0', 100)
  put('0000000\0', 108)
  put('0000000\0', 116)
  put(`${size.toString(8).padStart(11, '0')}\0`, 124)
  put('00000000000\0', 136)
  put('        ', 148)
  put(type, 156)
  put('ustar\u000000', 257)
  const sum = bytes.reduce((total, byte) => total + byte, 0)
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return bytes
}
