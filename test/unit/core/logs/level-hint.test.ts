import fc from 'fast-check'
import { expect, test } from 'vitest'
import { levelHint } from '../../../../src/core/logs/level-hint.ts'
import type { Level } from '../../../../src/core/logs/level.ts'
import { levelOf, levels, levelWords, rankOf } from '../../../../src/core/logs/level.ts'
import { LogFilter } from '../../../../src/core/logs/log-filter.ts'
import { blockOf, lineHeader, type LogLine } from '../../../../src/lib/log-block.ts'
import { linesOfChunk } from '../../../../src/lib/log-chunk.ts'

/** What lines that say a level are made of, and what only looks like it. */
const pieces = [
  ...Object.keys(levelWords),
  ...Object.keys(levelWords).map((word) => word.toUpperCase()),
  ...['{"level":', '{"msg":"a","severity" : ', '{"lvl":', '"levelname":', '"severity_text": ', '{"log.level"\t:'],
  ...['"', '50', '30', '3', '7', ':', ' ', '  ', '[', ']', '}', ',', '=', 'level=', 'lvl: ', '\t'],
  ...['E0102 10:11:12', 'W0102 10:11:12', 'F0102 10:11:12', 'I0102 10:11:12', 'Traceback (most recent call last)'],
  ...['ValueError', 'java.io.IOException', 'Exception in thread main', 'Caused by: ', '... 3 more', '  at f(x)'],
  ...['panic: ', 'Segmentation fault', "thread 'main' panicked", 'fatal error: ', '\u001b[31m', '\u001b[0m', 'é', 'x'],
]
const text = fc.array(fc.constantFrom(...pieces), { maxLength: 6 }).map((parts) => parts.join(''))
const line = fc.record({ stream: fc.constantFrom('stdout' as const, 'stderr' as const), text })
const logs = fc
  .array(line, { minLength: 1, maxLength: 24 })
  .map((all) => all.map((each, i): LogLine => ({ ...each, position: i + 1, at: i })))
const level = fc.constantFrom<Level>('warn', 'error', 'fatal')

const levelIn = (each: LogLine): ReturnType<typeof levelOf> => {
  const bytes = blockOf([each])
  return levelOf(bytes, lineHeader, bytes.length - 1)
}

/** One line after the other, without any hint. */
function serious(all: readonly LogLine[], least: Level): string[] {
  const at: Record<LogLine['stream'], Level> = { stdout: 'info', stderr: 'info' }
  return all.flatMap((each) => {
    const found = levelIn(each)
    if (found !== 'more') at[each.stream] = found === 'none' ? 'info' : found
    return rankOf(at[each.stream]) >= rankOf(least) ? [each.text] : []
  })
}

const shown = (all: readonly LogLine[], least: Level, atATime: number): string[] => {
  const wishes = { search: null, since: null, until: null, context: 0, tail: null, details: false }
  const filter = new LogFilter({ ...wishes, level: least })
  const chunks = []
  for (let at = 0; at < all.length; at += atATime) chunks.push(...filter.push(blockOf(all.slice(at, at + atATime))))
  chunks.push(...filter.current())
  return chunks.flatMap((chunk) => linesOfChunk(chunk)).map((each) => each.text)
}

test('no line that is serious enough is passed over', () => {
  fc.assert(
    fc.property(line, level, (made, least) => {
      const each = { ...made, position: 1, at: 0 }
      const found = levelIn(each)
      const isSerious = found !== 'none' && found !== 'more' && rankOf(found) >= rankOf(least)
      expect(isSerious && levelHint(least)(blockOf([each]), 0) === -1).toBe(false)
    }),
    { numRuns: 3_000 },
  )
})

test('with the hint the same lines are shown as without it, however many come at a time', () => {
  fc.assert(
    fc.property(logs, level, fc.integer({ min: 1, max: 9 }), (all, least, atATime) => {
      expect(shown(all, least, atATime)).toEqual(serious(all, least))
    }),
    { numRuns: 500 },
  )
})

test.each(levels.slice(2))('ordinary lines are not looked at for %s', (least) => {
  const texts = ['INFO step 12 of 100', '{"time":1,"level":"info","msg":"loss"}', 'I0102 10:11:12 ok', 'plain', '']
  const all = texts.map((each, i): LogLine => ({ text: each, stream: 'stdout', position: i + 1, at: i }))
  expect(levelHint(least)(blockOf(all), 0)).toBe(-1)
})
