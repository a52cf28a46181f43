/** The network of a host's containers, as the overlay's service keeps it on the engine. */
import { describe, expect, test } from 'vitest'
import type { WorkloadSpec } from '../../../../src/model/workload.ts'
import { OverlayHosts } from '../../../support/overlay-hosts.ts'
import type { OverlayHost } from '../../../support/overlay-hosts.ts'
import { enableOverlay } from '../../../support/overlay-samples.ts'
import { networkFor, running } from '../../../support/overlay-work.ts'

const name = 'clawbr'

describe('given nodes with an engine each, and an overlay that is turned on', () => {
  test('each has a network on its own subnet, its lanes let that bridge pass, and work is put on it', async () => {
    const hosts = await running(3)
    for (const [i, host] of hosts.hosts.entries()) {
      const { tunnels, engine, service } = host
      const subnet = `10.200.${i + 1}.0/24`
      const trusted = ['claw0', 'claw1']
      expect([...engine.made]).toEqual([
        [name, { owner: 'self', subnet, mtu: 1_420, hasIpv6: false, containers: 0, trusted }],
      ])
      expect(engine.opened.get(name)).toMatchObject({ subnet, overlay: ['10.100.0.0/16', '10.200.0.0/16'] })
      expect(tunnels.made.get('claw0')?.tunnel.bridge).toEqual({ name, subnet })
      expect(await networkFor(hosts, host)).toBe(name)
      expect(service.problems()).toEqual([])
    }
  })

  test.each<[string, Partial<WorkloadSpec>]>([
    ['work of strangers', { isolation: 'guest' }],
    ['leased work', { namespace: 'molt', labels: { 'claw.molt/lease': 'a1' } }],
    ['work with the network of its node', { network: 'host' }],
    ['work without a network', { offline: true }],
    ['what has a sandbox', { sandbox: 'gvisor' }],
  ])('%s is not put on it', async (_, wanted) => {
    const hosts = await running(1)
    expect(await networkFor(hosts, hosts.get(0), wanted)).toBeNull()
  })

  test('work that starts while the overlay is being set up waits for its network', async () => {
    const hosts = await OverlayHosts.of(2)
    await hosts.startAll()
    await hosts.run(enableOverlay())
    expect(await networkFor(hosts, hosts.get(0))).toBe(name)
  })

  test('where it is not set up in time, work goes to the engine’s usual network', async () => {
    const hosts = await OverlayHosts.of(1)
    hosts.get(0).engine.isDown = true
    await hosts.startAll()
    await hosts.run(enableOverlay())
    const before = hosts.world.elapsed()
    expect(await networkFor(hosts, hosts.get(0))).toBeNull()
    expect(hosts.world.elapsed() - before).toBeLessThan(20_000)
  })

  test('where the overlay cannot be set up on the host, work does not wait for it', async () => {
    const other = await running(1)
    const foreign = other.get(0).tunnels.made.get('claw0')
    if (foreign === undefined) expect.fail('there is none')
    const hosts = await OverlayHosts.of(1)
    hosts.get(0).tunnels.made.set('claw0', foreign)
    await hosts.startAll()
    await hosts.run(enableOverlay())
    const before = hosts.world.elapsed()
    expect(await networkFor(hosts, hosts.get(0))).toBeNull()
    expect(hosts.world.elapsed() - before).toBeLessThan(5_000)
  })

  test('turned off, it goes at once, or once nothing is on it any more', async () => {
    const hosts = await running(2)
    const [free, used] = [hosts.get(0), hosts.get(1)]
    used.engine.fill(name, 2)
    await hosts.run({ type: 'disable-overlay' })
    await hosts.world.runFor(15_000)
    expect([free.engine.made.size, free.engine.opened.size]).toEqual([0, 0])
    expect([used.engine.made.size, used.engine.opened.size]).toEqual([1, 1])
    expect(await networkFor(hosts, used)).toBeNull()
    used.engine.fill(name, 0)
    await hosts.world.runFor(15_000)
    expect([used.engine.made.size, used.engine.opened.size]).toEqual([0, 0])
  })

  test('with other ranges, work that runs keeps the network that it has, and the next gets none until that is free', async () => {
    const hosts = await running(1)
    const host = hosts.get(0)
    host.engine.fill(name, 1)
    await hosts.run({ type: 'disable-overlay' })
    await hosts.world.runFor(15_000)
    await hosts.run(enableOverlay({ containers: '10.50.0.0/16' }))
    await hosts.world.runFor(15_000)
    expect(host.engine.made.get(name)?.subnet).toBe('10.200.1.0/24')
    expect(await networkFor(hosts, host)).toBeNull()
    expect(host.service.problems()).toEqual([
      'overlay: containers are not in it: the network clawbr is 10.200.1.0/24 until what runs on it has ended',
    ])
    expect(host.tunnels.made.get('claw0')?.tunnel.bridge).toBeNull()
    host.engine.fill(name, 0)
    await hosts.world.runFor(15_000)
    expect(host.engine.made.get(name)?.subnet).toBe('10.50.1.0/24')
    expect(await networkFor(hosts, host)).toBe(name)
    expect(host.service.problems()).toEqual([])
  })

  test('what somebody takes away is there again', async () => {
    const hosts = await running(1)
    const { engine } = hosts.get(0)
    engine.made.clear()
    engine.links.clear()
    engine.opened.clear()
    await hosts.world.runFor(15_000)
    expect([...engine.made.keys(), ...engine.opened.keys()]).toEqual([name, name])
  })

  test('a bridge that was taken away is there again with its network, once nothing is on that', async () => {
    const hosts = await running(1)
    const { engine, service } = hosts.get(0)
    engine.fill(name, 1)
    engine.links.clear()
    await hosts.world.runFor(15_000)
    expect(service.problems()).toEqual([expect.stringContaining('taken the bridge clawbr away') as string])
    engine.fill(name, 0)
    await hosts.world.runFor(30_000)
    expect([...engine.made.keys(), ...engine.links.keys()]).toEqual([name, name])
    expect(service.problems()).toEqual([])
  })

  test('while the engine is away all stays as it is, and that is told', async () => {
    const hosts = await running(1)
    const host = hosts.get(0)
    host.engine.isDown = true
    await hosts.world.runFor(15_000)
    expect(host.service.problems()).toEqual([expect.stringContaining('it is down') as string])
    expect(host.tunnels.made.get('claw0')?.tunnel.bridge).not.toBeNull()
    host.engine.isDown = false
    await hosts.world.runFor(15_000)
    expect(host.service.problems()).toEqual([])
  })
})

