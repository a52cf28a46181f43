import { describe, expect, test } from 'vitest'
import { laneOf } from '../../../../src/core/overlay/sites.ts'
import { OverlayHosts } from '../../../support/overlay-hosts.ts'
import { enableOverlay, keyFor, rotateOverlay } from '../../../support/overlay-samples.ts'

const noSignal = new AbortController().signal

/** Of four hosts: all have new keys in the end, and at no moment was there no way from one to another. */
async function rotated(hosts: OverlayHosts): Promise<void> {
  const from = hosts.hosts.map(({ tunnels }) => tunnels.routed.length)
  await hosts.run(rotateOverlay())
  await hosts.world.runFor(30_000)
  expect(hosts.control.state.overlay).toMatchObject({ generation: 2, rotation: null })
  for (const [i, { tunnels }] of hosts.hosts.entries()) {
    expect([...tunnels.made.keys()]).toEqual(['claw1'])
    for (const routed of tunnels.routed.slice((from[i] ?? 0) - 1)) expect(routed.size).toBe(6)
  }
}

async function running(count: number, parts: Parameters<typeof OverlayHosts.of>[1] = {}): Promise<OverlayHosts> {
  const hosts = await OverlayHosts.of(count, parts)
  await hosts.startAll()
  await hosts.run(enableOverlay())
  await hosts.world.runFor(15_000)
  return hosts
}
const routesOf = (hosts: OverlayHosts, index: number): ReadonlyMap<string, string> =>
  hosts.get(index).tunnels.routed.at(-1) ?? new Map<string, string>()

