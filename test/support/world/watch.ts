/** What must hold of a mesh whatever happens to it, looked at from outside: at the engines, at what users were told, at the states. */
import type { Change, MeshState } from '../../../src/core/state/types.ts'
import type { NodeId, PlacementId, WorkloadId } from '../../../src/model/ids.ts'
import type { Millis } from '../../../src/model/time.ts'
import type { Workload } from '../../../src/model/workload.ts'
import { isTerminal } from '../../../src/model/workload.ts'
import { Violation } from '../../../src/simulation/consensus-checker.ts'
import type { Execution, Witness } from './engine.ts'

export interface WatchDeps {
  /** Of a submission, by name; null when there is none. */
  readonly priorityOf: (name: string) => number | null
  /** When the daemon of a node last could not act. */
  readonly unwellAt: (node: NodeId) => Millis
  readonly elapsed: () => Millis
}

export class Watch implements Witness {
  /** The first thing that went wrong; nothing after it is worth looking at. */
  violation: Violation | null = null
  readonly executions: Execution[] = []
  readonly counts = { evictions: 0, preemptions: 0, losses: 0, retries: 0 }
  readonly #deps: WatchDeps
  readonly #begun = new Set<PlacementId>()
  readonly #byWorkload = new Map<WorkloadId, Execution[]>()
  readonly #digests = new Map<number, { readonly digest: number; readonly node: NodeId }>()
  /** The last that any peer knew of each workload. */
  readonly #known = new Map<WorkloadId, Pick<Workload, 'spec' | 'name'>>()
  readonly #counted = new Set<string>()

  constructor(deps: WatchDeps) {
    this.#deps = deps
  }

  violate(invariant: string, detail: string): void {
    this.violation ??= new Violation(invariant, `${detail}, at ${Math.round(this.#deps.elapsed())} ms`)
  }

  /** Throws what was violated, if anything was. */
  demandPeace(): void {
    if (this.violation !== null) throw this.violation
  }

  bug(where: string, error: unknown): void {
    this.violate('no bugs', `${where}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  }

  began(execution: Execution): void {
    const { placement, node, devices, workload } = execution
    if (this.#begun.has(placement)) this.violate('an attempt starts once', `${placement} started again on ${node}`)
    this.#begun.add(placement)
    const running = this.executions.filter(({ endedAt }) => endedAt === null)
    for (const other of running)
      if (other.node === node && other.devices.some((device) => devices.includes(device)))
        this.violate('a device is in one execution', `${other.placement} and ${placement} share one on ${node}`)
    for (const other of running) if (other.workload === workload) this.#twice(other, execution)
    this.#again(execution)
    this.executions.push(execution)
    const all = this.#byWorkload.get(workload) ?? []
    this.#byWorkload.set(workload, all)
    all.push(execution)
  }

  ended(): void {
    // Ends are looked at when something begins after them.
  }

  executionsOf(workload: WorkloadId): readonly Execution[] {
    return this.#byWorkload.get(workload) ?? []
  }

  /** Two executions of one workload at a time are what `replace` is for. `stop` relies on a daemon that lives. */
  #twice(first: Execution, second: Execution): void {
    const policy = this.#known.get(first.workload)?.spec.onPartition ?? 'continue'
    if (policy === 'replace') return
    const isExcused = policy === 'stop' && this.#deps.unwellAt(first.node) >= first.beganAt
    if (isExcused) return
    this.violate(
      'a workload runs in one place',
      `${first.placement} runs on ${first.node} and ${second.placement} on ${second.node}, on partition: ${policy}`,
    )
  }

  /** What has ended well by itself is done, unless it is to run again and again, or was given up before its node could say so. */
  #again(second: Execution): void {
    const spec = this.#known.get(second.workload)?.spec
    if (spec === undefined || spec.restart?.policy === 'always') return
    if (spec.onPartition === 'replace' || spec.onPartition === 'stop') return
    const done = this.executionsOf(second.workload).find(({ byItself, exitCode }) => byItself && exitCode === 0)
    if (done === undefined) return
    // Of what an earlier daemon started nobody knows whether that one told it to go.
    if (this.#deps.unwellAt(done.node) >= done.beganAt) return
    this.violate('what is done is not done again', `${done.placement} had succeeded when ${second.placement} began`)
  }

  /** Peers that stand at the same index have the same state. */
  stood(node: NodeId, index: number, digest: number): void {
    const known = this.#digests.get(index)
    if (known === undefined) this.#digests.set(index, { digest, node })
    else if (known.digest !== digest)
      this.violate('one state for all', `${node} and ${known.node} differ after entry ${index}`)
  }

  changed(node: NodeId, state: MeshState, changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.type === 'event') this.#count(change.event.sequence, change.event.type)
      if (change.type !== 'workload') continue
      const workload = state.workloads.get(change.workload)
      if (workload === undefined) continue
      this.#known.set(workload.id, workload)
      this.#judgeEviction(node, workload, state)
      this.#judgeEnd(workload)
    }
  }

  #count(sequence: number, type: string): void {
    const key = `${sequence} ${type}`
    if (this.#counted.has(key)) return
    this.#counted.add(key)
    if (type === 'workload.evicted') this.counts.evictions += 1
    if (type === 'workload.lost') this.counts.losses += 1
    if (type === 'workload.retried') this.counts.retries += 1
  }

  /** Only lesser work makes room. */
  #judgeEviction(node: NodeId, { name, spec, eviction }: Workload, state: MeshState): void {
    const claimant = /^makes room for (.*)$/.exec(eviction?.reason ?? '')?.[1]
    if (claimant === undefined) return
    this.counts.preemptions += 1
    const id = state.names.get(claimant)
    const priority =
      (id === undefined ? undefined : state.workloads.get(id)?.spec.priority) ?? this.#deps.priorityOf(claimant)
    if (priority !== null && priority <= spec.priority)
      this.violate(
        'only lesser work makes room',
        `${name} (${spec.priority}) for ${claimant} (${priority}), says ${node}`,
      )
  }

  /** A failure has a cause that somebody saw. */
  #judgeEnd({ id, name, state, error, exitCode }: Workload): void {
    if (!isTerminal(state)) return
    const runs = this.executionsOf(id)
    if (state === 'completed' && !runs.some((run) => run.exitCode === 0))
      this.violate('what is said to be done was done', `${name} completed, and no execution of it did`)
    if (state === 'failed' && error?.code === 'NONZERO_EXIT' && !runs.some((run) => run.exitCode === exitCode))
      this.violate('what is said to have failed did', `${name} failed with ${exitCode}, and no execution of it did`)
  }
}
