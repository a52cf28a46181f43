/** The overlay on hosts of the lab, over real WireGuard: two of five are behind one router, and another comes that is behind a second. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { OutputOf } from '../../src/operations/registry.ts'
import { eventually } from '../support/mesh.ts'
import { hasOverlayLab, OverlayLab } from '../support/overlay-lab.ts'

const saidBy = ({ stdout }: ChildProcess): Promise<string> => (stdout === null ? Promise.resolve('') : text(stdout))

const five = [1, 2, 3, 4, 5]
const behindRouter = [4, 5]

describe.skipIf(!hasOverlayLab)(
  'given five hosts, two of them behind a router, and an overlay that is turned on',
  () => {
    let lab: OverlayLab
    beforeAll(async () => {
      lab = await OverlayLab.up(5, { all: 7, hidden: behindRouter })
      await lab.mesh.voters(5)
      expect((await lab.of(1).cli('network', 'wg', 'enable', '--preshared-keys')).code).toBe(0)
    }, 240_000)
    afterAll(async () => {
      await lab.down()
    }, 60_000)

    const addressOf = async (host: number, at = 1): Promise<string> =>
      (await lab.status(at)).nodes.find(({ node }) => node === `gpu-${host}`)?.address ?? 'none'

    test('each reaches each, by its own address, and those behind the router are known to be', async () => {
      await lab.allReach(five)
      const { nodes, problems } = await lab.status()
      expect(problems).toEqual([])
      expect(new Set(nodes.map(({ address }) => address)).size).toBe(5)
      expect(new Set(nodes.map(({ subnet }) => subnet)).size).toBe(5)
      expect(
        nodes
          .filter(({ behindNat }) => behindNat)
          .map(({ node }) => node)
          .toSorted(),
      ).toEqual(['gpu-4', 'gpu-5'])
      const ping = await lab
        .of(2)
        .json<{ fullSize: boolean; mtu: number }>('network', 'ping', 'gpu-5', '--from', 'gpu-1')
      expect(ping).toMatchObject({ fullSize: true, mtu: 1_420 })
    })

    test('what WireGuard has is what the mesh says, with keepalive only from behind the router, and no key tells itself', async () => {
      const dump = await lab.run(4, 'wg', 'show', 'claw0', 'dump')
      const [own = '', ...peers] = dump.trim().split('\n')
      expect(peers).toHaveLength(4)
      expect(peers.every((line) => line.endsWith('\t25'))).toBe(true)
      await eventually(
        'nothing is sent by host 1 for its own sake',
        20_000,
        () => lab.run(1, 'wg', 'show', 'claw0', 'persistent-keepalive'),
        (out) =>
          out
            .trim()
            .split('\n')
            .every((line) => line.endsWith('\toff')),
      )
      const secret = own.split('\t')[0] ?? ''
      const shown = await Promise.all([
        lab.of(4).cli('network', 'wg', 'config'),
        lab.of(1).cli('network', 'wg', 'config', 'gpu-4', '--format', 'setconf'),
        lab.of(1).cli('network', 'wg', 'show', 'gpu-4'),
      ])
      for (const { code, stdout } of shown) {
        expect(code).toBe(0)
        expect(stdout).not.toContain(secret)
      }
      expect(lab.of(4).log).not.toContain(secret)
      const file = `${lab.of(4).dataDir}/overlay/claw0.conf`
      expect((await lab.run(4, 'stat', '-c', '%a', file)).trim()).toBe('600')
      expect(await lab.run(4, 'wg-quick', 'strip', file)).toContain(secret)
    })

    test('what is in a container of a host reaches no other node by the overlay, as guests must not', async () => {
      const there = await addressOf(2)
      const shell = (script: string): Promise<string> => lab.run(1, 'sh', '-c', script)
      const ping = `ip netns exec guest ping -n -c 1 -W 2 ${there} >/dev/null && echo reached || echo refused`
      await shell(`
        set -e
        sysctl -qw net.ipv4.ip_forward=1
        ip netns add guest
        ip link add guests type bridge
        ip address add 172.30.0.1/24 dev guests
        ip link set guests up
        ip link add inside type veth peer name outside
        ip link set outside master guests up
        ip link set inside netns guest
        ip -n guest address add 172.30.0.2/24 dev inside
        ip -n guest link set inside up
        ip -n guest route add default via 172.30.0.1
        nft add table ip guests
        nft 'add chain ip guests post { type nat hook postrouting priority 100 ; }'
        nft add rule ip guests post ip saddr 172.30.0.0/24 masquerade
      `)
      try {
        expect(
          (await shell(`ip netns exec guest ping -n -c 1 -W 2 172.30.0.1 >/dev/null && echo reached`)).trim(),
        ).toBe('reached')
        expect((await shell(ping)).trim()).toBe('refused')
        // The way is there, but for the fence.
        expect((await shell(`nft delete table inet claw0-fence; ${ping}`)).trim()).toBe('reached')
      } finally {
        await shell('ip netns del guest; ip link del guests; nft delete table ip guests')
      }
      await eventually(
        'the fence is there again',
        60_000,
        () => shell('nft list tables'),
        (out) => out.includes('inet claw0-fence'),
      )
    })

    test('work is found by its name from every host, at the address of its node, and no more when it has ended', async () => {
      const program = `require('node:http').createServer((_, reply) => reply.end('by name')).listen(8080, '0.0.0.0')`
      const work = ['host', '--', process.execPath, '-e', program]
      await lab.of(1).json('run', '-d', '--name', 'web', '--node', 'gpu-2', '--stop-grace', '1s', ...work)
      const asked = `
        const { Resolver } = require('node:dns/promises')
        const here = new Resolver({ timeout: 2_000, tries: 1 })
        here.setServers([process.argv[1]])
        here.resolve4('web.default.claw')
          .then(([address]) => fetch('http://' + address + ':8080'))
          .then((reply) => reply.text())
          .then(console.log, (error) => console.log(error.code ?? String(error)))
      `
      const ask = async (host: number): Promise<string> =>
        (await lab.run(host, process.execPath, '-e', asked, await addressOf(host))).trim()
      for (const host of [1, 5])
        await eventually(
          `host ${host} reaches it`,
          30_000,
          () => ask(host),
          (said) => said === 'by name',
        )
      expect((await lab.of(3).cli('network', 'resolve', 'web')).stdout).toContain(await addressOf(2))
      await lab.of(1).cli('stop', 'web')
      await eventually(
        'nothing has that name',
        30_000,
        () => ask(5),
        (said) => said === 'ENOTFOUND',
      )
    })

    test('keys are rotated under traffic: no connection breaks, and no packet is lost', async () => {
      const before = await lab.status()
      const server = lab.start(2, 'iperf3', '--server', '--one-off', '--forceflush')
      await eventually(
        'iperf3 listens',
        10_000,
        () => lab.run(2, 'ss', '-ltn'),
        (out) => out.includes(':5201'),
      )
      const client = lab.start(
        1,
        'iperf3',
        '--client',
        await addressOf(2),
        '--time',
        '45',
        '--bitrate',
        '20M',
        '--json',
      )
      const through = lab.start(5, 'ping', '-n', '-q', '-i', '0.05', '-c', '800', await addressOf(3))
      const said = [saidBy(client), saidBy(through)] as const
      const ended = Promise.all([client, through, server].map((child) => once(child, 'exit')))
      expect((await lab.of(3).cli('network', 'wg', 'rotate')).code).toBe(0)
      const after = await eventually(
        'the keys are rotated',
        40_000,
        () => lab.status(),
        ({ rotation, generation }) => rotation === null && generation === 2,
      )
      expect([client.exitCode, through.exitCode], 'both are still at it').toEqual([null, null])
      await ended
      expect(await said[1]).toMatch(/800 packets transmitted, 800 received/)
      const { end } = JSON.parse(await said[0]) as { end: { sum_received: { bytes: number; seconds: number } } }
      expect(client.exitCode).toBe(0)
      expect(end.sum_received.bytes / end.sum_received.seconds).toBeGreaterThan(1_000_000)
      const keys = (one: typeof before): readonly (string | null)[] => one.nodes.map(({ publicKey }) => publicKey)
      for (const key of keys(before)) expect(keys(after)).not.toContain(key)
      expect(after.nodes.map(({ address }) => address)).toEqual(before.nodes.map(({ address }) => address))
      await eventually(
        'the old interface is gone',
        20_000,
        () => lab.run(1, 'wg', 'show', 'interfaces'),
        (out) => out.trim() === 'claw1',
      )
      await lab.allReach(five)
    }, 180_000)

    test('a node that stops takes its interface away, is said not to answer, and comes back as it was', async () => {
      const address = await addressOf(3)
      await lab.of(3).end()
      expect((await lab.run(3, 'wg', 'show', 'interfaces')).trim()).toBe('')
      const reply = await lab.of(1).cli('network', 'ping', 'gpu-3', '--count', '1')
      expect(reply.code).not.toBe(0)
      expect(reply.stderr).toContain('does not answer over the overlay')
      await lab.of(3).start()
      await lab.allReach([1, 3, 5])
      expect(await addressOf(3)).toBe(address)
    }, 120_000)

    test('in two parts, only that with the majority gives an address to a newcomer, and none is given twice', async () => {
      const held = new Map((await lab.status()).nodes.map(({ node, address }) => [node, address]))
      await lab.leadAtFirst()
      for (const other of [1, 2, 3, 7]) await lab.hosts.cut(200, other)
      await lab.add(7)
      const given = await eventually(
        'the newcomer has an address',
        60_000,
        () => addressOf(7),
        (address) => address !== 'none',
      )
      expect([...held.values()]).not.toContain(given)
      const refused = await lab.of(4).cli('network', 'wg', 'rotate')
      expect(refused.stderr).toContain('no leader')
      expect(await addressOf(7, 4).catch(() => 'none')).toBe('none')

      await lab.hosts.mendAll()
      await eventually(
        'the rest hears of it',
        60_000,
        () => addressOf(7, 4),
        (address) => address === given,
      )
      await lab.allReach([1, 2, 3, 4, 5, 7])
      for (const { node, address } of (await lab.status()).nodes) expect(held.get(node) ?? given).toBe(address)
    }, 240_000)

    test('a node that is removed has no peer any more, and its address goes to the next, behind a router of its own', async () => {
      const address = await addressOf(7)
      await lab.of(7).end()
      expect((await lab.of(1).cli('node', 'remove', 'gpu-7', '--force', '--yes')).code).toBe(0)
      await eventually(
        'its peers forget it',
        20_000,
        () => lab.run(1, 'wg', 'show', 'all', 'allowed-ips'),
        (out) => !out.includes(`${address}/32`),
      )
      await lab.leadAtFirst()
      await lab.hosts.behindRouter(201, 6, { takesPorts: false })
      await lab.add(6)
      await eventually(
        'the next has it',
        60_000,
        () => addressOf(6),
        (next) => next === address,
      )
      await lab.allReach([1, 4, 5, 6])
    }, 120_000)

    test('through two routers, the one that has kept its port is reached straight, and the other by a node that both reach', async () => {
      const { nodes } = await eventually(
        'both ways are found',
        60_000,
        () => lab.status(6),
        ({ nodes: all }) => {
          const links = all.filter(({ node }) => behindRouter.includes(Number(node.slice(4)))).map(({ link }) => link)
          return links.toSorted().join() === 'relayed,up'
        },
      )
      const [straight, around] = ['up', 'relayed'].map((link) =>
        nodes.find(({ node, link: own }) => ['gpu-4', 'gpu-5'].includes(node) && own === link),
      )
      expect(straight?.via).toBeNull()
      expect(['gpu-1', 'gpu-2', 'gpu-3']).toContain(around?.via)
      const ping = (node = '') => lab.of(6).json<OutputOf<'network.ping'>>('network', 'ping', node)
      expect(await ping(straight?.node)).toMatchObject({ received: 3, fullSize: true, path: null })
      expect(await ping(around?.node)).toMatchObject({ received: 3, fullSize: true, path: `by ${around?.via ?? ''}` })
    }, 90_000)

    test('turned off, nothing of it is left on any host', async () => {
      expect((await lab.of(2).cli('network', 'wg', 'disable')).code).toBe(0)
      for (const host of five)
        await eventually(
          `nothing is left on host ${host}`,
          30_000,
          async () => [
            await lab.run(host, 'wg', 'show', 'interfaces'),
            await lab.run(host, 'ls', `${lab.of(host).dataDir}/overlay`),
          ],
          (left) => left.join('').trim() === '',
        )
      expect((await lab.of(1).cli('network', 'ping', 'gpu-2')).stderr).toContain('The overlay is off')
    }, 60_000)
  },
)
