/** Records of a network over clocks that are wrong, crashes, full disks, and callers that give up. */
import { beforeEach, describe, expect, test } from 'vitest'
import { recordKey } from '../../../../src/model/record.ts'
import { day, hour, minute, second } from '../../../../src/model/time.ts'
import { Sequences } from '../../../../src/services/records/sequences.ts'
import type { Publication } from '../../../../src/services/records/types.ts'
import { SimDisk } from '../../../../src/simulation/disk.ts'
import { seededRandom } from '../../../../src/simulation/world.ts'
import { about, RecordMesh, type RecordNode, softwareOf } from '../../../support/molt/record-mesh.ts'
import { made, noon } from '../../../support/molt/records.ts'

let mesh: RecordMesh
let [ada, bob, cyd]: RecordNode[] = []

const names = ['ada', 'bob', 'cyd', 'dan']

beforeEach(async () => {
  mesh = new RecordMesh()
  ;[ada, bob, cyd] = await mesh.addAll(...names)
})

const it = (node: RecordNode | undefined): RecordNode => {
  if (node === undefined) throw new Error('there is no such node')
  return node
}

const publish = (node: RecordNode, what?: Publication) => mesh.publish(node, what)
const read = (node: RecordNode, of: RecordNode, options?: object) => mesh.read(node, of, options)
const deaf = (...nodes: readonly RecordNode[]): void => mesh.deafen(...nodes)

describe('clocks and restarts', () => {
  test('a clock that jumps two days ahead sees nothing, forgets nothing, and sees it again when it is set back', async () => {
    await publish(it(ada))
    const key = recordKey({ namespace: 'claw-node', id: it(ada).id })
    const old = (await it(bob).net.local(key)) ?? new Uint8Array(0)
    await publish(it(ada), about(it(ada), '2.0.0'))
    deaf(it(bob))
    mesh.network.skew(it(bob).id, 4 * day)
    expect((await read(it(bob), it(ada), { confirm: false })).value).toBeNull()
    await mesh.world.runFor(65 * minute)
    mesh.network.skew(it(bob).id, 0)
    expect(await it(bob).keeper.check(key, old)).toBe('stale')
    expect(softwareOf((await read(it(bob), it(ada), { confirm: false })).value)).toBe('2.0.0')
  })

  test('what a node with such a clock says is believed by nobody, and harms it no longer than it lasts', async () => {
    mesh.network.skew(it(ada).id, 2 * day)
    expect(await publish(it(ada))).toMatchObject({ stored: [], isEnough: false })
    mesh.network.skew(it(ada).id, 0)
    expect(await publish(it(ada), about(it(ada), '2.0.0'))).toMatchObject({ isEnough: true })
    expect(softwareOf((await read(it(bob), it(ada))).value)).toBe('2.0.0')
  })

  test('floors outlive a crash, and numbers are not used twice', async () => {
    const { sequence } = await publish(it(ada))
    const key = recordKey({ namespace: 'claw-node', id: it(ada).id })
    const old = (await it(bob).net.local(key)) ?? new Uint8Array(0)
    await publish(it(ada), about(it(ada), '2.0.0'))
    const again = await mesh.restart(it(bob))
    expect(await again.net.receives(key, old)).toBe(false)
    const back = await mesh.restart(it(ada))
    const { sequence: next } = await publish(back, about(back, '3.0.0'))
    expect(next).toBeGreaterThan(sequence + 1n)
    expect(next).toBeGreaterThan(2n ** 53n)
  })

  test('a node that has lost its disk starts with higher numbers all the same', async () => {
    const { sequence } = await publish(it(ada))
    it(ada).disk.wipe()
    await mesh.world.runFor(second)
    const back = await mesh.restart(it(ada))
    expect((await publish(back, about(back, '2.0.0'))).sequence).toBeGreaterThan(sequence)
  })

  test('what it stands by it says again after a restart', async () => {
    await publish(it(ada))
    const back = await mesh.restart(it(ada))
    await mesh.world.runFor(2 * hour)
    expect((await read(it(bob), back)).value).not.toBeNull()
  })

  test('a full disk refuses what it cannot remember, and goes on once there is room', async () => {
    it(bob).disk.capacity = it(bob).disk.used
    const { key, bytes } = made()
    await expect(it(bob).keeper.check(key, bytes)).rejects.toMatchObject({ code: 'DISK_FULL' })
    it(bob).disk.capacity = Infinity
    const next = made({ sequence: 2n })
    expect(await it(bob).keeper.check(next.key, next.bytes)).toBeNull()
    const again = await mesh.restart(it(bob))
    expect(await again.keeper.check(key, bytes)).toBe('stale')
  })
})

describe('giving up', () => {
  const operations: Readonly<Record<string, (node: RecordNode, at: AbortSignal) => Promise<unknown>>> = {
    publish: (node, at) => node.store.publish(about(node, '9'), at),
    withdraw: (node, at) => node.store.withdraw({ namespace: 'claw-node', id: node.id }, at),
    read: (node, at) => node.store.read({ namespace: 'claw-node', id: it(bob).id }, { signal: at, isThorough: true }),
    find: async (node, at) => {
      for await (const _ of node.store.find({ family: 'h100', memoryGib: 80, region: 'any' }, 'claw-offer', at))
        expect(_).toBeUndefined()
    },
  }

  test.each(Object.keys(operations))(
    '%s ends at once when it is aborted, at whichever moment, and leaves all in order',
    async (name) => {
      await publish(it(ada))
      await publish(it(bob))
      await mesh.world.runFor(2 * second)
      for (const after of [0, 1, 3, 6, 11, 16]) {
        const own = new AbortController()
        mesh.world.after(after, () => own.abort(new Error('given up')))
        if (after === 0) own.abort(new Error('given up'))
        const started = mesh.world.elapsed()
        const outcome = await mesh.play(
          (operations[name]?.(it(ada), own.signal) ?? Promise.resolve()).then(
            () => 'done',
            (error: Error) => error.message,
          ),
        )
        expect(['done', 'given up']).toContain(outcome)
        if (outcome !== 'done') expect(mesh.world.elapsed() - started).toBeLessThan(100)
        await mesh.world.runFor(2 * second)
      }
      expect(await publish(it(ada), about(it(ada), '10'))).toMatchObject({ isEnough: true })
      expect(softwareOf((await read(it(cyd), it(ada))).value)).toBe('10')
      expect(mesh.network.bugs).toEqual([])
    },
  )
})

test('numbers go up over every crash, whatever the clock says then', async () => {
  const disk = new SimDisk({ random: seededRandom(1) })
  const taken: bigint[] = []
  for (const now of [noon, noon - day, 0]) {
    const sequences = new Sequences(disk, { now: () => now })
    await sequences.open()
    taken.push(await sequences.next(), await sequences.next())
    disk.crash()
  }
  expect(taken).toEqual([...new Set(taken)].toSorted((a, b) => (a < b ? -1 : 1)))
  expect(taken).toHaveLength(6)
})
