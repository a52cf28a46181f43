/** What the daemon writes down, given to WireGuard's own tools on a host of the lab; and what those make of random meshes. */
import fc from 'fast-check'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tunnelKeys } from '../../src/adapters/keys/tunnel-keys.ts'
import { parseDump } from '../../src/adapters/wireguard/dump.ts'
import type { TunnelConfig } from '../../src/core/overlay/render.ts'
import { renderQuick, renderSetconf } from '../../src/core/overlay/render.ts'
import { LabHosts } from '../support/lab-hosts.ts'
import { shape, tables } from '../support/overlay-meshes.ts'
import { hasOverlayLab, on } from '../support/overlay-lab.ts'
import { fullTunnel, loneTunnel } from '../support/overlay-tunnels.ts'
import { eventually } from '../support/mesh.ts'

describe.skipIf(!hasOverlayLab)('given a host with WireGuard’s tools', () => {
  const folder = mkdtempSync(join(tmpdir(), 'claw-wireguard-'))
  let hosts: LabHosts
  beforeAll(async () => {
    hosts = await LabHosts.up(1)
    await hosts.wireguard()
    await on(hosts, 1, 'sh', '-c', 'WG_PROCESS_FOREGROUND=1 setsid wireguard-go --foreground t0 >/dev/null 2>&1 &')
    await eventually(
      'the interface is there',
      10_000,
      () => on(hosts, 1, 'wg', 'show', 't0', 'dump'),
      (out) => out !== '',
    )
  }, 240_000)
  afterAll(async () => {
    await on(hosts, 1, 'ip', 'link', 'delete', 'dev', 't0')
    await hosts.down()
    rmSync(folder, { recursive: true, force: true })
  }, 60_000)

  const written = (name: string, text: string): string => {
    const file = join(folder, name)
    writeFileSync(file, text, { mode: 0o600 })
    return file
  }
  const real = (config: TunnelConfig): TunnelConfig => ({
    ...config,
    peers: config.peers.map((peer) => ({ ...peer, publicKey: tunnelKeys.publicOf(tunnelKeys.generate()) })),
  })

  test.each([
    ['one with all that there can be', fullTunnel],
    ['one without peers', loneTunnel],
  ])('%s is taken as it is by wg setconf, wg syncconf and wg-quick strip', async (_, config) => {
    const setconf = written('t0.setconf', renderSetconf(config))
    const quick = written('t0.conf', renderQuick(config))
    await on(hosts, 1, 'wg', 'setconf', 't0', setconf)
    await on(hosts, 1, 'wg', 'syncconf', 't0', setconf)
    const stripped = await on(hosts, 1, 'wg-quick', 'strip', quick)
    // What is none stands only where `syncconf` would keep what was.
    const lines = (text: string): readonly string[] =>
      text.split('\n').filter((line) => line !== '' && !/^#|= off$|= A{43}=$/.test(line))
    expect(lines(stripped)).toEqual(lines(renderSetconf(config)))
    const { publicKey, port, peers } = parseDump(await on(hosts, 1, 'wg', 'show', 't0', 'dump'))
    expect(publicKey).toBe(tunnelKeys.publicOf(config.privateKey))
    expect(port).toBe(config.port)
    expect(peers.map((peer) => peer.publicKey).toSorted()).toEqual(
      config.peers.map((peer) => peer.publicKey).toSorted(),
    )
  })

  test('wg-quick puts the fence up with the interface, and takes it down with it', async () => {
    const file = written('t1.conf', renderQuick({ ...loneTunnel, port: loneTunnel.port + 1 }))
    const fenceIn = () => on(hosts, 1, 'sh', '-c', 'nft list table inet t1-fence || true')
    await on(hosts, 1, 'sh', '-c', `wg-quick up ${file} >/dev/null 2>&1 </dev/null`)
    expect((await fenceIn()).match(/[io]ifname "t1" .* drop$/gm)).toHaveLength(2)
    await on(hosts, 1, 'sh', '-c', `wg-quick down ${file} >/dev/null 2>&1`)
    expect(await fenceIn()).not.toContain('t1')
  }, 30_000)

  test('wg has every peer of a random mesh with exactly the ranges that it was given, as none is anybody else’s', async () => {
    await fc.assert(
      fc.asyncProperty(shape, async (mesh) => {
        const [[, table = []] = []] = [...tables(mesh)]
        const peers = table.map(({ node, allowed }) => ({
          ...{ name: node, publicKey: '', presharedKey: null, allowed, endpoint: null, keepalive: null },
        }))
        const config = real({ ...loneTunnel, peers })
        await on(hosts, 1, 'wg', 'syncconf', 't0', written('t0.setconf', renderSetconf(config)))
        const dump = parseDump(await on(hosts, 1, 'wg', 'show', 't0', 'dump'))
        const had = new Map(dump.peers.map(({ publicKey, allowed }) => [publicKey, allowed.toSorted()]))
        expect(had).toEqual(new Map(config.peers.map(({ publicKey, allowed }) => [publicKey, allowed.toSorted()])))
      }),
      { numRuns: 40 },
    )
  }, 60_000)

  test('keys are the tool’s own: wg pubkey comes to the same', async () => {
    for (let i = 0; i < 20; i += 1) {
      const key = tunnelKeys.generate()
      const said = await on(hosts, 1, 'sh', '-c', `wg pubkey < ${written('key', `${key}\n`)}`)
      expect(said.trim()).toBe(tunnelKeys.publicOf(key))
    }
  })
})
