/** A node as users see it: what the replicated state knows of it, with what it said of itself last. */
import { z } from 'zod'
import type { GpuDevice, GpuSample } from '../../model/gpu.ts'
import type { NodeId } from '../../model/ids.ts'
import { taintEffects } from '../../model/label.ts'
import type { Member, NodeStatus, Scheduling } from '../../model/node.ts'
import type { Workload } from '../../model/workload.ts'
import { isTerminal } from '../../model/workload.ts'
import type { MeshState } from '../../core/state/types.ts'
import type { Membership, PeerView } from '../../services/membership/types.ts'
import { isoOrNull } from '../fields.ts'

const percent = z.number().nullable().describe('0 to 100; null when it is not known')

export const GpuView = z.object({
  index: z.int(),
  uuid: z.string(),
  model: z.string(),
  memoryMib: z.int(),
  vendor: z.string(),
  simulated: z.boolean().describe('True when it comes from configuration and not from hardware'),
  state: z.enum(['free', 'used', 'shared', 'failed']),
  workload: z
    .string()
    .nullable()
    .describe('Name of the workload that has it whole; null also where that is not to be seen'),
  shares: z
    .array(z.object({ workload: z.string(), memoryMib: z.int() }))
    .describe('Which workloads have a share of it, and of how much of its memory'),
  utilization: percent,
  memoryUsedMib: z.number().nullable(),
  temperatureC: z.number().nullable(),
  powerW: z.number().nullable(),
})
export type GpuView = z.infer<typeof GpuView>

export const NodeView = z.object({
  id: z.string(),
  name: z.string(),
  status: z.enum(['healthy', 'unhealthy', 'draining', 'offline']),
  gpus: z.array(GpuView),
  gpuModel: z.string().nullable().describe('Model of its GPUs; several are joined by commas'),
  gpusFree: z.int(),
  utilization: percent.describe('Mean of its GPUs, or of its CPU when it has none; 0 to 100'),
  workloads: z.int().describe('Workloads that are placed on it'),
  labels: z.record(z.string(), z.string()),
  scheduling: z
    .object({ mode: z.enum(['open', 'cordoned', 'draining']), reason: z.string() })
    .describe('Whether new work may go there, and why not, in the words of whoever closed it'),
  taints: z
    .array(z.object({ key: z.string(), value: z.string(), effect: z.enum(taintEffects) }))
    .describe('What keeps work away that does not tolerate it'),
  lastSeen: z.string().nullable().describe('ISO 8601; null when this peer has not heard from it'),
})
export type NodeView = z.infer<typeof NodeView>

export interface View {
  readonly state: MeshState
  /** All of it, where `state` shows only a part: a device is in use also when by whom is not to be seen. */
  readonly everything?: MeshState
  readonly membership: Pick<Membership, 'view'>
}

type Closed = Pick<Scheduling, 'mode'>

/** A node that drains is no place for work, however well it is; a cordoned one is as well as it is. */
export function nodeStatus(
  { liveness, report }: Pick<PeerView, 'liveness' | 'report'>,
  scheduling: Closed = { mode: 'open' },
): NodeStatus {
  if (liveness === 'lost' || liveness === 'left') return 'offline'
  if (scheduling.mode === 'draining') return 'draining'
  const isHurt = report?.gpus.some(({ health }) => health !== 'ok') ?? false
  return liveness === 'suspect' || isHurt ? 'unhealthy' : 'healthy'
}

/** Workloads that have a place now. */
export const placed = (state: MeshState): readonly Workload[] =>
  [...state.workloads.values()].filter((workload) => workload.placement !== null && !isTerminal(workload.state))

/** What holds a device, and whether its name may be told. */
interface Holder extends Pick<Workload, 'name' | 'spec'> {
  readonly isSeen: boolean
}

/** Who holds which device, whole or a share of it, by uuid, as decided by the mesh. */
export function holders({
  state,
  everything = state,
}: Omit<View, 'membership'>): ReadonlyMap<string, readonly Holder[]> {
  const pairs = placed(everything).flatMap(({ id, name, spec, placement }) => {
    const holder = { name, spec, isSeen: state.workloads.has(id) }
    return placement?.devices.map((uuid) => ({ uuid, holder })) ?? []
  })
  const byDevice = Map.groupBy(pairs, ({ uuid }) => uuid)
  return new Map(Array.from(byDevice, ([uuid, held]) => [uuid, held.map(({ holder }) => holder)]))
}

interface Context {
  readonly control: { readonly state: MeshState }
  readonly everything?: { readonly state: MeshState }
  readonly membership: View['membership']
}

/** The mesh as the caller may see it, for the views of nodes. */
export const viewIn = ({ control, everything, membership }: Context): View => ({
  ...{ state: control.state, membership },
  ...(everything !== undefined && { everything: everything.state }),
})

