/** A control plane that commits what it is asked to, late and not always, and whose leader gives devices out twice. */
import type { Change, Command } from '../../src/core/state/types.ts'
import { apply } from '../../src/core/state/apply.ts'
import { createState } from '../../src/core/state/state.ts'
import { ClawError } from '../../src/model/failure.ts'
import type { NodeId, PlacementId, WorkloadId } from '../../src/model/ids.ts'
import { meshId, nodeId, placementId, workloadId } from '../../src/model/ids.ts'
import type { Workload } from '../../src/model/workload.ts'
import { isTerminal, WorkloadSpec } from '../../src/model/workload.ts'
import type { Millis } from '../../src/model/time.ts'
import type { Unsubscribe } from '../../src/ports/rpc.ts'
import type { Control, Executed } from '../../src/services/control/types.ts'
import type { World } from '../../src/simulation/world.ts'

export class Mesh {
  readonly state = createState()
  /** Share of requests that fail, half of them after they took effect. */
  trouble = 0
  /** Since when daemons hear of no leader; null while they do. */
  silentSince: Millis | null = null
  readonly #world: World
  readonly #listeners = new Set<(changes: readonly Change[]) => void>()

  constructor(world: World) {
    this.#world = world
    const genesis = { name: 'test', publicKey: '', founder: nodeId('founder'), createdAt: 0 }
    this.state.mesh = { id: meshId('mesh'), genesis }
  }

  /** What a daemon sees of it. */
  control(): Pick<Control, 'state' | 'status' | 'onChange' | 'execute' | 'fresh'> {
    return {
      state: this.state,
      status: () => ({
        ...{ role: 'follower', term: 1, leader: nodeId('founder'), voters: [], followers: [] },
        outOfTouchFor: this.silentSince === null ? 0 : this.#world.elapsed() - this.silentSince,
        ...{ committed: this.state.index, applied: this.state.index },
      }),
      onChange: (listener): Unsubscribe => {
        this.#listeners.add(listener)
        return () => this.#listeners.delete(listener)
      },
      execute: (command, { id, by }) => this.#execute(command, id, by),
      fresh: () => this.#pass(),
    }
  }

  submit(name: string, parts: Partial<WorkloadSpec> = {}): WorkloadId {
    const id = workloadId(`wl-${name}`)
    const spec = WorkloadSpec.parse({ image: 'x', gpus: { count: 0 }, ...parts })
    this.#apply({ type: 'submit', workload: id, name, spec }, `submit:${name}`, 'test')
    return id
  }

  /** Places without looking who holds the devices, past every check of the state machine. */
  place(id: WorkloadId, node: NodeId, devices: readonly string[]): void {
    const workload = this.state.workloads.get(id)
    if (workload === undefined || workload.state !== 'pending') return
    const attempt = workload.attempt + 1
    const placement = {
      id: placementId(id, attempt),
      workload: id,
      attempt,
      node,
      devices,
      executor: 'docker',
      term: 1,
      state: 'placed',
      at: this.#world.now(),
      port: null,
    } as const
    this.#put({ ...workload, state: 'starting', attempt, placement })
  }

  /** Takes a workload away from its node, whatever it does there. */
  supersede(id: WorkloadId): void {
    const workload = this.state.workloads.get(id)
    if (workload === undefined || isTerminal(workload.state)) return
    this.#put({ ...workload, state: 'pending', placement: null, startedAt: null })
  }

  requestStop(id: WorkloadId, force: boolean): void {
    this.#apply({ type: 'request-stop', workload: id, force }, `stop:${id}:${this.#world.now()}`, 'test')
  }

  evict(id: WorkloadId, grace: number): void {
    const workload = this.state.workloads.get(id)
    if (workload === undefined || isTerminal(workload.state) || workload.placement === null) return
    const placement = workload.placement.id
    const key = `evict:${placement}:${this.#world.now()}`
    this.#apply({ type: 'evict', placement, reason: 'makes room', grace, target: null, avoid: false }, key, 'test')
  }

  /** At once, whatever trouble there is. */
  commit(command: Command, by: NodeId): void {
    this.#apply(command, `${command.type}:${this.#world.elapsed()}:${this.state.index}`, by)
  }

  live(): ReadonlySet<PlacementId> {
    const placed = [...this.state.workloads.values()].filter(({ state }) => !isTerminal(state))
    return new Set(placed.flatMap(({ placement }) => (placement === null ? [] : [placement.id])))
  }

  async #execute(command: Command, id: string, by: string): Promise<Executed> {
    await this.#pass()
    const isTrouble = this.#world.next() < this.trouble
    if (isTrouble && this.#world.next() < 0.5) throw new ClawError('NO_LEADER', { detail: 'an election' })
    const executed = this.#apply(command, id, by)
    await this.#pass()
    if (isTrouble) throw new ClawError('DEADLINE_EXCEEDED', { what: command.type, ms: 0 })
    return executed
  }

  #apply(command: Command, id: string, by: string): Executed {
    const index = this.state.index + 1
    const { outcome, changes } = apply(
      this.state,
      { id, at: this.#world.now(), by, via: null, command },
      { index, term: 1 },
    )
    this.#tell(changes)
    if (!outcome.ok) throw new ClawError('PLACEMENT_SUPERSEDED', { placement: outcome.failure.message })
    return { index, value: outcome.value }
  }

  #put(workload: Workload): void {
    this.state.workloads.set(workload.id, workload)
    this.#tell([{ type: 'workload', workload: workload.id }])
  }

  #tell(changes: readonly Change[]): void {
    for (const listener of this.#listeners) listener(changes)
  }

  #pass(): Promise<void> {
    return new Promise((resolve) => void this.#world.after(this.#world.next() * 200, resolve))
  }
}
