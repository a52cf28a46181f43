/** What consensus, ledgers and keys rely on. Every disk must pass all of it. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Disk } from '../../src/ports/journal.ts'

export interface DiskUnderTest {
  readonly disk: Disk
  /** The same disk as another process would find it later. */
  readonly again: () => Promise<Disk>
  /** Cuts so many bytes from the end of a journal's file, as a crash would. */
  readonly tear: (journal: string, bytes: number) => Promise<void>
  /** Damages the byte at that place of a journal's file. */
  readonly rot: (journal: string, at: number) => Promise<void>
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const texts = (records: readonly Uint8Array[]): string[] => records.map((record) => new TextDecoder().decode(record))

/** Opens, looks and closes. */
async function recordsOf(disk: Disk, name: string): Promise<readonly Uint8Array[]> {
  const journal = await disk.openJournal(name)
  await journal.close()
  return journal.records
}

export function diskConformance(name: string, make: () => Promise<DiskUnderTest>): void {
  describe(`${name} disk`, () => {
    journals(make)
    damage(make)
    blobs(make)
  })
}

function journals(make: () => Promise<DiskUnderTest>): void {
  test('a journal that nobody has written is empty', async () => {
    const { disk } = await make()
    expect(await recordsOf(disk, 'log')).toEqual([])
  })

  test('what was appended is there after opening again, in order', async () => {
    const { disk, again } = await make()
    const journal = await disk.openJournal('log')
    await journal.append([bytes('a'), bytes('')])
    await journal.append([bytes('b')])
    await journal.close()
    expect(texts(await recordsOf(await again(), 'log'))).toEqual(['a', '', 'b'])
  })

  test('any records come back as they were', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 })), async (flushes) => {
        const { disk, again } = await make()
        const journal = await disk.openJournal('log')
        for (const records of flushes) await journal.append(records)
        await journal.close()
        const found = await recordsOf(await again(), 'log')
        expect(found.map((record) => [...record])).toEqual(flushes.flat().map((record) => [...record]))
      }),
      { numRuns: 20 },
    )
  })

  test('a rewritten journal holds the new records only, and takes more', async () => {
    const { disk, again } = await make()
    const journal = await disk.openJournal('log')
    await journal.append([bytes('old')])
    await journal.rewrite([bytes('new')])
    await journal.append([bytes('more')])
    await journal.close()
    expect(texts(await recordsOf(await again(), 'log'))).toEqual(['new', 'more'])
  })

  test('two journals do not mix', async () => {
    const { disk } = await make()
    const [one, two] = [await disk.openJournal('one'), await disk.openJournal('two')]
    await one.append([bytes('1')])
    await two.append([bytes('2')])
    await one.close()
    await two.close()
    expect(texts(await recordsOf(disk, 'one'))).toEqual(['1'])
  })
}

function damage(make: () => Promise<DiskUnderTest>): void {
  test('a torn tail is cut, and appending goes on after it', async () => {
    const { disk, again, tear } = await make()
    const journal = await disk.openJournal('log')
    await journal.append([bytes('kept')])
    await journal.append([bytes('torn')])
    await journal.close()
    await tear('log', 2)
    const reopened = await (await again()).openJournal('log')
    expect(texts(reopened.records)).toEqual(['kept'])
    await reopened.append([bytes('next')])
    await reopened.close()
    expect(texts(await recordsOf(await again(), 'log'))).toEqual(['kept', 'next'])
  })

  test('damage before the last flush is told, and the file set aside', async () => {
    const { disk, again, rot } = await make()
    const journal = await disk.openJournal('log')
    await journal.append([bytes('first')])
    await journal.append([bytes('second')])
    await journal.close()
    await rot('log', 40)
    const later = await again()
    await expect(later.openJournal('log')).rejects.toMatchObject({ code: 'STATE_CORRUPT' })
    expect(await recordsOf(later, 'log')).toEqual([])
  })

  test('damage to a rewritten journal is told, wherever it is', async () => {
    const { disk, again, rot } = await make()
    const journal = await disk.openJournal('log')
    await journal.rewrite([bytes('first'), bytes('last')])
    await journal.close()
    await rot('log', 32 + 13 + 5 + 13)
    await expect((await again()).openJournal('log')).rejects.toMatchObject({ code: 'STATE_CORRUPT' })
  })

  test('a file cut within its header is told', async () => {
    const { disk, again, tear } = await make()
    await (await disk.openJournal('log')).close()
    await tear('log', 10)
    await expect((await again()).openJournal('log')).rejects.toMatchObject({ code: 'STATE_CORRUPT' })
  })

  test('a damaged header is told', async () => {
    const { disk, again, rot } = await make()
    const journal = await disk.openJournal('log')
    await journal.append([bytes('first')])
    await journal.close()
    await rot('log', 3)
    await expect((await again()).openJournal('log')).rejects.toMatchObject({ code: 'STATE_CORRUPT' })
  })
}

function blobs(make: () => Promise<DiskUnderTest>): void {
  test('a blob that was never written is null', async () => {
    const { disk } = await make()
    expect(await disk.readBlob('thing')).toBeNull()
  })

  test('a blob is replaced whole, and stays', async () => {
    const { disk, again } = await make()
    await disk.writeBlob('thing', bytes('a long first version'))
    await disk.writeBlob('thing', bytes('short'), { secret: true })
    expect(texts([(await (await again()).readBlob('thing')) ?? bytes('nothing')])).toEqual(['short'])
  })

  test('a blob that comes in parts has its head in front, and takes the place of the one before', async () => {
    const { disk, again } = await make()
    await disk.writeBlob('thing', bytes('a long first version, longer than the next'))
    let length = 0
    async function* parts() {
      for (const text of ['some ', '', 'parts']) {
        length += text.length
        yield await Promise.resolve(bytes(text))
      }
    }
    await disk.streamBlob('thing', parts(), { length: 3, make: () => bytes(`${length}:`) })
    expect(texts([(await (await again()).readBlob('thing')) ?? bytes('nothing')])).toEqual(['10:some parts'])
  })

  test('a blob of which the parts fail stays as it was', async () => {
    const { disk, again } = await make()
    await disk.writeBlob('thing', bytes('first'))
    async function* parts() {
      yield await Promise.resolve(bytes('second'))
      throw new Error('no more comes')
    }
    await expect(disk.streamBlob('thing', parts(), { length: 1, make: () => bytes(':') })).rejects.toThrow('no more')
    expect(texts([(await (await again()).readBlob('thing')) ?? bytes('nothing')])).toEqual(['first'])
  })

  test('a removed blob is gone, and removing it again is no error', async () => {
    const { disk } = await make()
    await disk.writeBlob('thing', bytes('here'))
    await disk.removeBlob('thing')
    await disk.removeBlob('thing')
    expect(await disk.readBlob('thing')).toBeNull()
  })

  test('a name cannot lead out of the folder', async () => {
    const { disk } = await make()
    for (const name of ['../thing', 'a/b', '', '.hidden', 'UPPER'])
      await expect((async () => disk.readBlob(name))()).rejects.toThrow('no name for a file')
  })
}
