/**
 * Which of a node's free devices to give. Devices that are linked stay together, and a group that is whole stays whole while a broken
 * one will do: what is left over should still be of use to a large job.
 */
import type { GpuDevice, GpuLink } from '../../model/gpu.ts'

export interface Choice {
  readonly devices: readonly GpuDevice[]
  /** How many groups they come from. One is best: within a group they talk to each other fastest. */
  readonly groups: number
}

/** Picks `count` of the candidates, of which there are enough; hot ones only when the cool ones are too few. */
export function chooseDevices(
  candidates: readonly GpuDevice[],
  links: readonly GpuLink[],
  { count, hot = cool }: { readonly count: number; readonly hot?: ReadonlySet<string> },
): Choice {
  if (count === 0) return { devices: [], groups: 0 }
  const warm = candidates.filter(({ uuid }) => !hot.has(uuid))
  const usable = warm.length >= count ? warm : candidates
  const closeness = closenessOf(links)
  const parts = groupsOf(usable, links)
  const whole = parts.filter((part) => part.length >= count)
  const least = Math.min(...whole.map(({ length }) => length))
  const [first, ...rest] = whole.filter(({ length }) => length === least).map((part) => within(part, closeness, count))
  if (first !== undefined) {
    const best = rest.reduce((a, b) => (b.closeness > a.closeness ? b : a), first)
    return { devices: best.devices, groups: 1 }
  }

  // No group is large enough: the largest whole, then what is missing from the best-fitting of the others.
  const devices: GpuDevice[] = []
  let used = 0
  for (const part of parts.toSorted((a, b) => byLength(b, a))) {
    if (devices.length === count) break
    devices.push(...within(part, closeness, Math.min(part.length, count - devices.length)).devices)
    used += 1
  }
  return { devices: devices.toSorted(byIndex), groups: used }
}

const cool: ReadonlySet<string> = new Set()
const byIndex = (a: GpuDevice, b: GpuDevice): number => a.index - b.index
const bySize = (a: GpuDevice, b: GpuDevice): number => a.memoryMib - b.memoryMib || byIndex(a, b)
/** Groups come in the order of their smallest device, which stays among equals. */
const byLength = (a: readonly GpuDevice[], b: readonly GpuDevice[]): number => a.length - b.length

/** What is joined by NVLink, or where nothing is, what hangs on one NUMA node. Each smallest first. */
function groupsOf(devices: readonly GpuDevice[], links: readonly GpuLink[]): readonly (readonly GpuDevice[])[] {
  const leaders = new Map(devices.map(({ index }) => [index, index]))
  const leaderOf = (index: number): number => {
    let leader = index
    for (let up = leaders.get(leader); up !== undefined && up !== leader; up = leaders.get(leader)) leader = up
    return leader
  }
  const bonds = links.filter(({ kind }) => kind === 'nvlink')
  const ends = bonds.map(({ devices }) => devices).filter(([a, b]) => leaders.has(a) && leaders.has(b))
  for (const [a, b] of ends) leaders.set(leaderOf(a), leaderOf(b))

  const groups = new Map<string, GpuDevice[]>()
  for (const device of devices.toSorted(bySize)) {
    const key = bonds.length > 0 ? `link-${leaderOf(device.index)}` : `numa-${device.numaNode ?? 'unknown'}`
    groups.set(key, [...(groups.get(key) ?? []), device])
  }
  return [...groups.values()]
}

type Closeness = ReadonlyMap<string, number>

interface Cluster {
  readonly devices: readonly GpuDevice[]
  readonly closeness: number
}

/** Grows a set from each device by the one that is closest to those in it; the set that is closest together wins. */
function within(group: readonly GpuDevice[], closeness: Closeness, count: number): Cluster {
  if (count < 2 || closeness.size === 0) return { devices: group.slice(0, count).toSorted(byIndex), closeness: 0 }
  const sets = group.map((seed) => grow(seed, group, { closeness, count }))
  const best = sets.reduce((a, b) => (b.closeness > a.closeness ? b : a))
  return { ...best, devices: best.devices.toSorted(byIndex) }
}

interface Growth {
  readonly closeness: Closeness
  readonly count: number
}

function grow(seed: GpuDevice, all: readonly GpuDevice[], { closeness, count }: Growth): Cluster {
  const devices = [seed]
  let sum = 0
  const gain = ({ index }: GpuDevice): number =>
    devices.reduce((total, other) => total + (closeness.get(pair(index, other.index)) ?? 0), 0)
  while (devices.length < count) {
    const rest = all.filter((device) => !devices.includes(device))
    const [first, ...others] = rest.map((device) => ({ device, gain: gain(device) }))
    if (first === undefined) break
    const next = others.reduce((a, b) => (b.gain > a.gain ? b : a), first)
    devices.push(next.device)
    sum += next.gain
  }
  return { devices, closeness: sum }
}

/** An NVLink counts for more than any way over PCIe; of those, the shorter for more. */
const distances = { pix: 5, pxb: 4, phb: 3, node: 2, sys: 1 } as const

const closenessOf = (links: readonly GpuLink[]): Closeness =>
  new Map(
    links.map(({ devices: [a, b], kind, width }) => [pair(a, b), kind === 'nvlink' ? 100 * width : distances[kind]]),
  )

const pair = (a: number, b: number): string => (a < b ? `${a}-${b}` : `${b}-${a}`)