const left = { subnet: '10.200.1.0/24', mtu: 1_420, hasIpv6: false, containers: 0, trusted: [] }

describe('given something of that name that is not the node’s own', () => {
  test.each<[string, string, (host: OverlayHost) => void]>([
    [
      'a network',
      'the engine has a network clawbr that is not this node’s',
      ({ engine }) => engine.made.set(name, { ...left, owner: 'stranger' }),
    ],
    [
      'the network of another node that has the same engine',
      'the engine has a network clawbr that is not this node’s',
      ({ engine }) => engine.made.set(name, { ...left, owner: 'node' }),
    ],
    [
      'an interface',
      'the interface clawbr is somebody else’s',
      ({ engine }) => engine.links.set(name, ['192.168.5.1/24']),
    ],
  ])('%s is left alone, and work goes to the usual network', async (_, problem, put) => {
    const hosts = await OverlayHosts.of(1)
    const host = hosts.get(0)
    put(host)
    const before = [new Map(host.engine.made), new Map(host.engine.links)]
    await hosts.startAll()
    await hosts.run(enableOverlay())
    await hosts.world.runFor(15_000)
    expect(await networkFor(hosts, host)).toBeNull()
    expect(host.service.problems()).toEqual([`overlay: containers are not in it: ${problem}`])
    await hosts.played(host.service.stop())
    expect([host.engine.made, host.engine.links]).toEqual(before)
  })

  test.each([0, 2])(
    'what a node of this host has left that is no more is taken up, with %i containers on it',
    async (containers) => {
      const hosts = await OverlayHosts.of(1)
      const { engine } = hosts.get(0)
      engine.made.set(name, { ...left, owner: 'node', containers })
      engine.links.set(name, ['10.200.1.1/24'])
      await hosts.startAll()
      await hosts.run(enableOverlay())
      await hosts.world.runFor(15_000)
      expect(await networkFor(hosts, hosts.get(0))).toBe(name)
      expect(engine.made.get(name)?.owner).toBe(containers === 0 ? 'self' : 'node')
    },
  )

  test('a network of its own that also has IPv6, as no policy is kept there, is made anew', async () => {
    const hosts = await OverlayHosts.of(1)
    const { engine } = hosts.get(0)
    engine.made.set(name, { ...left, owner: 'self', hasIpv6: true })
    engine.links.set(name, ['10.200.1.1/24'])
    await hosts.startAll()
    await hosts.run(enableOverlay())
    await hosts.world.runFor(15_000)
    expect(engine.made.get(name)?.hasIpv6).toBe(false)
  })

  test('one with IPv6 that something is on gets nothing more until it is empty, which the node tells', async () => {
    const hosts = await OverlayHosts.of(1)
    const host = hosts.get(0)
    host.engine.made.set(name, { ...left, owner: 'self', hasIpv6: true, containers: 1 })
    host.engine.links.set(name, ['10.200.1.1/24'])
    await hosts.startAll()
    await hosts.run(enableOverlay())
    expect(await networkFor(hosts, host)).toBeNull()
    expect(host.service.problems()).toEqual([
      'overlay: containers are not in it: the network clawbr has IPv6 until what runs on it has ended',
    ])
    host.engine.fill(name, 0)
    await hosts.world.runFor(15_000)
    expect(await networkFor(hosts, host)).toBe(name)
  })

  test('the bridge that an engine has left behind is taken up', async () => {
    const hosts = await OverlayHosts.of(1)
    hosts.get(0).engine.links.set(name, ['10.200.1.1/24'])
    await hosts.startAll()
    await hosts.run(enableOverlay())
    await hosts.world.runFor(15_000)
    expect(await networkFor(hosts, hosts.get(0))).toBe(name)
  })
})

