/** Runs tasks as containers of a Docker engine. */
import type Dockerode from 'dockerode'
import type { LogBlock } from '../../lib/log-block.ts'
import type { CheckpointSignal } from '../../model/checkpoint.ts'
import { ClawError } from '../../model/failure.ts'
import type { MeshId, NodeId, PlacementId } from '../../model/ids.ts'
import type { Isolation } from '../../model/molt-hardware.ts'
import type { Millis } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { AttachRequest, Attachment, ExecRequest, ExecSession } from '../../ports/exec.ts'
import type { Executor, LogQuery, PortAddress, Task, TaskStats, TaskStatus } from '../../ports/executor.ts'
import type { ImageSupply } from '../../ports/images.ts'
import type { Log } from '../../ports/log.ts'
import type { MemoryFiles } from '../../ports/memory-files.ts'
import type { Unsubscribe } from '../../ports/rpc.ts'
import { addressIn } from './address.ts'
import { attachTo } from './attach.ts'
import type { Scope } from './containers.ts'
import type { Confinement } from './confinement.ts'
import { apartFrom, strict } from './confinement.ts'
import { Containers } from './containers.ts'
import { detailOf, engineFailure } from './engine-failure.ts'
import { ask, connectEngine } from './engine.ts'
import { execIn } from './exec.ts'
import { guestIsolations } from './guest-isolations.ts'
import { HeldInputs } from './held-inputs.ts'
import { dockerImages } from './image-store.ts'
import { labelsOf, readLabels } from './labels.ts'
import { launch, removeContainer } from './launch.ts'
import { ownImages } from './own-images.ts'
import { noCredentials } from './registry-credentials.ts'
import { processesIn } from './processes.ts'
import { taskStats } from './stats-math.ts'
import { taskLog } from './task-log.ts'
import type { Held } from './task-table.ts'
import { TaskTable, runningIn, statusOf } from './task-table.ts'
import { EngineWatch } from './watch.ts'

export interface DockerExecutorDeps {
  /** A socket's path, `unix://PATH`, `tcp://HOST:PORT` or `http://HOST:PORT`. */
  readonly address: string
  readonly clock: Clock
  readonly log: Log
  /** Where images come from; the engine's own and their registries, without anybody's credentials, when left out. */
  readonly images?: ImageSupply
  /** What keeps its containers in; nothing of the host can be mounted when left out. */
  readonly confinement?: Confinement
  /** Where secret files are; tasks that have some are refused when left out. */
  readonly memory?: MemoryFiles
}

/** Does not connect yet: the engine may come up later, and go away and come back. */
export const dockerExecutor = (deps: DockerExecutorDeps): Executor => new DockerExecutor(deps)

class DockerExecutor implements Executor {
  readonly kind = 'docker'
  readonly #docker: Dockerode
  readonly #clock: Clock
  readonly #log: Log
  readonly #images: ImageSupply
  readonly #confinement: Confinement
  readonly #memory: MemoryFiles | null
  readonly #tasks = new TaskTable()
  readonly #inputs = new HeldInputs()
  readonly #closed = new AbortController()
  readonly #containers: Containers
  readonly #watch: EngineWatch
  /** Whose containers are ours: those for whom tasks were started or adopted. */
  readonly #scopes = new Map<string, Scope>()

