/** What becomes of nodes and workloads, in one account for all who watch: each of them only holds its place in it. */
import { z } from 'zod'
import { ClawError } from '../../model/failure.ts'
import type { NodeStatus } from '../../model/node.ts'
import type { NodeId, WorkloadId } from '../../model/ids.ts'
import type { Workload } from '../../model/workload.ts'
import type { Unsubscribe } from '../../ports/rpc.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Control } from '../../services/control/types.ts'
import type { Membership } from '../../services/membership/types.ts'
import { iso, time, workloadState as state } from '../fields.ts'
import { nameOf, nodeStatus } from '../node/node-view.ts'

const health = z.enum(['healthy', 'unhealthy', 'draining', 'offline'])
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

interface Context {
  readonly control: Pick<Control, 'state' | 'onChange'>
  readonly membership: Pick<Membership, 'view' | 'onChange'>
  readonly clock: Pick<Clock, 'now'>
}

/** With the namespace of the work that it is about; null for nodes. */
interface Kept {
  readonly namespace: string | null
  readonly change: MeshChange
}

interface SeenNode {
  readonly name: string
  readonly health: NodeStatus
}

interface SeenWorkload {
  readonly name: string
  readonly namespace: string
  readonly state: Workload['state']
  readonly placement: string | null
}

/** Changes that are kept for those who have not read them yet. */
const mostKept = 16_384

/** It looks at the mesh from when the first comes who watches until the last has left. */
export class Sight {
  readonly #context: Context
  readonly #mostKept: number
  readonly #nodes = new Map<NodeId, SeenNode>()
  readonly #workloads = new Map<WorkloadId, SeenWorkload>()
  readonly #wakes = new Set<() => void>()
  #stops: readonly Unsubscribe[] = []
  #kept: Kept[] = []
  /** Number of the first that is kept. */
  #first = 0

  constructor(context: Context, most = mostKept) {
    this.#context = context
    this.#mostKept = most
  }

  /** How many watch. */
  get watchers(): number {
    return this.#wakes.size
  }

  /** What changes from now on, until the signal ends, of the namespaces that are looked at. Throws RATE_LIMITED when too much of it was left unread. */
  async *follow(signal: AbortSignal, sees: (namespace: string) => boolean = () => true): AsyncGenerator<MeshChange> {
    let wake = (): void => {}
    const ring = (): void => wake()
    if (this.#wakes.size === 0) this.#open()
    this.#wakes.add(ring)
    signal.addEventListener('abort', ring, { once: true })
    let place = this.#first + this.#kept.length
    try {
      while (!signal.aborted) {
        const next = this.#at(place)
        if (next === undefined)
          await new Promise<void>((resolve) => {
            wake = resolve
            if (signal.aborted) resolve()
          })
        else {
          place += 1
          if (next.namespace === null || sees(next.namespace)) yield next.change
        }
      }
    } finally {
      signal.removeEventListener('abort', ring)
      this.#wakes.delete(ring)
      if (this.#wakes.size === 0) this.#close()
    }
  }

  /** Begins with all there is, which is nothing new. */
  #open(): void {
    const { control, membership } = this.#context
    for (const id of control.state.members.keys()) this.#node(id)
    for (const id of control.state.workloads.keys()) this.#workload(id)
    this.#stops = [
      control.onChange((told) => {
        const [nodes, workloads] = [new Set<NodeId>(), new Set<WorkloadId>()]
        for (const change of told) {
          if (change.type === 'member') nodes.add(change.node)
          if (change.type === 'workload') workloads.add(change.workload)
        }
        for (const id of nodes) this.#keep(this.#node(id), null)
        for (const id of workloads) this.#keepOf(id)
      }),
      membership.onChange(({ node }) => this.#keep(this.#node(node), null)),
    ]
  }

  #close(): void {
    for (const stop of this.#stops) stop()
    this.#first += this.#kept.length
    this.#kept = []
    this.#nodes.clear()
    this.#workloads.clear()
  }

  #keepOf(id: WorkloadId): void {
    const before = this.#workloads.get(id)
    const news = this.#workload(id)
    this.#keep(news, (this.#workloads.get(id) ?? before)?.namespace ?? null)
  }

  #keep(news: readonly MeshChange[], namespace: string | null): void {
    if (news.length === 0) return
    this.#kept.push(...news.map((change) => ({ namespace, change })))
    // Twice as many before the older half goes, so that not every change moves all of them.
    if (this.#kept.length > 2 * this.#mostKept) {
      const old = this.#kept.length - this.#mostKept
      this.#kept = this.#kept.slice(old)
      this.#first += old
    }
    for (const wake of this.#wakes) wake()
  }

  #at(place: number): Kept | undefined {
    if (place < this.#first) throw new ClawError('RATE_LIMITED', { who: 'This mesh, for a reader so slow,' })
    return this.#kept[place - this.#first]
  }

  #node(id: NodeId): readonly MeshChange[] {
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

  #workload(id: WorkloadId): readonly MeshChange[] {
    const workload = this.#context.control.state.workloads.get(id)
    const before = this.#workloads.get(id)
    if (workload === undefined) {
      this.#workloads.delete(id)
      return before === undefined ? [] : [{ type: 'WorkloadDeleted', data: this.#about(id, before.name) }]
    }
    const { name, placement } = workload
    const { namespace } = workload.spec
    this.#workloads.set(id, { name, namespace, state: workload.state, placement: placement?.id ?? null })
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
