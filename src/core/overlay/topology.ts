/**
 * Who of the overlay talks to whom, and whose packets come by whom. Each with each while they are few, but for two that do not reach each
 * other: a third passes on what they send. Above that, some nodes are hubs: they talk to each other, and every other node talks to one of
 * them, which passes on what is for the rest. All of it follows from what the nodes know in common, so both ends of a link always agree on it.
 */
import type { NodeId } from '../../model/ids.ts'
import type { OverlaySettings } from '../../model/overlay.ts'
import { rangesOf } from './addresses.ts'

export interface Site {
  readonly node: NodeId
  readonly slot: number
  readonly isBehindNat: boolean
  /** Its daemon sets the interface up, and so that it passes on. */
  readonly isManaged: boolean
  /** It is not known to be lost, or to have left. */
  readonly isUp: boolean
  /** How fit it is to pass packets on: `chosen` by its owner, `able`, or neither. */
  readonly hub: 'chosen' | 'able' | 'no'
  /** Whom it does not reach by itself, as it has said. */
  readonly detours: readonly NodeId[]
}

export interface Neighbour {
  readonly node: NodeId
  /**
   * Ranges of addresses that are sent to it, and taken from it. No two neighbours have any in common. None at all where a third passes on
   * what is for it: then it is only looked for, in case that it can be reached some day.
   */
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
  const fit = fittest(sites)
  return fit[0]?.hub === 'chosen' && !fit[0].isBehindNat ? fit : fit.slice(0, wanted)
}

/** Those of them that are best at passing packets on, in the order of their slots. */
function fittest(sites: readonly Site[]): readonly Site[] {
  const up = sites.filter(({ isUp }) => isUp)
  const bySlot = (up.length > 0 ? up : sites).toSorted((a, b) => a.slot - b.slot)
  // One that others cannot reach by themselves would be no help to them.
  const reachable = bySlot.filter(({ isBehindNat }) => !isBehindNat)
  const chosen = reachable.filter(({ hub }) => hub === 'chosen')
  if (chosen.length > 0) return chosen
  const able = reachable.filter(({ hub }) => hub === 'able')
  if (able.length > 0) return able
  return reachable.length > 0 ? reachable : bySlot
}

/** Whom one node talks to. */
export function neighboursOf(self: NodeId, sites: readonly Site[], settings: Settings): readonly Neighbour[] {
  const own = sites.find(({ node }) => node === self)
  if (own === undefined) return []
  const others = sites.filter(({ node }) => node !== self)
  const hubs = hubsOf(sites, settings)
  if (hubs.length === 0) return eachWithEach(own, others, settings)
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

/** By whom packets for the other go; null when straight to it, or nowhere. */
export function wayTo(
  { node, slot }: Pick<Site, 'node' | 'slot'>,
  neighbours: readonly Neighbour[],
  settings: Settings,
): NodeId | null {
  const ranges = [settings.nodes, ...rangesOf(settings, slot)]
  const way = neighbours.find(({ allowed }) => ranges.some((range) => allowed.includes(range)))
  return way === undefined || way.node === node ? null : way.node
}

/** Whether there are two of them that do not reach each other by themselves. */
export const areApart = (sites: readonly Site[]): boolean => {
  const there = new Set(sites.map(({ node }) => node))
  return sites.some(({ detours }) => detours.some((node) => there.has(node)))
}

function eachWithEach(own: Site, others: readonly Site[], settings: Settings): readonly Neighbour[] {
  const byWay = Map.groupBy(others, (site) => (passerFor(own, site, others) ?? site).node)
  return others.map(({ node }) => ({
    node,
    allowed: (byWay.get(node) ?? []).flatMap(({ slot }) => rangesOf(settings, slot)),
  }))
}

/** Who passes on what these two send each other, the same for both of them; null where they do without, or nobody can. */
function passerFor(one: Site, other: Site, rest: readonly Site[]): Site | null {
  if (!isApart(one, other)) return null
  const inReach = rest.filter(
    (site) => site !== other && site.isManaged && !isApart(site, one) && !isApart(site, other),
  )
  const fit = fittest(inReach)
  return fit[(one.slot + other.slot) % fit.length] ?? null
}

const isApart = (one: Site, other: Site): boolean =>
  one.detours.includes(other.node) || other.detours.includes(one.node)

function hubFor({ slot }: Site, hubs: readonly Site[]): Site {
  const hub = hubs[slot % hubs.length]
  if (hub === undefined) throw new Error('there are no hubs')
  return hub
}
