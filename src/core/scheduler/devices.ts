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

export type ChooseDevices = typeof chooseDevices

/** Picks `count` of the candidates, of which there are enough. Only if the cool ones are too few are hot ones added to all of them. */
export function chooseDevices(
  candidates: readonly GpuDevice[],
  links: readonly GpuLink[],
  { count, hot = none }: { readonly count: number; readonly hot?: ReadonlySet<string> | undefined },
): Choice {
  if (count === 0) return { devices: [], groups: 0 }
  const cool = candidates.filter(({ uuid }) => !hot.has(uuid))
  const isEnough = cool.length >= count
  const groups = groupsOf(isEnough ? cool : candidates, links)
  const closeness = closenessOf(links)
  const devices = isEnough ? gather(groups, count, closeness) : fillUp(cool, groups, { count, closeness })
  const given = new Set(devices)
  return {
    devices: devices.toSorted(byIndex),
    groups: groups.filter((group) => group.devices.some((device) => given.has(device))).length,
  }
}

const none: ReadonlySet<string> = new Set()
const byIndex = (a: GpuDevice, b: GpuDevice): number => a.index - b.index
const bySize = (a: GpuDevice, b: GpuDevice): number => a.memoryMib - b.memoryMib || byIndex(a, b)

interface Group {
  /** Smallest first. */
  readonly devices: readonly GpuDevice[]
  /** By NVLink. The others only hang on one NUMA node. */
  readonly isLinked: boolean
}

