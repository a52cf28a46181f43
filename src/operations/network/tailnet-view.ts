/** The tailnet as users see it: how one node is in it, and where the members are that are in it too. */
import { z } from 'zod'
import { tailnetAddressesIn } from '../../core/tailscale/addresses.ts'
import type { MeshState } from '../../core/state/types.ts'
import type { NodeId } from '../../model/ids.ts'
import type { TailnetPeer } from '../../model/tailnet.ts'
import { backendStates } from '../../model/tailnet.ts'
import type { TailscaleLook } from '../../services/tailscale/types.ts'
import { isoOrNull } from '../fields.ts'
import { nameOf } from '../node/node-view.ts'

export const links = ['self', 'direct', 'relayed', 'idle', 'offline', 'unknown'] as const
type Link = (typeof links)[number]

const MemberView = z.object({
  node: z.string(),
  addresses: z.array(z.string()).describe('In the tailnet, as the node has told the mesh'),
  link: z
    .enum(links)
    .describe(
      'From the peer that was asked: idle when nothing was sent lately; unknown where its own client says nothing',
    ),
  path: z.string().nullable().describe('Where packets go straight to it, or the relay that they go by'),
})

export const TailnetView = z.object({
  state: z.enum(backendStates).nullable().describe('As the client calls it; null where it does not answer'),
  name: z.string().nullable(),
  members: z.array(MemberView),
})
export type TailnetView = z.infer<typeof TailnetView>

/** Null where neither the peer that was asked nor any member is in a tailnet. */
export function tailnetOf(
  state: MeshState,
  { self, look }: { readonly self: NodeId; readonly look: TailscaleLook | null },
): TailnetView | null {
  const tailnet = look?.tailnet ?? null
  const machines = new Map(tailnet?.peers.flatMap((peer) => peer.addresses.map((address) => [address, peer] as const)))
  const own = new Set(tailnet?.addresses)
  const members = [...state.members.values()].flatMap((member) => {
    const addresses = tailnetAddressesIn(member.addresses, (address) => own.has(address) || machines.has(address))
    if (addresses.length === 0) return []
    const machine = addresses.map((address) => machines.get(address)).find((found) => found !== undefined)
    const link = member.id === self ? 'self' : linkTo(machine)
    const path = machine === undefined ? null : (machine.direct ?? machine.relay)
    return [{ node: nameOf(state, member.id), addresses: [...addresses], link, path: link === 'self' ? null : path }]
  })
  if (look === null && members.length === 0) return null
  return { state: tailnet?.state ?? null, name: tailnet?.name ?? null, members }
}

function linkTo(machine: TailnetPeer | undefined): Link {
  if (machine === undefined) return 'unknown'
  if (!machine.isOnline) return 'offline'
  if (!machine.isActive) return 'idle'
  return machine.direct === null ? 'relayed' : 'direct'
}

/** Where a member is in the tailnet, its IPv4 address first; null where it has told nothing of the kind. */
export function tailnetAddressOf(state: MeshState, node: NodeId, look: TailscaleLook): string | null {
  const known = new Set(look.tailnet?.peers.flatMap(({ addresses }) => addresses))
  const all = tailnetAddressesIn(state.members.get(node)?.addresses ?? [], (address) => known.has(address))
  // One that this host’s own client knows comes before one that only looks like it.
  const sorted = all.toSorted(
    (a, b) => Number(known.has(b)) - Number(known.has(a)) || Number(isIpv6(a)) - Number(isIpv6(b)),
  )
  return sorted[0] ?? null
}

const isIpv6 = (address: string): boolean => address.includes(':')

export const TailscaleStatus = z.object({
  node: z.string(),
  state: z.enum(backendStates).nullable().describe('As the client calls it; null where it does not answer'),
  version: z.string().nullable().describe('Of the client'),
  tailnet: z.string().nullable(),
  hostName: z.string().describe('Under which this host is to be there'),
  dnsName: z.string().nullable(),
  addresses: z.array(z.string()),
  announced: z.array(z.string()).describe('Where it tells other members that they reach it'),
  tags: z.array(z.string()),
  loginServer: z.string().nullable().describe('Null for Tailscale’s own'),
  managed: z.boolean().describe('Its daemon brings the tailnet up; otherwise its owner does'),
  loginExpiresAt: z.string().nullable().describe('ISO 8601, UTC; null where it does not run out'),
  problems: z.array(
    z.object({
      problem: z.string(),
      command: z.string().nullable().describe('What to run on that host'),
    }),
  ),
  health: z.array(z.string()).describe('What the client itself finds wrong, in its words'),
  machines: z.int().describe('Others in the tailnet that it sees'),
})
export type TailscaleStatus = z.infer<typeof TailscaleStatus>

export function tailscaleStatusOf(state: MeshState, node: NodeId, look: TailscaleLook): TailscaleStatus {
  const { setup, tailnet, announced, troubles } = look
  return {
    ...{ node: nameOf(state, node), state: tailnet?.state ?? null, version: tailnet?.version ?? null },
    ...{ tailnet: tailnet?.name ?? null, hostName: setup.hostName, dnsName: tailnet?.dnsName || null },
    ...{ addresses: [...(tailnet?.addresses ?? [])], announced: [...announced], tags: [...(tailnet?.tags ?? [])] },
    ...{ loginServer: setup.loginServer, managed: setup.manages },
    loginExpiresAt: isoOrNull(tailnet?.keyExpiresAt ?? null),
    problems: troubles.map(({ words, command }) => ({ problem: words, command })),
    ...{ health: [...(tailnet?.health ?? [])], machines: tailnet?.peers.length ?? 0 },
  }
}
