import { expect, test } from 'vitest'
import { SegmentLog } from '../../../../src/services/molt/segment-log.ts'
import { SimDisk } from '../../../../src/simulation/disk.ts'
import { seededRandom } from '../../../../src/simulation/world.ts'

const small = { bytes: 40, kept: 1 }
const record = (number: number): Uint8Array => Buffer.from(`record ${number}`)
const opened = async (disk: SimDisk, from = 0) => {
  const log = new SegmentLog(disk, 'log', small)
  const told: [string, number][] = []
  await log.open(from, (bytes, number) => void told.push([Buffer.from(bytes).toString(), number]))
  return { log, told }
}

test('given a log over many files, then all of it is told again, and each record is read by its number', async () => {
  const disk = new SimDisk({ random: seededRandom(1) })
  const { log, told } = await opened(disk)
  expect(told).toEqual([])
  const numbers = Array.from({ length: 30 }, (_, number) => log.add(record(number)))
  await log.flushed()
  expect(new Set(numbers).size).toBe(30)
  await log.close()
  const again = await opened(disk)
  expect(again.told).toEqual(numbers.map((number, at) => [`record ${at}`, number]))
  for (const [at, number] of numbers.entries())
    expect(Buffer.from((await again.log.read(number)) ?? []).toString()).toBe(`record ${at}`)
  expect(await again.log.read(again.log.next)).toBeNull()
  expect(await again.log.read(99 * 65_536)).toBeNull()
})

test('given a place in the middle, then what comes after is told, and records are added behind the last', async () => {
  const disk = new SimDisk({ random: seededRandom(2) })
  const { log } = await opened(disk)
  const numbers = Array.from({ length: 12 }, (_, number) => log.add(record(number)))
  await log.flushed()
  const again = await opened(disk, numbers[7])
  expect(again.told.map(([text]) => text)).toEqual(['record 7', 'record 8', 'record 9', 'record 10', 'record 11'])
  const next = again.log.add(record(12))
  expect(next).toBeGreaterThan(numbers[11] ?? 0)
  await again.log.flushed()
  expect((await opened(disk)).told.at(-1)).toEqual(['record 12', next])
})

test('given a log that is shorter than it was said to be, then it is not opened', async () => {
  const disk = new SimDisk({ random: seededRandom(3) })
  const { log } = await opened(disk)
  log.add(record(0))
  await log.flushed()
  await expect(opened(disk, 5)).rejects.toMatchObject({ code: 'STATE_CORRUPT' })
})

test('given a disk that is full, then whoever waits hears of it, and nothing is taken any more before it is opened again', async () => {
  const disk = new SimDisk({ random: seededRandom(4) })
  const { log } = await opened(disk)
  log.add(record(0))
  await log.flushed()
  disk.capacity = disk.used + 4
  log.add(record(1))
  await expect(log.flushed()).rejects.toMatchObject({ code: 'DISK_FULL' })
  await expect(log.flushed()).rejects.toMatchObject({ code: 'DISK_FULL' })
  disk.capacity = Infinity
  const again = await opened(disk)
  expect(again.told.map(([text]) => text)).toEqual(['record 0'])
})

test('given a power cut, then what was flushed is there, and of the rest nothing out of its order', async () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const disk = new SimDisk({ random: seededRandom(seed) })
    const { log } = await opened(disk)
    for (let number = 0; number < 10; number += 1) log.add(record(number))
    await log.flushed()
    for (let number = 10; number < 20; number += 1) log.add(record(number))
    // On its way, and perhaps not all of it.
    const flush = log.flushed().catch(() => 'the power has gone')
    disk.crash()
    await flush
    const texts = (await opened(disk)).told.map(([text]) => text)
    expect(texts.length).toBeGreaterThanOrEqual(10)
    expect(texts).toEqual(texts.map((_, number) => `record ${number}`))
  }
})
