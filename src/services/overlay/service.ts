/**
 * Keeps the interfaces of this host as the mesh wants them: peers come and go without a disturbance to the others, and new keys take over
 * from old ones while traffic goes on. Whatever was there when the daemon started is taken as it is and brought to where it should be.
 */
import { detoursOf } from '../../core/overlay/detours.ts'
import { laneName } from '../../core/overlay/lanes.ts'
import { progressOf } from '../../core/overlay/rotation.ts'
import type { Search } from '../../core/overlay/search.ts'
import { laneOf } from '../../core/overlay/sites.ts'
import type { Command } from '../../core/state/types.ts'
import { isSameJson } from '../../lib/canonical-json.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Overlay, OverlayNode } from '../../model/overlay.ts'
import type { Millis } from '../../model/time.ts'
import { second } from '../../model/time.ts'
import type { Workload } from '../../model/workload.ts'
import type { Unsubscribe } from '../../ports/rpc.ts'
import type { Service } from '../../ports/service.ts'
import type { Echo, Tunnel, TunnelState } from '../../ports/tunnels.ts'
import { Loop } from '../gateway/loop.ts'
import { announcement } from './announce.ts'
import { byHand } from './by-hand.ts'
import { isKept } from './is-kept.ts'
import { type ContainerBridge, containerBridge } from './container-bridge.ts'
import { MtuFinder } from './mtu.ts'
import { OwnKeys } from './own-keys.ts'
import type { PlannedLane } from './plan-lane.ts'
import { planLane } from './plan-lane.ts'
import type { SetUp } from './set-up.ts'
import { setUpOf } from './set-up.ts'
import type { LaneLook, OverlayDeps, OverlayLook, OverlaySetup } from './types.ts'
import { WorkNetwork } from './work-network.ts'

const patience: Millis = 20 * second
/** While something is on its way. */
const soon: Millis = second
const stopPatience: Millis = 10 * second

export class OverlayService implements Service {
  readonly name = 'overlay'
  readonly #deps: OverlayDeps
  readonly #setup: OverlaySetup
  readonly #keys: OwnKeys
  readonly #mtu: MtuFinder
  readonly #loop: Loop
  /** Null where no containers run. */
  readonly #bridge: ContainerBridge | null
  /** Null where another looks after it, or nobody. */
  readonly #work: WorkNetwork | null
  readonly #searches = new Map<string, Search>()
  /** What each interface was made to be last. */
  readonly #applied = new Map<string, Tunnel>()
  readonly #listeners = new Set<() => void>()
  #lanes: readonly SetUp[] = []
  #mode: OverlayLook['mode'] = 'off'
  #problems: readonly string[] = []
  #announced = 0

