import { appendFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { linesOf, type LogLine } from '../../../../src/lib/log-block.ts'
import { LogFile } from '../../../../src/adapters/process/log-file.ts'
import { readLog } from '../../../../src/adapters/process/log-reader.ts'
import type { LogQuery } from '../../../../src/ports/executor.ts'
import { never } from '../scripted-tools.ts'

let folder: string
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'claw-log-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function read(query: Partial<LogQuery> = {}): Promise<LogLine[]> {
  const lines: LogLine[] = []
  const all = { follow: false, tail: null, from: null, ...query }
  for await (const block of readLog({ folder, isOver: () => true }, all, never)) lines.push(...linesOf(block))
  return lines
}
const texts = async (query?: Partial<LogQuery>): Promise<string[]> => (await read(query)).map(({ text }) => text)

/** A log of these lines in files of a few lines each. */
function written(lines: readonly string[], bounds = { fileBytes: 64, files: 1_000 }): void {
  const log = new LogFile(folder, bounds)
  for (const [i, line] of lines.entries()) log.write('stdout', Buffer.from(`${line}\n`), 1_000 + i)
  log.close()
}
const numbers = Array.from({ length: 40 }, (_, i) => `line ${i + 1}`)

describe('writing', () => {
  test('output cut anywhere comes out as its lines, with the rest at the end', async () => {
    const chunks = fc.array(fc.string({ unit: fc.constantFrom('a', 'ü', '\n', '漢', ' '), maxLength: 12 }))
    await fc.assert(
      fc.asyncProperty(chunks, fc.nat(5), async (pieces, shift) => {
        const whole = Buffer.from(pieces.join(''))
        const own = mkdtempSync(join(folder, 'x'))
        const log = new LogFile(own)
        for (let at = 0; at < whole.length; at += shift + 1) log.write('stdout', whole.subarray(at, at + shift + 1), 5)
        log.flush(6)
        log.close()
        const lines: string[] = []
        const query = { follow: false, tail: null, from: null }
        for await (const block of readLog({ folder: own, isOver: () => true }, query, never))
          lines.push(...linesOf(block).map(({ text }) => text))
        const expected = whole.toString().split('\n')
        expect(lines).toEqual(expected.at(-1) === '' ? expected.slice(0, -1) : expected)
      }),
      { numRuns: 50 },
    )
  })

  test('a long line is cut between characters', async () => {
    const log = new LogFile(folder)
    log.write('stdout', Buffer.from(`${'漢'.repeat(20_000)}\nend\n`), 1)
    log.close()
    const read = await texts()
    expect(read.slice(0, -1).join('')).toBe('漢'.repeat(20_000))
    expect(read.at(-1)).toBe('end')
  })

  test('the oldest files go, and positions go on', async () => {
    written(numbers, { fileBytes: 64, files: 3 })
    expect(readdirSync(folder)).toHaveLength(3)
    const lines = await read()
    expect(lines.at(-1)).toMatchObject({ position: 40, text: 'line 40' })
    expect(lines.length).toBeLessThan(20)
    expect(lines.map(({ position, text }) => text === `line ${position}`)).not.toContain(false)
  })
})

describe('reading', () => {
  test('any tail and any position give the same lines as reading everything, across files', async () => {
    written(numbers)
    const all = await read()
    expect(all.map(({ text }) => text)).toEqual(numbers)
    for (let n = 0; n <= 42; n += 1) {
      expect(await texts({ tail: n })).toEqual(n === 0 ? [] : numbers.slice(-n))
      expect(await texts({ from: n })).toEqual(numbers.slice(n))
    }
  })

  test('a position whose lines are gone goes on with the oldest that are left', async () => {
    written(numbers, { fileBytes: 64, files: 3 })
    expect(await texts({ from: 1 })).toEqual(await texts())
  })

  test('there is no log, or it is empty', async () => {
    expect(await texts()).toEqual([])
    new LogFile(folder).close()
    expect(await texts({ tail: 3 })).toEqual([])
    rmSync(folder, { recursive: true })
    expect(await texts({ tail: 3 })).toEqual([])
  })

  test('a line that is not finished, and what is no line, are left out', async () => {
    written(['one'], { fileBytes: 10_000, files: 2 })
    const [name = ''] = readdirSync(folder)
    appendFileSync(join(folder, name), 'garbage\n2 7 o two\n3 8 o thr')
    writeFileSync(join(folder, 'stray'), '9 9 o no\n')
    expect(await texts()).toEqual(['one', 'two'])
  })

  test('a follower gets lines as they come, across files, and ends with the task', async () => {
    const log = new LogFile(folder, { fileBytes: 64, files: 1_000 })
    let isOver = false
    const seen: string[] = []
    const query = { follow: true, tail: null, from: null }
    for (let i = 0; i < 5; i += 1) log.write('stdout', Buffer.from(`line ${i}\n`), i)
    for await (const block of readLog({ folder, isOver: () => isOver }, query, never))
      for (const { text } of linesOf(block)) {
        if (seen.push(text) < 30) log.write('stderr', Buffer.from(`more ${seen.length}\n`), 9)
        else isOver = true
      }
    log.close()
    expect(seen).toHaveLength(34)
    expect(seen.at(-1)).toBe('more 29')
  })

  test('a follower that is called off stops with the reason', async () => {
    written(['one'])
    const off = new AbortController()
    const query = { follow: true, tail: null, from: null }
    const follow = async (): Promise<void> => {
      for await (const block of readLog({ folder, isOver: () => false }, query, off.signal))
        if (linesOf(block)[0]?.text === 'one') off.abort(new Error('enough'))
    }
    await expect(follow()).rejects.toThrow('enough')
  })
})
