import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FrameReader } from '../../../../src/adapters/docker/frames.ts'
import { linesOf, type LogLine } from '../../../../src/lib/log-block.ts'
import { JsonLines } from '../../../../src/adapters/docker/json-lines.ts'
import { instantOf, microseconds } from '../../../../src/adapters/docker/entry-lines.ts'
import { LogReader } from '../../../../src/adapters/docker/log-lines.ts'

const frame = (stream: 1 | 2, text: string): Buffer => {
  const data = Buffer.from(text)
  const header = Buffer.alloc(8)
  header.writeUInt8(stream, 0)
  header.writeUInt32BE(data.length, 4)
  return Buffer.concat([header, data])
}

/** The same bytes in other chunks, as networks do. */
const chunked = (bytes: Buffer, cuts: readonly number[]): Buffer[] => {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end))
}

test('frames come out whole, however the stream is cut', () => {
  const entry = fc.tuple(fc.constantFrom(1 as const, 2 as const), fc.string())
  fc.assert(
    fc.property(fc.array(entry), fc.array(fc.nat()), (entries, cuts) => {
      const reader = new FrameReader()
      const bytes = Buffer.concat(entries.map(([stream, text]) => frame(stream, text)))
      const frames = chunked(bytes, cuts).flatMap((chunk) => reader.push(chunk))
      expect(frames.map(({ stream, data }) => [stream === 'stderr' ? 2 : 1, data.toString()])).toEqual(entries)
    }),
  )
})

test('bytes that are no frames are refused, and so is a frame without end', () => {
  expect(() => new FrameReader().push(Buffer.from('hello world'))).toThrow('not a log')
  expect(() => new FrameReader().push(Buffer.from([1, 0, 0, 0, 255, 255, 255, 255]))).toThrow('not a log')
})

test('JSON lines come out whole, however the stream is cut', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), fc.array(fc.nat()), (values, cuts) => {
      const lines = new JsonLines()
      const bytes = Buffer.from(values.map((value) => `${JSON.stringify(value)}\n`).join(''))
      const read = chunked(bytes, cuts).flatMap((chunk) => lines.push(chunk))
      expect(read).toEqual(values.map((value): unknown => JSON.parse(JSON.stringify(value))))
    }),
  )
})

const base = microseconds('2026-01-01T00:00:00.000000000Z')
const line = (microsecond: number, text = 'x\n'): Buffer => {
  const fraction = String(microsecond % 1_000_000).padStart(6, '0')
  const seconds = String(Math.floor(microsecond / 1_000_000)).padStart(2, '0')
  return frame(1, `2026-01-01T00:00:${seconds}.${fraction}789Z ${text}`)
}

function read(reader: LogReader, entry: Buffer): LogLine {
  const [only] = linesOf(reader.push(entry))
  if (only === undefined) throw new Error('there is no line')
  return only
}

test('times are read to the microsecond', () => {
  expect(microseconds('2026-01-01T00:00:00.000001999Z') - base).toBe(1)
  expect(microseconds('2026-01-01T00:00:00Z') - base).toBe(0)
  expect(microseconds('2026-01-01T00:00:00.5Z') - base).toBe(500_000)
})

test('positions rise with every line, whatever the clock does, and are the same wherever reading starts', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(3_000), { minLength: 2 }), fc.nat(), (times, from) => {
      const sorted = times.toSorted((a, b) => a - b)
      const all = new LogReader(base)
      const positions = sorted.map((time) => read(all, line(time)).position)
      expect(positions).toEqual([...new Set(positions)].toSorted((a, b) => a - b))

      // From any line whose microsecond starts there, as reading does that begins a little earlier.
      const start = sorted.findIndex((time) => time === sorted[from % sorted.length])
      const some = new LogReader(base)
      expect(sorted.slice(start).map((time) => read(some, line(time)).position)).toEqual(positions.slice(start))
    }),
  )
  const reader = new LogReader(base)
  const [late, early] = [read(reader, line(2_000)), read(reader, line(1_000))]
  expect(early.position).toBe(late.position + 1)
})

test('a position tells when its line was written', () => {
  const { position, at, text } = read(new LogReader(base), line(2_500_000, 'hello\n'))
  expect(instantOf(position, base)).toBe(at)
  expect(at).toBe(Date.parse('2026-01-01T00:00:02.500Z'))
  expect(text).toBe('hello')
})

/** As the engine tells the output of a terminal: nothing but times and what was printed. */
const bare = (micros: number, text: string): string =>
  `2026-01-01T00:00:00.${String(micros).padStart(6, '0')}789Z ${text}`

test('the output of a terminal is read line by line, however the stream is cut, with what it prints last', () => {
  const long = 'x'.repeat(16_384)
  const entries = [bare(1, 'one\r\n'), bare(2, '\r\n'), bare(3, long), bare(4, 'rest\r\n'), bare(5, '$ ')]
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 5 }), (cuts) => {
      const reader = new LogReader(base, true)
      const lines = chunked(Buffer.from(entries.join('')), cuts).flatMap((chunk) => linesOf(reader.push(chunk)))
      lines.push(...linesOf(reader.end()))
      expect(lines.map(({ text, position }) => [text, position])).toEqual([
        ['one', 256],
        ['', 512],
        [long, 768],
        ['rest', 1_024],
        ['$ ', 1_280],
      ])
    }),
    { numRuns: 50 },
  )
})

test('given a terminal that prints megabytes without a line end, then each piece is a line as soon as the next begins', () => {
  const piece = 'x'.repeat(16_384)
  const reader = new LogReader(base, true)
  const counts = Array.from({ length: 200 }, (_, at) => linesOf(reader.push(Buffer.from(bare(at, piece)))).length)
  expect(counts).toEqual([0, ...Array.from({ length: 199 }, () => 1)])
  expect(linesOf(reader.end())).toHaveLength(1)
})
