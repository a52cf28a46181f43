/** What operations tell of a tailnet, and do with it. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { TailscaleLook } from '../../../src/services/tailscale/types.ts'
import type { TailnetView } from '../../../src/operations/context.ts'
import { networkPing } from '../../../src/operations/network/network-ping.ts'
import { tailnetOf } from '../../../src/operations/network/tailnet-view.ts'
import {
  tailscaleAcl,
  tailscaleConfig,
  tailscaleDown,
  tailscaleStatus,
  tailscaleUp,
} from '../../../src/operations/network/tailscale.ts'
import { ada, bob, cyd } from '../../support/control-samples.ts'
import { noTailnet } from '../../support/no-overlay.ts'
import { OperationsMesh } from '../../support/operations-mesh.ts'
import { otherMachine, plainSetup, running } from '../../support/tailscale-samples.ts'

let mesh: OperationsMesh
beforeEach(() => {
  mesh = new OperationsMesh([ada, bob, cyd])
  const told = (node: typeof ada, ...ips: readonly string[]): void =>
    mesh.apply({ type: 'update-member', node, addresses: ips.map((ip) => `/ip4/${ip}/tcp/4710/p2p/${node}`) })
  told(ada, '192.168.1.1', '100.64.0.1')
  told(bob, '192.168.1.2', '100.64.0.2')
  told(cyd, '192.168.1.3')
})

const look: TailscaleLook = {
  ...{ setup: plainSetup, tailnet: running, announced: ['/ip4/100.64.0.1/tcp/4710'] },
  troubles: [],
}
const seen = (peer: Partial<typeof otherMachine>, parts: Partial<TailscaleLook> = {}): TailscaleLook => ({
  ...{ ...look, tailnet: { ...running, peers: [{ ...otherMachine, ...peer }] } },
  ...parts,
})
const viewOf = (shown: TailscaleLook | null) => tailnetOf(mesh.book.state, { self: ada, look: shown })

describe('the tailnet in the status of the network', () => {
  test.each([
    [{ direct: '192.0.2.1:1' }, 'direct', '192.0.2.1:1'],
    [{}, 'relayed', 'fra'],
    [{ isActive: false }, 'idle', 'fra'],
    [{ isOnline: false }, 'offline', 'fra'],
  ] as const)('another machine that is %j is %s', (peer, link, path) => {
    expect(viewOf(seen(peer))?.members).toEqual([
      { node: 'ada', addresses: ['100.64.0.1'], link: 'self', path: null },
      { node: 'bob', addresses: ['100.64.0.2'], link, path },
    ])
  })

  test('a peer that is in none shows who is, by the addresses that Tailscale gives out', () => {
    expect(viewOf(null)).toMatchObject({ state: null, members: [{ node: 'ada' }, { node: 'bob', link: 'unknown' }] })
  })

  test('an address of another range counts where the own client knows it', () => {
    mesh.apply({ type: 'update-member', node: cyd, addresses: [`/ip4/10.9.0.3/tcp/1/p2p/${cyd}`] })
    expect(viewOf(seen({ addresses: ['10.9.0.3'] }))?.members.at(-1)).toMatchObject({ node: 'cyd', link: 'relayed' })
  })

  test('a mesh of which nobody is in one has none', () => {
    for (const node of [ada, bob])
      mesh.apply({ type: 'update-member', node, addresses: [`/ip4/10.0.0.1/tcp/1/p2p/${node}`] })
    expect(viewOf(null)).toBeNull()
    expect(viewOf(look)).toMatchObject({ state: 'Running', members: [] })
  })
})

/** A node that is in a tailnet as `shown` says. */
const nodeIn = (shown: TailscaleLook | null, parts: Partial<TailnetView> = {}) => ({
  ...mesh.context(ada),
  ...{ isSettled: true as const, tailnet: { ...noTailnet, look: () => shown, ...parts } },
})
const call = () => ({ signal: new AbortController().signal }) as never

