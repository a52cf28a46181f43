/** The overlay: turning it on and off, new keys, and how it is. */
import { z } from 'zod'
import { renderQuick, renderSetconf } from '../../core/overlay/render.ts'
import { ClawError } from '../../model/failure.ts'
import { defaultOverlay } from '../../model/overlay.ts'
import { carryOut } from '../carry-out.ts'
import type { OperationContext } from '../context.ts'
import { noInput, nodeRef } from '../fields.ts'
import { findNode, refresh } from '../find.ts'
import { nameOf } from '../node/node-view.ts'
import { unary } from '../operation.ts'
import { askedNode, nodeAsked } from '../workload/container-ref.ts'
import { OverlayStatus, statusOf, WireguardView, wireguardOf } from './overlay-view.ts'

const read = { verb: 'read', resource: 'network' } as const
const change = { verb: 'change', resource: 'network' } as const

const range = z.string().max(18)

export const networkEnable = unary({
  name: 'network.enable',
  about: 'Turn the overlay on: an encrypted network over all nodes. What can be changed while it is on is changed.',
  input: z.strictObject({
    nodesRange: range.optional().describe(`Of the nodes’ addresses; ${defaultOverlay.nodes} if left out`),
    containersRange: range
      .optional()
      .describe(`Of the containers’ addresses; ${defaultOverlay.containers} if left out`),
    containerBits: z.int().min(1).max(30).optional().describe('Prefix length of what a node has of it; 24 if left out'),
    presharedKeys: z.boolean().optional().describe('Have every pair of nodes share a secret besides its keys'),
    meshUpTo: z
      .int()
      .min(2)
      .max(500)
      .optional()
      .describe('Up to so many nodes each talks to each; above, hubs pass on. 50 if left out'),
  }),
  output: OverlayStatus,
  permission: change,
  rest: { method: 'POST', path: '/api/network/enable' },
  async handler({ nodesRange, containersRange, ...asked }, context, { caller, signal }) {
    await refresh(context, signal)
    const before = context.control.state.overlay?.settings ?? defaultOverlay
    const settings = {
      nodes: nodesRange ?? before.nodes,
      containers: containersRange ?? before.containers,
      containerBits: asked.containerBits ?? before.containerBits,
      presharedKeys: asked.presharedKeys ?? before.presharedKeys,
      meshUpTo: asked.meshUpTo ?? before.meshUpTo,
    }
    await carryOut('overlay', { type: 'enable-overlay', settings }, { context, caller, signal })
    return present(context, signal)
  },
})

export const networkDisable = unary({
  name: 'network.disable',
  about: 'Turn the overlay off. Addresses are forgotten, and what talks over it loses its way.',
  input: noInput,
  output: OverlayStatus,
  permission: change,
  rest: { method: 'POST', path: '/api/network/disable' },
  async handler(_, context, { caller, signal }) {
    await refresh(context, signal)
    await carryOut('overlay', { type: 'disable-overlay' }, { context, caller, signal })
    return present(context, signal)
  },
})

export const networkRotate = unary({
  name: 'network.rotate',
  about: 'Have nodes take new keys in the overlay. Traffic goes on: it moves once the new keys are known to work.',
  input: z.strictObject({
    nodes: z.array(nodeRef).min(1).max(1_000).optional().describe('Which; all if left out'),
    finish: z.boolean().default(false).describe('End the rotation that is under way, whoever has not moved yet'),
  }),
  output: OverlayStatus,
  permission: change,
  rest: { method: 'POST', path: '/api/network/rotate' },
  async handler({ nodes, finish }, context, { caller, signal }) {
    await refresh(context, signal)
    const { state } = context.control
    const named = nodes?.map((node) => findNode(state, node)) ?? null
    await carryOut('rotation', { type: 'rotate-overlay', nodes: named, finish }, { context, caller, signal })
    return present(context, signal)
  },
})

export const networkStatus = unary({
  name: 'network.status',
  about: 'Show the overlay: every node’s address and key, how links from this peer are, and how far a rotation is.',
  input: noInput,
  output: OverlayStatus,
  permission: read,
  rest: { method: 'GET', path: '/api/network' },
  async handler(_, context, { signal }) {
    await refresh(context, signal)
    return present(context, signal)
  },
})

export const networkShow = unary({
  name: 'network.show',
  about: 'Show WireGuard on a node: its interfaces, and each peer with its last handshake and its traffic.',
  input: z.strictObject({ node: askedNode }),
  output: WireguardView,
  permission: read,
  where: nodeAsked,
  rest: { method: 'GET', path: '/api/network/wireguard' },
  async handler(_, context, { signal }) {
    return wireguardOf(context.control.state, context.self, await context.overlay.look(signal))
  },
})

const hidden = '(only on the node itself)'

export const networkConfig = unary({
  name: 'network.config',
  about:
    'Show the configuration of WireGuard on a node as its tools read it. Its private key is left out: that never leaves the node.',
  input: z.strictObject({
    node: askedNode,
    format: z
      .enum(['wg-quick', 'setconf'])
      .default('wg-quick')
      .describe('For wg-quick, or for wg setconf and syncconf'),
  }),
  output: z.object({
    node: z.string(),
    files: z.array(z.object({ interface: z.string(), path: z.string().describe('On that node'), text: z.string() })),
  }),
  permission: read,
  where: nodeAsked,
  rest: { method: 'GET', path: '/api/network/wireguard/config' },
  async handler({ format }, context, { signal }) {
    const { lanes, mode } = await context.overlay.look(signal)
    if (mode === 'off') throw new ClawError('OVERLAY_OFF', {})
    const files = lanes.map(({ name, config, files: paths }) => {
      const peers = config.peers.map((peer) => ({ ...peer, presharedKey: peer.presharedKey && hidden }))
      const shown = { ...config, privateKey: hidden, peers }
      const isQuick = format === 'wg-quick'
      return {
        ...{ interface: name, path: isQuick ? paths.quick : paths.setconf },
        text: isQuick ? renderQuick(shown) : renderSetconf(shown),
      }
    })
    return { node: nameOf(context.control.state, context.self), files }
  },
})

async function present(
  {
    control,
    self,
    overlay,
    tailnet,
    clock,
  }: Pick<OperationContext, 'control' | 'self' | 'overlay' | 'tailnet' | 'clock'>,
  signal: AbortSignal,
): Promise<OverlayStatus> {
  return statusOf(control.state, {
    ...{ self, look: await overlay.look(signal), tailnet: tailnet.look() },
    now: clock.now(),
  })
}
