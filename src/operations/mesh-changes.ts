/** What has become of nodes and workloads since they were last looked at, in the words of those who watch. */
import { z } from 'zod'
import type { NodeStatus } from '../model/node.ts'
import type { NodeId, WorkloadId } from '../model/ids.ts'
import type { Workload } from '../model/workload.ts'
import type { OperationContext } from './context.ts'
import { iso, time } from './fields.ts'
import { nameOf, nodeStatus } from './node-view.ts'
import { WorkloadView } from './workload-view.ts'

const health = z.enum(['healthy', 'unhealthy', 'draining', 'offline'])
const { state } = WorkloadView.shape
const about = { at: time, id: z.string(), name: z.string() }

const change = <Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) =>
  z.object({ type: z.literal(type), data: z.object({ ...about, ...shape }) })

export const changeShapes = [
  change('NodeRegistered', { health }),
  change('NodeUnregistered', {}),
  change('NodeHealthChanged', { from: health, to: health }),
  change('WorkloadCreated', { image: z.string(), state }),
  change('WorkloadAssigned', { node: z.string(), nodeId: z.string(), devices: z.array(z.string()) }),
  change('WorkloadStateChanged', {
    from: state,
    to: state,
    node: z.string().nullable(),
    exitCode: z.int().nullable(),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
  }),
  change('WorkloadDeleted', {}),
] as const
export type MeshChange = z.infer<(typeof changeShapes)[number]>

type Context = Pick<OperationContext, 'control' | 'membership' | 'clock'>

interface SeenNode {
  readonly name: string
  readonly health: NodeStatus
}

interface SeenWorkload {
  readonly name: string
  readonly state: Workload['state']
  readonly placement: string | null
}

/** What one reader has seen so far. Of what changes several times before it looks again, it is told the last. */
export class Sight {
  readonly #context: Context
  readonly #nodes = new Map<NodeId, SeenNode>()
  readonly #workloads = new Map<WorkloadId, SeenWorkload>()

  /** Begins with all there is, which is nothing new. */
  constructor(context: Context) {
    this.#context = context
    const { members, workloads } = context.control.state
    for (const id of members.keys()) this.node(id)
    for (const id of workloads.keys()) this.workload(id)
  }

  node(id: NodeId): readonly MeshChange[] {
    const { control, membership } = this.#context
    const member = control.state.members.get(id)
    const before = this.#nodes.get(id)
    if (member === undefined) {
      this.#nodes.delete(id)
      return before === undefined ? [] : [{ type: 'NodeUnregistered', data: this.#about(id, before.name) }]
    }
    const now = { name: member.name, health: nodeStatus(membership.view(id), member.scheduling) }
    this.#nodes.set(id, now)
    const data = this.#about(id, member.name)
    if (before === undefined) return [{ type: 'NodeRegistered', data: { ...data, health: now.health } }]
    if (before.health === now.health) return []
    return [{ type: 'NodeHealthChanged', data: { ...data, from: before.health, to: now.health } }]
  }

  workload(id: WorkloadId): readonly MeshChange[] {
    const workload = this.#context.control.state.workloads.get(id)
    const before = this.#workloads.get(id)
    if (workload === undefined) {
      this.#workloads.delete(id)
      return before === undefined ? [] : [{ type: 'WorkloadDeleted', data: this.#about(id, before.name) }]
    }
    const { name, placement } = workload
    this.#workloads.set(id, { name, state: workload.state, placement: placement?.id ?? null })
    return [...this.#created(workload, before), ...this.#assigned(workload, before), ...this.#moved(workload, before)]
  }

  #created({ id, name, spec, state: first }: Workload, before: SeenWorkload | undefined): readonly MeshChange[] {
    if (before !== undefined) return []
    return [{ type: 'WorkloadCreated', data: { ...this.#about(id, name), image: spec.image, state: first } }]
  }

  #assigned({ id, name, placement }: Workload, before: SeenWorkload | undefined): readonly MeshChange[] {
    if (placement === null || placement.id === before?.placement) return []
    const { node, devices } = placement
    const where = { node: nameOf(this.#context.control.state, node), nodeId: node, devices: [...devices] }
    return [{ type: 'WorkloadAssigned', data: { ...this.#about(id, name), ...where } }]
  }

  #moved({ id, name, state: to, ...workload }: Workload, before: SeenWorkload | undefined): readonly MeshChange[] {
    if (before === undefined || before.state === to) return []
    const { placement, exitCode, error } = workload
    const node = placement === null ? null : nameOf(this.#context.control.state, placement.node)
    return [
      {
        type: 'WorkloadStateChanged',
        data: { ...this.#about(id, name), from: before.state, to, node, exitCode, error },
      },
    ]
  }

  #about(id: string, name: string) {
    return { at: iso(this.#context.clock.now()), id, name }
  }
}
