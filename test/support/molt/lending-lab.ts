/** A provider in a MOLT network in virtual time: real leases, accounts and witnesses, and a mesh of one node whose guests only pretend to work. */
import { isLeaseWork, leaseWorkload } from '../../../src/core/molt/market/lease-work.ts'
import { type Standing, unknown } from '../../../src/core/molt/market/reputation.ts'
import { createState } from '../../../src/core/state/state.ts'
import type { NodeId, PlacementId, WorkloadId } from '../../../src/model/ids.ts'
import { meshId, nodeId, placementId } from '../../../src/model/ids.ts'
import type { LendingMode } from '../../../src/model/molt-policy.ts'
import type { Offer } from '../../../src/model/molt-offer.ts'
import type { Member } from '../../../src/model/node.ts'
import { type Instant, type Millis, second } from '../../../src/model/time.ts'
import { isTerminal } from '../../../src/model/workload.ts'
import { silent } from '../../../src/ports/log.ts'
import { DeedBook } from '../../../src/services/molt/deeds/deed-book.ts'
import { LendingService } from '../../../src/services/molt/lending/lending-service.ts'
import { simSigner, simVerifier } from '../../../src/simulation/signer.ts'
import { Mesh } from '../agent-mesh.ts'
import { gpuDevice } from '../gpu-device.ts'
import { type CompanionHome, type LabSettings, MoltLab, never, provider } from './lab.ts'
import type { BuyerWorld } from './scripted-buyer.ts'

const home = nodeId('home')

export interface LendingSettings extends LabSettings {
  readonly gpus?: number
  readonly mode?: LendingMode
  readonly standingOf?: (who: NodeId) => Standing
}

/** A guest on the host, as the owner's electricity meter sees it. */
interface Guest {
  readonly gpus: number
  isHeld: boolean
  /** When it was counted last, and for how long it has run by then. */
  at: Instant
  ranMs: Millis
  isThere: boolean
}

export class LendingLab extends MoltLab {
  readonly mesh: Mesh
  readonly guests = new Map<PlacementId, Guest>()
  readonly board = new Map<number, Offer>()
  readonly mode: LendingMode
  lending: LendingService | null = null
  deeds: DeedBook | null = null
  /** How long an image takes to arrive. */
  startTakes: Millis = 3 * second
  /** Whether a guest ends by itself, and after how long; null for never. */
  runsFor: Millis | null = null
  /** For how long a daemon that begins sees its mesh without any work, as its last snapshot had it. */
  staleFor: Millis = 0
  /** Devices on which something is left; it shows when they are looked at. */
  readonly dirty = new Set<string>()
  /** Those of them that were looked at. */
  readonly unclean = new Set<string>()
  /** Devices that guests have had. */
  readonly left: string[] = []
  readonly #standingOf: (who: NodeId) => Standing

  constructor({ gpus = 2, mode = 'moderate', standingOf = () => unknown, ...settings }: LendingSettings = {}) {
    super(settings)
    this.mode = mode
    this.#standingOf = standingOf
    this.mesh = new Mesh(this.world)
    this.mesh.state.members.set(home, memberWith(gpus))
    this.mesh.control().onChange((changes) => {
      for (const change of changes) if (change.type === 'workload') this.#attend(change.workload)
    })
    this.companions.set(provider, (companion) => this.#startLending(companion))
  }

  /** How a buyer of that name deals with the provider. */
  buyerWorld(id: NodeId): BuyerWorld {
    return {
      ...{ id, provider, network: this.network.id, now: () => this.world.now() },
      after: (wait, run) => this.world.after(wait, run),
      call: (to, protocol, asked, signal) => this.net.host(id).rpc.call(to, protocol, asked, signal),
      signer: simSigner(id),
      sign: (kind, value) => this.signed(id, kind, value),
      hold: (agreement) => this.insist(id, (bank) => bank.openHold(agreement, never)),
    }
  }

  /** Milliseconds for which guests of the agreement have had their GPUs, each GPU on its own. */
  gpuMillis(agreement: string): bigint {
    const id = leaseWorkload(agreement)
    const all = [...this.guests].filter(([placement]) => placement.startsWith(`${id}.`))
    for (const [, guest] of all) this.#count(guest)
    return all.reduce((sum, [, { gpus, ranMs }]) => sum + BigInt(Math.floor(ranMs)) * BigInt(gpus), 0n)
  }

  /** Devices that guests of the mesh hold now. */
  held(): readonly string[] {
    return [...this.mesh.state.holders.keys()]
  }

  async #startLending({ host, disk, bank }: CompanionHome): Promise<void> {
    const control = this.mesh.control()
    const view = { state: this.staleFor === 0 ? control.state : this.#withoutWork() }
    const isAlive = (): boolean => this.net.host(provider).clock === host.clock
    const deeds = new DeedBook({ disk, clock: host.clock })
    await deeds.start()
    this.deeds = deeds
    const lending: LendingService = new LendingService({
      plane: {
        ...{ network: this.network, signer: simSigner(provider), verifier: simVerifier, rpc: host.rpc, bank },
        deeds,
        board: {
          publish: (offer) => Promise.resolve(void this.board.set(offer.number, offer)),
          withdraw: (number) => Promise.resolve(void this.board.delete(number)),
        },
        standingOf: (who) => this.#standingOf(who),
        learn: () => Promise.resolve(),
        market: () => null,
      },
      home: {
        ...{ mesh: meshId('mesh-lab'), engine: null, images: null, removeTask: () => Promise.resolve() },
        ...{ self: home, disk, clock: host.clock, log: silent, hasNetwork: false },
        lookUp: () => Promise.resolve(['8.8.8.8']),
        control: {
          ...control,
          get state() {
            return view.state
          },
          fresh: async () => {
            if (view.state === control.state) return
            await new Promise<void>((resolve) => void this.world.after(this.staleFor, resolve))
            view.state = control.state
          },
          // A dead daemon asks its mesh for nothing.
          execute: (command, options) => (isAlive() ? control.execute(command, options) : new Promise<never>(() => {})),
        },
        samples: () => new Map(devicesOf(8).map(({ uuid }) => [uuid, sampleOf()])),
        care: {
          unclean: () => this.unclean,
          devices: () => [],
          look: (uuids) => Promise.resolve(new Set(uuids.filter((uuid) => this.#isFoundUnclean(uuid)))),
          left: (uuids) => void this.left.push(...uuids),
          onProblems: () => () => {},
        },
        isolation: () => Promise.resolve(['gvisor']),
        host: {
          read: () => {
            throw new Error('nobody reads here')
          },
          exec: () => Promise.reject(new Error('nobody types here')),
        },
        seal: () => 's1.0.A.A',
        pause: (placement, isPaused) => {
          if (isAlive()) this.#hold(placement, isPaused)
          return Promise.resolve()
        },
      },
      ...{ leases: disk, mode: () => this.mode },
    })
    this.lending = lending
    await lending.start()
  }

  #isFoundUnclean(uuid: string): boolean {
    if (this.dirty.has(uuid)) this.unclean.add(uuid)
    return this.dirty.has(uuid)
  }

  #withoutWork(): Mesh['state'] {
    const state = createState()
    for (const [id, member] of this.mesh.state.members) state.members.set(id, member)
    return state
  }

  #hold(placement: PlacementId, isHeld: boolean): void {
    const guest = this.guests.get(placement)
    if (guest === undefined) return
    this.#count(guest)
    guest.isHeld = isHeld
  }

  #count(guest: Guest): void {
    const now = this.world.elapsed()
    if (guest.isThere && !guest.isHeld) guest.ranMs += now - guest.at
    guest.at = now
  }

