/** Lends the GPUs of this node to strangers, for as long as it takes part in a network as a provider. */
import { agreementId } from '../../../core/molt/agreement.ts'
import type { Situation } from '../../../core/molt/market/decide.ts'
import { leasePriority, leaseWorkload } from '../../../core/molt/market/lease-work.ts'
import { roomLeft } from '../../../core/molt/market/data-room.ts'
import { type Lending, lendingOf } from '../../../core/molt/market/lending.ts'
import { type Lent, lentOf } from '../../../core/molt/market/lent.ts'
import { heldByOwner, type OwnSide } from '../../../core/molt/market/own-devices.ts'
import { isUnderAgreement } from '../../../core/molt/market/promises.ts'
import type { Role, Standing } from '../../../core/molt/market/reputation.ts'
import type { Network } from '../../../core/molt/network.ts'
import { Buckets } from '../../../lib/buckets.ts'
import type { MicroMolt } from '../../../model/amount.ts'
import { ClawError } from '../../../model/failure.ts'
import type { NodeId } from '../../../model/ids.ts'
import type { Hash } from '../../../model/molt-agreement.ts'
import type { Isolation } from '../../../model/molt-hardware.ts'
import type { Offer } from '../../../model/molt-offer.ts'
import type { LendingMode, LendingPolicy } from '../../../model/molt-policy.ts'
import { type Instant, minute, second } from '../../../model/time.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { Log } from '../../../ports/log.ts'
import type { OfferBoard } from '../../../ports/offer-board.ts'
import type { Rpc, Unsubscribe } from '../../../ports/rpc.ts'
import type { Service } from '../../../ports/service.ts'
import type { Signer, Verifier } from '../../../ports/signer.ts'
import { haveOutputs, readOutputs, supplyLease } from '../../../wire/molt-data.ts'
import { agreeTerms, askBid, execInLease, readLeaseLogs, startWork, talkLease } from '../../../wire/molt-lease.ts'
import type { Control } from '../../control/types.ts'
import type { Care, UncleanDevice } from '../../inventory/device-care.ts'
import type { Bank } from '../bank.ts'
import type { DeedBook } from '../deeds/deed-book.ts'
import { type GuestHost, leaseExec, leaseLogs } from './guest-visits.ts'
import { MeshWork, type MeshWorkDeps } from './guest-work.ts'
import { GuestData, type GuestDataDeps } from './guest-data.ts'
import { GuestSupply } from './guest-supply.ts'
import { leaseOutputs } from './guest-outputs.ts'
import { LeaseRunner } from './lease-runner.ts'
import { type LeaseDisk, LeaseStore } from './lease-store.ts'
import { watchLease } from './lease-watch.ts'
import { type LookUp, Registries } from './registries.ts'
import { LendingDesk } from './lending-desk.ts'
import { OfferPublisher } from './offer-publisher.ts'
import { readPolicy } from './policy-file.ts'
import { freeGroups } from './stock.ts'
import type { LeaseSight, LendingView } from './types.ts'

/** The network, as the market host has it. */
export interface LendingPlane {
  readonly network: Network
  /** With the market key. */
  readonly signer: Signer
  readonly verifier: Verifier
  readonly rpc: Pick<Rpc, 'serve' | 'serveStream' | 'serveDuplex'>
  readonly bank: Pick<Bank, 'close' | 'books' | 'onLine' | 'know' | 'take'>
  readonly deeds: Pick<DeedBook, 'keep'>
  readonly board: OfferBoard
  readonly standingOf: (who: NodeId, role: Role) => Standing
  /** Finds out what others have closed with it; returns after a moment, however it goes. */
  readonly learn: (who: NodeId, signal: AbortSignal) => Promise<void>
  /** What others ask for a model, in µMOLT for a second of one GPU; null when nobody offers one. */
  readonly market: (model: string) => MicroMolt | null
}

/** The mesh, as the node has it. */
export interface LendingHome
  extends
    Pick<MeshWorkDeps, 'seal' | 'pause' | 'hasNetwork'>,
    Pick<GuestDataDeps, 'self' | 'mesh' | 'engine' | 'images' | 'removeTask'> {
  readonly control: Pick<Control, 'state' | 'execute' | 'onChange' | 'fresh'>
  /** How the devices of this node are, as they were looked at last. */
  readonly samples: () => OwnSide['samples']
  /** Which of them are not lent, as something is left on them. */
  readonly care: Care
  /** What guests can be kept apart by, as the engine says now. */
  readonly isolation: (signal: AbortSignal) => Promise<readonly Isolation[]>
  readonly host: GuestHost
  readonly lookUp: LookUp
  /** Where the policy is, which is the same in all networks. */
  readonly disk: Pick<LeaseDisk, 'readBlob'>
  readonly clock: Clock
  readonly log: Log
}

export interface LendingDeps {
  readonly plane: LendingPlane
  readonly home: LendingHome
  /** What is of this network alone. */
  readonly leases: LeaseDisk
  /** Null for a node that lends nothing. */
  readonly mode: () => LendingMode | null
}

