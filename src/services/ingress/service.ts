/** Takes requests from outside at this host, if its owner lets it, and hands each to the deployment that the mesh says it is for. */
import type { RoutingTable } from '../../core/ingress/table.ts'
import { routeFor, routingTable } from '../../core/ingress/table.ts'
import type { Change } from '../../core/state/types.ts'
import { ClawError } from '../../model/failure.ts'
import type { DeploymentId, NodeId, PlacementId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import { second } from '../../model/time.ts'
import type { Cancel, Clock } from '../../ports/clock.ts'
import type {
  IngressDoor,
  IngressDoorOptions,
  IngressGate,
  IngressTarget,
  OpenIngressDoor,
} from '../../ports/ingress-door.ts'
import type { Log } from '../../ports/log.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Unsubscribe } from '../../ports/rpc.ts'
import type { Backend } from '../../ports/service-door.ts'
import type { Service } from '../../ports/service.ts'
import type { Control } from '../control/types.ts'
import { FailureLog } from '../proxy/failure-log.ts'
import type { CertificateService } from './certificate-service.ts'

export type DoorPlan = IngressDoorOptions

export interface IngressDeps {
  readonly self: NodeId
  readonly control: Pick<Control, 'state' | 'onChange'>
  readonly proxy: {
    backendOf(deployment: DeploymentId): Backend | null
    onGone(listener: (placement: PlacementId) => void): Unsubscribe
  }
  /** What the mesh has ordered. */
  readonly certificates: Pick<CertificateService, 'challenge' | 'shown' | 'onShown'>
  readonly door: IngressDoor
  /** Where this host takes requests; nowhere if empty. */
  readonly doors: readonly DoorPlan[]
  readonly clock: Pick<Clock, 'after'>
  readonly log: Log
  readonly metrics: Metrics
}

/** Before an address that could not be had is tried again. */
const retryEvery: Millis = 5 * second
/** What is under way when the daemon stops may go on for so long. */
const closeGrace: Millis = 10 * second

interface Standing {
  readonly plan: DoorPlan
  door: OpenIngressDoor | null
  /** Why it is not listened there. */
  problem: string | null
  /** Why its certificates are those of before. */
  stale: string | null
}

export class IngressService implements Service {
  readonly name = 'ingress'
  readonly #deps: IngressDeps
  readonly #standings: readonly Standing[]
  readonly #failures: FailureLog
  readonly #listeners = new Set<() => void>()
  #unsubscribe: readonly Unsubscribe[] = []
  /** Null when the state has changed since it was made. */
  #table: RoutingTable | null = null
  #turn: Promise<void> = Promise.resolve()
  #retry: Cancel = () => {}
  #isStopped = false

  constructor(deps: IngressDeps) {
    this.#deps = deps
    this.#failures = new FailureLog(deps, 'a request from outside failed for a reason of ours')
    this.#standings = deps.doors.map((plan) => ({ plan, door: null, problem: null, stale: null }))
  }

  async start(): Promise<void> {
    const { control, proxy, certificates } = this.#deps
    if (this.#standings.length === 0) return
    this.#unsubscribe = [
      control.onChange((changes) => this.#onChange(changes)),
      proxy.onGone((placement) => {
        for (const { door } of this.#standings) door?.forget(placement)
      }),
      certificates.onShown(() => {
        for (const { door } of this.#standings) door?.show(certificates.shown())
        this.#tell()
      }),
    ]
    this.#turn = this.#openAll()
    await this.#turn
  }

  /** Nothing new is taken, and what is under way is finished. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#retry()
    this.#failures.stop()
    await this.#turn
    await Promise.all(this.#standings.flatMap(({ door }) => door?.close(closeGrace) ?? []))
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
  }

  /** What keeps this peer from taking requests, in words. */
  problems(): readonly string[] {
    const hasOrdered = this.#deps.certificates.shown().length > 0
    return this.#standings.flatMap(({ plan, problem, stale }) => {
      const isBare = plan.certificates?.length === 0 && !hasOrdered
      const bare = `ingress: no certificate can be shown at ${plan.bind}:${plan.port}: there are no files, and none has been ordered`
      return [problem ?? [], stale ?? [], isBare ? bare : []].flat()
    })
  }

  /** Tells when `problems` has something else to say. */
  onProblems(listener: () => void): Unsubscribe {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #onChange(changes: readonly Change[]): void {
    if (changes.some(({ type }) => type === 'ingress' || type === 'deployment' || type === 'member')) this.#table = null
  }

  #find(host: string, path: string): IngressTarget | null {
    const { control, self, proxy, metrics } = this.#deps
    const { state } = control
    this.#table ??= routingTable(state, state.members.get(self)?.labels ?? {})
    const route = routeFor(this.#table, host, path)
    if (route === null) {
      metrics.count('claw_ingress_unrouted_total', {})
      return null
    }
    const { ingress, deployment } = route
    return {
      backend: deployment === null ? null : proxy.backendOf(deployment),
      name: ingress.deployment,
      strip: ingress.strip ? ingress.path : null,
    }
  }

  async #openAll(): Promise<void> {
    for (const standing of this.#standings) if (standing.door === null && !this.#isStopped) await this.#open(standing)
  }

  async #open(standing: Standing): Promise<void> {
    const { door, log, clock, certificates } = this.#deps
    const { plan } = standing
    const address = `${plan.bind}:${plan.port}`
    try {
      standing.door = await door.open(plan, this.#gateOf(standing))
      standing.door.show(certificates.shown())
      log.info('takes requests from outside', { address, tls: plan.certificates !== null })
      this.#note(standing, 'problem', null)
    } catch (error) {
      const isKnown = ClawError.is(error, 'ADDRESS_IN_USE') || ClawError.is(error, 'CONFIG_INVALID')
      if (!isKnown && !(error instanceof Error && 'syscall' in error)) throw error
      const why = error instanceof Error ? error.message : String(error)
      if (standing.problem === null) log.warn('requests from outside cannot be taken', { address, why })
      this.#note(standing, 'problem', `ingress: cannot listen at ${address}: ${why}`)
      this.#retry()
      this.#retry = clock.after(retryEvery, () => {
        this.#turn = this.#turn.then(() => this.#openAll())
      })
    }
  }

  #gateOf(standing: Standing): IngressGate {
    return {
      find: (host, path) => this.#find(host, path),
      challenge: (host, token, from) => this.#deps.certificates.challenge(host, token, from),
      onCertificates: (problem) => {
        if (problem !== null && standing.stale === null)
          this.#deps.log.warn('certificates cannot be read again', { problem })
        this.#note(standing, 'stale', problem === null ? null : `ingress: old certificates are shown: ${problem}`)
      },
      onFailure: (error) => this.#onFailure(error),
    }
  }

  #onFailure(error: unknown): void {
    this.#deps.metrics.count('claw_ingress_failures_total', {})
    this.#failures.add(error)
  }

  #note(standing: Standing, what: 'problem' | 'stale', words: string | null): void {
    if (standing[what] === words) return
    standing[what] = words
    this.#tell()
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }
}
