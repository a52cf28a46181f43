import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, appendFileSync, cpSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type LogBounds, logBounds, openLogStore } from '../../../../src/adapters/logs/file-log-store.ts'
import { blockOf, linesOf, type LogLine } from '../../../../src/lib/log-block.ts'
import { placementId, workloadId } from '../../../../src/model/ids.ts'
import type { LogOwner, LogReader, LogStart, LogStore } from '../../../../src/ports/log-store.ts'

let folder: string
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'claw-logs-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const small: LogBounds = { ...logBounds, segmentBytes: 200 }
const owner = (name = 'wl-a'): LogOwner => {
  const workload = workloadId(name)
  return { placement: placementId(workload, 1), workload, attempt: 1, name }
}
const { placement } = owner()
const whole: LogStart = { from: null, tail: null, since: null }

const numbered = (from: number, to: number): LogLine[] =>
  Array.from({ length: to - from + 1 }, (_, i) => ({
    ...{ position: (from + i) * 10, at: 1_000 * (from + i), stream: 'stdout' as const, text: `line ${from + i}` },
  }))

async function rest(
  reader: LogReader | null,
): Promise<{ readonly lines: LogLine[]; readonly dropped: (number | null)[] }> {
  const found = { lines: [] as LogLine[], dropped: [] as (number | null)[] }
  for (let piece = await reader?.next(); piece !== null && piece !== undefined; piece = await reader?.next())
    if (piece.type === 'lines') found.lines.push(...linesOf(piece.block))
    else if (piece.type === 'dropped') found.dropped.push(piece.lines)
  return found
}

async function read(store: LogStore, start: Partial<LogStart> = {}, of = placement) {
  const reader = await store.read(of, { ...whole, ...start })
  const found = await rest(reader)
  await reader?.close()
  return found
}

/** Lines 1 to `count`, `atATime` in each block. */
async function filled(bounds: LogBounds, count: number, atATime = 3): Promise<LogStore> {
  const store = await openLogStore(folder, bounds)
  const writer = await store.write(owner())
  for (let from = 1; from <= count; from += atATime)
    await writer.append(blockOf(numbered(from, Math.min(count, from + atATime - 1))))
  return store
}

describe('reading', () => {
  test('any start gives the same lines as reading everything, across segments', async () => {
    const store = await filled(small, 40)
    expect(readdirSync(join(folder, placement)).length).toBeGreaterThan(5)
    const all = numbered(1, 40)
    expect(await read(store)).toEqual({ lines: all, dropped: [] })
    for (let n = 0; n <= 42; n += 1) {
      expect((await read(store, { tail: n })).lines).toEqual(n === 0 ? [] : all.slice(-n))
      expect((await read(store, { from: n * 10 + (n % 3) })).lines).toEqual(all.slice(n))
    }
    const late = (await read(store, { since: 30_000 })).lines
    expect(late).toEqual(all.slice(-late.length))
    expect(late[0]?.at).toBeLessThanOrEqual(30_000)
    await store.close()
  })

  test('a reader at the end gets what comes later, in this segment and in the next', async () => {
    const store = await filled(small, 5)
    const reader = await store.read(placement, { ...whole, tail: 1 })
    expect((await rest(reader)).lines).toEqual(numbered(5, 5))
    const writer = await store.write(owner())
    for (let n = 6; n <= 30; n += 1) {
      await writer.append(blockOf(numbered(n, n)))
      expect((await rest(reader)).lines).toEqual(numbered(n, n))
    }
    await reader?.close()
    await store.close()
  })

  test('of what was never written there is nothing', async () => {
    const store = await openLogStore(folder)
    expect(await store.read(placement, whole)).toBeNull()
    expect(store.state(placement)).toBe('none')
    await store.write(owner())
    expect(await read(store)).toEqual({ lines: [], dropped: [] })
    await store.close()
  })
})