  constructor(deps: OverlayDeps, setup: OverlaySetup) {
    this.#deps = deps
    this.#setup = setup
    this.#keys = new OwnKeys({ self: deps.self, disk: deps.disk, keys: deps.keys, given: deps.givenKey })
    this.#mtu = new MtuFinder(deps)
    this.#loop = new Loop(deps, { every: 10 * second, pause: second / 5 }, (signal) => this.#run(signal))
    this.#bridge = containerBridge(deps, setup, () => {
      this.#loop.wake()
      this.#spread()
    })
    const around = { control: deps.control, isByHand: () => this.#mode === 'manual', onChange: () => this.#spread() }
    const isOurs = setup.takesPart && setup.manages
    this.#work = this.#bridge !== null && isOurs ? new WorkNetwork({ ...around, bridge: this.#bridge }) : null
  }

  start(): Promise<void> {
    const { control } = this.#deps
    this.#loop.start(() =>
      control.onChange((changes) => {
        if (changes.some(({ type }) => type === 'overlay' || type === 'member')) this.#loop.wake()
      }),
    )
    this.#bridge?.start()
    return Promise.resolve()
  }

  async stop(): Promise<void> {
    await this.#loop.stop()
    await this.#bridge?.stop(this.#setup)
    if (this.#setup.stays || this.#mode !== 'managed') return
    const late = new AbortController()
    const cancel = this.#deps.clock.after(stopPatience, () => late.abort())
    for (const { name } of this.#lanes) await this.#deps.tunnels.remove(name, late.signal).catch(this.#warn)
    cancel()
  }

  problems(): readonly string[] {
    return [...this.#problems, ...(this.#bridge?.problems() ?? []), ...(this.#work?.problems() ?? [])]
  }

  /** Tells when `problems` has something else to say. */
  onProblems(listener: () => void): Unsubscribe {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Which network of the engine this is to be on; null for the usual one. Throws OVERLAY_FAILED where it may not be there, and the signal's reason. */
  async networkFor(workload: Workload, signal: AbortSignal): Promise<string | null> {
    return this.#work === null ? null : this.#work.of(workload, signal)
  }

  /** What the engine's usual network was chosen for may start there still. Throws OVERLAY_FAILED where it may not. */
  confirmUsual(workload: Workload): void {
    this.#work?.confirmUsual(workload)
  }

  /** Throws OVERLAY_FAILED. */
  async look(signal: AbortSignal): Promise<OverlayLook> {
    const lanes = this.#lanes.map(
      async ({ planned, generation, name, config: own, publicKey: key, files }): Promise<LaneLook> => {
        const there = this.#mode === 'managed' ? await this.#deps.tunnels.look(name, signal) : null
        const peers = own.peers.map((config, i) => ({
          ...{ node: planned.nodes[i] ?? this.#deps.self, config },
          state: there?.peers.find(({ publicKey }) => publicKey === config.publicKey) ?? null,
        }))
        return { generation, name, config: own, publicKey: key, files, peers }
      },
    )
    return { mode: this.#mode, problems: this.problems(), lanes: await Promise.all(lanes) }
  }

  echo(address: string, options: Parameters<OverlayDeps['tunnels']['echo']>[1]): Promise<Echo> {
    return this.#deps.tunnels.echo(address, options)
  }

  async #run(signal: AbortSignal): Promise<void> {
    try {
      this.#tell(await this.#reconcile(signal))
    } catch (error) {
      if (!(error instanceof ClawError)) throw error
      if (signal.aborted) return
      if (ClawError.is(error, 'OVERLAY_FAILED') || ClawError.is(error, 'OVERLAY_FULL')) this.#bridge?.noteFailed()
      if (!this.#problems.includes(`overlay: ${error.message}`)) this.#warn(error)
      this.#tell([`overlay: ${error.message}`])
    }
  }

  /** Returns what is wrong, in words. */
  async #reconcile(signal: AbortSignal): Promise<readonly string[]> {
    const { self, control, tunnels } = this.#deps
    const { overlay } = control.state
    if (overlay === null || !this.#setup.takesPart) {
      await this.#withdraw(overlay, signal)
      return []
    }
    const obstacle = this.#setup.manages ? await tunnels.obstacle() : 'its settings leave it to the owner of the host'
    this.#mode = obstacle === null ? 'managed' : 'manual'
    const generations = [overlay.generation, ...(overlay.rotation === null ? [] : [overlay.rotation.generation])]
    for (const generation of generations) await this.#announce(overlay, generation, signal)
    const own = overlay.nodes.get(self)
    // What was told just now comes back as a change, and it goes on from there.
    if (own === undefined || generations.some((generation) => laneOf(own, generation) === undefined)) return []
    const lanes = await this.#plan(overlay, generations, signal)
    await this.#setUp(lanes, signal)
    const there = { settings: overlay.settings, slot: own.slot, tunnels: lanes.map(({ tunnel }) => tunnel) }
    this.#bridge?.note(this.#mode === 'managed' ? there : null)
    this.#work?.review()
    await this.#keys.keepOnly(generations)
    await this.#tellDetours(own, lanes, signal)
    const problems = lanes.flatMap(({ planned }) => planned.problems)
    return obstacle === null
      ? problems
      : [...byHand(this.#lanes, { tunnels, setup: this.#setup, obstacle }), ...problems]
  }

  async #announce(overlay: Overlay, generation: number, signal: AbortSignal): Promise<void> {
    const { publicKey } = await this.#keys.of(generation, overlay)
    const isManaged = this.#mode === 'managed'
    const command = announcement(this.#deps, this.#setup, { overlay, generation, publicKey, isManaged })
    if (command !== null) await this.#execute(command, signal)
  }

  /** Whom it does not reach is found out on the present lane; a daemon that does not see its interfaces knows nothing of that. */
  async #tellDetours(
    { detours: told = [], ...own }: OverlayNode,
    lanes: readonly SetUp[],
    signal: AbortSignal,
  ): Promise<void> {
    const [present] = lanes.toReversed()
    if (present === undefined || this.#mode !== 'managed') return
    const detours = detoursOf(told, present.planned.attempts, this.#deps.clock.now())
    if (isSameJson(detours, told)) return
    await this.#execute({ type: 'detour-overlay', node: own.node, detours }, signal)
  }

  /** The newest lane first: what moves there never is without a way. */
  async #plan(overlay: Overlay, generations: readonly number[], signal: AbortSignal): Promise<readonly SetUp[]> {
    const there = new Map<number, TunnelState | null>()
    for (const generation of generations) there.set(generation, await this.#lookAt(generation, signal))
    const planned = await Promise.all(
      generations.map(async (generation) => {
        const { privateKey } = await this.#keys.of(generation, overlay)
        const peers = there.get(generation)?.peers ?? []
        const seen = (publicKey: string) => peers.find((peer) => peer.publicKey === publicKey)
        return planLane(this.#deps, this.#setup, { overlay, generation, privateKey, seen, searches: this.#searches })
      }),
    )
    const [present, next] = planned
    const moved = await this.#progress(overlay, { present, next, there }, signal)
    if (planned.some(({ isSearching }) => isSearching) || overlay.rotation !== null) this.#loop.wake(soon)
    const mtu = this.#setup.mtu ?? (await this.#mtu.find(planned, signal))
    return planned.toReversed().map((lane) => {
      const isMine = (node: NodeId): boolean => next === undefined || moved.has(node) === (lane === next)
      return setUpOf(lane, {
        ...{ mtu, prefix: this.#setup.prefix, keys: this.#deps.keys },
        routes: lane.neighbours.filter(({ node }) => isMine(node)).flatMap((one) => one.allowed),
        bridge: this.#bridge === null ? null : this.#bridge.bridge,
      })
    })
  }

  /** Whose traffic goes by the next lane; tells the mesh once it is all of it. */
  async #progress(
    overlay: Overlay,
    {
      present,
      next,
      there,
    }: {
      present: PlannedLane | undefined
      next: PlannedLane | undefined
      there: ReadonlyMap<number, TunnelState | null>
    },
    signal: AbortSignal,
  ): Promise<ReadonlySet<NodeId>> {
    const { self, control, clock } = this.#deps
    if (present === undefined || next === undefined || this.#mode !== 'managed') return new Set()
    const seen = (node: NodeId, lane: 'present' | 'next') => {
      const { generation } = lane === 'next' ? next : present
      const other = overlay.nodes.get(node)
      const key = other === undefined ? undefined : laneOf(other, generation)?.publicKey
      return there.get(generation)?.peers.find(({ publicKey }) => publicKey === key)
    }
    const lanes = { self, present: present.neighbours, next: next.neighbours, seen }
    const { moved, isDone } = progressOf({ ...control.state, overlay }, lanes, clock.now())
    // Only once the routes are there: it is told in the round after.
    const wereThere = this.#lanes.find(({ generation }) => generation === next.generation)?.tunnel.routes ?? []
    const areThere = next.neighbours.every(
      ({ node, allowed }) => !moved.has(node) || allowed.every((range) => wereThere.includes(range)),
    )
    const isTold = overlay.nodes.get(self)?.moved === next.generation
    if (isDone && areThere && !isTold)
      await this.#execute({ type: 'report-overlay', node: self, moved: next.generation }, signal)
    return moved
  }

  /** Null when it is not there, or not for us to look at. Throws OVERLAY_FAILED for one that is somebody else's. */
  async #lookAt(generation: number, signal: AbortSignal): Promise<TunnelState | null> {
    if (this.#mode !== 'managed') return null
    const name = laneName(this.#setup.prefix, generation)
    const there = await this.#deps.tunnels.look(name, signal)
    if (there !== null && !(await this.#keys.isOurs(there.publicKey)))
      throw new ClawError('OVERLAY_FAILED', { problem: `the interface ${name} is somebody else’s` })
    return there
  }

  async #setUp(lanes: readonly SetUp[], signal: AbortSignal): Promise<void> {
    const { tunnels, onLanes } = this.#deps
    const made: SetUp[] = []
    for (const lane of lanes) {
      made.push({ ...lane, files: await tunnels.write(lane.tunnel) })
      if (this.#mode === 'managed' && !(await this.#isApplied(lane, signal))) {
        await tunnels.apply(lane.tunnel, signal)
        this.#applied.set(lane.name, lane.tunnel)
        onLanes()
      }
    }
    this.#lanes = made
    await this.#clear(
      lanes.map(({ name }) => name),
      signal,
    )
  }

  /** Also looks whether somebody has taken from it what it should have. */
  async #isApplied({ name, tunnel, config, publicKey }: SetUp, signal: AbortSignal): Promise<boolean> {
    if (!isSameJson(this.#applied.get(name), tunnel)) return false
    return isKept(await this.#deps.tunnels.look(name, signal), { publicKey, peers: config.peers })
  }

  /** Takes away the lanes that are ours and not wanted any more. */
  async #clear(wanted: readonly string[], signal: AbortSignal): Promise<void> {
    const { tunnels } = this.#deps
    for (const generation of [1, 2]) {
      const name = laneName(this.#setup.prefix, generation)
      if (wanted.includes(name)) continue
      this.#applied.delete(name)
      if ((await tunnels.obstacle()) !== null) await tunnels.removeFiles(name)
      else {
        const there = await tunnels.look(name, signal)
        // Also of one that somebody else has deleted something may be left.
        if (there === null || (there.publicKey !== null && (await this.#keys.isOurs(there.publicKey))))
          await tunnels.remove(name, signal)
      }
    }
  }

  async #withdraw(overlay: Overlay | null, signal: AbortSignal): Promise<void> {
    const { self } = this.#deps
    this.#mode = overlay === null ? 'off' : 'apart'
    const lanes = overlay?.nodes.get(self)?.lanes ?? []
    if (lanes.length > 0) await this.#execute({ type: 'leave-overlay', node: self }, signal)
    this.#bridge?.noteOff()
    this.#work?.review()
    // Most hosts have no overlay, and nothing is run there for it.
    if (!(await this.#keys.areAny())) return
    await this.#clear([], signal)
    this.#lanes = []
    this.#searches.clear()
    await this.#keys.keepOnly([])
  }

  async #execute(command: Command, signal: AbortSignal): Promise<void> {
    const { self, clock, control } = this.#deps
    const late = new AbortController()
    const cancel = clock.after(patience, () => late.abort())
    this.#announced += 1
    const id = `overlay:${self}:${clock.now()}:${this.#announced}`
    const within = AbortSignal.any([signal, late.signal])
    await control.execute(command, { id, by: self, signal: within }).finally(cancel)
  }

  #tell(problems: readonly string[]): void {
    if (isSameJson(problems, this.#problems)) return
    this.#problems = problems
    this.#spread()
  }

  #spread(): void {
    for (const listener of this.#listeners) listener()
  }

  readonly #warn = (error: unknown): void =>
    this.#deps.log.warn('the overlay could not be set up', { reason: (error as Error).message })
}
