import fc from 'fast-check'
import { expect, test } from 'vitest'
import { contentCipher } from '../../../src/adapters/keys/content-cipher.ts'

const secret = Buffer.from('a key of the mesh')
const what = { backup: 'bak-a', file: 'data' }
const damaged = { code: 'BACKUP_DAMAGED' }

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size))
}
const sealed = async (bytes: Uint8Array, size = 10_000): Promise<Buffer> =>
  Buffer.concat(await Array.fromAsync(contentCipher.seal(pieces(bytes, size), secret, 'bak-a/data')))
const opened = async (bytes: Uint8Array, { size = 7_001, key = secret, bound = 'bak-a/data' } = {}): Promise<Buffer> =>
  Buffer.concat(await Array.fromAsync(contentCipher.open(pieces(bytes, size), key, bound, what)))

test('what was sealed is opened as it was, however long it is and in whatever pieces it comes', async () => {
  for (const length of [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000]) {
    const bytes = Buffer.alloc(length, 'abc')
    for (const size of [1_000, 65_536, 300_000])
      expect((await opened(await sealed(bytes, size), { size })).equals(bytes)).toBe(true)
  }
})

test('whatever is changed, cut off, put twice or in another place is found', async () => {
  const bytes = Buffer.alloc(200_000, 'abc')
  const whole = await sealed(bytes)
  const part = 65_536 + 16
  const head = 42
  const [a, b] = [whole.subarray(head, head + part), whole.subarray(head + part, head + 2 * part)]
  const rest = whole.subarray(head + 2 * part)
  const begin = whole.subarray(0, head)
  for (const other of [
    [begin, b, a, rest],
    [begin, a, a, b, rest],
    [begin, a, b],
    [begin, a, rest],
    [begin],
    [begin.subarray(0, 30)],
    [begin.subarray(0, 5)],
    [a, b, rest],
  ])
    await expect(opened(Buffer.concat(other))).rejects.toMatchObject(damaged)
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
      const changed = Buffer.from(whole)
      changed[at] = (changed[at] ?? 0) ^ mask
      await expect(opened(changed, { size: 90_000 })).rejects.toMatchObject(damaged)
    }),
    { numRuns: 60 },
  )
})

test('another key opens nothing, nor what was sealed for something else', async () => {
  const whole = await sealed(Buffer.from('hello'))
  await expect(opened(whole, { key: Buffer.from('another') })).rejects.toMatchObject(damaged)
  await expect(opened(whole, { bound: 'bak-b/data' })).rejects.toMatchObject(damaged)
})

test('the same content is never sealed to the same for two backups', async () => {
  const other = Buffer.concat(
    await Array.fromAsync(contentCipher.seal(pieces(Buffer.from('hello'), 9), secret, 'bak-b/data')),
  )
  expect(other.equals(await sealed(Buffer.from('hello')))).toBe(false)
})

test('given one that is sealed again under the same id, then no key and nonce were used before', async () => {
  const bytes = Buffer.alloc(65_536)
  const [once, again] = [await sealed(bytes), await sealed(bytes)]
  // Zeroes sealed are what the key and the nonce make: 16 bytes of it that are the same would be enough to read by.
  const seen = new Set(blocksOf(once))
  expect(blocksOf(again).filter((block) => seen.has(block))).toEqual([])
})

/** All but how it begins. */
const blocksOf = (whole: Buffer): string[] =>
  Array.from({ length: 4_096 }, (_, index) => whole.subarray(42 + index * 16, 58 + index * 16).toString('hex'))
