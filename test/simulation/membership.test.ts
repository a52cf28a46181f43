import { describe, expect, test } from 'vitest'
import { minute, second } from '../../src/model/time.ts'
import { nodeId } from '../../src/model/ids.ts'
import type { MembershipSettings } from '../../src/services/membership/service.ts'
import { MemberMesh } from '../support/member-mesh.ts'

const seeds = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => 1_000 + n)

/** Where only liveness is looked at, reports are made rare: they are most of the work. */
const rareReports: MembershipSettings = {
  reports: { sampleEvery: 30_000, heartbeat: 60_000, syncEverySmall: 60_000, syncEveryLarge: 60_000 },
}

async function settled(seed: number, count: number, settings: MembershipSettings = {}): Promise<MemberMesh> {
  const mesh = new MemberMesh(seed, settings)
  await mesh.start(count)
  await mesh.world.runFor(5 * second)
  return mesh
}

const all = <T>(count: number, value: T): readonly T[] => Array.from({ length: count }, () => value)

describe('detection', () => {
  test.each([3, 10, 30])(
    'given %i nodes, when one is killed, then all suspect it in 2 s and call it lost in 6 s',
    async (count) => {
      for (const seed of seeds(20)) {
        const mesh = await settled(seed, count, rareReports)
        const victim = mesh.node(seed % count).id
        expect(mesh.viewsOf(victim), `seed ${seed}`).toEqual(all(count - 1, 'alive'))
        mesh.network.crash(victim)
        const rest = mesh.others(victim)
        await mesh.world.runFor(2 * second)
        expect(mesh.viewsOf(victim, rest), `seed ${seed}`).toEqual(all(count - 1, 'suspect'))
        await mesh.world.runFor(4 * second)
        expect(mesh.viewsOf(victim, rest), `seed ${seed}`).toEqual(all(count - 1, 'lost'))
      }
    },
  )

  test('given two nodes, when one is killed, then the other finds out alone', async () => {
    const mesh = await settled(1, 2, rareReports)
    mesh.network.crash(mesh.node(0).id)
    await mesh.world.runFor(6 * second)
    expect(mesh.viewsOf(mesh.node(0).id)).toEqual(['lost'])
  })

  test.each([3, 10, 30])('given %i nodes, when one loses power, then all call it lost in 12 s', async (count) => {
    for (const seed of seeds(10)) {
      const mesh = await settled(seed, count, rareReports)
      const victim = mesh.node(seed % count).id
      mesh.network.crash(victim, { silently: true })
      await mesh.world.runFor(12 * second)
      expect(mesh.viewsOf(victim, mesh.others(victim)), `seed ${seed}`).toEqual(all(count - 1, 'lost'))
    }
  })

  test('given a killed node, when it starts again, then all see it alive within 2 s, whether it was lost before or not', async () => {
    for (const seed of seeds(20)) {
      const mesh = await settled(seed, 10, rareReports)
      const victim = mesh.node(3).id
      mesh.network.crash(victim)
      await mesh.world.runFor(seed % 2 === 0 ? 1.5 * second : 8 * second)
      await mesh.startNode(victim)
      await mesh.world.runFor(2 * second)
      expect(mesh.viewsOf(victim), `seed ${seed}`).toEqual(all(9, 'alive'))
    }
  })

  test('given a node that stops cleanly, when it says goodbye, then it has left at once and is never suspected', async () => {
    const mesh = await settled(4, 10, rareReports)
    const leaving = mesh.node(2)
    await leaving.service.stop()
    await mesh.world.runFor(100)
    mesh.network.crash(leaving.id)
    await mesh.world.runFor(20 * second)
    expect(mesh.viewsOf(leaving.id, mesh.others(leaving.id))).toEqual(all(9, 'left'))
    expect(mesh.history.filter(({ of, liveness }) => of === leaving.id && liveness === 'lost')).toEqual([])
  })
})

