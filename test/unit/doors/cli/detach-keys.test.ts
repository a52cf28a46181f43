import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DetachKeys, detachKeysIn, usualDetachKeys } from '../../../../src/doors/cli/talk/detach-keys.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text)
const typed = (keys: string, ...pieces: readonly string[]) => {
  const detach = new DetachKeys(detachKeysIn(keys))
  const seen = pieces.map((piece) => detach.push(bytes(piece)))
  return { text: seen.map(({ data }) => Buffer.from(data).toString()).join(''), isOver: seen.at(-1)?.isOver }
}

test.each<[string, readonly number[]]>([
  [usualDetachKeys, [16, 17]],
  ['ctrl-@,q,ctrl-]', [0, 113, 29]],
  ['', []],
])('given %j, the keys are those', (text, keys) => {
  expect(detachKeysIn(text)).toEqual(keys)
})

test.each(['ctrl-', 'ctrl-1', 'qq', 'ä', 'a,'])('given %j, it is said what is wrong', (text) => {
  expect(() => detachKeysIn(text)).toThrow('is neither a character nor ctrl-')
})

describe('given ctrl-p,ctrl-q', () => {
  test.each<[string, readonly string[], string, boolean]>([
    ['other keys pass', ['hello'], 'hello', false],
    ['the keys end it, and do not pass', ['hi\u0010\u0011'], 'hi', true],
    ['so they do when they come one by one', ['hi\u0010', '\u0011'], 'hi', true],
    ['what follows them is for nobody', ['\u0010\u0011rm -rf /'], '', true],
    ['the first alone passes with the next key', ['\u0010', 'x'], '\u0010x', false],
    ['the first twice and then the second ends it', ['\u0010\u0010\u0011'], '\u0010', true],
  ])('%s', (_, pieces, text, isOver) => {
    expect(typed(usualDetachKeys, ...pieces)).toEqual({ text, isOver })
  })
})

test('without the keys in it, all that is typed passes, however it is cut', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-c\u0010]{0,5}$/)), (pieces) => {
      const { text } = typed('ctrl-p,ctrl-q', ...pieces, '.')
      expect(text).toBe([...pieces, '.'].join(''))
    }),
  )
})
