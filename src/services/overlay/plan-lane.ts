/** What one lane of this node is to be: with whom it talks there, where those are looked for, and what is sent their way. */
import { addressOf, leadsInside } from '../../core/overlay/addresses.ts'
import type { Attempt } from '../../core/overlay/detours.ts'
import { candidatesFor, hostOf, lanePort } from '../../core/overlay/lanes.ts'
import type { TunnelConfig, TunnelPeer } from '../../core/overlay/render.ts'
import type { Search, Seen } from '../../core/overlay/search.ts'
import { seek } from '../../core/overlay/search.ts'
import { laneOf, sitesOf } from '../../core/overlay/sites.ts'
import type { Neighbour } from '../../core/overlay/topology.ts'
import { neighboursOf } from '../../core/overlay/topology.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Overlay, OverlayLane, OverlayNode } from '../../model/overlay.ts'
import { laneTag, laneText } from '../../model/overlay.ts'
import type { OverlayDeps, OverlaySetup } from './types.ts'

export interface PlannedLane {
  readonly generation: number
  readonly neighbours: readonly Neighbour[]
  /** All of it but how large its packets may be. */
  readonly config: Omit<TunnelConfig, 'mtu'>
  readonly nodes: readonly NodeId[]
  readonly isSearching: boolean
  /** How it goes with each of them whose daemon would have it go another way. */
  readonly attempts: readonly Attempt[]
  readonly problems: readonly string[]
}

interface Ask {
  readonly overlay: Overlay
  readonly generation: number
  readonly privateKey: string
  readonly seen: (publicKey: string) => Seen | undefined
  /** By public key; what is found out here is put into it. */
  readonly searches: Map<string, Search>
}

type Deps = Pick<
  OverlayDeps,
  'self' | 'mesh' | 'control' | 'clock' | 'verifier' | 'sealer' | 'keys' | 'tunnels' | 'sights'
>

/** Seconds. What a NAT forgets sooner is rare; while a peer is looked for, more often, unless another passes on what is for it. */
const keepalive = { behindNat: 25, searching: 5 }

export function planLane(deps: Deps, setup: Pick<OverlaySetup, 'port' | 'prefix'>, ask: Ask): PlannedLane {
  const { self, control, tunnels } = deps
  const { overlay, generation, privateKey } = ask
  const own = overlay.nodes.get(self)
  if (own === undefined) throw new Error('this node has no slot yet')
  const genuine = new Map(
    [...overlay.nodes.values()].flatMap((one) => {
      const lane = laneOf(one, generation)
      return lane === undefined ? [] : [[one.node, isGenuine(deps, one.node, lane)] as const]
    }),
  )
  const sites = sitesOf({ ...control.state, overlay }, generation).filter(
    ({ node }) => genuine.get(node) === true || node === self,
  )
  const neighbours = neighboursOf(self, sites, overlay.settings)
  const addresses = tunnels.addresses(setup.prefix)
  const peers = neighbours.flatMap((neighbour) => peerOf(deps, ask, { neighbour, own, addresses }) ?? [])
  return {
    ...{ generation, neighbours, nodes: neighbours.map(({ node }) => node) },
    config: {
      privateKey,
      port: lanePort(setup.port, generation),
      address: addressOf(overlay.settings, own.slot),
      peers: peers.map(({ peer }) => peer),
    },
    isSearching: peers.some(({ isSearching }) => isSearching),
    attempts: peers.map(({ attempt }) => attempt).filter(({ node }) => overlay.nodes.get(node)?.isManaged === true),
    problems: Array.from(genuine)
      .filter(([node, isGood]) => !isGood && node !== self)
      .map(([node]) => `overlay: ${nameOf(deps, node)} has not signed the key that is said to be its own`),
  }
}

/** Whoever leads could write another key in a node's name, but not sign it. */
function isGenuine({ mesh, verifier, keys }: Deps, node: NodeId, lane: OverlayLane): boolean {
  const { generation, publicKey, signature } = lane
  const text = new TextEncoder().encode(laneText(node, generation, publicKey))
  return keys.isPublic(publicKey) && verifier.verify(node, laneTag, mesh, text, Buffer.from(signature, 'base64'))
}

interface At {
  readonly neighbour: Neighbour
  readonly own: OverlayNode
  readonly addresses: readonly string[]
}

function peerOf(
  deps: Deps,
  { overlay, generation, seen, searches }: Ask,
  { neighbour, own, addresses }: At,
): { readonly peer: TunnelPeer; readonly isSearching: boolean; readonly attempt: Attempt } | null {
  const { control, clock, sights } = deps
  const { node, allowed } = neighbour
  const other = overlay.nodes.get(node)
  const lane = other === undefined ? undefined : laneOf(other, generation)
  if (other === undefined || lane === undefined) return null
  const { publicKey } = lane
  const isInside = (address: string): boolean => leadsInside(overlay.settings, address)
  const endpoints = other.endpoints.filter((endpoint) => !isInside(hostOf(endpoint)))
  const candidates = candidatesFor({ endpoints, lane }, { addresses, seenAt: sights.seenAt(node, isInside) })
  const liveness = control.state.liveness.get(node)
  const isUp = liveness !== 'lost' && liveness !== 'left'
  const there = seen(publicKey)
  const found = seek(searches.get(publicKey), { candidates, seen: there, isUp }, clock.now())
  searches.set(publicKey, found.search)
  const isUrgent = found.isSearching && allowed.length > 0
  const peer = {
    ...{ name: nameOf(deps, node), publicKey, allowed, endpoint: found.endpoint },
    presharedKey: overlay.settings.presharedKeys ? secretWith(deps, node, generation) : null,
    keepalive: isUrgent
      ? keepalive.searching
      : found.isSearching || own.isBehindNat || isRotating(overlay, generation)
        ? keepalive.behindNat
        : null,
  }
  return { peer, isSearching: isUrgent, attempt: { node, candidates, search: found.search, seen: there } }
}

/** On the next lane nothing is sent until it is known to work. */
const isRotating = ({ rotation }: Overlay, generation: number): boolean => rotation?.generation === generation

/** Null for a member whose seal key is none: it has no secret then, and neither side gets through to the other with one. */
function secretWith({ control, mesh, sealer }: Deps, node: NodeId, generation: number): string | null {
  const sealKey = control.state.members.get(node)?.sealKey ?? ''
  if (Buffer.from(sealKey, 'base64').length !== 32) return null
  return Buffer.from(sealer.agree(sealKey, `overlay ${mesh} ${generation}`)).toString('base64')
}

const nameOf = ({ control }: Pick<Deps, 'control'>, node: NodeId): string =>
  control.state.members.get(node)?.name ?? node