describe('accuracy', () => {
  test.each([
    [10, 4, 10],
    [30, 2, 3],
    [100, 1, 1],
  ])(
    'given %i nodes and a tenth of all messages lost, when %i × %i minutes pass, then nobody is called lost',
    async (count, runs, minutes) => {
      for (const seed of seeds(runs)) {
        const mesh = await settled(seed, count, rareReports)
        mesh.history.length = 0
        Object.assign(mesh.network.faults, { loss: 0.1, duplication: 0.05, latency: { min: 1, max: 50 } })
        await mesh.world.runFor(minutes * minute)
        expect(
          mesh.history.filter(({ liveness }) => liveness === 'lost'),
          `seed ${seed}`,
        ).toEqual([])
      }
    },
  )

  test('given a node that is starved again and again, when it runs, then it accuses nobody and is not called lost', async () => {
    for (const seed of seeds(8)) {
      const mesh = await settled(seed, 10, rareReports)
      const starved = mesh.node(1).id
      mesh.history.length = 0
      for (let round = 0; round < 30; round += 1) {
        mesh.network.pause(starved)
        await mesh.world.runFor(300 + mesh.world.next() * 1_700)
        mesh.network.resume(starved)
        await mesh.world.runFor(100 + mesh.world.next() * 1_500)
      }
      await mesh.world.runFor(5 * second)
      expect(
        mesh.history.filter(({ liveness }) => liveness === 'lost'),
        `seed ${seed}`,
      ).toEqual([])
      expect(
        mesh.history.filter(({ of, liveness }) => of !== starved && liveness === 'suspect'),
        `seed ${seed}`,
      ).toEqual([])
    }
  })

  test('given a node that was stopped for half a minute, when it goes on, then it is lost to others but accuses nobody, and is back in 3 s', async () => {
    for (const seed of seeds(8)) {
      const mesh = await settled(seed, 10, rareReports)
      const stopped = mesh.node(5).id
      mesh.network.pause(stopped)
      await mesh.world.runFor(30 * second)
      expect(mesh.viewsOf(stopped)).toEqual(all(9, 'lost'))
      mesh.history.length = 0
      mesh.network.resume(stopped)
      await mesh.world.runFor(3 * second)
      expect(mesh.viewsOf(stopped), `seed ${seed}`).toEqual(all(9, 'alive'))
      expect(
        mesh.history.filter(({ liveness }) => liveness !== 'alive'),
        `seed ${seed}`,
      ).toEqual([])
    }
  })

  test('given one link that is cut, one way or both, when time passes, then the others vouch and nobody is called lost', async () => {
    for (const seed of seeds(20)) {
      const mesh = await settled(seed, 5, rareReports)
      const [one, other] = [mesh.node(0).id, mesh.node(1).id]
      mesh.history.length = 0
      mesh.network.cut(one, other)
      if (seed % 2 === 0) mesh.network.cut(other, one)
      await mesh.world.runFor(30 * second)
      expect(
        mesh.history.filter(({ liveness }) => liveness === 'lost'),
        `seed ${seed}`,
      ).toEqual([])
      expect(mesh.viewsOf(other), `seed ${seed}`).toEqual(all(4, 'alive'))
    }
  })

  test('given connections that are reset though both ends live, when that happens often, then nobody is even suspected', async () => {
    const mesh = await settled(6, 10, rareReports)
    mesh.history.length = 0
    for (let round = 0; round < 100; round += 1) {
      const [one, other] = [mesh.node(round % 10), mesh.node((round * 3 + 1) % 10)]
      mesh.network.reset(one.id, other.id)
      await mesh.world.runFor(400)
    }
    expect(mesh.history).toEqual([])
  })
})

