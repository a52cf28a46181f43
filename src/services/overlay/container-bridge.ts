/**
 * Keeps the network of this host's containers as the mesh wants it: it is made on the engine, and its bridge may pass what goes by the
 * overlay. While containers are on one that is not wanted any more, it stays: they would lose every way out with it.
 */
import { gatewayIn, subnetOf } from '../../core/overlay/addresses.ts'
import { bridgeName, laneNames } from '../../core/overlay/lanes.ts'
import { isSameJson } from '../../lib/canonical-json.ts'
import { ClawError } from '../../model/failure.ts'
import type { OverlaySettings } from '../../model/overlay.ts'
import type { Millis } from '../../model/time.ts'
import { minute, second } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ContainerNetwork, ContainerNetworks, HostBridges, NetworkLook } from '../../ports/container-network.ts'
import type { Log } from '../../ports/log.ts'
import type { Tunnel, TunnelBridge } from '../../ports/tunnels.ts'
import { Loop } from '../gateway/loop.ts'
import type { OverlayDeps, OverlaySetup } from './types.ts'

/** An engine that has its networks on another host is not asked to make one again sooner. */
const elsewhereFor: Millis = 5 * minute
const stopPatience: Millis = 10 * second

/** How long work waits for it to be known whether there is a network for it. */
const settlePatience: Millis = 15 * second

interface ContainerBridgeDeps {
  readonly clock: Clock
  readonly log: Log
  readonly networks: ContainerNetworks
  readonly bridges: HostBridges
  /** Of the network, whether it is wanted or not. */
  readonly place: Pick<ContainerNetwork, 'name' | 'tunnels'>
  readonly onChange: () => void
}

/** What this host has set up of the overlay. */
interface LanesThere {
  readonly settings: OverlaySettings
  readonly slot: number
  readonly tunnels: readonly Tunnel[]
}

interface Wanted extends ContainerNetwork {
  /** Ranges of the overlay. */
  readonly overlay: readonly string[]
}

/** Null where no containers run. `onChange`: something else than before is so. */
export function containerBridge(
  { clock, log, networks, bridges }: Pick<OverlayDeps, 'clock' | 'log' | 'networks' | 'bridges'>,
  { prefix }: Pick<OverlaySetup, 'prefix'>,
  onChange: () => void,
): ContainerBridge | null {
  const place = { name: bridgeName(prefix), tunnels: laneNames(prefix) }
  return networks === null ? null : new ContainerBridge({ clock, log, networks, bridges, place, onChange })
}

interface Kept {
  readonly bridge: Tunnel['bridge']
  readonly problem: string | null
}

export class ContainerBridge {
  readonly #deps: ContainerBridgeDeps
  readonly #loop: Loop
  readonly #waiting = new Set<() => void>()
  /** Undefined until it is known. */
  #lanes: LanesThere | null | undefined = undefined
  #wanted: Wanted | null | undefined = undefined
  /** Null until there was a first look. */
  #kept: Kept | null = null
  /** What was wanted then. */
  #keptFor: Wanted | null | undefined = undefined
  /** What was tried last to set the first lanes up has failed. */
  #isFailing = false
  #isOpen = false
  /** Nothing of it is left, as far as it was wanted no more. */
  #isGone = false
  #elsewhereUntil: Millis | null = null

  constructor(deps: ContainerBridgeDeps) {
    this.#deps = deps
    this.#loop = new Loop(deps, { every: 10 * second, pause: second / 5 }, (signal) => this.#run(signal))
  }

  start(): void {
    this.#loop.start()
  }

