import { describe, expect, test } from 'vitest'
import { BadTar, tarEntries } from '../../../src/lib/tar-entries.ts'
import { tarEnd, tarHeader, tarPadding } from '../../../src/lib/tar-header.ts'

const limits = { entries: 100, bytes: 10_000 }
const file = (name: string, text: string): Buffer =>
  Buffer.concat([tarHeader({ name, bytes: text.length, mode: 0o755 }), Buffer.from(text), tarPadding(text.length)])

/** As it is, and cut into pieces of some length. */
async function* inPieces(bytes: Buffer, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield Promise.resolve(bytes.subarray(at, at + length))
}

async function read(bytes: Buffer, length = bytes.length, most = limits) {
  const found: { path: string; kind: string; text: string }[] = []
  for await (const { entry, content } of tarEntries(inPieces(bytes, length), most)) {
    const parts = await Array.fromAsync(content, (chunk) => Buffer.from(chunk))
    found.push({ path: entry.path, kind: entry.kind, text: Buffer.concat(parts).toString() })
  }
  return found
}

/** The header with other bytes in it, and the sum that fits them. */
function changed(header: Buffer, at: number, bytes: string): Buffer {
  const copy = Buffer.from(header)
  copy.write(bytes, at, 'latin1')
  copy.write('        ', 148, 'latin1')
  const sum = copy.reduce((total, byte) => total + byte, 0)
  copy.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return copy
}

const long = `${'deep/'.repeat(30)}ümlaut.bin`

describe('an archive', () => {
  const whole = Buffer.concat([
    ...[tarHeader({ name: './', bytes: 0, isFolder: true }), tarHeader({ name: './a/', bytes: 0, isFolder: true })],
    ...[file('./a/b.txt', 'hello'), file(long, 'x'.repeat(700)), file('empty', ''), tarEnd(), Buffer.alloc(4_096)],
  ])
  const entries = [
    { path: '', kind: 'folder', text: '' },
    { path: 'a', kind: 'folder', text: '' },
    { path: 'a/b.txt', kind: 'file', text: 'hello' },
    { path: long, kind: 'file', text: 'x'.repeat(700) },
    { path: 'empty', kind: 'file', text: '' },
  ]

  test.each([1, 7, 511, 512, 513, 100_000])(
    'given pieces of %d bytes, then all that is in it is found',
    async (length) => {
      expect(await read(whole, length)).toEqual(entries)
    },
  )

  test('given content that nobody reads, then what follows is found all the same', async () => {
    const paths: string[] = []
    for await (const { entry } of tarEntries(inPieces(whole, 100), limits)) paths.push(entry.path)
    expect(paths).toEqual(entries.map(({ path }) => path))
  })

  test.each(['1', '2', '3', '4', '6'])(
    'given an entry of the type %s, then it is told as something else',
    async (type) => {
      const link = changed(tarHeader({ name: 'link', bytes: 0 }), 156, type)
      expect(await read(Buffer.concat([link, file('next', 'x'), tarEnd()]))).toMatchObject([
        { path: 'link', kind: 'other' },
        { path: 'next', text: 'x' },
      ])
    },
  )

  test('given a hard link, then what it is another name of is told, unless that leads elsewhere', async () => {
    const link = (to: string): Buffer => changed(tarHeader({ name: 'link', bytes: 0 }), 156, `1${to}`)
    const words = Buffer.from('25 linkpath=some/where/a\n')
    const before = changed(tarHeader({ name: 'words', bytes: words.length }), 156, 'x')
    const whole = [link('./a/b'), before, words, tarPadding(words.length), link('cut'), link('../x'), link('')]
    const told: (string | null)[] = []
    const symbolic = changed(tarHeader({ name: 'link', bytes: 0 }), 156, '2a')
    for await (const { entry } of tarEntries(inPieces(Buffer.concat([...whole, symbolic, tarEnd()]), 512), limits))
      told.push(entry.linkTo)
    expect(told).toEqual(['a/b', 'some/where/a', null, '', null])
  })

  test.each(['../x', 'a/../../x', '/etc/passwd', 'a//b', 'a/./b', 'a\\b', 'a\nb', 'x'.repeat(256), 'd/'.repeat(65)])(
    'given the name %j, then it is refused',
    async (name) => {
      await expect(read(Buffer.concat([file(name, 'x'), tarEnd()]))).rejects.toThrow(BadTar)
    },
  )

  test.each<readonly [string, Buffer]>([
    ['a size that is none', changed(tarHeader({ name: 'x', bytes: 1 }), 124, '\x80xxxxxxxxxxx')],
    ['a header that does not add up', Buffer.from(tarHeader({ name: 'x', bytes: 1 })).fill('y', 0, 1)],
    ['a kind that only some know', changed(tarHeader({ name: 'x', bytes: 0 }), 156, 'L')],
    ['words for all that follows', changed(tarHeader({ name: 'x', bytes: 0 }), 156, 'g')],
    ['another format', changed(tarHeader({ name: 'x', bytes: 0 }), 257, 'nothing')],
    ['no end', file('x', 'x')],
    ['an end in the middle', file('x', 'x'.repeat(600)).subarray(0, 700)],
    ['something after its end', Buffer.concat([tarEnd(), file('x', 'x')])],
  ])('given %s, then it is refused', async (_, bytes) => {
    await expect(read(bytes)).rejects.toThrow(BadTar)
  })

  test('given more than is allowed, then it is refused before it was read', async () => {
    const two = Buffer.concat([file('a', 'x'), file('b', 'x'), tarEnd()])
    await expect(read(two, 512, { entries: 1, bytes: 10 })).rejects.toThrow('more than 1 files')
    await expect(read(two, 512, { entries: 9, bytes: 1 })).rejects.toThrow('more than 1 bytes')
    expect(await read(two, 512, { entries: 2, bytes: 2 })).toHaveLength(2)
  })
})
