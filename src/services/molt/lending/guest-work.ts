/** The work of leases in the provider's own mesh: submitted like any other, and held still by its own node. */
import { agreementId, type Terms } from '../../../core/molt/agreement.ts'
import type { Lease } from '../../../core/molt/market/lease.ts'
import {
  guestShare,
  isLeaseWork,
  leaseName,
  leasePriority,
  leaseSpec,
  leaseWorkload,
  sightOf,
  type WorkSight,
} from '../../../core/molt/market/lease-work.ts'
import type { Command } from '../../../core/state/types.ts'
import { ClawError } from '../../../model/failure.ts'
import type { NodeId, PlacementId, WorkloadId } from '../../../model/ids.ts'
import { placementId } from '../../../model/ids.ts'
import { leaseNamespace } from '../../../model/lease-mark.ts'
import type { Hash } from '../../../model/molt-agreement.ts'
import type { LendingMode } from '../../../model/molt-policy.ts'
import type { Work } from '../../../model/molt-work.ts'
import { noQuota } from '../../../model/namespace.ts'
import type { ExecutorKind, NodeInventory } from '../../../model/node.ts'
import type { SecretRef } from '../../../model/secret.ts'
import { isTerminal, type Workload } from '../../../model/workload.ts'
import type { Unsubscribe } from '../../../ports/rpc.ts'
import type { TalkAnswer } from '../../../wire/molt-lease.ts'
import type { Control } from '../../control/types.ts'

/** What leases need of whoever runs their work. */
export interface GuestWork {
  sight(lease: Lease): WorkSight
  words(lease: Lease): TalkAnswer['work']
  placement(lease: Lease): PlacementId | null
  /** Whether it could be submitted at all. */
  fits(terms: Terms, devices: readonly string[], work: Work): boolean
  /** Safe to repeat. Throws what the mesh refuses, NO_LEADER, and the signal's reason. */
  submit(lease: Lease, work: Work, signal: AbortSignal): Promise<void>
  /** Ends it at once. Safe to repeat; what is not there is no error. Throws NO_LEADER, and the signal's reason. */
  stop(lease: Lease, signal: AbortSignal): Promise<void>
  /** Holds it still, or lets it go on. */
  hold(lease: Lease, isHeld: boolean): Promise<void>
  /** Work of this node that no lease of those is about. */
  strays(known: ReadonlySet<WorkloadId>): readonly WorkloadId[]
  end(workload: WorkloadId, signal: AbortSignal): Promise<void>
  /** Returns when what can be seen is as new as anything that was done before. Throws NO_LEADER. */
  fresh(signal: AbortSignal): Promise<void>
  onChange(listener: (workload: WorkloadId) => void): Unsubscribe
}

export interface MeshWorkDeps {
  readonly self: NodeId
  readonly control: Pick<Control, 'state' | 'execute' | 'onChange' | 'fresh'>
  /** Throws SECRETS_UNAVAILABLE. */
  readonly seal: (
    subject: { readonly namespace: string; readonly of: { readonly env: string } },
    value: Uint8Array,
  ) => string
  /** Holds a task of this node still, or lets it go on. Throws WORKLOAD_NOT_FOUND and PAUSE_UNSUPPORTED. */
  readonly pause: (placement: PlacementId, isPaused: boolean) => Promise<void>
  readonly mode: () => LendingMode
  /** Guests have a network: a bridge with a way out. */
  readonly hasNetwork: boolean
}

export class MeshWork implements GuestWork {
  readonly #deps: MeshWorkDeps

  constructor(deps: MeshWorkDeps) {
    this.#deps = deps
  }