describe('given nodes that are in a mesh with an overlay', () => {
  test('each has one interface with all others as peers, and keeps the secret half of its key to itself', async () => {
    const hosts = await running(3)
    for (const [i, { tunnels, service }] of hosts.hosts.entries()) {
      expect([...tunnels.made.keys()]).toEqual(['claw0'])
      expect(routesOf(hosts, i).size).toBe(4)
      expect(service.problems()).toEqual([])
      const look = await hosts.played(service.look(noSignal))
      expect(look.mode).toBe('managed')
      expect(look.lanes[0]?.peers.map(({ state }) => state?.handshakeAt)).not.toContain(null)
      const secret = look.lanes[0]?.config.privateKey ?? ''
      expect(JSON.stringify([...(hosts.control.state.overlay?.nodes.values() ?? [])])).not.toContain(secret)
    }
  })

  test('a node without an overlay runs nothing for it', async () => {
    const hosts = await OverlayHosts.of(1)
    await hosts.startAll()
    await hosts.world.runFor(60_000)
    expect(hosts.get(0).tunnels.routed).toEqual([])
  })

  test('a node that is seen at another address than its own is told to be found there first, and never inside the overlay itself', async () => {
    const hosts = await running(1, { observed: ['10.100.0.1', '203.0.113.7', '10.200.1.9'] })
    expect(hosts.control.state.overlay?.nodes.get(hosts.get(0).node)).toMatchObject({
      ...{ endpoints: ['203.0.113.7', '192.0.2.1'], isBehindNat: true },
    })
    const seenInside = await running(1, { observed: ['10.100.0.1'] })
    expect(seenInside.control.state.overlay?.nodes.get(seenInside.get(0).node)).toMatchObject({
      ...{ endpoints: ['192.0.2.1'], isBehindNat: false },
    })
  })

  test('turned off, the interfaces and the files go, and the next time there are other keys', async () => {
    const hosts = await running(2)
    const before = hosts.get(0).tunnels.made.get('claw0')?.publicKey
    await hosts.run({ type: 'disable-overlay' })
    await hosts.world.runFor(15_000)
    for (const { tunnels } of hosts.hosts) expect([tunnels.made.size, tunnels.files.size]).toEqual([0, 0])
    await hosts.run(enableOverlay())
    await hosts.world.runFor(15_000)
    const after = hosts.get(0).tunnels.made.get('claw0')?.publicKey
    expect(after).toBeDefined()
    expect(after).not.toBe(before)
  })

  test('a daemon that stops takes its interface away, unless that is to stay', async () => {
    const hosts = await running(2)
    await hosts.played(hosts.get(0).service.stop())
    expect(hosts.get(0).tunnels.made.size).toBe(0)
    const staying = await running(2, { setup: { stays: true } })
    await staying.played(staying.get(0).service.stop())
    expect(staying.get(0).tunnels.made.size).toBe(1)
  })

  test('where the daemon may not, only files are written, and the command to run is said', async () => {
    const hosts = await OverlayHosts.of(2)
    hosts.get(0).tunnels.obstacleHere = 'the daemon may not change the network (CAP_NET_ADMIN)'
    await hosts.startAll()
    await hosts.run(enableOverlay())
    await hosts.world.runFor(15_000)
    const { tunnels, service, node } = hosts.get(0)
    expect([tunnels.made.size, [...tunnels.files.keys()]]).toEqual([0, ['claw0']])
    expect(service.problems()).toEqual([expect.stringContaining('sudo wg-quick up /overlay/claw0.conf') as string])
    expect(hosts.control.state.overlay?.nodes.get(node)?.isManaged).toBe(false)
  })

  test('where the daemon may no longer, the interface that it had made is said not to be kept up', async () => {
    const hosts = await running(2)
    const { tunnels, service } = hosts.get(0)
    tunnels.obstacleHere = 'nft is not installed (nftables)'
    await hosts.world.runFor(15_000)
    expect(service.problems()).toEqual([
      'overlay: claw0 is there and is not kept up, as nft is not installed (nftables)',
    ])
  })

  test('an interface of that name with a key that is not the node’s own is left alone', async () => {
    const hosts = await OverlayHosts.of(2)
    const { tunnels, service } = hosts.get(0)
    const other = hosts.get(1)
    await hosts.startAll()
    await hosts.run(enableOverlay())
    await hosts.world.runFor(15_000)
    const foreign = other.tunnels.made.get('claw0')
    if (foreign === undefined) expect.fail('there is none')
    tunnels.made.set('claw0', foreign)
    await hosts.world.runFor(15_000)
    expect(service.problems()).toEqual([expect.stringContaining('somebody else') as string])
    expect(tunnels.made.get('claw0')).toBe(foreign)
  })

  test('a key that a node has not signed is given no peer, and that is told', async () => {
    const hosts = await running(3)
    const [one, two, three] = [hosts.get(0), hosts.get(1), hosts.get(2)]
    await hosts.played(two.service.stop())
    const lane = { generation: 1, publicKey: keyFor('mallory'), signature: `${'A'.repeat(86)}==`, port: 51_820 }
    const said = { endpoints: ['198.51.100.66'], isBehindNat: false, isManaged: true }
    await hosts.run({ type: 'join-overlay', node: two.node, lane, ...said })
    await hosts.world.runFor(15_000)
    expect([...(one.tunnels.made.get('claw0')?.peers.keys() ?? [])]).toEqual([
      three.tunnels.made.get('claw0')?.publicKey,
    ])
    expect(one.service.problems()).toEqual([expect.stringContaining('gpu-2 has not signed') as string])
  })

  test('given rules of the owner’s own that have taken the fence away, then it is there again', async () => {
    const hosts = await running(2)
    const { fenced } = hosts.get(0).tunnels
    expect([...fenced.keys()]).toEqual(['claw0'])
    fenced.clear()
    await hosts.world.runFor(15_000)
    expect([...fenced.keys()]).toEqual(['claw0'])
  })

  test('given an interface that somebody has deleted, its fence goes with the overlay', async () => {
    const hosts = await running(2)
    const { fenced, made } = hosts.get(0).tunnels
    // Before the next look at it, which would make it anew.
    made.delete('claw0')
    await hosts.run({ type: 'disable-overlay' })
    await hosts.world.runFor(15_000)
    expect([[...fenced.keys()], [...made.keys()]]).toEqual([[], []])
  })

  test('what somebody has taken from an interface is put back', async () => {
    const hosts = await running(3)
    const { tunnels } = hosts.get(0)
    const made = tunnels.made.get('claw0')
    if (made === undefined) expect.fail('there is none')
    tunnels.made.set('claw0', { ...made, peers: new Map() })
    await hosts.world.runFor(15_000)
    expect(tunnels.made.get('claw0')?.peers.size).toBe(2)
  })
})

