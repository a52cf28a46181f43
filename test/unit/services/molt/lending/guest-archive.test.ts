import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { pack } from '../../../../../src/doors/cli/work/pack.ts'
import { BadTar, tarEntries } from '../../../../../src/lib/tar-entries.ts'
import { tarEnd, tarHeader } from '../../../../../src/lib/tar-header.ts'
import { guestArchive, guestUser } from '../../../../../src/services/molt/lending/guest-archive.ts'

const { signal } = new AbortController()
let place: string
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'claw-pack-'))
  mkdirSync(join(place, 'data/deep'), { recursive: true })
  writeFileSync(join(place, 'data/deep/run.sh'), 'echo', { mode: 0o4755 })
  writeFileSync(join(place, 'data/ümlaut'), 'x'.repeat(700), { mode: 0o600 })
  writeFileSync(join(place, 'own'), 'own')
})
afterEach(() => rmSync(place, { recursive: true, force: true }))

const whole = async (archive: AsyncIterable<Uint8Array>): Promise<Buffer> =>
  Buffer.concat(await Array.fromAsync(archive))
async function* of(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield Promise.resolve(bytes)
}
async function entriesOf(bytes: Buffer) {
  const found: (readonly [path: string, kind: string, content: string])[] = []
  for await (const { entry, content } of tarEntries(of(bytes), { entries: 100, bytes: 10_000 }))
    found.push([entry.path, entry.kind, (await whole(content)).toString()])
  return found
}

describe('a folder that is sent', () => {
  test('is unpacked by the engine as files and folders of the guest, with no right that it did not need', async () => {
    const sent = await whole(pack(join(place, 'data'), signal))
    const unpacked = await whole(guestArchive(of(sent), sent.length))
    const entries = [
      ['deep', 'folder', ''],
      ['deep/run.sh', 'file', 'echo'],
      ['ümlaut', 'file', 'x'.repeat(700)],
    ]
    expect(await entriesOf(sent)).toEqual(entries)
    expect(await entriesOf(unpacked)).toEqual(entries)
    const at = unpacked.indexOf('deep/run.sh')
    expect(unpacked.toString('latin1', at + 100, at + 124)).toBe(
      ['0000755', guestUser.toString(8).padStart(7, '0'), guestUser.toString(8).padStart(7, '0'), ''].join('\0'),
    )
  })

  test('is one file where one is named', async () => {
    expect(await entriesOf(await whole(pack(join(place, 'own'), signal)))).toEqual([['own', 'file', 'own']])
  })

  test('has what its links lead to, where that is in it', async () => {
    symlinkSync('deep/run.sh', join(place, 'data/link'))
    expect(await entriesOf(await whole(pack(join(place, 'data'), signal)))).toContainEqual(['link', 'file', 'echo'])
  })

  test.each(['../own', '/etc/passwd', 'nowhere', 'deep'])('is refused when it has a link to %s', async (to) => {
    symlinkSync(to, join(place, 'data/link'))
    await expect(whole(pack(join(place, 'data'), signal))).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })
})

describe('an archive that a stranger has made', () => {
  test.each(['1', '2', '3', '4', '6'])(
    'does not reach the engine when an entry of the type %s is in it',
    async (type) => {
      const header = tarHeader({ name: 'x', bytes: 0 })
      header.write(type, 156, 'latin1')
      header.write('        ', 148, 'latin1')
      const sum = header.reduce((total, byte) => total + byte, 0)
      header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
      await expect(whole(guestArchive(of(Buffer.concat([header, tarEnd()])), 10_000))).rejects.toThrow(BadTar)
    },
  )
})