  constructor({ address, clock, log, images, memory, confinement = strict }: DockerExecutorDeps) {
    this.#confinement = apartFrom(address, confinement)
    this.#memory = memory ?? null
    this.#images = images ?? ownImages(dockerImages({ address, clock, credentials: noCredentials }))
    this.#docker = connectEngine(address)
    this.#clock = clock
    this.#log = log.child('docker')
    const shared = { docker: this.#docker, clock, log: this.#log, tasks: this.#tasks, closed: this.#closed.signal }
    this.#containers = new Containers(shared)
    this.#watch = new EngineWatch({
      ...shared,
      onOpen: (signal) => this.#resync(signal),
      onEvent: (labels) => this.#onEvent(labels),
    })
    this.#tasks.onStatus(({ placement, status }) => {
      if (status.state === 'ended') this.#forgetFiles(placement)
    })
  }

  async version(signal: AbortSignal): Promise<string> {
    const { Version } = await this.#ask(signal, () => this.#docker.version())
    return `docker ${Version}`
  }

  async adopt(mesh: MeshId, node: NodeId, signal: AbortSignal): Promise<readonly TaskStatus[]> {
    const scope = this.#watchFor({ mesh, node })
    await this.#ask(signal, () => this.#containers.discover(scope, signal))
    const live = this.#tasks.all().filter(({ state }) => state.state !== 'ended')
    await this.#memory?.keepOnly(new Set(live.map((held) => held.labels.placement)))
    const isOurs = ({ labels }: Held): boolean => labels.mesh === mesh && labels.node === node
    return this.#tasks.all().filter(isOurs).map(statusOf)
  }

  async start(task: Task, signal: AbortSignal): Promise<void> {
    const known = this.#tasks.get(task.placement)
    if (known !== null && known.starting === null) return
    if (known !== null) {
      await known.starting?.over
      return this.start(task, signal)
    }
    this.#watchFor(task)
    const labels = readLabels(labelsOf(task))
    if (labels === null) throw new Error(`${task.placement} has no mesh or node`)
    const held = this.#tasks.hold(labels, { state: 'starting', progress: 'starting' }, null)
    const abort = new AbortController()
    const work = this.#launch(held, task, AbortSignal.any([signal, abort.signal, this.#closed.signal]))
    held.starting = { abort, over: settled(work) }
    await work
  }

  async stop(placement: PlacementId, grace: Millis): Promise<void> {
    const held = this.#tasks.get(placement)
    if (held === null) return
    held.stopAsked = true
    if (held.starting !== null) {
      held.starting.abort.abort(new ClawError('CONTAINER_FAILED', { detail: 'it was stopped while it started' }))
      await held.starting.over
    }
    await this.#containers.end(held, grace)
  }

  async signal(placement: PlacementId, name: CheckpointSignal): Promise<void> {
    const held = this.#tasks.get(placement)
    if (held !== null) await this.#containers.signal(held, name)
  }

  async pause(placement: PlacementId): Promise<void> {
    const held = this.#tasks.get(placement)
    if (held !== null) await this.#containers.pause(held, true)
  }

  async resume(placement: PlacementId): Promise<void> {
    const held = this.#tasks.get(placement)
    if (held !== null) await this.#containers.pause(held, false)
  }

  isolations(signal: AbortSignal): Promise<readonly Isolation[]> {
    return guestIsolations(this.#docker, this.#confinement, signal)
  }

  async remove(placement: PlacementId): Promise<void> {
    const held = this.#tasks.get(placement)
    if (held === null) return
    if (held.state.state !== 'ended') throw new Error(`${placement} has not ended`)
    const { handle } = held
    if (handle !== null) await this.#ask(this.#closed.signal, () => removeContainer(this.#docker, handle))
    // At its end they began to go; whoever has a task removed may rely on it that they have gone.
    await this.#memory?.remove(placement)
    this.#tasks.forget(held)
  }

  status(placement: PlacementId): TaskStatus | null {
    const held = this.#tasks.get(placement)
    return held === null ? null : statusOf(held)
  }

  onStatus(listener: (status: TaskStatus) => void): Unsubscribe {
    return this.#tasks.onStatus(listener)
  }

  logs(placement: PlacementId, query: LogQuery, signal: AbortSignal): AsyncIterable<LogBlock> {
    const deps = { docker: this.#docker, tasks: this.#tasks, containers: this.#containers }
    return taskLog(deps, placement, query, AbortSignal.any([signal, this.#closed.signal]))
  }

  async stats(placement: PlacementId, signal: AbortSignal): Promise<TaskStats> {
    const held = this.#tasks.get(placement)
    if (held === null || held.handle === null) throw new ClawError('WORKLOAD_NOT_FOUND', { workload: placement })
    const container = this.#docker.getContainer(held.handle)
    const hasDevices = held.labels.devices.length > 0 && held.state.state === 'running'
    const [stats, processes] = await this.#ask(signal, () =>
      Promise.all([container.stats({ stream: false }), hasDevices ? processesIn(container) : null]),
    )
    return taskStats(stats, processes)
  }

  async exec(placement: PlacementId, request: ExecRequest, signal: AbortSignal): Promise<ExecSession> {
    const container = runningIn(this.#tasks, placement)
    const deps = { docker: this.#docker, log: this.#log }
    return execIn(deps, { container, name: placement }, request, AbortSignal.any([signal, this.#closed.signal]))
  }

  async attach(placement: PlacementId, request: AttachRequest, signal: AbortSignal): Promise<Attachment> {
    const container = runningIn(this.#tasks, placement)
    const deps = { docker: this.#docker, log: this.#log }
    return attachTo(
      { ...deps, inputs: this.#inputs },
      { container, name: placement },
      request,
      AbortSignal.any([signal, this.#closed.signal]),
    )
  }

  async address(placement: PlacementId, port: number, signal: AbortSignal): Promise<PortAddress> {
    return addressIn(this.#docker, { container: runningIn(this.#tasks, placement), name: placement }, port, signal)
  }

  async close(): Promise<void> {
    this.#closed.abort(new Error('the executor was closed'))
    await this.#watch.stop()
    await this.#inputs.close()
    for (const held of this.#tasks.all()) {
      held.cancelTimeout()
      await held.starting?.over
    }
  }

  async #launch(held: Held, task: Task, signal: AbortSignal): Promise<void> {
    const onProgress = (progress: string): void => this.#tasks.update(held, { state: 'starting', progress })
    try {
      const deps = { docker: this.#docker, clock: this.#clock, log: this.#log, images: this.#images }
      const own = { memory: this.#memory, confinement: this.#confinement }
      const { id, labels } = await launch({ ...deps, ...own, onProgress }, task, signal)
      held.handle = id
      // One that was there already was told what stands on it, not what this start would tell it.
      held.labels = (labels === null ? null : readLabels(labels)) ?? held.labels
    } catch (error) {
      this.#tasks.forget(held)
      this.#log.info('a task did not start', { placement: task.placement, problem: detailOf(error) })
      throw engineFailure(error)
    }
    held.starting = null
    await this.#containers.refresh(held)
  }

  /** Nobody reads them any more. */
  #forgetFiles(placement: PlacementId): void {
    const gone = this.#memory?.remove(placement)
    gone?.catch((error: unknown) =>
      this.#log.warn('secret files of a task could not be removed', { placement, problem: detailOf(error) }),
    )
  }

  #watchFor({ mesh, node }: Scope): Scope {
    const scope = { mesh, node }
    this.#scopes.set(`${mesh} ${node}`, scope)
    this.#watch.start()
    return scope
  }

  async #resync(signal: AbortSignal): Promise<void> {
    for (const scope of this.#scopes.values()) await this.#containers.discover(scope, signal)
    for (const held of this.#tasks.all()) await this.#containers.refresh(held)
  }

  #onEvent(labels: Readonly<Record<string, string>>): void {
    const placement = readLabels(labels)?.placement
    const held = placement === undefined ? null : this.#tasks.get(placement)
    if (held !== null) this.#containers.background(this.#containers.refresh(held), 'a container could not be looked at')
  }

  async #ask<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    try {
      return await ask(signal, work)
    } catch (error) {
      throw engineFailure(error)
    }
  }
}

/** The same work for those who only wait for its end. Whoever started it hears of its failure. */
const settled = async (work: Promise<void>): Promise<void> => {
  await Promise.allSettled([work])
}
