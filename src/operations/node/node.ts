/** The hosts of the mesh. */
import { z } from 'zod'
import { removalObstacle } from '../../core/state/members.ts'
import { gpuModelMatches } from '../../model/gpu.ts'
import { labelName } from '../../model/label.ts'
import { carryOut } from '../carry-out.ts'
import { askedNode } from '../workload/container-ref.ts'
import { iso, isoOrNull, momentOf, nodeRef, since, time } from '../fields.ts'
import { findMember, refresh } from '../find.ts'
import { nodeMolt, NodeMoltView } from '../molt/molt-view.ts'
import { eventView, isTold, MeshEventView } from '../mesh/event-view.ts'
import { nodeView, nodeViews, NodeView, placed, viewIn } from './node-view.ts'
import { unary } from '../operation.ts'
import { vacate } from './vacate.ts'

export const nodeList = unary({
  name: 'node.list',
  about: 'List the nodes with their GPUs and how they are.',
  input: z.strictObject({
    available: z.boolean().optional().describe('Only healthy nodes with a free GPU that take new work'),
    gpuType: z.string().max(64).optional().describe('Only nodes with GPUs of this model or family, such as H100'),
  }),
  output: z.array(NodeView),
  permission: { verb: 'read', resource: 'node' },
  rest: { method: 'GET', path: '/api/nodes' },
  async handler({ available, gpuType }, context, { signal }) {
    await refresh(context, signal)
    return nodeViews(viewIn(context))
      .filter(
        ({ gpus, gpusFree, status, scheduling }) =>
          (available !== true || (gpusFree > 0 && status === 'healthy' && scheduling.mode === 'open')) &&
          (gpuType === undefined || gpus.some(({ model }) => gpuModelMatches(model, gpuType))),
      )
      .toSorted((a, b) => a.name.localeCompare(b.name))
  },
})

const HostView = z.object({
  cpuUtilization: z.number(),
  memoryUsedMib: z.number(),
  memoryTotalMib: z.number(),
  diskFreeMib: z.number(),
})

const NodeInfo = NodeView.extend({
  roles: z.array(z.string()),
  voter: z.boolean().describe('Has a vote in the election of the gateway'),
  leader: z.boolean(),
  joinedAt: time,
  addresses: z.array(z.string()),
  connectivity: z.object({
    liveness: z.enum(['alive', 'suspect', 'lost', 'left']),
    since: time,
    roundTripMs: z.number().nullable(),
  }),
  hardware: z
    .object({
      hostname: z.string(),
      os: z.string(),
      kernel: z.string(),
      arch: z.string(),
      cpuModel: z.string(),
      cpuCores: z.int(),
      memoryMib: z.int(),
      diskMib: z.int(),
      links: z.array(z.object({ devices: z.array(z.int()), kind: z.string(), width: z.int() })),
      executors: z.array(z.string()),
      sharing: z.boolean().describe('Whether several workloads may share one GPU, each with so much of its memory'),
      versions: z.record(z.string(), z.string()),
    })
    .nullable()
    .describe('Null until the node has reported itself'),
  host: HostView.nullable(),
  problems: z.array(z.string()),
  running: z.array(z.object({ id: z.string(), name: z.string(), state: z.string(), devices: z.array(z.string()) })),
  molt: NodeMoltView,
})

export const nodeInfo = unary({
  name: 'node.info',
  about: 'Show one node: hardware, use, what runs on it, how it is reached.',
  input: z.strictObject({ node: nodeRef }),
  output: NodeInfo,
  permission: { verb: 'read', resource: 'node' },
  rest: { method: 'GET', path: '/api/nodes/:node' },
  async handler({ node }, context, { signal }) {
    await refresh(context, signal)
    const { control, membership } = context
    const { state } = control
    const member = findMember(state, node)
    const { liveness, since: at, roundTrip, report } = membership.view(member.id)
    const { leader, voters } = control.status()
    return {
      ...nodeView(member, viewIn(context)),
      roles: [...member.roles],
      voter: voters.includes(member.id),
      leader: leader === member.id,
      joinedAt: iso(member.joinedAt),
      addresses: [...member.addresses],
      connectivity: { liveness, since: iso(at), roundTripMs: roundTrip },
      hardware:
        member.inventory === null
          ? null
          : {
              ...member.inventory,
              links: member.inventory.links.map((link) => ({ ...link, devices: [...link.devices] })),
              executors: [...member.inventory.executors],
              sharing: member.inventory.sharing === true,
            },
      host: report?.host ?? null,
      problems: [...(report?.problems ?? [])],
      running: placed(state)
        .filter(({ placement }) => placement?.node === member.id)
        .map(({ id, name, state: now, placement }) => ({
          id,
          name,
          state: now,
          devices: [...(placement?.devices ?? [])],
        })),
      molt: nodeMolt(member.id, state),
    }
  },
})

