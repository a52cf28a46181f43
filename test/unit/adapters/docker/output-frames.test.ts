import fc from 'fast-check'
import { expect, test } from 'vitest'
import { OutputFrames } from '../../../../src/adapters/docker/frames.ts'

interface Entry {
  readonly stream: 'stdout' | 'stderr'
  readonly data: Uint8Array
}

const entry = fc.record({
  stream: fc.constantFrom('stdout' as const, 'stderr' as const),
  data: fc.uint8Array({ maxLength: 40 }),
})

function wire({ stream, data }: Entry): Buffer {
  const header = Buffer.alloc(8)
  header[0] = stream === 'stdout' ? 1 : 2
  header.writeUInt32BE(data.length, 4)
  return Buffer.concat([header, data])
}

/** What was said in a row on one output, as one. */
function runsOf(entries: readonly Entry[]): readonly string[] {
  const runs: { stream: string; hex: string }[] = []
  for (const { stream, data } of entries) {
    if (data.length === 0) continue
    const last = runs.at(-1)
    const hex = Buffer.from(data).toString('hex')
    if (last?.stream === stream) last.hex += hex
    else runs.push({ stream, hex })
  }
  return runs.map(({ stream, hex }) => `${stream} ${hex}`)
}

test('however the engine cuts it, both outputs come whole, in order, and each in as few pieces as a chunk allows', () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 12 }), fc.array(fc.integer({ min: 1, max: 60 })), (entries, sizes) => {
      let rest = Buffer.concat(entries.map(wire))
      const frames = new OutputFrames()
      const seen: Entry[] = []
      for (let turn = 0; rest.length > 0; turn += 1) {
        const chunk = Buffer.from(rest.subarray(0, sizes[turn] ?? 17))
        rest = rest.subarray(chunk.length)
        const pieces = frames.push(chunk)
        expect(pieces.every(({ stream }, at) => pieces[at + 1]?.stream !== stream)).toBe(true)
        // The chunk is used again once these were read.
        for (const { stream, data } of pieces) seen.push({ stream, data: Uint8Array.from(data) })
        chunk.fill(0xff)
      }
      expect(runsOf(seen)).toEqual(runsOf(entries))
    }),
  )
})

test('what is no output is refused', () => {
  expect(() => new OutputFrames().push(Buffer.from('HTTP/1.1 500'))).toThrow('not output')
})
