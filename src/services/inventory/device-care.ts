/**
 * Which devices of this host are not lent, as something is left on them of whoever had them before. Those that a guest has had are among them
 * until they were looked at; where something stays in their memory they are reset, if their owner lets this node do that.
 */
import type { Trace } from '../../model/gpu-traces.ts'
import { unknownTrace } from '../../model/gpu-traces.ts'
import { type Instant, second } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Unsubscribe } from '../../ports/rpc.ts'
import type { Service } from '../../ports/service.ts'
import { Loop } from '../gateway/loop.ts'
import { type TracesDeps, tracesOn } from './traces.ts'

export interface DeviceCareDeps extends TracesDeps {
  /** Whether work of the mesh holds it, whole or in part: then what is on it is that work's. */
  readonly isHeld: (uuid: string) => boolean
  readonly clock: Clock
  readonly log: Log
}

export interface UncleanDevice extends Trace {
  readonly uuid: string
  readonly since: Instant
}

/** What lending has to do with it. */
export interface Care {
  /** Those that are not to be lent. */
  unclean(): ReadonlySet<string>
  devices(): readonly UncleanDevice[]
  /** Looks at them now; those that are not clean are not lent until they are. */
  look(uuids: readonly string[]): Promise<ReadonlySet<string>>
  /** A guest has had them. */
  left(uuids: readonly string[], how: { readonly mayReset: boolean }): void
  /** Told whenever another set of devices is clean. */
  onProblems(listener: () => void): Unsubscribe
}

interface Known extends Trace {
  readonly since: Instant
  readonly mayReset: boolean
  /** How often it was looked at since its guest has left. */
  readonly looks: number
}

const pace = { every: 10 * second, pause: second }
/** Memory of a process that has just ended may be in use a moment longer: it is reset at every third look only. */
const looksBefore = 3
const soon = 2 * second

export class DeviceCare implements Service, Care {
  readonly name = 'device-care'
  readonly #deps: DeviceCareDeps
  readonly #loop: Loop
  readonly #known = new Map<string, Known>()
  readonly #listeners = new Set<() => void>()
  #end = new AbortController()

  constructor(deps: DeviceCareDeps) {
    this.#deps = deps
    this.#loop = new Loop(deps, pace, (signal) => this.#attend(signal))
  }

  start(): Promise<void> {
    this.#end = new AbortController()
    this.#loop.start()
    return Promise.resolve()
  }

  stop(): Promise<void> {
    this.#end.abort(new Error('the node is shutting down'))
    return this.#loop.stop()
  }

  unclean(): ReadonlySet<string> {
    return new Set(this.#known.keys())
  }

  devices(): readonly UncleanDevice[] {
    return Array.from(this.#known, ([uuid, { kind, detail, since }]) => ({ uuid, kind, detail, since }))
  }

  problems(): readonly string[] {
    return this.devices().map(({ uuid, detail }) => `${uuid} is not lent: ${detail}`)
  }

  onProblems(listener: () => void): Unsubscribe {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async look(uuids: readonly string[]): Promise<ReadonlySet<string>> {
    // What gives way to a guest is still there now; it is looked for when the guest begins.
    const free = uuids.filter((uuid) => !this.#deps.isHeld(uuid))
    if (free.length === 0) return new Set()
    const traces = await tracesOn(this.#deps, free, this.#end.signal)
    for (const uuid of free) this.#note(uuid, traces.get(uuid) ?? null)
    return new Set(traces.keys())
  }

  left(uuids: readonly string[], { mayReset }: { readonly mayReset: boolean }): void {
    const since = this.#deps.clock.now()
    for (const uuid of uuids)
      this.#known.set(uuid, { ...unknownTrace('its guest has just left'), since, mayReset, looks: 0 })
    this.#tell()
    this.#loop.wake()
  }

  async #attend(signal: AbortSignal): Promise<void> {
    const { isHeld } = this.#deps
    for (const uuid of this.#known.keys()) if (isHeld(uuid)) this.#note(uuid, null)
    const uuids = [...this.#known.keys()]
    if (uuids.length === 0) return
    const traces = await tracesOn(this.#deps, uuids, signal)
    if (signal.aborted) return
    for (const uuid of uuids) {
      const trace = traces.get(uuid) ?? null
      this.#note(uuid, trace)
      if (trace?.kind === 'memory' && this.#isDue(uuid)) await this.#reset(uuid, signal)
    }
    if ([...this.#known.values()].some(({ mayReset, looks }) => mayReset && looks <= looksBefore)) this.#loop.wake(soon)
  }

  #isDue(uuid: string): boolean {
    const known = this.#known.get(uuid)
    return known !== undefined && known.mayReset && known.looks % looksBefore === 0 && !this.#deps.isHeld(uuid)
  }

  /** Whoever uses it at this moment keeps the driver from it. */
  async #reset(uuid: string, signal: AbortSignal): Promise<void> {
    const { probes, devices, log } = this.#deps
    const device = devices()?.find((one) => one.uuid === uuid)
    const probe = probes.gpus.find(({ vendor }) => vendor === device?.vendor)
    if (probe?.reset === undefined) return
    const problem = await probe.reset(uuid, signal)
    if (signal.aborted) return
    if (problem !== null) {
      log.warn('a device could not be reset after its guest', { device: uuid, problem })
      return
    }
    log.info('a device was reset after its guest', { device: uuid })
    this.#note(uuid, (await tracesOn(this.#deps, [uuid], signal)).get(uuid) ?? null)
  }

  #note(uuid: string, trace: Trace | null): void {
    const before = this.#known.get(uuid)
    if (trace === null) {
      if (this.#known.delete(uuid)) this.#tell()
      return
    }
    const { since = this.#deps.clock.now(), mayReset = false, looks = 0 } = before ?? {}
    this.#known.set(uuid, { ...trace, since, mayReset, looks: looks + 1 })
    if (before?.detail === trace.detail) return
    this.#deps.log.warn('a device is not lent, as something is left on it', { device: uuid, detail: trace.detail })
    this.#tell()
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener()
  }
}
