/** The overlay as users see it: what the mesh knows of it, with how this peer fares with each node. */
import { z } from 'zod'
import { addressOf, subnetOf } from '../../core/overlay/addresses.ts'
import { isFresh } from '../../core/overlay/search.ts'
import { laneOf, sitesOf } from '../../core/overlay/sites.ts'
import { hubsOf, neighboursOf, wayTo } from '../../core/overlay/topology.ts'
import { waitingFor } from '../../core/state/overlay.ts'
import type { MeshState } from '../../core/state/types.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Overlay } from '../../model/overlay.ts'
import type { Instant } from '../../model/time.ts'
import type { OverlayLook } from '../../services/overlay/types.ts'
import type { TailscaleLook } from '../../services/tailscale/types.ts'
import { iso, isoOrNull, time } from '../fields.ts'
import { nameOf } from '../node/node-view.ts'
import { tailnetOf, TailnetView } from './tailnet-view.ts'

export const modes = ['off', 'apart', 'managed', 'manual'] as const

const NodeView = z.object({
  node: z.string(),
  address: z.string(),
  subnet: z.string().describe('Addresses for its containers'),
  publicKey: z.string().nullable().describe('Null while it takes no part'),
  port: z.int().nullable(),
  endpoints: z.array(z.string()).describe('Where it may be reached, best first'),
  behindNat: z.boolean(),
  managed: z.boolean().describe('Its daemon sets WireGuard up; otherwise its owner does'),
  hub: z.boolean().describe('Passes packets on for others'),
  link: z
    .enum(['self', 'up', 'idle', 'down', 'relayed', 'unknown'])
    .describe(
      'From the peer that was asked: up when keys were agreed on within three minutes, idle when before, down when never, relayed when another passes on what is for it',
    ),
  via: z.string().nullable().describe('Which passes on what is for it, from the peer that was asked; null when none'),
})

export const OverlayStatus = z.object({
  enabled: z.boolean(),
  nodesRange: z.string().nullable(),
  containersRange: z.string().nullable(),
  presharedKeys: z.boolean(),
  generation: z.int().nullable().describe('Of the keys; rises with every rotation'),
  rotation: z
    .object({
      since: time,
      nodes: z.array(z.string()).nullable().describe('Which get new keys; null for all'),
      waitingFor: z.array(z.string()),
    })
    .nullable(),
  mode: z.enum(modes).describe('How the peer that was asked takes part'),
  problems: z.array(z.string()).describe('Of the peer that was asked'),
  nodes: z.array(NodeView),
  tailnet: TailnetView.nullable().describe('Null where neither the peer that was asked nor any member is in one'),
})
export type OverlayStatus = z.infer<typeof OverlayStatus>

interface Around {
  readonly self: NodeId
  readonly look: OverlayLook
  readonly tailnet: TailscaleLook | null
  readonly now: Instant
}

export function statusOf(state: MeshState, around: Around): OverlayStatus {
  const { self, look } = around
  const { overlay } = state
  const own = {
    mode: look.mode,
    problems: [...look.problems],
    tailnet: tailnetOf(state, { self, look: around.tailnet }),
  }
  if (overlay === null)
    return {
      ...{ enabled: false, nodesRange: null, containersRange: null, presharedKeys: false, generation: null },
      ...{ rotation: null, ...own, nodes: [] },
    }
  const { settings, rotation } = overlay
  return {
    ...{ enabled: true, nodesRange: settings.nodes, containersRange: settings.containers },
    ...{ presharedKeys: settings.presharedKeys, generation: overlay.generation },
    rotation: rotation && {
      since: iso(rotation.since),
      nodes: rotation.fresh?.map((node) => nameOf(state, node)) ?? null,
      waitingFor: waitingFor(state).map((node) => nameOf(state, node)),
    },
    ...own,
    nodes: nodesOf(state, overlay, around),
  }
}

function nodesOf(state: MeshState, overlay: Overlay, around: Around): OverlayStatus['nodes'] {
  const { settings, generation } = overlay
  const sites = sitesOf(state, generation)
  const hubs = new Set(hubsOf(sites, settings).map(({ node }) => node))
  const neighbours = neighboursOf(around.self, sites, settings)
  return [...overlay.nodes.values()]
    .toSorted((a, b) => a.slot - b.slot)
    .map((one) => {
      const lane = laneOf(one, generation)
      const via = wayTo(one, neighbours, settings)
      return {
        ...{
          node: nameOf(state, one.node),
          address: addressOf(settings, one.slot),
          subnet: subnetOf(settings, one.slot),
        },
        ...{ publicKey: lane?.publicKey ?? null, port: lane?.port ?? null, endpoints: [...one.endpoints] },
        ...{ behindNat: one.isBehindNat, managed: one.isManaged, hub: hubs.has(one.node) },
        ...{ link: linkTo(one.node, via, around), via: via === null ? null : nameOf(state, via) },
      }
    })
}

function linkTo(node: NodeId, via: NodeId | null, { self, look, now }: Around): OverlayStatus['nodes'][number]['link'] {
  if (node === self) return 'self'
  if (look.mode !== 'managed' || look.lanes.length === 0) return 'unknown'
  const states = look.lanes.flatMap(({ peers }) => peers.filter((peer) => peer.node === node))
  if (via !== null || states.length === 0) return 'relayed'
  if (states.some(({ state }) => state !== null && isFresh(state, now))) return 'up'
  return states.some(({ state }) => typeof state?.handshakeAt === 'number') ? 'idle' : 'down'
}

const PeerView = z.object({
  node: z.string(),
  publicKey: z.string(),
  endpoint: z.string().nullable(),
  allowed: z.array(z.string()),
  keepaliveSeconds: z.int().nullable(),
  handshakeAt: z.string().nullable().describe('When keys were last agreed on, ISO 8601'),
  receivedBytes: z.int().nullable(),
  sentBytes: z.int().nullable(),
})

export const WireguardView = z.object({
  node: z.string(),
  mode: z.enum(modes),
  problems: z.array(z.string()),
  interfaces: z.array(
    z.object({
      name: z.string(),
      generation: z.int(),
      publicKey: z.string(),
      port: z.int(),
      address: z.string(),
      mtu: z.int(),
      file: z.string().describe('Its configuration for wg-quick, on that node'),
      peers: z.array(PeerView),
    }),
  ),
})

export const wireguardOf = (state: MeshState, node: NodeId, look: OverlayLook): z.infer<typeof WireguardView> => ({
  ...{ node: nameOf(state, node), mode: look.mode, problems: [...look.problems] },
  interfaces: look.lanes.map(({ name, generation, publicKey, config, files, peers }) => ({
    ...{ name, generation, publicKey, port: config.port, address: config.address, mtu: config.mtu, file: files.quick },
    peers: peers.map(({ node: other, config: peer, state: seen }) => ({
      ...{ node: nameOf(state, other), publicKey: peer.publicKey, allowed: [...peer.allowed] },
      endpoint: seen?.endpoint ?? peer.endpoint,
      keepaliveSeconds: peer.keepalive,
      handshakeAt: isoOrNull(seen?.handshakeAt ?? null),
      receivedBytes: seen?.receivedBytes ?? null,
      sentBytes: seen?.sentBytes ?? null,
    })),
  })),
})
