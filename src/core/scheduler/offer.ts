/** What a node has to offer right now, and in words why it has nothing. */
import type { GpuDevice } from '../../model/gpu.ts'
import type { WorkloadSpec } from '../../model/workload.ts'
import { deviceCount } from '../../model/workload.ts'
import { demandOf } from '../state/demand.ts'
import { reluctance, unwelcome } from './admission.ts'
import type { Choice } from './devices.ts'
import { chooseDevices } from './devices.ts'
import type { NodeLedger } from './ledger.ts'
import type { Standing } from './standing.ts'
import type { Obstacle, Offer } from './types.ts'

/** What would be left if the work went there; null when it does not fit. Called for every node, so it makes no words. */
export function offerOf(ledger: NodeLedger, standing: Standing, spec: WorkloadSpec): Offer | null {
  const count = deviceCount(spec)
  const free = freeDevices(ledger, standing, count)
  if (free.length < count) return null
  const demand = demandOf(spec)
  if (demand.cpuMillis > ledger.cpuMillis || demand.memoryMib > ledger.memoryMib) return null
  if (unwelcome(ledger.residents, spec) !== null) return null
  const hot = hotOf(ledger, spec)
  const cool = hot.size === 0 ? free.length : free.filter(({ uuid }) => !hot.has(uuid)).length
  return {
    reluctance: reluctance(ledger.node, spec),
    hotDevices: Math.max(0, count - cool),
    groups: count < 2 ? 0 : choose(ledger, standing, spec).groups,
    freeDevices: ledger.free.size - count,
    memoryMib: ledger.memoryMib - demand.memoryMib,
    placements: ledger.placements,
  }
}

/** Negative when the first is the better one. */
export function compareOffers(a: Offer, b: Offer, { strategy }: WorkloadSpec): number {
  const first = a.reluctance - b.reluctance || a.hotDevices - b.hotDevices || a.groups - b.groups
  const pack = a.freeDevices - b.freeDevices || a.memoryMib - b.memoryMib || a.placements - b.placements
  if (strategy !== 'spread') return first || pack
  return first || a.placements - b.placements || b.freeDevices - a.freeDevices || b.memoryMib - a.memoryMib
}

/** The devices that the work gets when it goes there. */
export const devicesFor = (ledger: NodeLedger, standing: Standing, spec: WorkloadSpec): readonly GpuDevice[] =>
  choose(ledger, standing, spec).devices

function choose(ledger: NodeLedger, standing: Standing, spec: WorkloadSpec): Choice {
  const count = deviceCount(spec)
  const links = ledger.node.inventory?.links ?? []
  return chooseDevices(freeDevices(ledger, standing, count), links, { count, hot: hotOf(ledger, spec) })
}

/** Heat is no matter to who names the devices. */
const hotOf = ({ node }: NodeLedger, { gpus }: WorkloadSpec): ReadonlySet<string> =>
  gpus.devices === undefined ? node.hot : noDevices

const noDevices: ReadonlySet<string> = new Set()

const freeDevices = (ledger: NodeLedger, { suitable }: Standing, count: number): readonly GpuDevice[] =>
  count === 0 ? [] : suitable.filter((device) => ledger.free.has(device))

/** What the node lacks now; null when the work fits. */
export function shortage(ledger: NodeLedger, standing: Standing, spec: WorkloadSpec): Obstacle | null {
  const count = deviceCount(spec)
  const free = freeDevices(ledger, standing, count).length
  if (free < count) return tooFewDevices(ledger, free, spec)
  const { cpuMillis, memoryMib } = demandOf(spec)
  if (cpuMillis > ledger.cpuMillis)
    return short(`${cpuMillis / 1_000} CPU cores`, Math.floor(ledger.cpuMillis / 100) / 10)
  if (memoryMib > ledger.memoryMib) return short(`${memoryMib} MiB of memory`, Math.floor(ledger.memoryMib))
  return unwelcome(ledger.residents, spec)
}

function tooFewDevices({ node }: NodeLedger, free: number, { gpus }: WorkloadSpec): Obstacle {
  if (gpus.devices !== undefined) {
    const which = `GPU ${gpus.devices.join(', ')}`
    return { one: `has ${which} in use`, many: `have ${which} in use` }
  }
  const broken = node.failed.size === 0 ? '' : ` (${node.failed.size} failed)`
  const words = `${gpus.count} ${gpus.model ?? 'GPU'}${gpus.count === 1 ? '' : 's'}`
  return { one: `needs ${words}, has ${free} free${broken}`, many: `need ${words}, have ${free} free${broken}` }
}

const short = (wanted: string, left: number): Obstacle => {
  const free = Math.max(0, left)
  return { one: `needs ${wanted}, has ${free} free`, many: `need ${wanted}, have ${free} free` }
}
