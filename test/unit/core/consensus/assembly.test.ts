import { expect, test } from 'vitest'
import { SnapshotAssembly } from '../../../../src/core/consensus/assembly.ts'
import { crc32c } from '../../../../src/lib/crc32.ts'
import { nodeId } from '../../../../src/model/ids.ts'

const data = Uint8Array.from({ length: 10 }, (_, i) => i)
const [ada, bob] = [nodeId('ada'), nodeId('bob')]
const part = (from: number, to: number, checksum = crc32c(data)) => ({
  ...{ term: 2, at: { index: 7, term: 1 }, voters: [ada], size: data.length, checksum },
  ...{ offset: from, data: data.subarray(from, to) },
})

test('parts in order make the whole', () => {
  const assembly = new SnapshotAssembly()
  expect(assembly.take(ada, part(0, 4))).toEqual({ wanted: 4, snapshot: null })
  const { wanted, snapshot } = assembly.take(ada, part(4, 10))
  expect(wanted).toBe(10)
  expect(snapshot).toEqual({ index: 7, term: 1, voters: [ada], data })
})

test('a part that is repeated or comes too early is asked for again', () => {
  const assembly = new SnapshotAssembly()
  assembly.take(ada, part(0, 4))
  expect(assembly.take(ada, part(0, 4)).wanted).toBe(4)
  expect(assembly.take(ada, part(8, 10)).wanted).toBe(4)
  expect(assembly.take(ada, part(4, 10)).snapshot).not.toBeNull()
})

test('what is said of its size takes no memory, and no part goes beyond it', () => {
  const assembly = new SnapshotAssembly()
  expect(assembly.take(ada, { ...part(0, 4), size: 2 ** 50 })).toEqual({ wanted: 4, snapshot: null })
  assembly.take(bob, part(0, 4))
  expect(assembly.take(bob, { ...part(4, 10), data: new Uint8Array(7) })).toEqual({ wanted: 4, snapshot: null })
  expect(assembly.take(bob, part(4, 10)).snapshot?.data).toEqual(data)
})

test('another leader begins anew', () => {
  const assembly = new SnapshotAssembly()
  assembly.take(ada, part(0, 4))
  expect(assembly.take(bob, part(4, 10))).toEqual({ wanted: 0, snapshot: null })
})

test('a whole that does not match its checksum is thrown away', () => {
  const assembly = new SnapshotAssembly()
  expect(assembly.take(ada, part(0, 10, 1))).toEqual({ wanted: 0, snapshot: null })
  expect(assembly.take(ada, part(0, 10)).snapshot?.data).toEqual(data)
})

test('an empty snapshot is whole at once', () => {
  const empty = { ...part(0, 0, 0), size: 0, checksum: crc32c(new Uint8Array(0)) }
  expect(new SnapshotAssembly().take(ada, empty)).toMatchObject({ wanted: 0, snapshot: { index: 7 } })
})