  /** One that has containers stays for them. */
  async stop({ stays }: { readonly stays: boolean }): Promise<void> {
    await this.#loop.stop()
    if (stays || this.#isGone || this.#kept === null) return
    const late = new AbortController()
    const cancel = this.#deps.clock.after(stopPatience, () => late.abort())
    try {
      await this.#remove(late.signal)
    } catch (error) {
      if (!(error instanceof ClawError) && !late.signal.aborted) throw error
      this.#deps.log.info('the network of containers is left as it is', { reason: wordsOf(error) })
    } finally {
      cancel()
    }
  }

  /** Null where there is an overlay, and no lane that this host has set up. */
  note(lanes: LanesThere | null): void {
    this.#lanes = lanes
    this.#isFailing = false
    this.#want(lanes === null ? null : this.#wantedBy(lanes))
    this.#letGo()
  }

  /** The lanes cannot be set up on this host now: whoever waits for the first of them waits in vain. What is there stays. */
  noteFailed(): void {
    this.#isFailing = this.#lanes === undefined
    this.#letGo()
  }

  /** There is no overlay, or it is none of this host's. */
  noteOff(): void {
    this.#lanes = undefined
    this.#isFailing = false
    this.#want(null)
  }

  /** The bridge that the lanes are to let pass; null for none. */
  get bridge(): Kept['bridge'] {
    return this.#kept === null ? 'unknown' : this.#kept.bridge
  }

  /** What containers are put on now; null for the engine's usual network. Waits for a while until that is known. Throws the signal's reason. */
  async network(signal: AbortSignal): Promise<string | null> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const cancel = this.#deps.clock.after(settlePatience, resolve)
    const letGo = (): void => resolve()
    signal.addEventListener('abort', letGo, { once: true })
    this.#waiting.add(letGo)
    this.#letGo()
    await promise
    cancel()
    signal.removeEventListener('abort', letGo)
    this.#waiting.delete(letGo)
    signal.throwIfAborted()
    return this.isPassed ? this.#deps.place.name : null
  }

  problems(): readonly string[] {
    const { bridge = null, problem = null } = this.#kept ?? {}
    const trouble = bridge === null ? 'containers are not in it' : 'the network of containers cannot be looked after'
    return problem === null ? [] : [`overlay: ${trouble}: ${problem}`]
  }

