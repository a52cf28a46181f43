import { Readable } from 'node:stream'
import fc from 'fast-check'
import { Parser } from 'tar'
import { expect, test } from 'vitest'
import { tarEnd, tarHeader, tarPadding } from '../../../src/lib/tar-header.ts'

interface Found {
  readonly name: string
  readonly bytes: number
  readonly modified: number
}

async function entriesOf(archive: Buffer): Promise<readonly Found[]> {
  const found: Found[] = []
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const parser = new Parser({
    strict: true,
    onReadEntry(entry) {
      found.push({ name: entry.path, bytes: entry.size, modified: (entry.mtime?.getTime() ?? 0) / 1_000 })
      entry.resume()
    },
  })
  parser.on('end', resolve).on('error', reject)
  Readable.from([archive]).pipe(parser)
  await promise
  return found
}

const part = fc.stringMatching(/^[a-zA-Z0-9 äß漢\u{1F600}_.-]{1,60}$/u).filter((name) => !/^\.+$|^ | $/.test(name))
const file = fc.record({
  name: fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/')),
  bytes: fc.nat(2_000),
  modified: fc.nat(2 ** 31),
})

test('another reader of tar finds every file by its name, with its size and its time', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(file, { minLength: 1, maxLength: 6 }), async (files) => {
      const parts = files.flatMap((one) => [tarHeader(one), Buffer.alloc(one.bytes, 7), tarPadding(one.bytes)])
      expect(await entriesOf(Buffer.concat([...parts, tarEnd()]))).toEqual(files)
    }),
    { numRuns: 60 },
  )
})

test('the size of a file that is too large for the field of its header stands before it', () => {
  const header = tarHeader({ name: 'x', bytes: 10 * 2 ** 30 })
  expect(header.toString('utf8')).toContain('size=10737418240\n')
})
