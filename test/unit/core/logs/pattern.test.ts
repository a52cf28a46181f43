import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PatternSearch } from '../../../../src/core/logs/pattern-search.ts'

const matches = (pattern: string, line: string): boolean =>
  new PatternSearch(pattern).matches(Buffer.from(`${line}\n`), 0)

describe('plain text', () => {
  test('without capitals is found in any case, with capitals as it is', () => {
    expect(matches('cuda out of memory', 'RuntimeError: CUDA out of memory. Tried')).toBe(true)
    expect(matches('CUDA', 'cuda')).toBe(false)
    expect(matches('größe', 'GRÖSSE GRÖßE')).toBe(true)
    expect(matches('a.b', 'axb')).toBe(false)
  })

  test('is found where JavaScript finds it', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'ä', '漢', '.', '\\', ' '), maxLength: 12 })
    fc.assert(
      fc.property(text, text, (needle, line) => {
        fc.pre(needle !== '')
        expect(matches(needle, line)).toBe(line.includes(needle))
      }),
    )
  })
})

describe('regular expressions', () => {
  test.each([
    ['/took \\d{4,} ms/', 'it took 12345 ms', true],
    ['/took \\d{4,} ms/', 'it took 123 ms', false],
    ['/^error/', 'error: x', true],
    ['/^error/', 'an error', false],
    ['/done$/', 'all done', true],
    ['/\\berr\\b/', 'an err here', true],
    ['/\\berr\\b/', 'error', false],
    ['/a.c/', 'a漢c', true],
    ['/a.c/', 'ac', false],
    ['/[^a-z]x/', '漢x', true],
    ['/(foo|bar)+baz/', 'foobarbaz', true],
    ['/ERROR/', 'error', false],
    ['/ERROR/i', 'error', true],
    ['/[[:]]/', ':]', true],
    ['/\\x1b\\[31m/', '\u001b[31mred', true],
    ['/x{0}y/', 'y', true],
  ])('%s in %j: %s', (pattern, line, expected) => {
    expect(matches(pattern, line)).toBe(expected)
  })

  test('match what those of JavaScript match', () => {
    const piece = fc.oneof(
      fc.constantFrom('a', 'b', 'c', '.', '\\w', '\\d', '\\s', '[ab]', '[^b]', '\\b', '^', '$', 'ab', '_'),
      fc.constantFrom('(a|b)', '(?:ab|c)', 'a*', 'b+', 'c?', '(ab){2}', '[a-c]{1,2}', '(a*)*', '(|a)b'),
    )
    const expression = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join(''))
    const line = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '1', ' ', '_'), maxLength: 10 })
    fc.assert(
      fc.property(expression, line, (source, text) => {
        expect(matches(`/${source}/`, text)).toBe(new RegExp(source).test(text))
      }),
      { numRuns: 1_000 },
    )
  })

  test('that cost others forever cost no more than the text is long', () => {
    const line = `${'a'.repeat(100_000)}!`
    for (const pattern of ['/(a+)+$/', '/(a|a)*b/', '/(.*)*x/', '/(a?){50}a{50}c/'])
      expect(matches(pattern, line)).toBe(false)
  })

  test.each([
    '',
    '/(/',
    '/)/',
    '/[a/',
    '/a{3,1}/',
    '/(?=a)/',
    '/(?<n>a)/',
    '/\\1/',
    '/*a/',
    '/a{2000}/',
    '/x/g',
    '/\\p/',
  ])('of which none can be made are refused: %s', (pattern) => {
    expect(() => new PatternSearch(pattern)).toThrow(/pattern/)
  })

  test('of any kind are taken or refused, and never a crash', () => {
    const soup = fc.string({ unit: fc.constantFrom(...'()[]{}*+?|\\^$.-,019abdwsxu/:=!é\n'), maxLength: 24 })
    fc.assert(
      fc.property(soup, fc.string({ maxLength: 20 }), (source, text) => {
        try {
          expect([true, false]).toContain(matches(`/${source}/`, text.replaceAll('\n', ' ')))
        } catch (error) {
          expect(error).toMatchObject({ code: 'INVALID_REQUEST' })
        }
      }),
      { numRuns: 2_000 },
    )
    for (const pattern of [
      '/((((){1000}){1000}){1000}){1000}/',
      '/(((a{100}){100}){100}){100}/',
      `/${'('.repeat(400)}/`,
    ])
      expect(() => new PatternSearch(pattern)).toThrow(/pattern/)
  })

  test('with more states than the table holds still answer rightly', () => {
    const search = new PatternSearch('/a[ab]{14}c/')
    const text = Array.from({ length: 20_000 }, (_, i) => (((i * 2_654_435_761) >>> 7) % 2 === 0 ? 'a' : 'b')).join('')
    expect(search.matches(Buffer.from(`${text}\n`), 0)).toBe(false)
    expect(search.matches(Buffer.from(`${text}a${'b'.repeat(14)}c\n`), 0)).toBe(true)
  })
})