  async #run(signal: AbortSignal): Promise<void> {
    const wanted = this.#wanted
    if (wanted === undefined) return
    try {
      if (wanted === null) await this.#withdraw(signal)
      else this.#tell(await this.#keep(wanted, signal), wanted)
    } catch (error) {
      if (!(error instanceof ClawError)) throw error
      if (signal.aborted) return
      // What was there is there still, as far as anybody knows.
      this.#tell({ bridge: wanted === null ? null : this.bridge, problem: wordsOf(error) }, wanted)
    }
  }

  async #keep(wanted: Wanted, signal: AbortSignal): Promise<Kept> {
    const { networks, bridges, clock } = this.#deps
    const { name, subnet } = wanted
    this.#isGone = false
    if (this.#elsewhereUntil !== null && clock.elapsed() < this.#elsewhereUntil) return refused(elsewhere)
    const there = await networks.look(name, signal)
    if (there !== null && !(await this.#mayTake(name, there, signal)))
      return refused(`the engine has a network ${name} that is not this node’s`)
    const isFit = there !== null && isSame(there, wanted)
    if (there !== null && !isFit && there.containers > 0 && there.subnet !== subnet)
      return refused(`the network ${name} is ${there.subnet ?? 'another'} until what runs on it has ended`)
    // As no policy is kept there, it must come to be empty.
    if (there !== null && there.hasIpv6 && there.containers > 0)
      return refused(`the network ${name} has IPv6 until what runs on it has ended`)
    if (there !== null && !isFit && there.containers === 0) await networks.remove(name, signal)
    const isNew = there === null || (!isFit && there.containers === 0)
    const problem = isNew ? await this.#make(wanted, signal) : null
    if (problem !== null) return refused(problem)
    if ((await bridges.addressesOf(name, signal)) === null) {
      // It is made anew in the next round, if nothing is on it.
      await networks.remove(name, signal)
      if (!isNew) return refused(`somebody has taken the bridge ${name} away`)
      this.#elsewhereUntil = clock.elapsed() + elsewhereFor
      return refused(elsewhere)
    }
    this.#isOpen = true
    await bridges.open(wanted, signal)
    return { bridge: { name, subnet }, problem: null }
  }

  /**
   * Another node's with a bridge on this host is one that is no more, as when a node was set up anew: the interfaces that it would have are
   * this node's. Of an engine that several hosts use, it may well live.
   */
  async #mayTake(name: string, { owner }: NetworkLook, signal: AbortSignal): Promise<boolean> {
    if (owner === 'stranger') return false
    return owner === 'self' || (await this.#deps.bridges.addressesOf(name, signal)) !== null
  }

  /** Null when it is made. An engine would take any bridge of that name for its own. */
  async #make(wanted: Wanted, signal: AbortSignal): Promise<string | null> {
    const { networks, bridges, log } = this.#deps
    const { name, subnet, mtu } = wanted
    const addresses = await bridges.addressesOf(name, signal)
    if (addresses !== null && !addresses.includes(gatewayIn(subnet))) return `the interface ${name} is somebody else’s`
    const problem = await networks.make(wanted, signal)
    if (problem !== null) return `the engine makes no network ${name}: ${problem}`
    log.info('containers have a network in the overlay', { network: name, subnet, mtu })
    return null
  }

  /** Most hosts have no overlay: once it is known that nothing is left there, nothing is looked for any more. */
  async #withdraw(signal: AbortSignal): Promise<void> {
    if (this.#isGone) return
    this.#tell({ bridge: null, problem: null }, null)
    this.#isGone = await this.#remove(signal)
  }

  async #remove(signal: AbortSignal): Promise<boolean> {
    const { networks, bridges, place } = this.#deps
    const there = await networks.look(place.name, signal)
    const isTaken = there !== null && (there.owner === 'self' || (there.owner === 'node' && this.#isOpen))
    if (!isTaken && !this.#isOpen) return true
    if (isTaken && (there.containers > 0 || !(await networks.remove(place.name, signal)))) return false
    await bridges.close(place, signal)
    this.#isOpen = false
    return true
  }

  #tell(kept: Kept, wanted: Wanted | null): void {
    const { log, onChange } = this.#deps
    this.#keptFor = wanted
    if (isSameJson(kept, this.#kept)) return this.#letGo()
    if (kept.problem !== null && kept.problem !== this.#kept?.problem)
      log.warn('the network of containers is not as it should be', { reason: kept.problem })
    this.#kept = kept
    onChange()
    this.#letGo()
  }

  #want(wanted: Wanted | null): void {
    if (this.#wanted !== undefined && isSameJson(wanted, this.#wanted)) return
    this.#wanted = wanted
    this.#loop.wake()
  }

  #wantedBy({ settings, slot, tunnels }: LanesThere): Wanted | null {
    const [mtu] = tunnels.map((tunnel) => tunnel.mtu)
    if (mtu === undefined) return null
    const { place } = this.#deps
    return { ...place, subnet: subnetOf(settings, slot), mtu, overlay: [settings.nodes, settings.containers] }
  }

  /** The lanes let pass what is on the bridge. */
  get isPassed(): boolean {
    const tunnels = this.#lanes?.tunnels ?? []
    return isBridge(this.bridge) && tunnels.length > 0 && tunnels.every(({ bridge }) => isSameJson(bridge, this.bridge))
  }

  /** Those who wait for what is known now. */
  #letGo(): void {
    const isLooked =
      this.#wanted !== undefined && this.#keptFor !== undefined && isSameJson(this.#keptFor, this.#wanted)
    const isSettled = this.#lanes !== undefined && isLooked && (!isBridge(this.bridge) || this.isPassed)
    if (isSettled || this.#isFailing) for (const letGo of this.#waiting) letGo()
  }
}

const isSame = (there: NetworkLook, { subnet, mtu }: Wanted): boolean =>
  there.owner === 'self' && there.subnet === subnet && there.mtu === mtu && !there.hasIpv6

const isBridge = (bridge: Kept['bridge']): bridge is TunnelBridge => bridge !== null && bridge !== 'unknown'

const elsewhere = 'the engine has its networks on another host than this daemon'

const refused = (problem: string): Kept => ({ bridge: null, problem })

const wordsOf = (error: unknown): string =>
  ClawError.is(error, 'OVERLAY_FAILED') ? error.facts.problem : (error as Error).message
