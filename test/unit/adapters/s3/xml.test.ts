/** What stores answer, as this node reads it: in one pass, whatever they make of it. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Element } from '../../../../src/adapters/s3/xml.ts'
import { parseXml, textOf, writeXml } from '../../../../src/adapters/s3/xml.ts'

const leaf = (text: string): string => parseXml(`<Key>${text}</Key>`).text

describe('what an element holds', () => {
  test.each([
    ['&#34;e1&#34;', '"e1"'],
    ['&quot;e1&quot;', '"e1"'],
    ['it&#39;s &#x1F600; &amp;lt; &lt;', "it's \u{1F600} &lt; <"],
    ['  blanks stay\t', '  blanks stay\t'],
    ['a > b', 'a > b'],
  ])('given %s, then it is read to the letter', (written, read) => expect(leaf(written)).toBe(read))

  test.each(['&', '&nothing;', '&#0x41;', '&#xD800;', '&#1114112;', '&amp'])(
    'given %s, then it is no text',
    (written) => expect(() => leaf(written)).toThrow(SyntaxError),
  )

  test('given an answer of a store, then each of its parts is found, and none that is there twice', () => {
    const list = parseXml(
      '\n<?xml version="1.0"?>\n<List xmlns="http://s3.example/doc/">\n <Name >b</Name><Empty/><E x="1" />\n<Twice>1</Twice><Twice>2</Twice></List>',
    )
    expect(['Name', 'Empty', 'E', 'Twice', 'None'].map((name) => textOf(list, name))).toEqual(['b', '', '', null, null])
  })
})

test.each([
  ['nothing', ''],
  ['what is never closed', '<a><b>'],
  ['what closes something else', '<a><b></a></b>'],
  ['what closes nothing', '</a>'],
  ['two of them', '<a/><b/>'],
  ['no end of a tag', '<a'],
  ['a tag in a tag', '<a <b></a>'],
  ['no name', '<a>< ></ ></a>'],
  ['a tag without an end in sight', `<a ${'x'.repeat(2_000)}></a>`],
  ['one in itself', '<a><a></a></a>'],
  ['ten in each other', `${'abcdefghij'.replaceAll(/./g, '<$&>')}${'jihgfedcba'.replaceAll(/./g, '</$&>')}`],
  ['more than there is to say', `<a>${'<b/>'.repeat(50_000)}</a>`],
])('given %s, then it is refused', (_, text) => expect(() => parseXml(text)).toThrow(SyntaxError))

test.each(['<a>', '<a></a', '<a ', '<?xml', '</a>', '<', '&', '<a ' + ' '.repeat(900) + '>', '<!--'])(
  'given four megabytes of %s, then that takes no longer than a blink',
  (part) => {
    const text = part.repeat(Math.ceil(4_194_304 / part.length))
    const before = process.cpuUsage()
    expect(() => parseXml(text)).toThrow(SyntaxError)
    expect(() => parseXml(`<r>${text}`)).toThrow(SyntaxError)
    const { user, system } = process.cpuUsage(before)
    expect((user + system) / 1_000).toBeLessThan(2_000)
  },
)

test('given any element, then what is written of it is read as the same', () => {
  const name = fc.stringMatching(/^[A-Za-z][a-z]{0,5}$/)
  const text = fc.record({ name, children: fc.constant([]), text: fc.string({ unit: 'binary' }) })
  const tree = fc.record({ name: fc.constant('1'), children: fc.array(text, { minLength: 1 }), text: fc.constant('') })
  fc.assert(
    fc.property(tree, (found) => {
      const list: Element = { ...found, name: 'List1' }
      expect(parseXml(writeXml(list))).toEqual(list)
    }),
  )
})