describe('given an engine that cannot have it', () => {
  test('what it says is told, and tried again', async () => {
    const hosts = await OverlayHosts.of(1)
    const host = hosts.get(0)
    host.engine.refusal = 'Pool overlaps with other one on this address space'
    await hosts.startAll()
    await hosts.run(enableOverlay())
    await hosts.world.runFor(15_000)
    expect(host.service.problems()).toEqual([expect.stringContaining('Pool overlaps') as string])
    host.engine.refusal = null
    await hosts.world.runFor(15_000)
    expect(host.service.problems()).toEqual([])
  })

  test('one whose bridges are on another host is left without, and not asked all the time', async () => {
    const hosts = await OverlayHosts.of(1)
    const host = hosts.get(0)
    host.engine.isElsewhere = true
    await hosts.startAll()
    await hosts.run(enableOverlay())
    await hosts.world.runFor(15_000)
    expect(host.service.problems()).toEqual([expect.stringContaining('on another host') as string])
    expect(host.engine.made.size).toBe(0)
    const { asked } = host.engine
    await hosts.world.runFor(60_000)
    expect(host.engine.asked).toBe(asked)
  })
})

describe('given a daemon that stops', () => {
  test.each([false, true])(
    'what containers may send stays open until the next has looked at their network, also while the engine is away (%s)',
    async (isDown) => {
      const hosts = await running(1, { setup: { stays: true } })
      const host = hosts.get(0)
      host.engine.fill(name, 1)
      await hosts.played(host.service.stop())
      host.tunnels.fences.length = 0
      host.engine.isDown = isDown
      host.service = host.again()
      await host.service.start()
      await hosts.world.runFor(30_000)
      expect(host.tunnels.fences).not.toEqual([])
      expect(host.tunnels.fences).not.toContain(null)
    },
  )

  test('its network goes with it where nothing is on it', async () => {
    const hosts = await running(2)
    await hosts.played(hosts.get(0).service.stop())
    expect([hosts.get(0).engine.made.size, hosts.get(0).engine.opened.size]).toEqual([0, 0])
  })

  test('it stays where containers are on it', async () => {
    const hosts = await running(1)
    hosts.get(0).engine.fill(name, 1)
    await hosts.played(hosts.get(0).service.stop())
    expect([...hosts.get(0).engine.made.keys(), ...hosts.get(0).engine.opened.keys()]).toEqual([name, name])
  })

  test('what an earlier one has left is taken away by the next, if there is no overlay any more', async () => {
    const hosts = await OverlayHosts.of(1)
    const { engine } = hosts.get(0)
    engine.made.set(name, { ...left, owner: 'self' })
    await hosts.startAll()
    await hosts.world.runFor(15_000)
    expect(engine.made.size).toBe(0)
    const { asked } = engine
    await hosts.world.runFor(60_000)
    expect(engine.asked).toBe(asked)
  })
})
