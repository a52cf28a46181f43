import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { StoredObject } from '../../../../src/ports/objects.ts'
import { planOf } from '../../../../src/services/volumes/object-archive.ts'

const object = (key: string, parts: Partial<StoredObject> = {}): StoredObject => ({
  ...{ key, bytes: 1, etag: 'e', modified: 0, ...parts },
})
const refusedBy = (...keys: readonly string[]): string | null => {
  try {
    planOf(
      keys.map((key) => object(key)),
      'team/data',
    )
    return null
  } catch (error) {
    expect(error).toMatchObject({ code: 'VOLUME_SOURCE' })
    return String(error)
  }
}

describe('which objects can be files', () => {
  test.each([
    ['../etc/passwd', 'no path'],
    ['a/../../b', 'no path'],
    ['a//b', 'no path'],
    ['/a', 'no path'],
    ['./a', 'no path'],
    ['a\nb', 'control character'],
    ['a\0b', 'control character'],
    ['x'.repeat(256), 'too long'],
    ['ä'.repeat(128), 'too long'],
    [`${'y'.repeat(200)}/`.repeat(16) + 'z', 'too long'],
  ])('given %j, then nothing is copied, and it says why', (key, why) => {
    expect(refusedBy('fine', key)).toContain(why)
  })

  test('given one that is a part of the name of another, or one twice, then nothing is copied', () => {
    expect(refusedBy('a', 'a/b')).toContain('a file itself')
    expect(refusedBy('a', 'a')).toContain('twice')
  })

  test('given names that stand for folders, then they are left out', () => {
    expect(planOf([object('a/'), object('a/b')], 'x').files.map(({ key }) => key)).toEqual(['a/b'])
  })
})

test('a print is another one whenever a name, a size or what is held is, and no other time', () => {
  const files = fc.uniqueArray(
    fc.record({ key: fc.stringMatching(/^[a-d]{1,3}$/), bytes: fc.nat(2), etag: fc.constantFrom('x', 'y') }),
    { selector: ({ key }) => key, maxLength: 4 },
  )
  const all = (some: readonly object[]): readonly StoredObject[] => some.map((one) => ({ ...object('x'), ...one }))
  const said = (some: readonly StoredObject[]): string =>
    JSON.stringify(some.map(({ key, bytes, etag }) => [key, bytes, etag]).toSorted())
  fc.assert(
    fc.property(files, files, (a, b) => {
      expect(planOf(all(a), 'x').print === planOf(all(b), 'x').print).toBe(said(all(a)) === said(all(b)))
      expect(planOf(all(a).toReversed(), 'x').print).toBe(planOf(all(a), 'x').print)
    }),
  )
})
