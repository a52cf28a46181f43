/** The files of a log as the engine rotates and packs them, in a folder that is made as it makes it. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BrokenLog, microseconds } from '../../../../src/adapters/docker/entry-lines.ts'
import { fileLog } from '../../../../src/adapters/docker/file-log.ts'
import { fileAt, type LogFile } from '../../../../src/adapters/docker/log-files.ts'
import { linesOf } from '../../../../src/lib/log-block.ts'

let folder: string
const opened: LogFile[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'claw-log-files-'))
})
afterEach(async () => {
  for (const file of opened.splice(0)) await file.close()
  rmSync(folder, { recursive: true, force: true })
})

const newest = (): string => join(folder, 'x-json.log')
const timeOf = (second: number): string => `2026-01-01T00:00:${String(second).padStart(2, '0')}Z`
const base = microseconds(timeOf(0))
const at = (second: number): number => microseconds(timeOf(second))
/** One entry for each of these seconds. */
const write = (name: string, ...seconds: readonly number[]): void =>
  writeFileSync(
    join(folder, name),
    seconds.map((each) => `{"log":"${each}\\n","stream":"stdout","time":"${timeOf(each)}"}\n`).join(''),
  )
const rotate = (): void => {
  renameSync(join(folder, 'x-json.log.1'), join(folder, 'x-json.log.2'))
  renameSync(newest(), join(folder, 'x-json.log.1'))
}

async function textsFrom(from: number | null): Promise<readonly string[] | null> {
  const blocks = await fileLog({ path: newest(), base }, { from, following: null }, new AbortController().signal)
  if (blocks === null) return null
  return (await Array.fromAsync(blocks)).flatMap((block) => linesOf(block).map(({ text }) => text))
}
const positionOf = (second: number): number => (at(second) - base) * 256

test('given three files, when they are read from anywhere, then every line after it comes once, in order', async () => {
  write('x-json.log.2', 1, 2, 3)
  write('x-json.log.1', 4, 5)
  write('x-json.log', 6, 7)
  expect(await textsFrom(null)).toEqual(['1', '2', '3', '4', '5', '6', '7'])
  for (let second = 1; second <= 7; second += 1)
    expect(await textsFrom(positionOf(second))).toEqual(['1', '2', '3', '4', '5', '6', '7'].slice(second))
})

test('given older files that the engine has packed, then the engine is asked, but for what is not in them', async () => {
  write('x-json.log.2.gz', 1)
  write('x-json.log.1', 4, 5)
  write('x-json.log', 6, 7)
  expect(await textsFrom(null)).toBeNull()
  expect(await textsFrom(positionOf(2))).toBeNull()
  expect(await textsFrom(positionOf(6))).toEqual(['7'])
})

test('given a file that is rotated while it is read, then reading goes on with the one that came after it', async () => {
  write('x-json.log.1', 1)
  write('x-json.log', 2)
  const file = await fileAt(newest(), at(2) + 1)
  if (file === null) throw new Error('there is none')
  opened.push(file)
  rotate()
  write('x-json.log', 3)
  expect(await file.isRotated()).toBe(true)
  const next = await file.next()
  if (next === null) throw new Error('there is no next')
  opened.push(next)
  expect((await next.read(1_000))?.toString()).toContain('"3\\n"')
  expect(await next.next()).toBeNull()
})

test('given a reader so late that what comes next is packed, then it is told, instead of going on behind it', async () => {
  write('x-json.log', 1)
  const file = await fileAt(newest(), null)
  if (file === null) throw new Error('there is none')
  opened.push(file)
  rmSync(newest())
  write('x-json.log.1.gz', 2)
  write('x-json.log', 3)
  await expect(file.next()).rejects.toThrow(BrokenLog)
})

test('given no file, or a folder that is not there, then there is nothing to be read here', async () => {
  expect(await textsFrom(null)).toBeNull()
  expect(await fileAt(join(folder, 'none', 'x-json.log'), null)).toBeNull()
})
