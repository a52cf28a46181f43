/** Looks at what this host is made of and how it is, and tells the mesh when the former has changed. */
import { canonicalJson } from '../../lib/canonical-json.ts'
import { ClawError } from '../../model/failure.ts'
import type { GpuDevice, GpuSample } from '../../model/gpu.ts'
import type { NodeId } from '../../model/ids.ts'
import type { ExecutorKind, NodeInventory } from '../../model/node.ts'
import type { Millis } from '../../model/time.ts'
import { minute, second } from '../../model/time.ts'
import type { Cancel, Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { HostSample } from '../../ports/probe.ts'
import type { Unsubscribe } from '../../ports/rpc.ts'
import type { Service } from '../../ports/service.ts'
import type { Control } from '../control/types.ts'
import type { HardwareProbes } from '../inventory/detect.ts'
import { detect } from '../inventory/detect.ts'
import type { DeviceSource } from './agent-service.ts'

export interface InventoryReporterDeps {
  readonly self: NodeId
  readonly probes: HardwareProbes
  readonly executors: readonly ExecutorKind[]
  /** Whether the owner of this host lets several workloads share one GPU. */
  readonly sharing: boolean
  /** Versions of this daemon and of what it drives, asked at every look. */
  readonly versions: () => NodeInventory['versions']
  readonly control: Pick<Control, 'state' | 'outdated' | 'onChange' | 'execute'>
  readonly clock: Clock
  readonly log: Log
}

/** How the host is right now. */
export interface NodeSample {
  readonly gpus: readonly GpuSample[]
  readonly host: HostSample
  readonly problems: readonly string[]
}

const lookEvery: Millis = minute
const retryAfter: Millis = 2 * second
const reportPatience: Millis = 30 * second

export class InventoryReporter implements Service, DeviceSource {
  readonly name = 'inventory'
  readonly #deps: InventoryReporterDeps
  readonly #stopped = new AbortController()
  readonly #listeners = new Set<() => void>()
  /** Devices that have been sampled at least once: only these can go missing. */
  readonly #seen = new Set<string>()
  #inventory: NodeInventory | null = null
  #failed: ReadonlySet<string> = new Set()
  #problems: readonly string[] = []
  #looking: Promise<void> | null = null
  #reporting: Promise<void> | null = null
  #cancelLook: Cancel = () => {}
  #cancelRetry: Cancel = () => {}
  #unsubscribe: Unsubscribe = () => {}
  #reports = 0

  constructor(deps: InventoryReporterDeps) {
    this.#deps = deps
  }

  /** Returns after the first look, so that those who start later know the devices. */
  async start(): Promise<void> {
    const { control, self } = this.#deps
    this.#unsubscribe = control.onChange((changes) => {
      if (changes.some((change) => change.type === 'member' && change.node === self)) this.#report()
    })
    await this.#look()
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new ClawError('NO_LEADER', { detail: 'the node is shutting down' }))
    this.#unsubscribe()
    this.#cancelLook()
    this.#cancelRetry()
    await this.#looking
    await this.#reporting
  }

  inventory(): NodeInventory | null {
    return this.#inventory
  }

  devices(): readonly GpuDevice[] | null {
    return this.#inventory?.gpus ?? null
  }

  failed(): ReadonlySet<string> {
    return this.#failed
  }

  onChange(listener: () => void): Unsubscribe {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** For the membership report. Throws only what the host probe throws; a probe that cannot tell is a problem in the sample. */
  async sample(signal: AbortSignal): Promise<NodeSample> {
    const { probes } = this.#deps
    const [host, ...found] = await Promise.all([
      probes.host.sample(signal),
      ...probes.gpus.map((probe) => probe.sample(signal)),
    ])
    const known = new Set(this.#inventory?.gpus.map(({ uuid }) => uuid))
    const gpus = found.flatMap(({ samples }) => samples).filter(({ uuid }) => known.has(uuid))
    const isComplete = found.every(({ problem }) => problem === null)
    this.#judge(gpus, isComplete)
    return { gpus, host, problems: this.#problems }
  }

  /** A device has failed when its tool says so, or no longer shows it although it works. */
  #judge(gpus: readonly GpuSample[], isComplete: boolean): void {
    const sampled = new Set(gpus.map(({ uuid }) => uuid))
    const missing = isComplete ? [...this.#seen].filter((uuid) => !sampled.has(uuid)) : []
    const failed = new Set([...gpus.filter(({ health }) => health === 'failed').map(({ uuid }) => uuid), ...missing])
    for (const uuid of sampled) this.#seen.add(uuid)
    const isNews = failed.size !== this.#failed.size || [...failed].some((uuid) => !this.#failed.has(uuid))
    this.#failed = failed
    if (!isNews) return
    this.#deps.log.warn('the devices that work have changed', { failed: [...failed] })
    this.#tell()
    this.#lookSoon(0)
  }

  #look(): Promise<void> {
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = null
      this.#lookSoon(lookEvery)
    })
    return this.#looking
  }

  #lookSoon(wait: Millis): void {
    this.#cancelLook()
    if (this.#stopped.signal.aborted) return
    this.#cancelLook = this.#deps.clock.after(wait, () => {
      this.#look().catch((error: unknown) => this.#deps.log.warn('the host could not be looked at', { error }))
    })
  }

  async #lookOnce(): Promise<void> {
    const { probes, executors, sharing, versions, log } = this.#deps
    const known = { executors, sharing, versions: versions() }
    const { inventory, problems } = await detect(probes, known, this.#stopped.signal)
    if (this.#stopped.signal.aborted) return
    const isNews = this.#inventory === null || canonicalJson(inventory) !== canonicalJson(this.#inventory)
    if (canonicalJson(problems) !== canonicalJson(this.#problems)) log.info('hardware was looked at', { problems })
    this.#problems = problems
    this.#inventory = inventory
    if (isNews) this.#tell()
    this.#report()
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener()
  }

  /** Brings the mesh's copy up to date, one report at a time, until they agree. */
  #report(): void {
    if (this.#reporting !== null || this.#stopped.signal.aborted || !this.#isDue()) return
    this.#cancelRetry()
    const sent = this.#inventory
    this.#reporting = this.#send().then((isSent) => {
      this.#reporting = null
      // Only what changed meanwhile: should the mesh keep it in another form, every minute is often enough.
      if (isSent) return this.#inventory === sent ? undefined : this.#report()
      if (!this.#stopped.signal.aborted) this.#cancelRetry = this.#deps.clock.after(retryAfter, () => this.#report())
    })
  }

  /** A node reports itself from its admission on, and whenever the mesh knows something else; never again once it is outdated. */
  #isDue(): boolean {
    const { control, self } = this.#deps
    const member = control.state.members.get(self)
    if (member === undefined || this.#inventory === null || control.outdated !== null) return false
    return member.inventory === null || canonicalJson(member.inventory) !== canonicalJson(this.#inventory)
  }

  async #send(): Promise<boolean> {
    const { self, control, clock, log } = this.#deps
    const inventory = this.#inventory
    if (inventory === null) return false
    const late = new AbortController()
    const what = 'the report of the inventory'
    const giveUp = (): void => late.abort(new ClawError('DEADLINE_EXCEEDED', { what, ms: reportPatience }))
    const cancel = clock.after(reportPatience, giveUp)
    const id = `inventory:${self}:${clock.now()}:${(this.#reports += 1)}`
    try {
      const signal = AbortSignal.any([late.signal, this.#stopped.signal])
      await control.execute({ type: 'report-inventory', node: self, inventory }, { id, by: self, signal })
      return true
    } catch (error) {
      if (!(error instanceof ClawError)) throw error
      if (!this.#stopped.signal.aborted) log.info('the inventory could not be reported yet', { problem: error.message })
      return false
    } finally {
      cancel()
    }
  }
}
