/** What a node has to offer right now, and in words why it has nothing. */
import type { GpuDevice } from '../../model/gpu.ts'
import type { WorkloadSpec } from '../../model/workload.ts'
import { deviceCount } from '../../model/workload.ts'
import { demandOf } from '../state/demand.ts'
import { reluctance, unwelcome } from './admission.ts'
import type { Choice } from './devices.ts'
import type { NodeLedger } from './ledger.ts'
import type { Standing } from './standing.ts'
import type { NodeSnapshot, Obstacle, Offer } from './types.ts'

/** What would be left if the work went there; null when it does not fit. Called for every node, so it makes no words and few objects. */
export function offerOf(ledger: NodeLedger, standing: Standing, spec: WorkloadSpec): Offer | null {
  const count = deviceCount(spec)
  if (countFree(ledger, standing, spec) < count) return null
  const demand = demandOf(spec)
  if (demand.cpuMillis > ledger.cpuMillis || demand.memoryMib > ledger.memoryMib) return null
  if (unwelcome(ledger.residents, spec) !== null) return null
  const memoryMib = ledger.memoryMib - demand.memoryMib
  return spec.gpus.share === undefined
    ? wholeOffer(ledger, standing, { spec, count, memoryMib })
    : shareOffer(ledger, standing, { spec, memoryMib })
}

/** The label by which a node says what one of its GPUs costs by the hour. */
const priceLabel = 'price-per-gpu-hour'

const isPrice = (text: string): boolean => /^\d{1,9}(\.\d{1,9})?$/.test(text)

/** A node without the label costs nothing; one whose price cannot be read is taken for the dearest. */
function priceOf({ labels }: NodeSnapshot, devices: number): number {
  const text = labels[priceLabel]
  if (text === undefined || devices === 0) return 0
  return isPrice(text) ? Number(text) * devices : Number.MAX_VALUE
}

/** ` at a price of 1.80 for each GPU and hour`: as priceOf reads it, and nothing where there is none. */
export function priceInWords({ labels }: NodeSnapshot, spec: WorkloadSpec): string {
  const text = labels[priceLabel]
  if (text === undefined || deviceCount(spec) === 0) return ''
  return isPrice(text) ? ` at a price of ${text} for each GPU and hour` : ' at a price that cannot be read'
}

interface Known {
  readonly spec: WorkloadSpec
  readonly memoryMib: number
}

function wholeOffer(
  ledger: NodeLedger,
  standing: Standing,
  { spec, count, memoryMib }: Known & { readonly count: number },
): Offer {
  const hot = hotOf(ledger, spec)
  // For one device there is nothing to choose between, as far as the offer goes.
  const free = count < 2 && hot.size === 0 ? [] : freeDevices(ledger, standing, spec)
  return {
    reluctance: reluctance(ledger.node, spec),
    broken: 0,
    hotDevices: hot.size === 0 ? 0 : Math.max(0, count - free.filter(({ uuid }) => !hot.has(uuid)).length),
    price: priceOf(ledger.node, count),
    groups: count < 2 ? 0 : chooseOf(ledger, spec, free).groups,
    shareLeftMib: 0,
    freeDevices: ledger.free.size - count,
    memoryMib,
    placements: ledger.placements,
  }
}

function shareOffer(ledger: NodeLedger, standing: Standing, { spec, memoryMib }: Known): Offer {
  const { devices, groups } = choose(ledger, standing, spec)
  const { share = 0 } = spec.gpus
  const hot = hotOf(ledger, spec)
  const broken = devices.filter((device) => ledger.free.has(device)).length
  return {
    reluctance: reluctance(ledger.node, spec),
    broken,
    hotDevices: devices.filter(({ uuid }) => hot.has(uuid)).length,
    price: priceOf(ledger.node, devices.length),
    groups: devices.length < 2 ? 0 : groups,
    shareLeftMib: devices.reduce((sum, device) => sum + ledger.shareable(device) - share, 0),
    freeDevices: ledger.free.size - broken,
    memoryMib,
    placements: ledger.placements,
  }
}

/** How well the work itself would be off, whatever it leaves to others: negative when better in the first. */
const compareFitness = (a: Offer, b: Offer): number =>
  a.reluctance - b.reluctance || a.broken - b.broken || a.hotDevices - b.hotDevices || a.groups - b.groups

/** Whether the work may go there instead because of something that offers say nothing of. `other` is the best of all. */
export function isAsGood(one: Offer, other: Offer, { strategy }: WorkloadSpec, isForZone: boolean): boolean {
  if (compareFitness(one, other) !== 0) return false
  if (strategy !== 'spread') return one.price === other.price
  // To spread over zones comes before spreading over nodes.
  return isForZone || (one.placements === other.placements && one.price === other.price)
}

/** Negative when the first is the better one. */
export function compareOffers(a: Offer, b: Offer, { strategy }: WorkloadSpec): number {
  const first = compareFitness(a, b)
  const devices = a.shareLeftMib - b.shareLeftMib || a.freeDevices - b.freeDevices
  const pack = devices || a.memoryMib - b.memoryMib || a.placements - b.placements
  if (strategy !== 'spread') return first || a.price - b.price || pack
  return (
    first ||
    a.placements - b.placements ||
    a.price - b.price ||
    b.freeDevices - a.freeDevices ||
    b.memoryMib - a.memoryMib
  )
}

