import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LogFilter, type FilterSettings } from '../../../../src/core/logs/log-filter.ts'
import { blockOf, type LogLine } from '../../../../src/lib/log-block.ts'
import { linesOfChunk, type ShownLine } from '../../../../src/lib/log-chunk.ts'

const everything: FilterSettings = {
  ...{ level: null, search: null, since: null, until: null },
  ...{ context: 0, tail: null, details: true },
}

const lines = (...texts: readonly string[]): LogLine[] =>
  texts.map((text, i) => ({ position: i + 1, at: 1_000 * (i + 1), stream: i % 3 === 2 ? 'stderr' : 'stdout', text }))

/** What is shown of the lines, however many come at a time. */
function shown(all: readonly LogLine[], settings: Partial<FilterSettings>, atATime = all.length): ShownLine[] {
  const filter = new LogFilter({ ...everything, ...settings })
  const chunks = []
  for (let at = 0; at < all.length; at += atATime) chunks.push(...filter.push(blockOf(all.slice(at, at + atATime))))
  chunks.push(...filter.current())
  return chunks.flatMap((chunk) => linesOfChunk(JSON.parse(JSON.stringify(chunk)) as typeof chunk))
}

const texts = (all: readonly LogLine[], settings: Partial<FilterSettings>): string[] =>
  shown(all, settings).map(
    ({ text, isContext, isAfterGap }) => `${isAfterGap ? '-- ' : ''}${isContext ? '| ' : ''}${text}`,
  )

describe('given no wishes', () => {
  test('every line comes out as it went in', () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' })).map((each) => each.replaceAll('\n', ''))
    const line = fc.record({
      stream: fc.constantFrom('stdout' as const, 'stderr' as const),
      text,
      gap: fc.nat(2 ** 40),
    })
    fc.assert(
      fc.property(fc.array(line, { minLength: 1 }), fc.integer({ min: 1, max: 9 }), (made, atATime) => {
        let position = 0
        const all = made.map(({ gap, stream, text: each }, i) => ({
          position: (position += gap + 1),
          at: i * 7,
          stream,
          text: each,
        }))
        const out = shown(all, {}, atATime)
        expect(out.map(({ position: p, at, stream, text: each }) => ({ position: p, at, stream, text: each }))).toEqual(
          all,
        )
      }),
    )
  })
})

describe('given wishes', () => {
  const sample = lines('INFO a', 'DEBUG b', 'ERROR c', '  at d', 'INFO e', 'f', 'WARN g', 'FATAL h')

  test('a level takes what is as serious or more, with the lines that go on from it', () => {
    expect(texts(lines('INFO a', 'ERROR b', 'DEBUG c', 'FATAL d'), { level: 'error' })).toEqual(['ERROR b', 'FATAL d'])
    const stack = lines('x', 'y', 'ERROR c', 'INFO d', 'e', '  at f')
    expect(texts(stack, { level: 'error' })).toEqual(['ERROR c', '  at f'])
    expect(texts(sample, { level: 'info' })).not.toContain('DEBUG b')
  })

  test('times bound what is shown', () => {
    expect(texts(sample, { since: 7_000 })).toEqual(['WARN g', 'FATAL h'])
    expect(texts(sample, { until: 2_000 })).toEqual(['INFO a', 'DEBUG b'])
  })

  test('the context of matches comes with them, each line once, with a mark between those apart', () => {
    expect(texts(sample, { search: 'c', context: 1 })).toEqual(['| DEBUG b', 'ERROR c', '|   at d'])
    expect(texts(sample, { search: '/[ah]$/', context: 1 })).toEqual(['INFO a', '| DEBUG b', '-- | WARN g', 'FATAL h'])
    expect(texts(sample, { search: '/[cf]$/', context: 2 })).toHaveLength(8)
  })

  test('a tail is of what is shown', () => {
    expect(texts(sample, { search: 'info', tail: 1 })).toEqual(['INFO e'])
    expect(texts(sample, { level: 'debug', tail: 3 })).toEqual(['f', 'WARN g', 'FATAL h'])
    expect(texts(sample, { level: 'debug', tail: 0 })).toEqual([])
  })

  test('looking only where there is a hint shows the same as looking at every line', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'A', ' '), maxLength: 6 })
    const wish = fc.record({
      needle: fc.constantFrom('ab', 'aa', 'b a'),
      context: fc.nat(3),
      atATime: fc.integer({ min: 1, max: 9 }),
    })
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 40 }), wish, (made, { needle, context, atATime }) => {
        const all = lines(...made)
        const hinted = shown(all, { search: needle, context }, atATime)
        // No byte of it is certain, so every line is looked at.
        const spelled = [...needle].map((each) => `(?:${each}|${each === ' ' ? ' ' : each.toUpperCase()})`).join('')
        expect(hinted).toEqual(shown(all, { search: `/${spelled}/`, context }, atATime))
        const expected = all.filter((each) => each.text.toLowerCase().includes(needle)).map(({ position }) => position)
        expect(hinted.filter(({ isContext }) => !isContext).map(({ position }) => position)).toEqual(expected)
      }),
    )
  })

  test('a line of a megabyte, and one that is no text, come through', () => {
    const long = lines('x'.repeat(1_000_000), 'needle', '\u0000\u0001\u001b[2J')
    expect(shown(long, {}).map(({ text }) => text.length)).toEqual([1_000_000, 6, 6])
    expect(texts(long, { search: 'needle' })).toEqual(['needle'])
  })
})
