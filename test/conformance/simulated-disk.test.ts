import { expect, test } from 'vitest'
import { SimDisk } from '../../src/simulation/disk.ts'
import { seededRandom } from '../../src/simulation/world.ts'
import { diskConformance } from './disk.ts'

const make = () => new SimDisk({ random: seededRandom(1) })

diskConformance('simulated', () => {
  const disk = make()
  return Promise.resolve({
    disk,
    again: () => Promise.resolve(disk),
    tear: (journal, bytes) => Promise.resolve(disk.tear(journal, bytes)),
    rot: (journal, at) => Promise.resolve(disk.rot(journal, at)),
  })
})

test('a full disk is told, and the journal takes nothing more until it is opened again', async () => {
  const disk = make()
  const journal = await disk.openJournal('log')
  await journal.append([new Uint8Array(10)])
  disk.capacity = disk.used + 20
  await expect(journal.append([new Uint8Array(50)])).rejects.toMatchObject({ code: 'DISK_FULL' })
  disk.capacity = Infinity
  await expect(journal.append([new Uint8Array(1)])).rejects.toThrow('opened again')
  const reopened = await disk.openJournal('log')
  expect(reopened.records).toHaveLength(1)
})