/** The devices that the work gets when it goes there. */
export const devicesFor = (ledger: NodeLedger, standing: Standing, spec: WorkloadSpec): readonly GpuDevice[] =>
  choose(ledger, standing, spec).devices

function choose(ledger: NodeLedger, standing: Standing, spec: WorkloadSpec): Choice {
  return chooseOf(ledger, spec, freeDevices(ledger, standing, spec))
}

function chooseOf(ledger: NodeLedger, spec: WorkloadSpec, free: readonly GpuDevice[]): Choice {
  const count = deviceCount(spec)
  const links = ledger.node.inventory?.links ?? []
  const hot = hotOf(ledger, spec)
  if (spec.gpus.share === undefined) return ledger.choose(free, links, { count, hot })
  const used = free
    .filter((device) => !ledger.free.has(device))
    .toSorted(byRoom(ledger, hot))
    .slice(0, count)
  const unused = free.filter((device) => ledger.free.has(device))
  const broken = ledger.choose(unused, links, { count: count - used.length, hot }).devices
  return ledger.choose([...used, ...broken], links, { count })
}

/** The least memory left first, so that what is left elsewhere is of use to larger shares; but a hot one last. */
const byRoom =
  (ledger: NodeLedger, hot: ReadonlySet<string>) =>
  (a: GpuDevice, b: GpuDevice): number =>
    Number(hot.has(a.uuid)) - Number(hot.has(b.uuid)) || ledger.shareable(a) - ledger.shareable(b) || a.index - b.index

/** Heat is no matter to who names the devices. */
const hotOf = ({ node }: NodeLedger, { gpus }: WorkloadSpec): ReadonlySet<string> =>
  gpus.devices === undefined ? node.hot : noDevices

const noDevices: ReadonlySet<string> = new Set()

/** Devices that it could get now. */
const freeDevices = (ledger: NodeLedger, { suitable }: Standing, spec: WorkloadSpec): readonly GpuDevice[] =>
  deviceCount(spec) === 0 ? [] : suitable.filter((device) => canGive(ledger, device, spec))

/** How many devices it could get now. */
export function countFree(ledger: NodeLedger, { suitable }: Standing, spec: WorkloadSpec): number {
  if (deviceCount(spec) === 0 || (spec.gpus.share === undefined && ledger.free.size === 0)) return 0
  let count = 0
  for (const device of suitable) if (canGive(ledger, device, spec)) count += 1
  return count
}

/** Whether nobody has the device, or enough of its memory is left for the share. */
export const canGive = (ledger: NodeLedger, device: GpuDevice, { gpus: { share } }: WorkloadSpec): boolean =>
  share === undefined ? ledger.free.has(device) : ledger.shareable(device) >= share

/** What a node lacks now; null when the work fits. The words for the same lack are made once. */
export function shortagesOf(spec: WorkloadSpec): (ledger: NodeLedger, standing: Standing) => Obstacle | null {
  const count = deviceCount(spec)
  const { cpuMillis, memoryMib } = demandOf(spec)
  const known = new Map<number, Obstacle>()
  const tooFew = (ledger: NodeLedger, free: number): Obstacle => {
    const key = free + mostCounted * ledger.node.failed.size
    const lack = known.get(key) ?? tooFewDevices(ledger, free, spec)
    known.set(key, lack)
    return lack
  }
  return (ledger, standing) => {
    const free = countFree(ledger, standing, spec)
    if (free < count) return tooFew(ledger, free)
    if (cpuMillis > ledger.cpuMillis)
      return short(`${cpuMillis / 1_000} CPU cores`, Math.floor(ledger.cpuMillis / 100) / 10)
    if (memoryMib > ledger.memoryMib) return short(`${memoryMib} MiB of memory`, Math.floor(ledger.memoryMib))
    return unwelcome(ledger.residents, spec)
  }
}

/** More devices than a host can have. */
const mostCounted = 1_000_000

function tooFewDevices({ node }: NodeLedger, free: number, spec: WorkloadSpec): Obstacle {
  const { gpus } = spec
  if (gpus.share !== undefined) return tooFewShares(gpus.share, free, spec)
  if (gpus.devices !== undefined) {
    const which = `GPU ${gpus.devices.join(', ')}`
    return { one: `has ${which} in use`, many: `have ${which} in use` }
  }
  const broken = node.failed.size === 0 ? '' : ` (${node.failed.size} failed)`
  const words = `${gpus.count} ${gpus.model ?? 'GPU'}${gpus.count === 1 ? '' : 's'}`
  return { one: `needs ${words}, has ${free} free${broken}`, many: `need ${words}, have ${free} free${broken}` }
}

function tooFewShares(share: number, free: number, spec: WorkloadSpec): Obstacle {
  const { devices, model } = spec.gpus
  const count = deviceCount(spec)
  const what = `${share} MiB left to share`
  if (devices !== undefined) {
    const words = `no ${what} on GPU ${devices.join(', ')}`
    return { one: `has ${words}`, many: `have ${words}` }
  }
  if (count === 1)
    return { one: `has no ${model ?? 'GPU'} with ${what}`, many: `have no ${model ?? 'GPU'} with ${what}` }
  const words = `${count} ${model ?? 'GPU'}s with ${what}`
  return { one: `needs ${words}, has ${free}`, many: `need ${words}, have ${free}` }
}

const short = (wanted: string, left: number): Obstacle => {
  const free = Math.max(0, left)
  return { one: `needs ${wanted}, has ${free} free`, many: `need ${wanted}, have ${free} free` }
}
