/** Carries out single actions of the reconciler: on the ledger, the executors, and the mesh's state. */
import type { AgentAction, Report } from '../../core/agent/action.ts'
import { checkpointEnvironment } from '../../core/agent/checkpoint.ts'
import { partEnvironment } from '../../core/agent/gang.ts'
import { choosePorts, portEnvironment } from '../../core/agent/ports.ts'
import { runEnvironment } from '../../core/agent/run.ts'
import { shareEnvironment } from '../../core/agent/share.ts'
import type { Assigned, Save, StartFailure, Told } from '../../core/agent/view.ts'
import type { Command } from '../../core/state/types.ts'
import { refusalOf } from '../../core/state/versions.ts'
import { ClawError } from '../../model/failure.ts'
import type { GpuDevice } from '../../model/gpu.ts'
import type { MeshId, NodeId, PlacementId } from '../../model/ids.ts'
import type { ExecutorKind } from '../../model/node.ts'
import type { Instant, Millis } from '../../model/time.ts'
import type { WorkloadSpec } from '../../model/workload.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Executor, PrepareMounts, Task, TaskPort, TaskResolver } from '../../ports/executor.ts'
import type { Log } from '../../ports/log.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Control } from '../control/types.ts'
import type { Provisions } from '../vault/provisions.ts'
import { noProvisions } from '../vault/provisions.ts'
import type { LedgerStore } from './ledger-store.ts'
import { readResult } from './result.ts'

export interface PerformerDeps {
  readonly mesh: MeshId
  readonly node: NodeId
  readonly control: Pick<Control, 'execute' | 'state'>
  readonly executors: ReadonlyMap<ExecutorKind, Executor>
  readonly ledger: LedgerStore
  readonly beforeRemoval?: (placement: PlacementId) => Promise<void>
  /** Network of the engine by which a container is in the overlay; null for the usual one. */
  readonly networkFor?: (workload: Assigned, signal: AbortSignal) => Promise<string | null>
  /** Returns when what gets an address in the overlay now may be reached by nobody who must not. */
  readonly beforeStart?: NonNullable<Task['beforeStart']>
  /** Throws OVERLAY_FAILED where the engine's usual network was chosen and it may not be on that any more. */
  readonly confirmUsual?: (workload: Assigned) => void
  /** Whom its containers ask for names; null for whom the engine says. `isInOverlay`: it has an address of its own there. */
  readonly resolverFor?: (spec: WorkloadSpec, isInOverlay: boolean) => TaskResolver | null
  /** Makes what it mounts ready, with volumes of the mesh as the engine of this node knows them. */
  readonly mountsFor?: (spec: WorkloadSpec, ...around: Parameters<PrepareMounts>) => ReturnType<PrepareMounts>
  /** Secrets and config maps of what is about to be started. Work that names some cannot be started where this is left out. */
  readonly provisions?: (workload: Assigned, signal: AbortSignal) => Promise<Provisions>
  /** Returns when what is about to be started may have its devices. Throws GPU_UNCLEAN. */
  readonly admit?: (workload: Assigned, signal: AbortSignal) => Promise<void>
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly assigned: (placement: PlacementId) => Assigned | null
  readonly device: (uuid: string) => GpuDevice | null
  /** Whether nothing listens on this port of the host. */
  readonly isPortFree: (port: number) => Promise<boolean>
  /** Ports of the host that tasks have been given. */
  readonly givenPorts: () => ReadonlySet<number>
  /** Ends when the agent stops. */
  readonly signal: AbortSignal
}

type OwnReason = Partial<Pick<Told, 'isCutOff' | 'unhealthy'>>
type CheckpointAction = Extract<AgentAction, { do: 'checkpoint' }>

/** How long one try to have the leader take a report may last. The reconciler asks for it again. */
const reportPatience: Millis = 30_000