  /** What an agent does: takes what is placed, runs it, and ends what is to end. */
  #attend(id: WorkloadId): void {
    const workload = this.mesh.state.workloads.get(id)
    if (workload === undefined || isTerminal(workload.state)) return
    const { spec, placement, stopRequested, eviction } = workload
    if (workload.state === 'pending' && isLeaseWork(workload)) {
      this.world.after(10, () => this.#place(id, spec.gpus.devices ?? []))
      return
    }
    if (placement === null || placement.state !== 'claimed') return
    if (stopRequested !== null || eviction !== null)
      this.world.after(stopRequested?.force === true ? 50 : (eviction?.grace ?? spec.stopGraceMs), () =>
        this.#end(placement.id, 143),
      )
  }

  #place(id: WorkloadId, indexes: readonly number[]): void {
    const workload = this.mesh.state.workloads.get(id)
    if (workload?.state !== 'pending') return
    const devices = indexes.map((index) => `GPU-${index}`)
    if (devices.some((uuid) => this.mesh.state.holders.has(uuid))) return
    const attempt = workload.attempt + 1
    const executor = workload.spec.executor ?? 'simulated'
    this.#do({ type: 'place', workload: id, attempt, node: home, devices, executor })
    const placement = placementId(id, attempt)
    this.#do({ type: 'claim', placement, node: home })
    this.world.after(this.startTakes, () => this.#run(placement, devices.length))
  }

  #run(placement: PlacementId, gpus: number): void {
    if (!this.mesh.live().has(placement)) return
    const guest = { gpus, isHeld: false, at: this.world.elapsed(), ranMs: 0, isThere: true }
    this.guests.set(placement, guest)
    this.#do({ type: 'report-running', placement, node: home, startedAt: this.world.now() })
    if (this.runsFor !== null) this.world.after(this.runsFor, () => this.#end(placement, 0))
  }

  #end(placement: PlacementId, exitCode: number): void {
    if (!this.mesh.live().has(placement)) return
    const guest = this.guests.get(placement)
    if (guest !== undefined) {
      this.#count(guest)
      guest.isThere = false
    }
    const endedAt = this.world.now()
    this.#do({ type: 'report-ended', placement, node: home, endedAt, exitCode, error: null })
  }

  #do(command: Parameters<ReturnType<Mesh['control']>['execute']>[0]): void {
    this.mesh.commit(command, home)
  }
}

const devicesOf = (count: number) =>
  Array.from({ length: count }, (_, index) =>
    gpuDevice({ index, uuid: `GPU-${index}`, model: 'NVIDIA H100 80GB HBM3' }),
  )

const sampleOf = () => ({ memoryUsedMib: 0, eccUncorrected: 0, health: 'ok' as const, processes: [] })

const memberWith = (gpus: number): Member => ({
  ...{ id: home, name: 'home', labels: {}, roles: [], epoch: 1, addresses: [], sealKey: '', joinedAt: 0, taints: [] },
  scheduling: { mode: 'open', reason: '', since: 0, grace: null },
  inventory: {
    ...{ hostname: 'home', os: 'linux', kernel: '6', arch: 'x64', cpuModel: 'x', cpuCores: 16, memoryMib: 65_536 },
    ...{ diskMib: 100_000, links: [], executors: ['simulated'], versions: {} },
    gpus: devicesOf(gpus).map((device) => ({ ...device, simulated: true })),
  },
})
