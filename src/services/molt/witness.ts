/**
 * A witness of a MOLT network: signs for lines that may be, once for each number, and keeps all that are final. What it promises is on its
 * disk before it says so. A witness that has lost what it had promised, or is new, settles but does not vote before it has heard from so many
 * others that a quorum's lines are among theirs.
 */
import type { Network } from '../../core/molt/network.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Certificate, Proposal } from '../../model/molt-line.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Disk } from '../../ports/journal.ts'
import type { Log } from '../../ports/log.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Random } from '../../ports/random.ts'
import type { Rpc, Unsubscribe } from '../../ports/rpc.ts'
import type { Service } from '../../ports/service.ts'
import type { Signer, Verifier } from '../../ports/signer.ts'
import {
  commitClosing,
  openRound,
  prepareClosing,
  readAccount,
  readHeads,
  readLines,
  settleLines,
  voteForPay,
} from '../../wire/molt-witness.ts'
import { type SegmentSettings, usualSegments } from './segment-log.ts'
import { WitnessCatchUp } from './witness-catch-up.ts'
import { WitnessDesk } from './witness-desk.ts'
import { LimitKeeper, usualWitnessLimits, type WitnessLimits } from './witness-limits.ts'
import { WitnessStore } from './witness-store.ts'

export interface WitnessDeps {
  readonly network: Network
  /** With the key of this witness. */
  readonly signer: Signer
  readonly verifier: Verifier
  /** On the market host. */
  readonly rpc: Pick<Rpc, 'call' | 'serve'>
  readonly disk: Disk
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly metrics: Metrics
}

export interface WitnessSettings extends SegmentSettings {
  readonly limits: WitnessLimits
  /** A snapshot of the accounts is written when their log has grown by at least so much. */
  readonly snapshotBytes: number
}

export const usualWitness: WitnessSettings = {
  ...usualSegments,
  limits: usualWitnessLimits,
  snapshotBytes: 16 * 1_024 * 1_024,
}

interface Opened {
  readonly store: WitnessStore
  readonly desk: WitnessDesk
}

export class Witness implements Service {
  readonly name = 'molt-witness'
  readonly #deps: WitnessDeps
  readonly #settings: WitnessSettings
  readonly #limits: LimitKeeper
  readonly #catchUp: WitnessCatchUp
  /** Null while what is on the disk has to be read (again). */
  #opened: Promise<Opened> | null = null
  #served: readonly Unsubscribe[] = []

  constructor(deps: WitnessDeps, settings: WitnessSettings = usualWitness) {
    this.#deps = deps
    this.#settings = settings
    this.#limits = new LimitKeeper(deps.clock, settings.limits)
    this.#catchUp = new WitnessCatchUp(deps, {
      sequenceOf: (account) => this.#with(({ store }) => store.get(account).account.sequence),
      settle: (lines) => this.#with(({ desk }) => desk.settle(lines)),
      heardEnough: () => this.#with(({ store }) => (store.isWhole ? undefined : store.becomeWhole())),
    })
  }

  /** Throws DISK_FULL. What is damaged is set aside, and others are asked for it. */
  async start(): Promise<void> {
    await this.#with(() => undefined)
    const { rpc } = this.#deps
    this.#served = [
      rpc.serve(readAccount, ({ account }, from) => this.#for(from, 1, (desk) => desk.account(account))),
      rpc.serve(readLines, (asked, from) => this.#for(from, 4, (desk) => desk.lines(asked))),
      rpc.serve(voteForPay, ({ order }, from) => this.#for(from, 1, (desk) => desk.vote(order))),
      rpc.serve(settleLines, ({ lines }, from) =>
        this.#for(from, lines.map(votesIn).reduce(sum, lines.length), (desk) => desk.settle(lines)),
      ),
      rpc.serve(openRound, (asked, from) =>
        this.#for(from, 4 + asked.opening.shown.length, (desk) => desk.open(asked, from)),
      ),
      rpc.serve(prepareClosing, (proposal, from) =>
        this.#for(from, 4 + groundsIn(proposal), (desk) => desk.prepare(proposal)),
      ),
      rpc.serve(commitClosing, ({ prepared }, from) =>
        this.#for(from, 4 + votesIn(prepared), (desk) => desk.commit(prepared)),
      ),
      rpc.serve(readHeads, ({ epoch, after }, from) => this.#for(from, 4, (desk) => desk.changed(epoch, after))),
    ]
    this.#catchUp.start()
  }

  async stop(): Promise<void> {
    for (const unserve of this.#served) unserve()
    this.#served = []
    await this.#catchUp.stop()
    const opened = await this.#opened
    this.#opened = null
    await opened?.store.close()
  }

  /** `cost`: about as much as there are signatures to check. */
  async #for<Answer extends object>(
    caller: NodeId,
    cost: number,
    answer: (desk: WitnessDesk) => Answer | Promise<Answer>,
  ): Promise<Answer> {
    this.#limits.admitCaller(caller, cost)
    const answered = await this.#with(({ desk }) => answer(desk))
    if ('refusal' in answered && answered.refusal === 'certificate') this.#limits.fine(caller)
    return answered
  }

  /** After a failure, what is in memory may be more than what is on the disk: it is read again. */
  async #with<Answer>(answer: (opened: Opened) => Answer | Promise<Answer>): Promise<Answer> {
    this.#opened ??= this.#open()
    const opened = this.#opened
    try {
      return await answer(await opened)
    } catch (error) {
      if (!isRefusal(error) && this.#opened === opened) this.#opened = null
      throw error
    }
  }

  async #open(): Promise<Opened> {
    const { log, random } = this.#deps
    const store = await this.#openStore().catch((error: unknown) => {
      if (!ClawError.is(error, 'STATE_CORRUPT')) throw error
      log.error('the accounts of this witness are damaged; others are asked for them', { ...error.facts })
      return this.#openStore()
    })
    const epoch = Buffer.from(random.bytes(16)).toString('hex')
    return { store, desk: new WitnessDesk({ ...this.#deps, store, epoch, limits: this.#limits }) }
  }

  async #openStore(): Promise<WitnessStore> {
    const store = new WitnessStore(this.#deps, this.#settings)
    await store.open()
    return store
  }
}

const votesIn = ({ votes }: Certificate): number => votes.length
const groundsIn = ({ grounds }: Proposal): number =>
  grounds === null ? 0 : grounds.statements.length + (grounds.lock?.votes.length ?? 0)
const sum = (one: number, other: number): number => one + other

/** What says nothing of the disk. */
const isRefusal = (error: unknown): boolean => ClawError.is(error, 'RATE_LIMITED')