/** What NVLink joins; and of those that it joins to none of the others, what hangs on one NUMA node. In the order of their smallest. */
function groupsOf(devices: readonly GpuDevice[], links: readonly GpuLink[]): readonly Group[] {
  const leaders = new Map(devices.map(({ index }) => [index, index]))
  const leaderOf = (index: number): number => {
    let leader = index
    for (let up = leaders.get(leader); up !== undefined && up !== leader; up = leaders.get(leader)) leader = up
    return leader
  }
  const ends = links
    .filter(({ kind, devices: [a, b] }) => kind === 'nvlink' && a !== b && leaders.has(a) && leaders.has(b))
    .map(({ devices: pair }) => pair)
  for (const [a, b] of ends) leaders.set(leaderOf(a), leaderOf(b))
  const linked = new Set(ends.flat())

  const groups = new Map<string, { readonly devices: GpuDevice[]; readonly isLinked: boolean }>()
  for (const device of devices.toSorted(bySize)) {
    const isLinked = linked.has(device.index)
    const key = isLinked ? `link-${leaderOf(device.index)}` : `numa-${device.numaNode ?? 'unknown'}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { devices: [device], isLinked })
    else group.devices.push(device)
  }
  return [...groups.values()]
}

/** As few groups as will do: the largest while none holds what is missing, then the one that is best for it. */
function gather(all: readonly Group[], count: number, closeness: Closeness): readonly GpuDevice[] {
  const chosen: GpuDevice[] = []
  let left = all
  while (chosen.length < count && left.length > 0) {
    const missing = count - chosen.length
    const best = bestFor(left, missing, { chosen, closeness })
    if (best === null) break
    chosen.push(...best.devices)
    left = left.filter((group) => group !== best.group)
  }
  return chosen
}

interface Around {
  /** What the rest is to be close to. */
  readonly chosen: readonly GpuDevice[]
  readonly closeness: Closeness
}

function bestFor(groups: readonly Group[], missing: number, around: Around) {
  const whole = groups.filter(({ devices }) => devices.length >= missing)
  // Several are best off with links; for one alone, links would be broken.
  const wanted = whole.filter(({ isLinked }) => isLinked === missing > 1)
  const pool = wanted.length > 0 ? wanted : whole.length > 0 ? whole : groups
  const sizes = pool.map(({ devices }) => devices.length)
  const size = whole.length > 0 ? Math.min(...sizes) : Math.max(...sizes)
  const [first, ...rest] = pool
    .filter(({ devices }) => devices.length === size)
    .map((group) => ({ group, ...closest(group.devices, Math.min(missing, size), around) }))
  return first === undefined ? null : rest.reduce((a, b) => (b.closeness > a.closeness ? b : a), first)
}

interface Cluster {
  readonly devices: readonly GpuDevice[]
  readonly closeness: number
}

/** Grows a set from what was chosen before, or else from each device; the set that is closest together wins. */
function closest(pool: readonly GpuDevice[], count: number, { chosen, closeness }: Around): Cluster {
  if (chosen.length > 0) return grow(pool, count, { chosen, closeness })
  if (count < 2 || (closeness.isEven && pool.every(({ numaNode }) => numaNode === pool[0]?.numaNode)))
    return { devices: pool.slice(0, count), closeness: 0 }
  const [first, ...others] = pool.map((seed) => {
    const rest = pool.filter((device) => device !== seed)
    const cluster = grow(rest, count - 1, { chosen: [seed], closeness })
    return { devices: [seed, ...cluster.devices], closeness: cluster.closeness }
  })
  return first === undefined
    ? { devices: [], closeness: 0 }
    : others.reduce((a, b) => (b.closeness > a.closeness ? b : a), first)
}

/** Takes from the pool, one after the other, what is closest to all that is there by then. */
function grow(pool: readonly GpuDevice[], count: number, { chosen, closeness }: Around): Cluster {
  const rest = pool.map((device) => ({ device, gain: sumOf(chosen.map((other) => closeness.of(device, other))) }))
  const devices: GpuDevice[] = []
  let sum = 0
  while (devices.length < count) {
    const [first, ...others] = rest
    if (first === undefined) break
    const next = others.reduce((a, b) => (b.gain > a.gain ? b : a), first)
    rest.splice(rest.indexOf(next), 1)
    devices.push(next.device)
    sum += next.gain
    for (const one of rest) one.gain += closeness.of(one.device, next.device)
  }
  return { devices, closeness: sum }
}

interface Need {
  readonly count: number
  readonly closeness: Closeness
}

/** All cool ones, and of the hot ones first those of groups that are broken by that. */
function fillUp(
  cool: readonly GpuDevice[],
  groups: readonly Group[],
  { count, closeness }: Need,
): readonly GpuDevice[] {
  const given = new Set(cool)
  const hotOf = (isBroken: boolean): readonly Group[] =>
    groups
      .filter(({ devices }) => devices.some((device) => given.has(device)) === isBroken)
      .map((group) => ({ ...group, devices: group.devices.filter((device) => !given.has(device)) }))
  const missing = count - cool.length
  const broken = hotOf(true).flatMap(({ devices }) => devices)
  const near = grow(broken, missing, { chosen: cool, closeness }).devices
  return [...cool, ...near, ...gather(hotOf(false), missing - near.length, closeness)]
}

const sumOf = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)

interface Closeness {
  /** Nothing is known that makes one pair closer than another, but for NUMA nodes. */
  readonly isEven: boolean
  readonly of: (a: GpuDevice, b: GpuDevice) => number
}

/** An NVLink counts for more than any way over PCIe; of those, the shorter for more. */
const distances = { pix: 5, pxb: 4, phb: 3, node: 2, sys: 1 } as const
/** More than all pairs of a host can have of it: a common NUMA node decides only between what is linked alike. */
const decisive = 1_000_000

function closenessOf(links: readonly GpuLink[]): Closeness {
  const known = new Map(
    links.map(({ devices: [a, b], kind, width }) => [pair(a, b), kind === 'nvlink' ? 100 * width : distances[kind]]),
  )
  const isTogether = (a: GpuDevice, b: GpuDevice): boolean => a.numaNode !== null && a.numaNode === b.numaNode
  return {
    isEven: known.size === 0,
    of: (a, b) => decisive * (known.get(pair(a.index, b.index)) ?? 0) + (isTogether(a, b) ? 1 : 0),
  }
}

const pair = (a: number, b: number): string => (a < b ? `${a}-${b}` : `${b}-${a}`)
