/** Which of a node's free devices to give: those that are linked to each other, and no larger than need be. */
import type { GpuDevice, GpuLink } from '../../model/gpu.ts'

/** Picks `count` of the candidates, of which there are enough. */
export function chooseDevices(
  candidates: readonly GpuDevice[],
  links: readonly GpuLink[],
  count: number,
): readonly GpuDevice[] {
  const ordered = candidates.toSorted((a, b) => a.memoryMib - b.memoryMib || a.index - b.index)
  const width = nvlinks(links)
  if (count < 2 || count === ordered.length || width.size === 0) return ordered.slice(0, count)

  // Grows a group from each device by the one with the most links into it; the group with the most links wins.
  const groups = ordered.map((seed) => grow(seed, ordered, width, count))
  const best = groups.reduce((a, b) => (b.links > a.links ? b : a))
  return best.devices.toSorted((a, b) => a.index - b.index)
}

interface Group {
  readonly devices: readonly GpuDevice[]
  readonly links: number
}

function grow(seed: GpuDevice, all: readonly GpuDevice[], width: ReadonlyMap<string, number>, count: number): Group {
  const devices = [seed]
  let links = 0
  while (devices.length < count) {
    const joined = all
      .filter((device) => !devices.includes(device))
      .map((device) => ({
        device,
        links: sum(devices.map((other) => width.get(pair(device.index, other.index)) ?? 0)),
      }))
    const [first, ...rest] = joined
    if (first === undefined) break
    const next = rest.reduce((a, b) => (b.links > a.links ? b : a), first)
    devices.push(next.device)
    links += next.links
  }
  return { devices, links }
}

const nvlinks = (links: readonly GpuLink[]): ReadonlyMap<string, number> =>
  new Map(links.filter(({ kind }) => kind === 'nvlink').map(({ devices: [a, b], width }) => [pair(a, b), width]))

const pair = (a: number, b: number): string => (a < b ? `${a}-${b}` : `${b}-${a}`)
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)