export const nodeView = (member: Member, view: View): NodeView => viewOf(member, view.membership, occupancyOf(view))

/** Of all nodes; who has what is looked up once. */
export function nodeViews(view: View): readonly NodeView[] {
  const occupancy = occupancyOf(view)
  return [...view.state.members.values()].map((member) => viewOf(member, view.membership, occupancy))
}

interface Occupancy {
  readonly held: Held
  /** How many workloads each node has. */
  readonly workloads: ReadonlyMap<string, number>
}

function occupancyOf(view: View): Occupancy {
  const byNode = Map.groupBy(placed(view.state), ({ placement }) => placement?.node ?? '')
  return { held: holders(view), workloads: new Map(Array.from(byNode, ([node, all]) => [node, all.length])) }
}

function viewOf(member: Member, membership: View['membership'], { held, workloads }: Occupancy): NodeView {
  const peer = lastKnown(membership.view(member.id))
  const gpus = gpusOf(member, peer, held)
  return {
    id: member.id,
    name: member.name,
    status: nodeStatus(peer, member.scheduling),
    gpus,
    gpuModel: modelsInWords(gpus),
    gpusFree: gpus.filter((gpu) => gpu.state === 'free').length,
    utilization: utilizationOf(gpus, peer),
    workloads: workloads.get(member.id) ?? 0,
    labels: member.labels,
    scheduling: { mode: member.scheduling.mode, reason: member.scheduling.reason },
    taints: [...member.taints],
    lastSeen: isoOrNull(peer.lastSeen),
  }
}

interface Measured {
  readonly health: NodeStatus
  readonly gpus: readonly GpuView[]
}

/** How a node is and what its GPUs measure: the part of its view that costs little, however many nodes and workloads there are. */
export function measuredAt(member: Member, membership: View['membership'], held: Held): Measured {
  const peer = lastKnown(membership.view(member.id))
  return { health: nodeStatus(peer, member.scheduling), gpus: gpusOf(member, peer, held) }
}

type Held = ReturnType<typeof holders>

const gpusOf = ({ inventory }: Member, peer: PeerView, held: Held): GpuView[] =>
  (inventory?.gpus ?? []).map((device) => gpuView(device, sampleOf(peer, device), held.get(device.uuid)))

/** What a node measured before it was gone says nothing of now; that a device had failed still does. */
function lastKnown(peer: PeerView): PeerView {
  if (peer.report === null || nodeStatus(peer) !== 'offline') return peer
  const unknown = { utilization: null, memoryUsedMib: null, temperatureC: null, powerW: null }
  const gpus = peer.report.gpus.map((sample) => ({ ...sample, ...unknown }))
  return { ...peer, report: { ...peer.report, gpus } }
}

export function gpuView(
  device: GpuDevice,
  sample: GpuSample | undefined,
  held: readonly Holder[] | undefined = [],
): GpuView {
  const { index, uuid, model, memoryMib, vendor, simulated } = device
  const whole = held.find(({ spec }) => spec.gpus.share === undefined)
  const isShared = held.some(({ spec }) => spec.gpus.share !== undefined)
  const shares = held.flatMap(({ name, spec: { gpus }, isSeen }) =>
    gpus.share === undefined || !isSeen ? [] : [{ workload: name, memoryMib: gpus.share }],
  )
  return {
    ...{ index, uuid, model, memoryMib, vendor, simulated },
    state: sample?.health === 'failed' ? 'failed' : whole !== undefined ? 'used' : isShared ? 'shared' : 'free',
    workload: whole?.isSeen === true ? whole.name : null,
    shares,
    utilization: sample?.utilization ?? null,
    memoryUsedMib: sample?.memoryUsedMib ?? null,
    temperatureC: sample?.temperatureC ?? null,
    powerW: sample?.powerW ?? null,
  }
}

export const nameOf = (state: MeshState, node: NodeId): string => state.members.get(node)?.name ?? node

const sampleOf = ({ report }: PeerView, { uuid }: GpuDevice): GpuSample | undefined =>
  report?.gpus.find((sample) => sample.uuid === uuid)

const modelsInWords = (gpus: readonly GpuView[]): string | null =>
  gpus.length === 0 ? null : [...new Set(gpus.map(({ model }) => model))].join(', ')

function utilizationOf(gpus: readonly GpuView[], peer: PeerView): number | null {
  const known = gpus.flatMap(({ utilization }) => (utilization === null ? [] : [utilization]))
  const report = nodeStatus(peer) === 'offline' ? null : peer.report
  if (gpus.length === 0) return report === null ? null : Math.round(report.host.cpuUtilization)
  return known.length === 0 ? null : Math.round(known.reduce((sum, value) => sum + value, 0) / known.length)
}