export const nodeRemove = unary({
  name: 'node.remove',
  about: 'Take a node out of the mesh for good. Its certificate counts no more from then on.',
  input: z.strictObject({
    node: nodeRef,
    force: z.boolean().default(false).describe('Also when it still has work, which is killed first'),
  }),
  output: z.object({
    id: z.string(),
    name: z.string(),
    removed: z.boolean(),
    leftRunning: z.int().describe('Workloads that may still run there, because the node did not end them in time'),
  }),
  permission: { verb: 'remove', resource: 'node' },
  rest: { method: 'DELETE', path: '/api/nodes/:node' },
  async handler({ node, force }, context, { caller, signal }) {
    await refresh(context, signal)
    const { control } = context
    const { id, name } = findMember(control.state, node)
    const isVacated = force && removalObstacle(control.state, { node: id, force }) === null
    const leftRunning = isVacated ? await vacate(id, context, { caller, signal }) : 0
    await carryOut('remove', { type: 'remove-member', node: id, force }, { context, caller, signal })
    return { id, name, removed: true, leftRunning }
  },
})

export const nodeLabel = unary({
  name: 'node.label',
  about: 'Set labels of a node, or take them away with null.',
  input: z.strictObject({ node: askedNode, labels: z.record(labelName, z.string().max(256).nullable()) }),
  output: z.object({ id: z.string(), name: z.string(), labels: z.record(z.string(), z.string()) }),
  permission: { verb: 'change', resource: 'node' },
  rest: { method: 'POST', path: '/api/nodes/:node/labels' },
  async handler({ node, labels }, context, { caller, signal }) {
    await refresh(context, signal)
    const { control } = context
    const member = findMember(control.state, node ?? context.self)
    const command = { type: 'update-member', node: member.id, labelPatch: labels } as const
    await carryOut('label', command, { context, caller, signal })
    return { id: member.id, name: member.name, labels: { ...(control.state.members.get(member.id) ?? member).labels } }
  },
})

export const nodeEvents = unary({
  name: 'node.events',
  about: 'List what happened to a node, oldest first.',
  input: z.strictObject({ node: nodeRef, since: since.optional(), limit: z.int().min(1).max(10_000).default(1_000) }),
  output: z.array(MeshEventView),
  permission: { verb: 'read', resource: 'event' },
  rest: { method: 'GET', path: '/api/nodes/:node/events' },
  async handler({ node, since: text, limit }, context, call) {
    await refresh(context, call.signal)
    const { state } = context.control
    const { id } = findMember(state, node)
    const from = momentOf(text, context.clock.now())
    return state.events
      .filter((event) => event.node === id && (from === null || event.at >= from) && isTold(event, call))
      .slice(-limit)
      .map((event) => eventView(event, state))
  },
})

const GpuMetrics = z.object({
  index: z.int(),
  uuid: z.string(),
  model: z.string(),
  simulated: z.boolean(),
  utilization: z.number().nullable(),
  memoryUsedMib: z.number().nullable(),
  memoryMib: z.int(),
  temperatureC: z.number().nullable(),
  powerW: z.number().nullable(),
  powerLimitW: z.number().nullable(),
  smClockMhz: z.number().nullable(),
  eccUncorrected: z.number().nullable(),
  throttle: z.array(z.string()),
  health: z.enum(['ok', 'warning', 'failed']),
})

export const nodeMetrics = unary({
  name: 'node.metrics',
  about: 'Show what a node last measured of its GPUs and its host.',
  input: z.strictObject({ node: nodeRef }),
  output: z.object({
    id: z.string(),
    name: z.string(),
    at: z.string().nullable().describe('When the node measured it; null when this peer has no report'),
    receivedAt: z.string().nullable().describe('When the peer that answers got that report'),
    busy: z.array(z.string()).describe('Uuids of the devices that the node itself has given out'),
    gpus: z.array(GpuMetrics),
    host: HostView.nullable(),
  }),
  permission: { verb: 'read', resource: 'node' },
  rest: { method: 'GET', path: '/api/nodes/:node/metrics' },
  handler({ node }, { control, membership }) {
    const member = findMember(control.state, node)
    const { report, receivedAt } = membership.view(member.id)
    const gpus = (report?.gpus ?? []).flatMap((sample) => {
      const device = member.inventory?.gpus.find(({ uuid }) => uuid === sample.uuid)
      return device === undefined ? [] : [{ ...device, ...sample, throttle: [...sample.throttle] }]
    })
    return Promise.resolve({
      id: member.id,
      name: member.name,
      at: isoOrNull(report?.at ?? null),
      receivedAt: isoOrNull(receivedAt),
      busy: [...(report?.busy ?? [])],
      gpus,
      host: report?.host ?? null,
    })
  },
})