describe('asking whether a node is there, where there is no overlay', () => {
  const echo = (received: number, problem: string | null = null): Partial<TailnetView> => ({
    echo: (_, count) => Promise.resolve({ sent: count, received, averageMs: 4, path: 'DERP(fra)', problem }),
  })
  const ping = (node: string, shown: TailscaleLook | null, parts: Partial<TailnetView>) =>
    networkPing.handler({ node, count: 3 }, nodeIn(shown, parts), call())

  test('goes by the tailnet', async () => {
    expect(await ping('bob', look, echo(3))).toEqual({
      ...{ from: 'ada', node: 'bob', address: '100.64.0.2', sent: 3, received: 3, averageMs: 4 },
      ...{ mtu: null, fullSize: null, via: 'tailnet', path: 'DERP(fra)' },
    })
  })

  test('and says what is wrong where nothing comes back, or the tailnet is off', async () => {
    await expect(ping('bob', look, echo(0, 'no reply'))).rejects.toThrow(
      'bob does not answer over the tailnet: no reply.',
    )
    await expect(ping('bob', look, echo(0))).rejects.toThrow('does the policy of the tailnet let it through?')
    const off = {
      ...look,
      tailnet: { ...running, state: 'Stopped' as const },
      troubles: [{ words: 'it was turned off', command: null }],
    }
    await expect(ping('bob', off, echo(3))).rejects.toThrow('it was turned off')
  })

  test('and by nothing where one of the two is in none', async () => {
    await expect(ping('cyd', look, echo(3))).rejects.toMatchObject({ code: 'OVERLAY_OFF' })
    await expect(ping('bob', null, echo(3))).rejects.toMatchObject({ code: 'OVERLAY_OFF' })
  })
})

describe('one node’s place in a tailnet', () => {
  test('has a status', async () => {
    const troubled = { ...look, troubles: [{ words: 'it is not installed', command: 'get it' }], tailnet: null }
    expect(await tailscaleStatus.handler({}, nodeIn(look), call())).toMatchObject({
      ...{ node: 'ada', state: 'Running', tailnet: 'example.org', addresses: running.addresses, machines: 1 },
      ...{ announced: look.announced, problems: [], loginExpiresAt: null },
    })
    expect(await tailscaleStatus.handler({}, nodeIn(troubled), call())).toMatchObject({
      ...{ state: null, addresses: [], problems: [{ problem: 'it is not installed', command: 'get it' }] },
    })
  })

  test('where a person logs in is told to whoever brings it up, and in no status', async () => {
    const loginUrl = 'https://login.example/a/1'
    const out = { ...look, tailnet: { ...running, state: 'NeedsLogin' as const, loginUrl } }
    const node = nodeIn(out, { up: () => Promise.resolve(out), down: () => Promise.resolve(look) })
    expect(await tailscaleUp.handler({}, node, call())).toMatchObject({ state: 'NeedsLogin', loginUrl })
    expect(JSON.stringify(await tailscaleStatus.handler({}, node, call()))).not.toContain(loginUrl)
    expect(await tailscaleDown.handler({}, node, call())).toMatchObject({ state: 'Running' })
  })

  test('shows the command, the drop-in and the policy', async () => {
    const { up, dropIn } = await tailscaleConfig.handler({}, nodeIn(look), call())
    expect(up).toContain('sudo tailscale up --hostname=clawnode-ada')
    expect(dropIn.path).toBe('/etc/systemd/system/clawnode.service.d/tailscale.conf')
    expect((await tailscaleAcl.handler({}, nodeIn(look), call())).policy).toHaveProperty('tagOwners.tag:clawbernetes')
  })

  test('that its settings do not want is refused everywhere', async () => {
    const none = nodeIn(null)
    for (const one of [tailscaleStatus, tailscaleUp, tailscaleDown, tailscaleConfig, tailscaleAcl]) {
      const asked = (async () => one.handler({}, none, call()))()
      await expect(asked).rejects.toMatchObject({ code: 'TAILSCALE_OFF', message: 'ada is not set to use Tailscale.' })
    }
  })
})