describe('given two nodes between which nothing gets through', () => {
  async function apart(seed = 1): Promise<OverlayHosts> {
    const hosts = await OverlayHosts.of(4, { seed })
    hosts.ether.walls = [[hosts.get(0).tunnels, hosts.get(1).tunnels]]
    await hosts.startAll()
    await hosts.run(enableOverlay())
    await hosts.world.runFor(40_000)
    return hosts
  }
  const detoursOf = (hosts: OverlayHosts) =>
    hosts.hosts.map(({ node }) => hosts.control.state.overlay?.nodes.get(node)?.detours ?? [])
  /** What the interface has of each of the others, in their order. */
  const allowedBy = ({ hosts }: OverlayHosts, index: number, lane = 'claw0') =>
    hosts.flatMap(({ tunnels: other }, i) => {
      const key = other.made.get(lane)?.publicKey ?? ''
      const there = hosts[index]?.tunnels.made
        .get(lane)
        ?.peers.get(key)
        ?.allowed.filter((range) => range !== '')
      return i === index ? [] : [there ?? []]
    })

  test('then a third passes on for the two, no way is missing, and nothing is said again', async () => {
    const hosts = await apart()
    const [one, two] = [hosts.get(0).node, hosts.get(1).node]
    expect(detoursOf(hosts)).toEqual([[two], [one], [], []])
    for (const i of [0, 1, 2, 3]) expect(routesOf(hosts, i).size).toBe(6)
    expect(allowedBy(hosts, 0).map(({ length }) => length)).toEqual([0, 2, 4])
    expect(allowedBy(hosts, 1).map(({ length }) => length)).toEqual([0, 2, 4])
    const { length } = hosts.control.log
    await hosts.world.runFor(300_000)
    expect(hosts.control.log).toHaveLength(length)
    for (const { service } of hosts.hosts) expect(service.problems()).toEqual([])
  })

  test('then they talk straight to each other once something does get through', async () => {
    const hosts = await apart()
    hosts.ether.walls = []
    await hosts.world.runFor(30_000)
    expect(detoursOf(hosts)).toEqual([[], [], [], []])
    expect(allowedBy(hosts, 0).map(({ length }) => length)).toEqual([2, 2, 2])
  })

  test.each([1, 2, 3, 4, 5, 6])(
    'then keys are rotated all the same, with every way there all the time (seed %i)',
    async (seed) => {
      const hosts = await apart(seed)
      await rotated(hosts)
      expect(allowedBy(hosts, 0, 'claw1').map(({ length }) => length)).toEqual([0, 2, 4])
    },
  )

  test('then nothing is said of one whose owner would have to change its interface', async () => {
    const hosts = await OverlayHosts.of(4)
    hosts.get(1).tunnels.obstacleHere = 'the daemon may not change the network (CAP_NET_ADMIN)'
    await hosts.startAll()
    await hosts.run(enableOverlay())
    await hosts.world.runFor(120_000)
    expect(detoursOf(hosts)).toEqual([[], [], [], []])
  })

  test('then one that nobody reaches is passed by none, and is as silent as it was', async () => {
    const hosts = await OverlayHosts.of(4)
    const silent = hosts.get(1)
    silent.tunnels.failure = 'nft did not answer'
    await hosts.startAll()
    await hosts.run(enableOverlay())
    await hosts.world.runFor(120_000)
    expect(detoursOf(hosts)).toEqual([[silent.node], [], [silent.node], [silent.node]])
    const look = await hosts.played(hosts.get(0).service.look(noSignal))
    expect(look.lanes[0]?.peers.map(({ config }) => config.allowed.length)).toEqual([2, 2, 2])
  })

  test('then nothing is said of the other by a node that nobody answers, and by none of one that is lost', async () => {
    const hosts = await OverlayHosts.of(3)
    const [alone, ...others] = hosts.hosts
    if (alone === undefined) expect.fail('nobody is there')
    hosts.ether.walls = others.map(({ tunnels }) => [alone.tunnels, tunnels] as const)
    await hosts.startAll()
    await hosts.run({ type: 'record-liveness', node: alone.node, liveness: 'lost' })
    await hosts.run(enableOverlay())
    await hosts.world.runFor(120_000)
    expect(detoursOf(hosts)).toEqual([[], [], []])
  })
})

describe('given a rotation of keys', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'then no node is ever without a way to another, and all have moved to new keys in the end (seed %i)',
    async (seed) => {
      const hosts = await running(4, { seed })
      const keys = hosts.hosts.map(({ tunnels }) => tunnels.made.get('claw0')?.publicKey)
      await rotated(hosts)
      for (const { tunnels } of hosts.hosts) expect(keys).not.toContain(tunnels.made.get('claw1')?.publicKey)
    },
  )

  test('of one node, the others go on with the key that they have', async () => {
    const hosts = await running(3)
    const before = hosts.hosts.map(({ tunnels }) => tunnels.made.get('claw0')?.publicKey)
    await hosts.run(rotateOverlay([hosts.get(1).node]))
    await hosts.world.runFor(30_000)
    const after = hosts.hosts.map(({ tunnels }) => tunnels.made.get('claw1')?.publicKey)
    expect([after[0], after[2]]).toEqual([before[0], before[2]])
    expect(after[1]).not.toBe(before[1])
  })

  test('a node that was away takes part again with a new key, and the others wait for it no longer than it is lost', async () => {
    const hosts = await running(3, { setup: { stays: true } })
    const away = hosts.get(2)
    await hosts.played(away.service.stop())
    await hosts.run(rotateOverlay())
    await hosts.world.runFor(30_000)
    expect(hosts.control.state.overlay?.generation).toBe(1)
    await hosts.run({ type: 'record-liveness', node: away.node, liveness: 'lost' })
    await hosts.world.runFor(30_000)
    expect(hosts.control.state.overlay).toMatchObject({ generation: 2, rotation: null })
    await away.service.start()
    await hosts.run({ type: 'record-liveness', node: away.node, liveness: 'alive' })
    await hosts.world.runFor(30_000)
    expect([...away.tunnels.made.keys()]).toEqual(['claw1'])
    const own = hosts.control.state.overlay?.nodes.get(away.node)
    expect(own === undefined ? undefined : laneOf(own, 2)?.publicKey).toBe(away.tunnels.made.get('claw1')?.publicKey)
    expect(hosts.get(0).tunnels.made.get('claw1')?.peers.size).toBe(2)
  })
})
