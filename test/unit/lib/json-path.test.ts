import fc from 'fast-check'
import { expect, test } from 'vitest'
import { follow, parsePath, PathError } from '../../../src/lib/json-path.ts'

const mesh = {
  nodes: [
    {
      name: 'a',
      gpus: [
        { util: 97, model: 'H100' },
        { util: 3, model: 'H100' },
      ],
    },
    { name: 'b', gpus: [], 'odd key': true },
    { name: 'c', gpus: [{ util: 50, model: 'A100' }] },
  ],
}

test.each([
  ['.nodes[0].name', ['a']],
  ['nodes[0].name', ['a']],
  ['$.nodes[-1].name', ['c']],
  ['.nodes[*].name', ['a', 'b', 'c']],
  ['.nodes[1:].name', ['b', 'c']],
  ['.nodes[:1].name', ['a']],
  ["['nodes'][1]['odd key']", [true]],
  ['..model', ['H100', 'H100', 'A100']],
  ['.nodes[?(@.name == "b")].name', ['b']],
  ['.nodes[?(@.gpus[*].util > 90)].name', ['a']],
  ['.nodes[*].gpus[?(@.util<=50)].util', [3, 50]],
  ["..gpus[?(@.model != 'H100')].util", [50]],
  ['.nodes[?(@.gpus[0])].name', ['a', 'c']],
  ['.nodes[9].name', []],
  ['.nothing.at.all', []],
  ['$', [mesh]],
])('given a mesh, when %s is followed, then it leads to what it says', (path, expected) => {
  expect(follow(parsePath(path), mesh)).toEqual(expected)
})

test.each(['.nodes[', '.nodes]', '.a b', '[?(@.x = 1)]', '[?(@.x > y)]', '.nodes[1,2]', '..'])(
  'given %s, when it is read, then it is refused as no path',
  (path) => {
    expect(() => parsePath(path)).toThrow(PathError)
  },
)

test('given any text, when it is read, then it is a path or a PathError, at once', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[.[\]'"*?(@:)<>=a1 -]{0,60}$/)), (text) => {
      try {
        follow(parsePath(text), mesh)
      } catch (error) {
        expect(error).toBeInstanceOf(PathError)
      }
    }),
  )
})

test('given any names, when a path is written of them, then it leads to what is there', () => {
  const name = fc.stringMatching(/^[a-z][\w-]{0,8}$/)
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 5 }), fc.jsonValue(), (names, value) => {
      const nested = names.reduceRight<unknown>((inside, key) => ({ [key]: inside }), value)
      expect(follow(parsePath(names.map((key) => `.${key}`).join('')), nested)).toEqual([value])
      expect(follow(parsePath(names.map((key) => `['${key}']`).join('')), nested)).toEqual([value])
    }),
  )
})