  sight(lease: Lease): WorkSight {
    const hasRun = lease.meter.gpuMillis > 0n || ['running', 'paused', 'ending'].includes(lease.state)
    return sightOf(this.#workload(lease), hasRun)
  }

  words(lease: Lease): TalkAnswer['work'] {
    const workload = this.#workload(lease)
    if (workload === undefined) return { state: 'none', about: null, startedAt: null, endedAt: null, exitCode: null }
    const { state, progress, error, startedAt, endedAt, exitCode } = workload
    const about = error?.message ?? progress
    return { state, about: about?.slice(0, 1_024) ?? null, ...rounded({ startedAt, endedAt }), exitCode }
  }

  placement({ agreement }: Lease): PlacementId | null {
    if (agreement === null) return null
    const id = leaseWorkload(agreementId(agreement))
    const workload = this.#deps.control.state.workloads.get(id)
    return workload === undefined ? placementId(id, 1) : (workload.placement?.id ?? null)
  }

  fits(terms: Terms, devices: readonly string[], work: Work): boolean {
    return this.#spec({ agreement: '0'.repeat(64), terms, devices, work, secrets: [] }) !== null
  }

  async submit({ agreement, devices }: Lease, work: Work, signal: AbortSignal): Promise<void> {
    if (agreement === null) return
    await this.#makeNamespace(signal)
    const id = agreementId(agreement)
    const secrets = Object.entries(work.env).map(([env, value]): SecretRef => ({
      ...{ env, sealed: this.#deps.seal({ namespace: leaseNamespace, of: { env } }, Buffer.from(value)) },
    }))
    const spec = this.#spec({ agreement: id, terms: agreement.terms, devices, work, secrets })
    if (spec === null) throw new ClawError('INVALID_REQUEST', { problem: 'this node cannot run it as it is' })
    const workload = leaseWorkload(id)
    await this.#do({ type: 'submit', workload, name: leaseName(id), spec }, `lease:${id}`, signal)
  }

  async stop({ agreement }: Lease, signal: AbortSignal): Promise<void> {
    if (agreement !== null) await this.end(leaseWorkload(agreementId(agreement)), signal)
  }

  async end(workload: WorkloadId, signal: AbortSignal): Promise<void> {
    const known = this.#deps.control.state.workloads.get(workload)
    if (known === undefined || isTerminal(known.state) || known.stopRequested?.force === true) return
    const reason = 'the lease is over'
    try {
      await this.#do({ type: 'request-stop', workload, force: true, reason }, `lease-end:${workload}`, signal)
    } catch (error) {
      if (!ClawError.is(error, 'WORKLOAD_NOT_FOUND')) throw error
    }
  }

  async hold(lease: Lease, isHeld: boolean): Promise<void> {
    const placement = this.placement(lease)
    if (placement !== null) await this.#deps.pause(placement, isHeld)
  }

  strays(known: ReadonlySet<WorkloadId>): readonly WorkloadId[] {
    const { control, self } = this.#deps
    return [...control.state.workloads.values()]
      .filter((one) => isLeaseWork(one) && one.spec.node === self && !isTerminal(one.state) && !known.has(one.id))
      .map(({ id }) => id)
  }

  fresh(signal: AbortSignal): Promise<void> {
    return this.#deps.control.fresh('linearizable', signal)
  }

  onChange(listener: (workload: WorkloadId) => void): Unsubscribe {
    return this.#deps.control.onChange((changes) => {
      for (const change of changes) if (change.type === 'workload') listener(change.workload)
    })
  }

  #workload({ agreement }: Lease): Workload | undefined {
    if (agreement === null) return undefined
    return this.#deps.control.state.workloads.get(leaseWorkload(agreementId(agreement)))
  }

  #spec(asked: {
    readonly agreement: Hash
    readonly terms: Terms
    readonly devices: readonly string[]
    readonly work: Work
    readonly secrets: readonly SecretRef[]
  }) {
    const { self, control, mode, hasNetwork } = this.#deps
    const inventory = control.state.members.get(self)?.inventory
    const executor = inventory === null || inventory === undefined ? null : leaseExecutor(inventory)
    if (inventory === null || inventory === undefined || executor === null) return null
    const { gpus, cpuCores, memoryMib } = inventory
    const indexes = asked.devices.flatMap((uuid) => gpus.filter((gpu) => gpu.uuid === uuid).map(({ index }) => index))
    if (indexes.length !== asked.devices.length) return null
    return leaseSpec({
      ...asked,
      ...{ node: self, indexes, executor, priority: leasePriority(mode()), isOffline: !hasNetwork },
      share: guestShare({ cpuCores, memoryMib, gpus: gpus.length }, indexes.length),
    })
  }

  /** Nobody has rights in it but those who have them everywhere. */
  async #makeNamespace(signal: AbortSignal): Promise<void> {
    if (this.#deps.control.state.namespaces.has(leaseNamespace)) return
    const command = {
      type: 'create-namespace',
      name: leaseNamespace,
      quota: noQuota,
      weight: 1,
      borrow: false,
    } as const
    try {
      await this.#do(command, `lease-namespace:${this.#deps.control.state.index}`, signal)
    } catch (error) {
      // Another node of the mesh was faster.
      if (!ClawError.is(error, 'NAMESPACE_EXISTS')) throw error
    }
  }

  async #do(command: Command, id: string, signal: AbortSignal): Promise<void> {
    const { control, self } = this.#deps
    await control.execute(command, { id, by: self, signal })
  }
}

/** Containers where there are any; a node that only simulates lends what it simulates. */
export const leaseExecutor = ({ executors, gpus }: Pick<NodeInventory, 'executors' | 'gpus'>): ExecutorKind | null => {
  if (executors.includes('docker')) return 'docker'
  return executors.includes('simulated') && gpus.every(({ simulated }) => simulated) ? 'simulated' : null
}

const rounded = <T extends Readonly<Record<string, number | null>>>(times: T): T =>
  Object.fromEntries(Object.entries(times).map(([name, at]) => [name, at === null ? null : Math.floor(at)])) as T
