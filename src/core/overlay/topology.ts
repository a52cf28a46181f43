/**
 * Who of the overlay talks to whom, and whose packets come by whom. Each with each while they are few. Above that, some nodes are hubs:
 * they talk to each other, and every other node talks to one of them, which passes on what is for the rest. All of it follows from what
 * the nodes know in common, so both ends of a link always agree on it.
 */
import type { NodeId } from '../../model/ids.ts'
import type { OverlaySettings } from '../../model/overlay.ts'
import { rangesOf } from './addresses.ts'

export interface Site {
  readonly node: NodeId
  readonly slot: number
  readonly isBehindNat: boolean
  /** How fit it is to pass packets on: `chosen` by its owner, `able`, or neither. */
  readonly hub: 'chosen' | 'able' | 'no'
}

export interface Neighbour {
  readonly node: NodeId
  /** Ranges of addresses that are sent to it, and taken from it. No two neighbours have any in common. */
  readonly allowed: readonly string[]
}

type Settings = Pick<OverlaySettings, 'nodes' | 'containers' | 'containerBits' | 'meshUpTo'>

/** So many nodes to a hub, and at least so many hubs where there are enough to choose from. */
const spokesPerHub = 50
const fewestHubs = 3

/** Those that pass packets on, in the order of their slots; none where each talks to each. */
export function hubsOf(sites: readonly Site[], { meshUpTo }: Pick<Settings, 'meshUpTo'>): readonly Site[] {
  if (sites.length <= meshUpTo) return []
  const wanted = Math.max(fewestHubs, Math.ceil(sites.length / spokesPerHub))
  const bySlot = sites.toSorted((a, b) => a.slot - b.slot)
  // One that others cannot reach by themselves would be no help to them.
  const reachable = bySlot.filter(({ isBehindNat }) => !isBehindNat)
  const chosen = reachable.filter(({ hub }) => hub === 'chosen')
  if (chosen.length > 0) return chosen
  const able = reachable.filter(({ hub }) => hub === 'able')
  if (able.length > 0) return able.slice(0, wanted)
  return (reachable.length > 0 ? reachable : bySlot).slice(0, wanted)
}

/** Whom one node talks to. */
export function neighboursOf(self: NodeId, sites: readonly Site[], settings: Settings): readonly Neighbour[] {
  const own = sites.find(({ node }) => node === self)
  if (own === undefined) return []
  const others = sites.filter(({ node }) => node !== self)
  const hubs = hubsOf(sites, settings)
  if (hubs.length === 0) return others.map((site) => ({ node: site.node, allowed: rangesOf(settings, site.slot) }))
  if (!hubs.includes(own)) return [{ node: hubFor(own, hubs).node, allowed: [settings.nodes, settings.containers] }]
  const isHub = new Set(hubs)
  const spokes = Map.groupBy(
    others.filter((site) => !isHub.has(site)),
    (site) => hubFor(site, hubs),
  )
  return [
    ...(spokes.get(own) ?? []).map((site) => ({ node: site.node, allowed: rangesOf(settings, site.slot) })),
    ...hubs
      .filter((hub) => hub !== own)
      .map((hub) => ({
        node: hub.node,
        allowed: [hub, ...(spokes.get(hub) ?? [])].flatMap(({ slot }) => rangesOf(settings, slot)),
      })),
  ]
}

function hubFor({ slot }: Site, hubs: readonly Site[]): Site {
  const hub = hubs[slot % hubs.length]
  if (hub === undefined) throw new Error('there are no hubs')
  return hub
}
