import fc from 'fast-check'
import { expect, test } from 'vitest'
import { wholeArchive } from '../../../../src/adapters/docker/whole-archive.ts'
import { cut } from '../../../support/passed-archive.ts'
import type { TarFile } from '../../../support/tar.ts'
import { extension, tarOf } from '../../../support/tar.ts'

const broken = new Error('cut')
async function isWhole(parts: readonly Uint8Array[]): Promise<boolean> {
  const source = async function* (): AsyncGenerator<Uint8Array> {
    for (const part of parts) yield await Promise.resolve(part)
  }
  try {
    const passed = Buffer.concat(await Array.fromAsync(wholeArchive(source(), () => broken)))
    expect(passed.equals(Buffer.concat(parts))).toBe(true)
    return true
  } catch (error) {
    expect(error).toBe(broken)
    return false
  }
}

/** Content of zeros looks like the end of an archive. */
const file = fc.record({
  name: fc.stringMatching(/^[a-z]{1,8}$/),
  content: fc.oneof(
    fc.uint8Array({ maxLength: 1_500 }),
    fc.nat(4_000).map((length) => new Uint8Array(length)),
  ),
})
const places = fc.array(fc.nat(), { maxLength: 6 })

test('given an archive in whatever pieces, then it is whole with its end, and never without', () =>
  fc.assert(
    fc.asyncProperty(fc.array(file, { maxLength: 5 }), places, fc.nat(), async (files, at, end) => {
      const bytes = tarOf(files)
      expect(await isWhole(cut(bytes, at))).toBe(true)
      const rest = bytes.subarray(0, end % (bytes.length - 512))
      expect(rest.length === 0 ? false : await isWhole(cut(rest, at))).toBe(false)
    }),
  ))

const zeros: TarFile = { name: 'zeros', content: Buffer.alloc(8_192) }

test('given a file of zeros that became smaller while it was read, then what looks like the end is none', async () => {
  const bytes = tarOf([zeros])
  expect(await isWhole([bytes.subarray(0, 4_096)])).toBe(false)
})

test('given a size that stands before the header, or in bytes, then it counts', async () => {
  const none = (header: Buffer): void => void header.write('00000000000\0', 124, 'latin1')
  const inBytes = (header: Buffer): void => {
    header.fill(0, 124, 136)
    header.writeUInt8(0x80, 124)
    header.writeUInt32BE(8_192, 132)
  }
  const words = extension([
    ['SCHILY.xattr.user.size', 'a\nb=c'],
    ['size', '8192'],
  ])
  for (const files of [[words, { ...zeros, spoil: none }], [{ ...zeros, spoil: inBytes }]]) {
    const bytes = tarOf(files)
    expect(await isWhole([bytes])).toBe(true)
    expect(await isWhole([bytes.subarray(0, bytes.length - 2_048)])).toBe(false)
  }
})

test('given links and folders, then what stands there as their size is no content', async () => {
  const size = (header: Buffer): void => void header.write('00000010000\0', 124, 'latin1')
  const entries = ['1', '2', '5'].map((type) => ({ name: type, content: Buffer.alloc(0), type, spoil: size }))
  expect(await isWhole([tarOf(entries)])).toBe(true)
})