export class Performer {
  readonly #deps: PerformerDeps
  /** Starts that failed, until their placements are over. */
  readonly failures = new Map<PlacementId, StartFailure>()
  /** What was told to stop, until its placement is over. */
  readonly told = new Map<PlacementId, Told>()
  /** When what runs was last told to save, until its placement is over. */
  readonly checkpoints = new Map<PlacementId, Instant>()
  /** What was told to save before it leaves, until its placement is over. */
  readonly saves = new Map<PlacementId, Save>()
  /** Since when what is to be stopped gets no more requests, until its placement is over. */
  readonly letGo = new Map<PlacementId, Instant>()
  /** Ports of the host that were given to what is being started, until its placement is over. */
  readonly chosenPorts = new Map<PlacementId, readonly number[]>()
  #choosing: Promise<unknown> = Promise.resolve()

  constructor(deps: PerformerDeps) {
    this.#deps = deps
  }

  /** Expected failures are noted; what was wanted is then asked for again by the reconciler. */
  async perform(action: AgentAction): Promise<void> {
    const { log, metrics, signal } = this.#deps
    try {
      await this.#step(action)
      metrics.count('claw_agent_actions_total', { action: action.do, ok: 'true' })
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof ClawError)) throw error
      metrics.count('claw_agent_actions_total', { action: action.do, ok: 'false' })
      // Said once by whoever found it out, and true of every step until this daemon is upgraded.
      if (ClawError.is(error, 'VERSION_UNSUPPORTED')) return
      log.info('a step for a placement did not succeed', {
        action: action.do,
        placement: action.placement,
        code: error.code,
        problem: error.message,
      })
    }
  }

  #step(action: AgentAction): Promise<void> {
    switch (action.do) {
      case 'record':
        return this.#record(action)
      case 'claim':
        return this.#execute(`${action.placement}:claim`, { type: 'claim', ...this.#from(action) })
      case 'reject':
        return this.#execute(`${action.placement}:reject`, {
          type: 'reject',
          ...this.#from(action),
          reason: action.reason,
        })
      case 'report':
        return this.#report(action.placement, action.report)
      case 'start':
        return this.#start(action.placement)
      case 'checkpoint':
        return action.isLeaving ? this.#saveToLeave(action) : this.#saveToStay(action)
      case 'stop':
        this.#noteEnd(action.placement, action)
        return this.#executor(action.executor).stop(action.placement, action.grace)
      case 'let-go':
        // From here on an end is one that was asked for.
        this.#noteEnd(action.placement, {})
        this.letGo.set(action.placement, this.#deps.clock.now())
        return Promise.resolve()
      case 'remove':
        return this.#remove(action)
    }
  }

  async #remove({ placement, executor }: Extract<AgentAction, { do: 'remove' }>): Promise<void> {
    await this.#deps.beforeRemoval?.(placement)
    await this.#executor(executor).remove(placement)
  }

  async #record({ placement, record }: Extract<AgentAction, { do: 'record' }>): Promise<void> {
    const admission = await this.#deps.ledger.write(record)
    if (!admission.ok)
      this.#deps.log.warn('the device ledger refused a record', {
        placement,
        record: record.type,
        reason: admission.reason,
      })
  }

  #report(placement: PlacementId, report: Report): Promise<void> {
    const from = this.#from({ placement })
    switch (report.type) {
      case 'starting':
        // The same progress may come twice, and is then news again.
        return this.#execute(`${placement}:starting:${this.#deps.clock.now()}`, {
          ...from,
          type: 'report-starting',
          progress: report.progress,
        })
      case 'running':
        return this.#execute(
          `${placement}:running`,
          this.#asKnown(
            { ...from, type: 'report-running', startedAt: report.startedAt },
            { ...from, ...report, type: 'report-running' },
          ),
        )
      case 'checkpoint':
        return this.#execute(`${placement}:checkpoint:${report.at}`, {
          ...{ ...from, at: report.at },
          type: 'report-checkpoint',
        })
      case 'health':
        return this.#execute(`${placement}:health:${report.at}`, { ...from, ...report, type: 'report-health' })
      case 'ended':
        return this.#reportEnd(placement, report)
    }
  }

  /** A run of a job that has succeeded may have left a result in its output. */
  async #reportEnd(placement: PlacementId, report: Extract<Report, { type: 'ended' }>): Promise<void> {
    const { assigned, executors, signal } = this.#deps
    const workload = assigned(placement)
    const executor = workload === null ? undefined : executors.get(workload.placement.executor)
    const isRun = workload?.run !== undefined && report.error === null
    const result = isRun && executor !== undefined ? await readResult(executor, placement, signal) : null
    await this.#execute(`${placement}:ended`, this.#endedOf(placement, report, result))
  }

  #endedOf(
    placement: PlacementId,
    { image, ...report }: Extract<Report, { type: 'ended' }>,
    result: string | null,
  ): Command {
    const said = { ...report, ...(result !== null && { result }) }
    const plain = { ...this.#from({ placement }), ...said, type: 'report-ended' } as const
    return this.#asKnown(plain, image === undefined ? plain : { ...plain, image })
  }

  /** A mesh that is still being upgraded cannot be told which image it was, nor where it is in the overlay. */
  #asKnown(plain: Command, full: Command): Command {
    return refusalOf(full, this.#deps.control.state) === null ? full : plain
  }

  async #execute(id: string, command: Command): Promise<void> {
    const { clock, control, node, signal } = this.#deps
    const late = new AbortController()
    const cancel = clock.after(reportPatience, () =>
      late.abort(new ClawError('DEADLINE_EXCEEDED', { what: command.type, ms: reportPatience })),
    )
    try {
      await control.execute(command, { id, by: node, signal: AbortSignal.any([signal, late.signal]) })
    } catch (error) {
      // The mesh has decided anew; the state will say so.
      if (!ClawError.is(error, 'PLACEMENT_SUPERSEDED')) throw error
    } finally {
      cancel()
    }
  }

  /** The first word counts, unless somebody asks for the end of what was only to be stopped here. */
  #noteEnd(placement: PlacementId, { isCutOff = false, unhealthy }: OwnReason): void {
    const known = this.told.get(placement)
    const isAskedFor = !isCutOff && unhealthy === undefined
    if (known === undefined)
      this.told.set(placement, { at: this.#deps.clock.now(), isCutOff, ...(unhealthy !== undefined && { unhealthy }) })
    else if (isAskedFor) this.told.set(placement, { at: known.at, isCutOff })
  }

  /** A signal that was not sent saves nothing, nor does one that came too late. */
  async #saveToStay({ placement, executor: kind, signal }: CheckpointAction): Promise<void> {
    const at = this.#deps.clock.now()
    const executor = this.#executor(kind)
    await executor.signal(placement, signal)
    if (executor.status(placement)?.status.state === 'running') this.checkpoints.set(placement, at)
  }

  /** From here on an end is one that was asked for. */
  async #saveToLeave({ placement, executor, signal }: CheckpointAction): Promise<void> {
    this.#noteEnd(placement, {})
    const since = this.saves.get(placement)?.since ?? this.#deps.clock.now()
    this.saves.set(placement, { since, isSent: false })
    await this.#executor(executor).signal(placement, signal)
    this.saves.set(placement, { since, isSent: true })
  }

  async #start(placement: PlacementId): Promise<void> {
    const { assigned, signal, clock } = this.#deps
    const workload = assigned(placement)
    if (workload === null) return
    try {
      await this.#deps.admit?.(workload, signal)
      await this.#executor(workload.placement.executor).start(await this.#taskOf(workload), signal)
      this.failures.delete(placement)
    } catch (error) {
      if (signal.aborted || !isExpected(error)) throw error
      const at = clock.now()
      this.failures.set(placement, { error: asData(error), since: this.failures.get(placement)?.since ?? at, at })
      throw error
    }
  }

  async #taskOf(workload: Assigned): Promise<Task> {
    const { id, name, spec, placement, gang } = workload
    const { mesh, node, device } = this.#deps
    const devices = placement.devices.map((uuid) => {
      const known = device(uuid)
      if (known === null) throw new ClawError('GPU_NOT_VISIBLE', { detail: `the node has no device ${uuid}` })
      return known
    })
    const { attempt, term } = placement
    const ports = await this.#portsOf(workload)
    const given = await this.#provisionsOf(workload)
    const network = await this.#networkOf(workload)
    const resolver = this.#deps.resolverFor?.(spec, network.network !== undefined) ?? null
    const env = {
      ...given.env,
      ...{ ...partEnvironment(workload, gang), ...checkpointEnvironment(spec), ...shareEnvironment(spec) },
      ...{ ...portEnvironment(spec, ports), ...runEnvironment(workload) },
    }
    const task = { placement: placement.id, workload: id, attempt, term, mesh, node, name, spec, env, devices }
    return {
      ...task,
      ...(ports.length > 0 && { ports }),
      ...(resolver !== null && { resolver }),
      ...network,
      ...(Object.keys(given.secretEnv).length > 0 && { secretEnv: given.secretEnv }),
      ...(given.files.length > 0 && { files: given.files }),
      ...this.#mountsOf(workload),
    }
  }

  #provisionsOf(workload: Assigned): Promise<Provisions> {
    const { provisions, signal } = this.#deps
    const { secrets = [], configs = [] } = workload.spec
    if (secrets.length + configs.length === 0) return Promise.resolve(noProvisions)
    if (provisions === undefined) throw new ClawError('SECRETS_UNAVAILABLE', { detail: 'this node has no vault' })
    return provisions(workload, signal)
  }

  async #networkOf(workload: Assigned): Promise<Pick<Task, 'network' | 'beforeStart' | 'confirmStart'>> {
    const { networkFor, beforeStart, confirmUsual, signal } = this.#deps
    if (workload.placement.executor !== 'docker' || networkFor === undefined) return {}
    const network = await networkFor(workload, signal)
    if (network === null) return confirmUsual === undefined ? {} : { confirmStart: () => confirmUsual(workload) }
    return { network, ...(beforeStart !== undefined && { beforeStart }) }
  }

  #mountsOf({ spec, placement }: Assigned): Pick<Task, 'prepareMounts'> {
    const { mountsFor } = this.#deps
    if (mountsFor === undefined || placement.executor !== 'docker' || spec.mounts.length === 0) return {}
    return { prepareMounts: (onProgress, signal) => mountsFor(spec, onProgress, signal) }
  }

  /** One start after the other: two must not find the same port free. */
  #portsOf(workload: Assigned): Promise<readonly TaskPort[]> {
    const { isPortFree, givenPorts } = this.#deps
    if (workload.spec.ports === undefined) return Promise.resolve([])
    const chosen = this.#choosing.then(async () => {
      const others = [...this.chosenPorts].filter(([placement]) => placement !== workload.placement.id)
      const taken = new Set([...givenPorts(), ...others.flatMap(([, ports]) => ports)])
      const ports = await choosePorts(workload, { taken, isFree: isPortFree })
      this.chosenPorts.set(
        workload.placement.id,
        ports.map(({ given }) => given),
      )
      return ports
    })
    this.#choosing = chosen.catch(() => 'the one who starts hears of it')
    return chosen
  }

  #from({ placement }: { readonly placement: PlacementId }): {
    readonly placement: PlacementId
    readonly node: NodeId
  } {
    return { placement, node: this.#deps.node }
  }

  #executor(kind: ExecutorKind): Executor {
    const executor = this.#deps.executors.get(kind)
    if (executor === undefined)
      throw new ClawError('EXECUTOR_UNAVAILABLE', { executor: kind, detail: 'this node does not offer it' })
    return executor
  }
}

const isExpected = (error: unknown): error is ClawError => error instanceof ClawError

const asData = ({ code, message }: ClawError): StartFailure['error'] => ({ code, message })