/** What one buyer may ask in a second, and at once after a pause. */
const rates = { bids: { perSecond: 2, burst: 20 }, all: { perSecond: 20, burst: 60 } }
const lookEvery = 30 * second
/** How much is in volumes takes an engine long to say. */
const boundEvery = 10 * minute

export class LendingService implements Service, LendingView {
  readonly name = 'molt-lending'
  readonly #deps: LendingDeps
  readonly #store: LeaseStore
  readonly #work: MeshWork
  readonly #data: GuestData
  readonly #supply: GuestSupply
  readonly #runner: LeaseRunner
  readonly #desk: LendingDesk
  readonly #publisher: OfferPublisher
  readonly #bids: Buckets
  readonly #calls: Buckets
  #policy: LendingPolicy = {}
  #isolation: readonly Isolation[] = []
  /** Whether what guests leave can be bounded here, and until when that is taken for true. */
  #bound: { readonly isSo: boolean; readonly until: Instant } = { isSo: false, until: 0 }
  #isWinding = false
  #end = new AbortController()
  #looking: Promise<void> = Promise.resolve()
  #undo: readonly Unsubscribe[] = []

  constructor(deps: LendingDeps) {
    const { plane, home, mode, leases } = deps
    const { clock, log } = home
    this.#deps = deps
    this.#store = new LeaseStore(leases)
    this.#work = new MeshWork({ ...home, mode: () => mode() ?? 'moderate' })
    this.#data = new GuestData(home)
    this.#runner = new LeaseRunner({
      ...plane,
      ...{ store: this.#store, work: this.#work, data: this.#data, clock, log },
      callOff: (agreement) => this.#supply.callOff(agreement),
      isTaken: (devices) => heldByOwner(devices, home.control.state, this.#priority()),
      onLeft: (devices) => home.care.left(devices, { mayReset: this.#policy.gpuReset === true }),
    })
    const rules = (): Lending | null => this.rules()
    const registries = new Registries(home)
    this.#supply = new GuestSupply({ store: this.#store, runner: this.#runner, data: this.#data })
    this.#desk = new LendingDesk({
      ...plane,
      ...{ store: this.#store, runner: this.#runner, work: this.#work, lending: rules },
      receiving: (lease) => this.#supply.progress(lease),
      situation: (buyer) => this.#situation(buyer),
      uncleanOf: (devices) => home.care.look(devices),
      mayPull: (image) => registries.mayPull(rules()?.images ?? { allowed: null, blocked: [] }, image),
    })
    this.#publisher = new OfferPublisher({
      ...{ board: plane.board, clock, log, lending: rules },
      lender: () => ({ ...this.#lender(), verification: 'self-reported', isLeaving: this.#isWinding }),
    })
    const elapsed = (): number => clock.elapsed()
    this.#bids = new Buckets(rates.bids.perSecond, elapsed, { burst: rates.bids.burst })
    this.#calls = new Buckets(rates.all.perSecond, elapsed, { burst: rates.all.burst })
  }

  /** Throws STATE_CORRUPT and DISK_FULL. */
  async start(): Promise<void> {
    const { home } = this.#deps
    this.#end = new AbortController()
    this.#isWinding = false
    this.#policy = await readPolicy(home.disk)
    await this.#store.open()
    await this.#look()
    await this.#runner.start()
    this.#publisher.start()
    this.#undo = [
      ...this.#serve(),
      this.#runner.onDevices(() => this.#publisher.wake()),
      home.care.onProblems(() => this.#publisher.wake()),
      home.control.onChange((changes) => {
        if (changes.some(({ type }) => type === 'workload' || type === 'member')) this.#publisher.wake()
      }),
      this.#lookAgain(),
    ]
  }

  async stop(): Promise<void> {
    for (const undo of this.#undo) undo()
    this.#undo = []
    this.#end.abort(new ClawError('EXECUTOR_UNAVAILABLE', { executor: 'lending', detail: 'the node is shutting down' }))
    await this.#looking
    await this.#publisher.stop()
    await this.#runner.stop()
    await this.#store.close()
  }

  rules(): Lending | null {
    const mode = this.#deps.mode()
    if (mode === null || this.#isWinding) return null
    const rules = lendingOf(mode, this.#policy)
    const longest = Math.floor(this.#deps.plane.network.claimTime / 2)
    // What nothing bounds could fill the owner's disk.
    const data = this.#bound.isSo ? rules.data : { ...rules.data, outputs: 0 }
    return { ...rules, data, disputeWindow: Math.min(rules.disputeWindow, longest) }
  }

  use(policy: LendingPolicy): void {
    this.#policy = policy
    this.#publisher.wake()
  }

  leases(): readonly LeaseSight[] {
    return this.#store.all().map((lease) => ({
      lease,
      workload: lease.agreement === null ? null : leaseWorkload(agreementId(lease.agreement)),
      work: this.#work.words(lease),
      final: this.#runner.finalOf(lease),
    }))
  }

  history(): readonly Lent[] {
    const known = this.#store.history()
    const ids = new Set(known.map(({ agreement }) => agreement))
    const recent = this.#store.all().flatMap((lease) => lentOf(lease) ?? [])
    return [...known, ...recent.filter(({ agreement }) => !ids.has(agreement))].toSorted(
      (a, b) => a.closedAt - b.closedAt,
    )
  }

  offers(): readonly Offer[] {
    return this.#publisher.offers()
  }

  isolation(): readonly Isolation[] {
    return this.#isolation
  }

  unclean(): readonly UncleanDevice[] {
    return this.#deps.home.care.devices()
  }

  async dispute(agreement: Hash): Promise<void> {
    const lease = this.#store.ofAgreement(agreement)
    if (lease !== null) await this.#runner.step(lease.key, { type: 'dispute' })
  }

  unwind(): void {
    this.#isWinding = false
    this.#publisher.wake()
  }

  async wind({ isNow }: { readonly isNow: boolean }, signal: AbortSignal): Promise<void> {
    this.#isWinding = true
    try {
      await this.#publisher.withdrawAll(signal)
      await this.#runner.reclaimAll({ isNow })
      await this.#runner.idle({ isNow }, signal)
    } catch (error) {
      this.unwind()
      throw error
    }
  }

  #serve(): readonly Unsubscribe[] {
    const { rpc } = this.#deps.plane
    const { host, self } = this.#deps.home
    const desk = this.#desk
    const [work, node, data] = [this.#work, self, this.#data]
    const watched = { runner: this.#runner, store: this.#store, clock: this.#deps.home.clock }
    const call = <Answer>(from: NodeId, answer: () => Answer): Answer => {
      this.#admit(this.#calls, from)
      return answer()
    }
    return [
      rpc.serve(askBid, ({ want }, from, signal) => {
        this.#admit(this.#bids, from)
        return desk.bid(want, from, signal)
      }),
      rpc.serve(agreeTerms, (asked, from) => call(from, () => desk.agree(asked, from))),
      rpc.serve(startWork, (asked, from) => call(from, () => desk.start(asked, from))),
      rpc.serve(talkLease, (asked, from, signal) => call(from, () => desk.talk(asked, from, signal))),
      rpc.serveStream(readLeaseLogs, (asked, from, signal) =>
        call(from, () => leaseLogs({ host, work, node }, desk.leaseFor(asked.agreement, from), asked, signal)),
      ),
      rpc.serveStream(readOutputs, (asked, from, signal) =>
        call(from, () => leaseOutputs(data, desk.leaseFor(asked.agreement, from), asked, signal)),
      ),
      rpc.serve(haveOutputs, ({ agreement }, from) => call(from, () => desk.fetched(agreement, from))),
      rpc.serveDuplex(supplyLease, (asked, from, side, signal) =>
        call(from, () => this.#supply.take(desk.leaseFor(asked.agreement, from), side, signal)),
      ),
      rpc.serveDuplex(execInLease, (asked, from, side, signal) =>
        call(from, () => {
          const lease = desk.leaseFor(asked.agreement, from)
          return leaseExec({ host, work }, lease, asked, { side, signal, watch: watchLease(watched, lease.key) })
        }),
      ),
    ]
  }

  #admit(buckets: Buckets, from: NodeId): void {
    const seconds = buckets.take(from)
    if (seconds > 0) throw new ClawError('RATE_LIMITED', { who: from, seconds })
  }

  /** The engine may have been given another runtime, or none any more. */
  async #look(): Promise<void> {
    const { isolation, log } = this.#deps.home
    try {
      this.#isolation = await isolation(this.#end.signal)
    } catch (error) {
      if (!(error instanceof ClawError)) throw error
      this.#isolation = []
      log.debug('it is not known how guests could be kept apart', { reason: error.message })
    }
    if (this.#bound.isSo && this.#runner.now() < this.#bound.until) return
    this.#bound = { isSo: await this.#data.canBound(this.#end.signal), until: this.#runner.now() + boundEvery }
  }

  #lookAgain(): Unsubscribe {
    const { clock } = this.#deps.home
    let cancel = (): void => {}
    const next = (): void => {
      cancel = clock.after(lookEvery, () => {
        this.#looking = this.#look().finally(() => {
          if (!this.#end.signal.aborted) next()
        })
      })
    }
    next()
    return () => cancel()
  }

  #priority(): number {
    return leasePriority(this.#deps.mode() ?? 'moderate')
  }

  #lender(): Omit<Situation, 'buyer'> {
    const { network, signer, market } = this.#deps.plane
    const now = this.#runner.now()
    const lending = this.rules()
    const rules = { share: lending?.share ?? 'idle', priority: this.#priority(), now } as const
    return {
      ...{ provider: signer.id, network: network.id, isolation: this.#isolation, market, now },
      groups: freeGroups({ ...this.#deps.home, store: this.#store }, rules),
      leases: this.#store.all().filter(isUnderAgreement).length,
      room: lending === null || !this.#data.isPossible ? null : roomLeft(lending, this.#store.all()),
    }
  }

  #situation(buyer: NodeId): Situation {
    return { ...this.#lender(), buyer: this.#deps.plane.standingOf(buyer, 'buyer') }
  }
}
