/** The engine's log files, decoded as the engine itself would tell them. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BrokenLog, microseconds } from '../../../../src/adapters/docker/entry-lines.ts'
import { JsonLogReader } from '../../../../src/adapters/docker/json-log.ts'
import { LogReader } from '../../../../src/adapters/docker/log-lines.ts'
import { linesOf } from '../../../../src/lib/log-block.ts'

const base = microseconds('2026-01-01T00:00:00Z')

interface Printed {
  readonly stream: 'stdout' | 'stderr'
  readonly text: string
  readonly micros: number
}

const printed: fc.Arbitrary<Printed> = fc.record({
  stream: fc.constantFrom('stdout', 'stderr'),
  text: fc.oneof(
    fc.string({ unit: 'binary' }).map((text) => `${text}\n`),
    fc.string(),
    fc.constantFrom('","stream":"stderr","time":"\n', '\\\n', '\\', '\r\n', '\n', '', '"}\n', '\u2028\u0000\n'),
  ),
  micros: fc.nat(3_000_000),
})

const stamp = (micros: number, digits: number): string =>
  `${new Date(base / 1_000 + Math.floor(micros / 1_000)).toISOString().slice(0, 19)}.${String(micros % 1_000_000)
    .padStart(6, '0')
    .padEnd(digits, '0')}Z`

/** As the engine writes it: zeros at the end of a time left out, and letters of markup escaped. */
function inFile({ stream, text, micros }: Printed): string {
  const log = JSON.stringify(text)
    .replaceAll('<', String.raw`\u003c`)
    .replaceAll('\u2028', String.raw`\u2028`)
  const time = stamp(micros, 6).replace(/\.?0+Z$/, 'Z')
  return `{"log":${log},"stream":"${stream}","time":"${time}"}\n`
}

/** As the engine sends it. */
function asFrame({ stream, text, micros }: Printed): Buffer {
  const data = Buffer.from(`${stamp(micros, 9)} ${text}`)
  const header = Buffer.alloc(8)
  header.writeUInt8(stream === 'stderr' ? 2 : 1, 0)
  header.writeUInt32BE(data.length, 4)
  return Buffer.concat([header, data])
}

const read = (bytes: Buffer, cuts: readonly number[] = []) => {
  const reader = new JsonLogReader(base)
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
  return at.slice(1).flatMap((end, i) => linesOf(reader.push(bytes.subarray(at[i], end))))
}

test('given anything that was printed, then its files tell the same lines at the same positions as the engine, however they are cut', () => {
  fc.assert(
    fc.property(fc.array(printed, { maxLength: 30 }), fc.array(fc.nat()), (all, cuts) => {
      const told = linesOf(new LogReader(base).push(Buffer.concat(all.map(asFrame))))
      expect(read(Buffer.from(all.map(inFile).join('')), cuts)).toEqual(told)
    }),
  )
})

test('given entries with attributes, or in another order, then they are read all the same', () => {
  const line = '{"stream":"stderr","attrs":{"tag":"x"},"log":"odd\\n","time":"2026-01-01T00:00:01Z"}\n'
  expect(read(Buffer.from(line))).toMatchObject([{ stream: 'stderr', text: 'odd', position: 256_000_000 }])
})

test('given an entry that a crash has torn, then it is read with the next one, so that neither is lost', () => {
  const line = '{"log":"torn{"log":"whole\\n","stream":"stdout","time":"2026-01-01T00:00:01Z"}\n'
  expect(read(Buffer.from(line))).toMatchObject([{ text: 'torn{"log":"whole' }])
})

describe('given something that is no entry, then it is refused', () => {
  test.each([
    ['\n'],
    ['null\n'],
    ['{"log":"x\\n","time":"2026-13-45T00:00:01Z","stream":"stdout"}\n'],
    ['{"log":"x\\n","stream":"stdout","time":"yesterday"}\n'],
    ['{"log":"x\\n","stream":"stdout","time":"2026-01-01T00:00:01Zulu"}\n'],
    ['{"log":"x\\n","stream":"stdin","time":"2026-01-01T00:00:01Z"}\n'],
    [String.raw`{"log":"\x","stream":"stdout","time":"2026-01-01T00:00:01Z"}` + '\n'],
    [`{${'x'.repeat(200_000)}`],
  ])('%s', (text) => {
    expect(() => read(Buffer.from(text))).toThrow(BrokenLog)
  })

  test('and so is any other garbage, or it is read, but nothing else happens', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), printed, fc.nat(), (noise, entry, cut) => {
        const whole = Buffer.from(inFile(entry))
        const bytes = Buffer.concat([whole.subarray(0, cut % whole.length), noise, Buffer.from('\n')])
        try {
          expect(read(bytes)).toBeInstanceOf(Array)
        } catch (error) {
          expect(error).toBeInstanceOf(BrokenLog)
        }
      }),
    )
  })
})
