/** Takes requests for every deployment that has a port, at every peer, and has its replicas answer them, wherever they run. */
import type { Endpoint } from '../../core/proxy/balance.ts'
import type { ServiceView } from '../../core/proxy/service-view.ts'
import { serviceView } from '../../core/proxy/service-view.ts'
import type { Tally } from '../../core/proxy/window.ts'
import type { Change } from '../../core/state/types.ts'
import { ClawError } from '../../model/failure.ts'
import type { DeploymentId, NodeId, PlacementId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import { hour, second } from '../../model/time.ts'
import type { Cancel, Clock } from '../../ports/clock.ts'
import type { ByteStream } from '../../ports/dial.ts'
import type { PortAddress } from '../../ports/executor.ts'
import type { Log } from '../../ports/log.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Rpc, Unsubscribe } from '../../ports/rpc.ts'
import type { Backend, OpenDoor, Reach, ServiceDoor } from '../../ports/service-door.ts'
import type { Service } from '../../ports/service.ts'
import { serviceStats } from '../../wire/service.ts'
import type { Control } from '../control/types.ts'
import { ServiceBackend } from './backend.ts'
import { FailureLog } from './failure-log.ts'

export interface ProxyDeps {
  readonly self: NodeId
  readonly control: Pick<Control, 'state' | 'onChange'>
  readonly rpc: Pick<Rpc, 'serve'>
  readonly door: ServiceDoor
  readonly bind: string
  /** Where this host reaches a port of a placement of its own. */
  readonly address: (placement: PlacementId, port: number, signal: AbortSignal) => Promise<PortAddress>
  /** A connection to a port of a placement on another node. The signal counts until it is there. Throws a ClawError. */
  readonly connect: (endpoint: Endpoint, signal: AbortSignal) => Promise<ByteStream>
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
}

/** Before a port that could not be had is tried again. */
const retryEvery: Millis = 5 * second
/** What is under way when a service goes may go on for so long. */
const closeGrace: Millis = 5 * second

interface Served {
  readonly backend: ServiceBackend
  /** Null while its port cannot be had. */
  door: OpenDoor | null
  problem: string | null
}

export interface ServiceStats {
  readonly revisions: readonly Tally[]
  readonly unserved: number
}

export class ProxyService implements Service {
  readonly name = 'proxy'
  readonly #deps: ProxyDeps
  readonly #served = new Map<DeploymentId, Served>()
  readonly #addresses = new Map<PlacementId, PortAddress>()
  readonly #failures: FailureLog
  readonly #listeners = new Set<() => void>()
  readonly #farewells = new Set<(placement: PlacementId) => void>()
  /** Doors are opened and closed one after the other. */
  #turn: Promise<void> = Promise.resolve()
  #retry: Cancel = () => {}
  #unsubscribe: readonly Unsubscribe[] = []
  #isStopped = false

  constructor(deps: ProxyDeps) {
    this.#deps = deps
    this.#failures = new FailureLog(deps, 'a request to a deployment failed for a reason of ours')
  }

  start(): Promise<void> {
    const { control, rpc } = this.#deps
    this.#unsubscribe = [
      control.onChange((changes) => this.#onChange(changes)),
      rpc.serve(serviceStats, ({ deployment, spanMs }) =>
        Promise.resolve(onWire(this.stats(deployment as DeploymentId, spanMs))),
      ),
    ]
    for (const id of control.state.deployments.keys()) this.#update(id)
    return Promise.resolve()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
    this.#retry()
    this.#failures.stop()
    await this.#turn
    await Promise.all([...this.#served.values()].flatMap(({ door }) => door?.close(closeGrace) ?? []))
    this.#served.clear()
  }

  /** What keeps this peer from taking requests, in words. */
  problems(): readonly string[] {
    return Array.from(this.#served.values()).flatMap(({ problem }) => problem ?? [])
  }

  /** Tells when `problems` has something else to say. */
  onProblems(listener: () => void): Unsubscribe {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Who answers requests to a deployment, for other doors than its own; null for what takes no HTTP. */
  backendOf(deployment: DeploymentId): Backend | null {
    const backend = this.#served.get(deployment)?.backend
    return backend?.view.protocol === 'http' ? backend : null
  }

  /** Tells of replicas that get no more requests. */
  onGone(listener: (placement: PlacementId) => void): Unsubscribe {
    this.#farewells.add(listener)
    return () => this.#farewells.delete(listener)
  }

  /** Of the last so long, at this peer. */
  stats(deployment: DeploymentId, span: Millis): ServiceStats {
    const backend = this.#served.get(deployment)?.backend
    const at = this.#deps.clock.elapsed()
    const within = Math.min(span, hour)
    return {
      revisions: backend?.window.over(within, at) ?? [],
      unserved: backend?.unservedWindow.over(within, at)[0]?.requests ?? 0,
    }
  }

  #onChange(changes: readonly Change[]): void {
    const { state } = this.#deps.control
    const concerned = changes.flatMap((change) => {
      if (change.type === 'deployment') return change.deployment
      return change.type === 'workload' ? (state.workloads.get(change.workload)?.owner?.deployment ?? []) : []
    })
    // At once: whoever is to go must get no more requests.
    for (const id of new Set(concerned)) this.#update(id)
  }

  #update(id: DeploymentId): void {
    const view = this.#viewOf(id)
    const served = this.#served.get(id)
    if (served !== undefined && view !== null && isSameDoor(served.backend.view, view)) this.#refresh(served, view)
    else if (served !== undefined || view !== null) this.#turn = this.#turn.then(() => this.#replace(id))
  }

  #refresh({ backend, door }: Served, view: ServiceView): void {
    for (const placement of backend.update(view)) {
      door?.forget(placement)
      for (const tell of this.#farewells) tell(placement)
      this.#addresses.delete(placement)
    }
    this.#deps.metrics.gauge('claw_service_endpoints', view.endpoints.length, { service: view.name })
  }

  /** By what the state says when its turn has come. */
  async #replace(id: DeploymentId): Promise<void> {
    if (this.#isStopped) return
    const view = this.#viewOf(id)
    const served = this.#served.get(id)
    if (served !== undefined && (view === null || !isSameDoor(served.backend.view, view))) {
      this.#served.delete(id)
      if (served.problem !== null) this.#tell()
      for (const { placement } of served.backend.view.endpoints) for (const tell of this.#farewells) tell(placement)
      await served.door?.close(closeGrace)
    }
    if (view !== null && !this.#served.has(id)) await this.#open(id, view)
  }

  async #open(id: DeploymentId, view: ServiceView): Promise<void> {
    const { clock, metrics } = this.#deps
    const reach = (endpoint: Endpoint, signal: AbortSignal): Promise<Reach> => this.#reach(endpoint, signal)
    const served: Served = { backend: new ServiceBackend({ clock, metrics, reach }, view), door: null, problem: null }
    this.#served.set(id, served)
    await this.#listen(served)
    // What has changed meanwhile.
    this.#update(id)
  }

  async #listen(served: Served): Promise<void> {
    const { door, bind, log, clock } = this.#deps
    const { backend } = served
    const { name, port, protocol } = backend.view
    const address = `${bind}:${port}`
    let problem: string | null = null
    try {
      served.door = await door.open({ bind, port, protocol }, backend, (error) => this.#failures.add(error))
      log.info('takes requests for a deployment', { service: name, address })
    } catch (error) {
      const isTaken = ClawError.is(error, 'ADDRESS_IN_USE')
      if (!isTaken && !(error instanceof Error && 'syscall' in error)) throw error
      problem = isTaken
        ? `service ${name}: something else listens at ${address}`
        : `service ${name}: cannot listen at ${address}: ${error.message}`
      if (served.problem !== problem) log.warn('a service cannot be listened for', { service: name, address, problem })
      this.#retry()
      this.#retry = clock.after(retryEvery, () => this.#again())
    }
    if (served.problem === problem) return
    served.problem = problem
    this.#tell()
  }

  #again(): void {
    this.#turn = this.#turn.then(async () => {
      for (const served of [...this.#served.values()])
        if (served.door === null && !this.#isStopped) await this.#listen(served)
    })
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }

  #viewOf(id: DeploymentId): ServiceView | null {
    const { control, self } = this.#deps
    return serviceView(control.state, id, self)
  }

  async #reach(endpoint: Endpoint, signal: AbortSignal): Promise<Reach> {
    const { address, connect } = this.#deps
    if (!endpoint.isLocal) return { stream: await connect(endpoint, signal) }
    const { placement, port } = endpoint
    const known = this.#addresses.get(placement) ?? (await address(placement, port, signal))
    this.#addresses.set(placement, known)
    return known
  }
}

const isSameDoor = (a: ServiceView, b: ServiceView): boolean => a.port === b.port && a.protocol === b.protocol

const onWire = ({ revisions, unserved }: ServiceStats) => ({
  unserved,
  revisions: revisions.map(({ revision, requests, failed, latencies }) => ({
    ...{ revision, requests, failed },
    latencies: [...latencies],
  })),
})
