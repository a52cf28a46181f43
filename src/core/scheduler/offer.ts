/** What a node has to offer right now, or why it has nothing. */
import type { WorkloadSpec } from '../../model/workload.ts'
import { demandOf } from '../state/holdings.ts'
import { chooseDevices } from './devices.ts'
import type { NodeLedger } from './ledger.ts'
import type { Standing } from './standing.ts'
import type { Obstacle, Offer } from './types.ts'

export function offerOf(ledger: NodeLedger, { suitable, executor }: Standing, spec: WorkloadSpec): Offer | Obstacle {
  const count = spec.gpus.devices?.length ?? spec.gpus.count
  const free = count === 0 ? [] : suitable.filter((device) => ledger.free.includes(device))
  if (free.length < count) return devicesShort(ledger, { free: free.length, count }, spec)

  const demand = demandOf(spec)
  if (demand.cpuMillis > ledger.cpuMillis)
    return short(`${demand.cpuMillis / 1_000} CPU cores`, Math.max(0, Math.floor(ledger.cpuMillis / 100) / 10))
  if (demand.memoryMib > ledger.memoryMib)
    return short(`${demand.memoryMib} MiB of memory`, Math.max(0, Math.floor(ledger.memoryMib)))

  return {
    devices: chooseDevices(free, ledger.node.inventory?.links ?? [], count),
    executor,
    leftover: [ledger.free.length - count, ledger.memoryMib - demand.memoryMib, ledger.placements],
  }
}

function devicesShort(
  { node }: NodeLedger,
  { free, count }: { readonly free: number; readonly count: number },
  { gpus }: WorkloadSpec,
): Obstacle {
  if (gpus.devices !== undefined) {
    const which = `GPU ${gpus.devices.join(', ')}`
    return { one: `has ${which} in use`, many: `have ${which} in use` }
  }
  const broken = node.failed.size === 0 ? '' : ` (${node.failed.size} failed)`
  const words = `${count} ${gpus.model ?? 'GPU'}${count === 1 ? '' : 's'}`
  return { one: `needs ${words}, has ${free} free${broken}`, many: `need ${words}, have ${free} free${broken}` }
}

const short = (wanted: string, free: number): Obstacle => ({
  one: `needs ${wanted}, has ${free} free`,
  many: `need ${wanted}, have ${free} free`,
})
