import { beforeEach, describe, expect, test } from 'vitest'
import { fullTunnel } from '../../support/overlay-tunnels.ts'
import type { OverlayLook } from '../../../src/services/overlay/types.ts'
import { statusOf, wireguardOf } from '../../../src/operations/network/overlay-view.ts'
import { networkConfig } from '../../../src/operations/network/network.ts'
import { networkPing } from '../../../src/operations/network/network-ping.ts'
import { ada, bob, cyd } from '../../support/control-samples.ts'
import { OperationService } from '../../../src/operations/invoke.ts'
import { accessMesh } from '../../support/access/mesh.ts'
import { admin, OperationsMesh } from '../../support/operations-mesh.ts'
import { enableOverlay, joinOverlay, rotateOverlay } from '../../support/overlay-samples.ts'

const now = 1_000_000
const [peer] = fullTunnel.peers
if (peer === undefined) throw new Error('there is no peer')

const looking = (handshakeAt: number | null): OverlayLook => ({
  mode: 'managed',
  problems: [],
  lanes: [
    {
      ...{ generation: 1, name: 'claw0', config: fullTunnel, publicKey: 'b3du' },
      files: { setconf: '/x/claw0.setconf', quick: '/x/claw0.conf' },
      peers: [
        {
          ...{ node: bob, config: peer },
          state: {
            publicKey: peer.publicKey,
            endpoint: '192.0.2.2:9',
            allowed: [],
            handshakeAt,
            receivedBytes: 1,
            sentBytes: 2,
          },
        },
      ],
    },
  ],
})

let mesh: OperationsMesh
beforeEach(() => {
  mesh = new OperationsMesh([ada, bob, cyd])
})
const turnOn = (): void => {
  for (const command of [enableOverlay(), joinOverlay(ada), joinOverlay(bob)]) mesh.apply(command)
}

describe('the status of the overlay', () => {
  const status = (look: OverlayLook) => statusOf(mesh.book.state, { self: ada, look, tailnet: null, now })

  test('says that it is off', () => {
    expect(status({ mode: 'off', problems: [], lanes: [] })).toMatchObject({
      enabled: false,
      nodes: [],
      rotation: null,
    })
  })

  test('has every node with its addresses, and how the link to it is', () => {
    turnOn()
    expect(status(looking(now - 1_000)).nodes).toMatchObject([
      { node: 'ada', address: '10.100.0.1', subnet: '10.200.1.0/24', link: 'self' },
      { node: 'bob', address: '10.100.0.2', subnet: '10.200.2.0/24', link: 'up' },
    ])
    expect(status(looking(now - 600_000)).nodes[1]?.link).toBe('idle')
    expect(status(looking(null)).nodes[1]?.link).toBe('down')
    expect(status({ ...looking(null), mode: 'manual' }).nodes[1]?.link).toBe('unknown')
  })

  test('says which node passes on for one that is not reached straight', () => {
    turnOn()
    mesh.apply(joinOverlay(cyd))
    mesh.apply({ type: 'detour-overlay', node: cyd, detours: [ada] })
    expect(status(looking(now)).nodes.slice(1)).toMatchObject([
      { node: 'bob', via: null },
      { node: 'cyd', link: 'relayed', via: 'bob' },
    ])
  })

  test('says whom a rotation waits for', () => {
    turnOn()
    mesh.apply(rotateOverlay([bob]))
    expect(status(looking(null)).rotation).toMatchObject({ nodes: ['bob'], waitingFor: ['ada', 'bob'] })
  })
})

test('what WireGuard is told of a node is shown without any secret', async () => {
  turnOn()
  expect(JSON.stringify(wireguardOf(mesh.book.state, ada, looking(now)))).not.toContain(fullTunnel.privateKey)
  const context = {
    ...mesh.context(ada),
    overlay: { look: () => Promise.resolve(looking(now)), echo: mesh.context(ada).overlay.echo },
  }
  for (const format of ['wg-quick', 'setconf'] as const) {
    const { files } = await networkConfig.handler({ format }, context, call())
    expect(files).toHaveLength(1)
    expect(files[0]?.text).toContain('PrivateKey = (only on the node itself)')
    expect(files[0]?.text).not.toContain(fullTunnel.privateKey)
    expect(files[0]?.text).not.toContain('pppp')
  }
})

describe('a ping that nobody answers says why', () => {
  const ping = (look: OverlayLook, node = 'bob') => {
    const context = mesh.context(ada)
    const overlay = { look: () => Promise.resolve(look), echo: context.overlay.echo }
    const clock = { ...context.clock, now: () => now }
    return networkPing.handler({ node, count: 1 }, { ...context, overlay, clock, isSettled: true }, call())
  }

  test.each<[string, OverlayLook, string]>([
    [
      'no keys were ever agreed on',
      looking(null),
      'no keys were ever agreed on: is UDP let through to 192.0.2.2:51820',
    ],
    ['none for a while', looking(now - 600_000), 'for more than three minutes'],
    ['keys are there, but no packets', looking(now - 1_000), 'look at its firewall'],
    ['this node has a problem', { ...looking(null), problems: ['overlay: no wg'] }, 'overlay: no wg'],
    ['there is no interface yet', { mode: 'managed', problems: [], lanes: [] }, 'has not set its interface up yet'],
  ])('%s', async (_, look, words) => {
    turnOn()
    await expect(ping(look)).rejects.toMatchObject({
      code: 'OVERLAY_UNREACHABLE',
      message: expect.stringContaining(words) as string,
    })
  })

  test.each<[string, number, string]>([
    ['answers', now - 1_000, 'bob passes its packets on, and it answers the node that asks: does the other reach it?'],
    ['does not answer either', now - 600_000, 'bob passes its packets on, and it does not answer either'],
  ])('and which node passes on, where that %s', async (_, handshakeAt, words) => {
    turnOn()
    mesh.apply(joinOverlay(cyd))
    mesh.apply({ type: 'detour-overlay', node: ada, detours: [cyd] })
    await expect(ping(looking(handshakeAt), 'cyd')).rejects.toMatchObject({
      message: expect.stringContaining(words) as string,
    })
  })

  test('and that there is no overlay, or that one of the two takes no part', async () => {
    await expect(ping(looking(now))).rejects.toMatchObject({ code: 'OVERLAY_OFF' })
    turnOn()
    await expect(ping(looking(now), 'cyd')).rejects.toMatchObject({
      message: expect.stringContaining('takes no part') as string,
    })
  })
})

test.each([
  ['viewer', null, ['a', 'b']],
  ['viewer', 'team-a', ['a']],
  ['keeper', null, []],
] as const)(
  'names are looked up by a %s of %s for the work that they see, and nothing else is there',
  async (role, where, seen) => {
    const access = await accessMesh()
    const rules = [{ verbs: ['read'], resources: ['network'], namespaces: ['*'] }]
    access.apply({ type: 'create-role', role: { name: 'keeper', about: '', rules } })
    const service = new OperationService(access.context(ada))
    const asker = { caller: access.caller(role, where, 'login'), signal: new AbortController().signal }
    for (const team of ['a', 'b'] as const)
      for (const name of [`job-${team}.team-${team}.claw`, `web-${team}.team-${team}.claw`, `team-${team}.claw`]) {
        const told = service.invoke('network.resolve', { name }, asker)
        if ((seen as readonly string[]).includes(team)) await expect(told).resolves.toMatchObject({ name })
        else await expect(told).rejects.toMatchObject({ code: 'NAME_UNKNOWN' })
      }
  },
)

function call(): never {
  return { caller: admin, signal: new AbortController().signal, may: () => true, sees: () => true } as never
}