describe('bounds', () => {
  test('of one attempt: the oldest lines go, and readers are told how many', async () => {
    const store = await filled({ ...small, attemptBytes: 600 }, 100)
    const { lines, dropped } = await read(store)
    expect(lines).toEqual(numbered(101 - lines.length, 100))
    expect(dropped).toEqual([100 - lines.length])
    expect((await read(store, { from: 10 })).dropped).toEqual([null])
    await store.close()
  })

  test('a reader that is overtaken is told, and goes on with what is left', async () => {
    const store = await filled({ ...small, attemptBytes: 600 }, 12)
    const reader = await store.read(placement, whole)
    const first = await reader?.next()
    expect(first?.type).toBe('lines')
    const seen = first?.type === 'lines' ? linesOf(first.block).length : 0
    const writer = await store.write(owner())
    for (let n = 13; n <= 200; n += 1) await writer.append(blockOf(numbered(n, n)))
    const { lines, dropped } = await rest(reader)
    expect(lines).toEqual(numbered(201 - lines.length, 200))
    expect(dropped.reduce<number>((sum, each) => sum + (each ?? 0), 0)).toBe(200 - lines.length - seen)
    await reader?.close()
    await store.close()
  })

  test('of all together: the oldest of any go, and a log of which nothing is left is gone', async () => {
    const store = await openLogStore(folder, { ...small, totalBytes: 1_500 })
    for (let n = 1; n <= 9; n += 1) {
      const writer = await store.write(owner(`wl-${n}`))
      await writer.append(blockOf(numbered(n * 10, n * 10 + 9)))
      await writer.finish()
    }
    const kept = store.list()
    expect(kept.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(1_500)
    expect(kept.length).toBeLessThan(9)
    expect(kept.map(({ name }) => name)).toEqual(Array.from(kept, (_, i) => `wl-${10 - kept.length + i}`))
    expect(readdirSync(folder).toSorted()).toEqual(kept.map((log) => log.placement).toSorted())
    await store.close()
  })
})

describe('a log that stayed open', () => {
  test('is kept within the bounds of all together as soon as it is finished, whatever is written meanwhile', async () => {
    const bounds = { ...small, totalBytes: 1_500, segmentBytes: 10_000 }
    const store = await openLogStore(folder, bounds)
    for (let n = 1; n <= 9; n += 1) await (await store.write(owner(`wl-${n}`))).append(blockOf(numbered(1, 10)))
    const total = (of: LogStore): number => of.list().reduce((sum, { bytes }) => sum + bytes, 0)
    expect(total(store)).toBeGreaterThan(1_500)
    await store.close()

    const after = await openLogStore(folder, bounds)
    for (let n = 1; n <= 9; n += 1) await (await after.write(owner(`wl-${n}`))).finish()
    expect(total(after)).toBeLessThanOrEqual(1_500)
    expect(after.list().every(({ isComplete }) => isComplete)).toBe(true)
    await after.close()
  })
})

describe('crashes', () => {
  test('at any byte of what is written, what is read is a beginning of it, and writing goes on after its last line', async () => {
    const origin = await filled({ ...small, segmentBytes: 10_000 }, 20)
    await origin.close()
    const [name = ''] = readdirSync(join(folder, placement)).filter((each) => each.endsWith('.log'))
    const size = statSync(join(folder, placement, name)).size
    const garbage = fc.constantFrom(Buffer.alloc(0), Buffer.alloc(50))
    await fc.assert(
      fc.asyncProperty(fc.nat(size), garbage, async (cut, tail) => {
        const copy = mkdtempSync(join(tmpdir(), 'claw-cut-'))
        cpSync(folder, copy, { recursive: true })
        truncateSync(join(copy, placement, name), cut)
        appendFileSync(join(copy, placement, name), tail)
        const store = await openLogStore(copy, small)
        const writer = await store.write(owner())
        const { lines } = await read(store)
        expect(lines).toEqual(numbered(1, lines.length))
        // A line that was cut off within its header or text, and no other, is lost.
        expect(lines.length).toBeGreaterThanOrEqual(Math.floor((cut * 20) / size) - 1)
        expect(writer.last ?? 0).toBe(lines.length * 10)
        await writer.append(blockOf(numbered(lines.length + 1, 25)))
        expect((await read(store)).lines).toEqual(numbered(1, 25))
        await store.close()
        rmSync(copy, { recursive: true })
      }),
      { numRuns: 60 },
    )
  })

  test('what was finished is so after a restart, and what was not goes on', async () => {
    const store = await filled(small, 30)
    await store.close()
    const second = await openLogStore(folder, small)
    expect(second.state(placement)).toBe('open')
    const writer = await second.write(owner())
    expect(writer.last).toBe(300)
    await writer.append(blockOf(numbered(31, 40)))
    await writer.finish()
    await second.close()
    const third = await openLogStore(folder, small)
    expect(third.state(placement)).toBe('complete')
    expect(third.list()).toMatchObject([{ name: 'wl-a', attempt: 1, isComplete: true }])
    expect(await read(third)).toEqual({ lines: numbered(1, 40), dropped: [] })
    await third.close()
  })

  test('a folder that was never made completely is cleared away', async () => {
    const store = await filled(small, 3)
    await store.close()
    rmSync(join(folder, placement, 'owner.json'))
    expect((await openLogStore(folder)).list()).toEqual([])
    expect(readdirSync(folder)).toEqual([])
  })
})

test('lines are kept byte by byte, whatever is in them', async () => {
  const text = fc
    .uint8Array({ maxLength: 300 })
    .map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 10)).toString('latin1'))
  const store = await openLogStore(folder, small)
  const writer = await store.write(owner())
  let position = 0
  const all: LogLine[] = []
  await fc.assert(
    fc.asyncProperty(fc.array(text, { maxLength: 5 }), async (texts) => {
      const lines = texts.map((each) => ({ position: (position += 3), at: 5, stream: 'stderr' as const, text: each }))
      all.push(...lines)
      await writer.append(blockOf(lines))
    }),
  )
  expect((await read(store)).lines).toEqual(all)
  expect(readFileSync(join(folder, placement, 'owner.json'), 'utf8')).toContain('wl-a')
  await store.close()
})
