import { expect, test } from 'vitest'
import { spendingOf } from '../../../../../src/core/molt/market/spending.ts'
import { SpendingKeeper } from '../../../../../src/services/molt/buying/spending-keeper.ts'
import { World } from '../../../../../src/simulation/world.ts'
import { blobs } from '../../../../support/molt/blobs.ts'

const { job } = spendingOf.conservative

async function keeperOn(disk: ReturnType<typeof blobs>): Promise<SpendingKeeper> {
  const keeper = new SpendingKeeper({ disk, clock: new World(1), limits: () => spendingOf.conservative })
  await keeper.open()
  return keeper
}

test('given what was set aside, when the daemon is started again, then it counts still', async () => {
  const disk = blobs()
  const before = await keeperOn(disk)
  expect(await before.reserve({ job: 'j', key: 'a', amount: job })).toBeNull()
  const after = await keeperOn(disk)
  expect(await after.reserve({ job: 'j', key: 'b', amount: 1n })).toBe('job')
  await after.settle('a', job - 1n, true)
  const third = await keeperOn(disk)
  expect(await third.reserve({ job: 'j', key: 'b', amount: 1n })).toBeNull()
})

test('given that the disk takes nothing, then nothing is set aside, and nobody is told that it was', async () => {
  const disk = blobs()
  const keeper = await keeperOn(disk)
  disk.isFull = true
  await expect(keeper.reserve({ job: 'j', key: 'a', amount: job })).rejects.toMatchObject({ code: 'DISK_FULL' })
  disk.isFull = false
  expect(await keeper.reserve({ job: 'j', key: 'b', amount: job })).toBeNull()
})

test('given a file that cannot be read, then nothing more is spent until its owner begins a new one', async () => {
  const disk = blobs()
  await disk.writeBlob('molt-spending', Buffer.from('{'))
  const keeper = await keeperOn(disk)
  expect(await keeper.reserve({ job: 'j', key: 'a', amount: 1n })).toBe('unreadable')
  await keeper.forget()
  expect(await keeper.reserve({ job: 'j', key: 'a', amount: 1n })).toBeNull()
})