describe('partitions', () => {
  test('given a mesh in two halves, when it heals, then each had lost the other, and all are alive again in 5 s', async () => {
    for (const seed of seeds(10)) {
      const mesh = await settled(seed, 10, rareReports)
      const ids = [...mesh.members]
      mesh.network.partition(ids.slice(0, 4), ids.slice(4))
      await mesh.world.runFor(20 * second)
      expect(
        mesh
          .node(0)
          .service.views()
          .map(({ liveness }) => liveness),
      ).toEqual([...all(4, 'alive'), ...all(6, 'lost')])
      mesh.network.heal()
      await mesh.world.runFor(5 * second)
      for (const { service } of mesh.nodes.values())
        expect(
          service.views().map(({ liveness }) => liveness),
          `seed ${seed}`,
        ).toEqual(all(10, 'alive'))
    }
  })

  test('given a mesh that flaps, a second cut and a second whole, when that goes on for five minutes, then nobody is called lost', async () => {
    const mesh = await settled(7, 5, rareReports)
    const ids = [...mesh.members]
    mesh.history.length = 0
    for (let round = 0; round < 150; round += 1) {
      mesh.network.partition(ids.slice(0, 2), ids.slice(2))
      await mesh.world.runFor(second)
      mesh.network.heal()
      await mesh.world.runFor(second)
    }
    expect(mesh.history.filter(({ liveness }) => liveness === 'lost')).toEqual([])
  })
})

describe('sparse meshes', () => {
  test('given 100 nodes with a dozen connections each, when they start and one is killed, then nobody is accused wrongly and all call it lost in 15 s', async () => {
    const count = 100
    const position = (id: string): number => Number(id.slice(-4))
    const isNear = (a: string, b: string): boolean => {
      const distance = (position(b) - position(a) + count) % count
      return [1, 2, 5, 17, 31, 44].some((step) => distance === step || distance === count - step)
    }
    for (const seed of seeds(1)) {
      const mesh = new MemberMesh(seed)
      mesh.network.restrict(isNear)
      await mesh.start(count)
      await mesh.world.runFor(30 * second)
      expect(
        mesh.history.filter(({ liveness }) => liveness !== 'alive'),
        `seed ${seed}`,
      ).toEqual([])
      const victim = mesh.node(seed % count).id
      mesh.network.crash(victim)
      await mesh.world.runFor(15 * second)
      expect(mesh.viewsOf(victim, mesh.others(victim)), `seed ${seed}`).toEqual(all(count - 1, 'lost'))
      expect(
        mesh.history.filter(({ of, liveness }) => of !== victim && liveness !== 'alive'),
        `seed ${seed}`,
      ).toEqual([])
    }
  })
})

describe('capacity', () => {
  test.each([3, 10, 24, 40])(
    'given %i nodes, when another one joins, then it knows all reports and all know its within 2 s',
    async (count) => {
      for (const seed of seeds(5)) {
        const mesh = await settled(seed, count)
        await mesh.world.runFor(10 * second)
        const late = await mesh.startNode(nodeId('late'))
        await mesh.world.runFor(2 * second)
        expect(
          late.service.views().filter(({ report }) => report === null),
          `seed ${seed}`,
        ).toEqual([])
        const unaware = mesh.others().filter(({ service }) => service.view(late.id).report === null)
        expect(
          unaware.map(({ id }) => id),
          `seed ${seed}`,
        ).toEqual([])
      }
    },
  )

  test.each([10, 40])(
    'given %i nodes and lost messages, when a device is given out, then all soon know',
    async (count) => {
      for (const seed of seeds(5)) {
        const mesh = await settled(seed, count)
        mesh.network.faults.loss = 0.1
        const node = mesh.node(0)
        node.content = { ...node.content, busy: [node.content.gpus[0]?.uuid ?? ''] }
        node.service.refresh()
        const knows = ({ service }: { service: typeof node.service }): boolean =>
          service.view(node.id).report?.busy.length === 1
        await mesh.world.runUntil(() => mesh.others().every(knows), 20 * second)
        expect(mesh.others().every(knows)).toBe(true)
      }
    },
  )

  test('given a mesh where nothing happens, when an hour passes, then each node has said no more than its heartbeats', async () => {
    const mesh = await settled(3, 5)
    const before = mesh.node(0).service.view(mesh.node(0).id).report?.sequence ?? 0
    await mesh.world.runFor(60 * minute)
    const after = mesh.node(0).service.view(mesh.node(0).id).report?.sequence ?? 0
    expect(after - before).toBeLessThanOrEqual(361)
    expect(after - before).toBeGreaterThan(290)
    expect(mesh.network.bugs).toEqual([])
  })
})
