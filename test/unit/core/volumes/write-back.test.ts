/** What is put back into a store of objects, and what is refused because somebody else has changed it there. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Sides, WriteBackRules } from '../../../../src/core/volumes/write-back.ts'
import { writeBackOf } from '../../../../src/core/volumes/write-back.ts'

type Texts = Readonly<Record<string, string>>

/** What an object or file holds stands for what it is called, too. */
const sides = (files: Texts, stored: Texts, agreed: Texts, others: readonly string[] = []): Sides => ({
  others: new Set(others),
  files: new Map(Object.entries(files).map(([key, text]) => [key, { md5: `m-${text}`, etags: [`e-${text}`] }])),
  stored: new Map(Object.entries(stored).map(([key, text]) => [key, `e-${text}`])),
  agreed: new Map(Object.entries(agreed).map(([key, text]) => [key, { etag: `e-${text}`, md5: `m-${text}` }])),
})
const plain: WriteBackRules = { removes: false, force: false }

describe('given what was the same before', () => {
  test.each([
    ['changed here', { a: 'new' }, { a: 'old' }, { put: ['a'] }],
    ['new here', { a: 'old', b: 'new' }, { a: 'old' }, { put: ['b'] }],
    ['changed there', { a: 'old' }, { a: 'new' }, { theirs: ['a'] }],
    ['gone there', { a: 'old' }, {}, { theirs: ['a'] }],
    ['changed on both sides', { a: 'mine' }, { a: 'yours' }, { conflicts: ['a'] }],
    ['changed here and gone there', { a: 'mine' }, {}, { conflicts: ['a'] }],
    ['new on both sides', { a: 'old', b: 'mine' }, { a: 'old', b: 'yours' }, { conflicts: ['b'] }],
    ['changed to the same', { a: 'new' }, { a: 'new' }, {}],
    ['gone here', {}, { a: 'old' }, { left: ['a'] }],
    ['gone here, and changed there', {}, { a: 'new' }, { left: ['a'] }],
    ['gone on both sides', {}, {}, {}],
    ['new there alone', { a: 'old' }, { a: 'old', b: 'new' }, {}],
  ] as const)('when it is %s, then this and nothing else comes of it', (_, files, stored, wanted) => {
    const { agreed, ...found } = writeBackOf(sides(files, stored, { a: 'old' }), plain)
    expect(found).toEqual({ ...{ put: [], remove: [], conflicts: [], left: [], theirs: [] }, ...wanted })
    expect([...agreed.keys()].every((key) => key in files || key in stored || key === 'a')).toBe(true)
  })
})

test('given what is gone here, when that is to go there too, then it does unless it was changed there', () => {
  const all = sides({}, { a: 'old', b: 'new', c: 'theirs' }, { a: 'old', b: 'old' })
  expect(writeBackOf(all, { removes: true, force: false })).toMatchObject({ remove: ['a'], conflicts: ['b'], left: [] })
  expect(writeBackOf(all, { removes: true, force: true })).toMatchObject({ remove: ['a', 'b'], conflicts: [] })
})

test('given something that is no file where one was, or a folder of it, then nothing is done about it, and it is known again later', () => {
  const texts = { a: 'old', 'd/e/f': 'old', 'd.x': 'old' }
  const changed = { ...texts, 'd/e/f': 'new' }
  const all = sides({}, changed, texts, ['a', 'd'])
  const { agreed, ...found } = writeBackOf(all, { removes: true, force: true })
  expect(found).toEqual({ put: [], remove: ['d.x'], conflicts: [], left: [], theirs: [] })
  expect([...agreed.keys()]).toEqual(['a', 'd/e/f', 'd.x'])
})

test('given no memory of what was the same, then all that differs counts as changed on both sides', () => {
  const all = sides({ a: 'mine', b: 'same', c: 'new' }, { a: 'yours', b: 'same' }, {})
  expect(writeBackOf(all, plain)).toMatchObject({ put: ['c'], conflicts: ['a'] })
  expect(writeBackOf(all, { removes: false, force: true })).toMatchObject({ put: ['a', 'c'], conflicts: [] })
})

test('given any three states, when all that is planned is done, then nothing of others is lost, and doing it again changes nothing', () => {
  const texts = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom('1', '2', '3'))
  fc.assert(
    fc.property(texts, texts, texts, fc.boolean(), (files, stored, agreed, removes) => {
      const before = sides(files, stored, agreed)
      const plan = writeBackOf(before, { removes, force: false })
      for (const key of [...plan.put, ...plan.remove])
        expect(stored[key] === undefined || stored[key] === agreed[key]).toBe(true)
      const after: Record<string, string> = { ...stored }
      for (const key of plan.put) after[key] = files[key] ?? ''
      for (const key of plan.remove) delete after[key]
      const known = new Map(plan.agreed)
      for (const key of plan.put) known.set(key, { etag: `e-${files[key] ?? ''}`, md5: `m-${files[key] ?? ''}` })
      for (const key of plan.remove) known.delete(key)
      const again = writeBackOf({ ...sides(files, after, {}), agreed: known }, { removes, force: false })
      expect({ put: again.put, remove: again.remove, conflicts: again.conflicts }).toEqual({
        ...{ put: [], remove: [], conflicts: plan.conflicts },
      })
    }),
  )
})
