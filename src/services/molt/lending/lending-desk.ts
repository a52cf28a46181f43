/** What buyers are answered: bids, signatures under agreements, the begin of their work, and how it stands. */
import type { Agreement } from '../../../core/molt/agreement.ts'
import { agreementId, holdAccount, isAgreed } from '../../../core/molt/agreement.ts'
import { closingText } from '../../../core/molt/closing.ts'
import { decideBid, type Situation, totalFor, wantHash } from '../../../core/molt/market/decide.ts'
import type { Lease } from '../../../core/molt/market/lease.ts'
import { newLease } from '../../../core/molt/market/lease.ts'
import type { Lending } from '../../../core/molt/market/lending.ts'
import { isRoomFor } from '../../../core/molt/market/data-rules.ts'
import { devicesFor, mayKeep } from '../../../core/molt/market/promises.ts'
import type { Role, Standing } from '../../../core/molt/market/reputation.ts'
import { areTermsOf } from '../../../core/molt/market/terms.ts'
import type { Network } from '../../../core/molt/network.ts'
import { isSignedBy, type Kind, sign } from '../../../core/molt/signing.ts'
import { areSigned, partiesOf, type SignedParties, signParties } from '../../../core/records/parties.ts'
import { InTurn } from '../../../lib/in-turn.ts'
import { ClawError } from '../../../model/failure.ts'
import type { NodeId } from '../../../model/ids.ts'
import type { DeclineReason } from '../../../model/molt-bid.ts'
import type { Certificate } from '../../../model/molt-line.ts'
import type { Want } from '../../../model/molt-want.ts'
import type { Signer, Verifier } from '../../../ports/signer.ts'
import type {
  AgreeAnswer,
  AgreeRequest,
  BidAnswer,
  LeaseRefusal,
  StartAnswer,
  StartRequest,
  TalkAnswer,
  TalkRequest,
} from '../../../wire/molt-lease.ts'
import type { Bank } from '../bank.ts'
import type { DeedBook } from '../deeds/deed-book.ts'
import type { GuestWork } from './guest-work.ts'
import type { LeaseRunner } from './lease-runner.ts'
import type { LeaseStore } from './lease-store.ts'

export interface LendingDeskDeps {
  readonly network: Network
  readonly signer: Signer
  readonly verifier: Verifier
  readonly store: LeaseStore
  readonly runner: LeaseRunner
  readonly work: GuestWork
  readonly bank: Pick<Bank, 'know' | 'take'>
  readonly deeds: Pick<DeedBook, 'keep'>
  /** How far what is sent for its work is; null while nothing comes. */
  readonly receiving: (lease: Lease) => string | null
  /** Null while this node lends nothing. */
  readonly lending: () => Lending | null
  /** What there is to be lent now, and what is known of whoever asks. */
  readonly situation: (buyer: NodeId) => Situation
  readonly standingOf: (who: NodeId, role: Role) => Standing
  /** Looks at devices now, and says on which of them something is left. Those are not among what there is to be lent from then on. */
  readonly uncleanOf: (devices: readonly string[]) => Promise<ReadonlySet<string>>
  /** Finds out what others have closed with it; returns after a moment, however it goes. */
  readonly learn: (who: NodeId, signal: AbortSignal) => Promise<void>
  /** Whether an image of that name may be pulled from where its registry is found now. */
  readonly mayPull: (image: string) => Promise<boolean>
}

/** Bids that nobody has taken yet: of one buyer, of all of whom nothing is known, and of all together. */
const mostOpenBids = { ofBuyer: 8, ofUnknown: 768, ofAll: 1_024 }

export class LendingDesk {
  readonly #deps: LendingDeskDeps
  /** One after the other, so that no device is promised twice. */
  readonly #turns = new InTurn()

  constructor(deps: LendingDeskDeps) {
    this.#deps = deps
  }

  /** Throws RATE_LIMITED, what the disk throws, and the signal's reason. */
  async bid(want: Want, from: NodeId, signal: AbortSignal): Promise<BidAnswer> {
    const lending = this.#deps.lending()
    // Nobody else waits while it is found out who asks; whom the owner has named needs no name.
    if (lending !== null && ![...lending.trusted, ...lending.blocked].includes(from))
      await this.#deps.learn(from, signal)
    const mayPull = lending === null || (await this.#deps.mayPull(want.image.name))
    return this.#turns.do(() => this.#bid(want, from, mayPull))
  }

  async #bid(want: Want, from: NodeId, mayPull: boolean): Promise<BidAnswer> {
    const { store, runner, lending: lendingNow, situation, signer, network } = this.#deps
    const declined = (reason: DeclineReason): BidAnswer => ({
      ...{ type: 'decline', decline: { want: wantHash(want), reason } },
    })
    if (want.buyer !== from) return declined('network')
    const known = store.ofWant(wantHash(want))
    if (known !== null) return bidAnswer(known)
    const lending = lendingNow()
    if (lending === null) return declined('paused')
    if (!mayPull) return declined('image')
    this.#checkOpen(from)
    const decision = decideBid(lending, want, situation(from))
    if (decision.type === 'decline') return declined(decision.reason)
    const { bid, devices } = decision
    const signature = sign(signer, { kind: 'bid', network: network.id, value: bid })
    const lease = newLease({ bid, signature }, want, devices, runner.now())
    await runner.begin(lease)
    return bidAnswer(lease)
  }

  /** Each bid is a record on the disk. */
  #checkOpen(buyer: NodeId): void {
    const open = this.#deps.store.all().filter(({ state }) => state === 'bid')
    const own = open.filter(({ want }) => want.buyer === buyer)
    const isUnknown = !this.#isKnown(buyer)
    const unknown = isUnknown ? open.filter(({ want }) => !this.#isKnown(want.buyer)).length : 0
    const { ofBuyer, ofUnknown, ofAll } = mostOpenBids
    if (own.length >= ofBuyer || unknown >= ofUnknown || open.length >= ofAll)
      throw new ClawError('RATE_LIMITED', { who: buyer, seconds: 60 })
  }

  /** Something is known of it, by its own deals with this node, or by its owner. */
  #isKnown(buyer: NodeId): boolean {
    const { lending, standingOf } = this.#deps
    return lending()?.trusted.includes(buyer) === true || standingOf(buyer, 'buyer').score !== null
  }

  agree(asked: AgreeRequest, from: NodeId): Promise<AgreeAnswer> {
    return this.#turns.do(() => this.#agree(asked, from))
  }

  async #agree({ key, terms, byBuyer, partiesByBuyer }: AgreeRequest, from: NodeId): Promise<AgreeAnswer> {
    const { store, runner, signer, network, verifier, bank } = this.#deps
    const lease = store.get(key)
    if (lease === null || lease.want.buyer !== from) return refused('unknown')
    if (lease.agreement !== null) return this.#agreed(lease.agreement, terms, partiesByBuyer)
    if (lease.state !== 'bid') return refused('over')
    const now = runner.now()
    if (now >= lease.signed.bid.validUntil) return refused('over')
    if (!areTermsOf(lease.signed.bid, lease.want, terms, now)) return refused('terms')
    const byProvider = sign(signer, { kind: 'agreement', network: network.id, value: terms })
    const agreement: Agreement = { terms, byBuyer, byProvider }
    if (!isAgreed(agreement, verifier) || this.#parties(agreement, partiesByBuyer) === null) return refused('signature')
    const devices = await this.#cleanDevicesFor(lease, from)
    if (typeof devices === 'string') return refused(devices)
    const next = await runner.step(key, { type: 'agreed', agreement, devices })
    if (next === null || next.agreement === null) return refused('over')
    await bank.know(next.agreement)
    return this.#agreed(next.agreement, terms, partiesByBuyer)
  }

  /** Who has made it is on the disk before the buyer has this node's word for it. */
  async #agreed(agreement: Agreement, terms: Agreement['terms'], partiesByBuyer: string): Promise<AgreeAnswer> {
    if (agreementId(agreement) !== agreementId({ terms })) return refused('taken')
    const signed = this.#parties(agreement, partiesByBuyer)
    if (signed === null) return refused('signature')
    await this.#deps.deeds.keep(agreement, signed)
    return { type: 'agreed', agreement, partiesByProvider: signed.byProvider }
  }

  /** Null where the buyer has signed something else. */
  #parties(agreement: Agreement, byBuyer: string): SignedParties | null {
    const { signer, network, verifier } = this.#deps
    const parties = partiesOf(agreement)
    const signed = { parties, byBuyer, byProvider: signParties(signer, network.id, parties) }
    return areSigned(signed, network.id, verifier) ? signed : null
  }

  /** Of what is still to be had of what was bid, that on which nothing is left. */
  async #cleanDevicesFor(lease: Lease, buyer: NodeId): Promise<readonly string[] | LeaseRefusal> {
    for (let refusal: LeaseRefusal = 'taken'; ; refusal = 'unclean') {
      const devices = this.#devicesFor(lease, buyer)
      if (devices === null) return refusal
      if ((await this.#deps.uncleanOf(devices)).size === 0) return devices
    }
  }

  /** What is still to be had of what was bid. */
  #devicesFor(lease: Lease, buyer: NodeId): readonly string[] | null {
    const { store, lending: lendingNow, situation } = this.#deps
    const lending = lendingNow()
    if (lending === null) return null
    const { groups, leases, room, now } = situation(buyer)
    const gpus = groups.reduce((sum, { all }) => sum + all, 0)
    const asked = { buyer, gpus: lease.signed.bid.gpus }
    const host = { gpus, isKnown: (who: NodeId) => this.#isKnown(who), now }
    if (leases >= lending.concurrency || !isRoomFor(lending, lease.want, room)) return null
    return this.#isKnown(buyer) || mayKeep(asked, store.all(), host) ? devicesFor(lease, groups) : null
  }

  async start({ agreement: id, hold, work }: StartRequest, from: NodeId): Promise<StartAnswer> {
    const { store, runner, bank } = this.#deps
    const lease = this.#leaseOf(id, from)
    if (lease === null || lease.agreement === null) return refused('unknown')
    const { agreement, state, key, devices } = lease
    if (state === 'closing' || state === 'closed') return refused('over')
    // Also by its name: that is what the owner's rules about images were asked for.
    if (work.image !== `${lease.want.image.name}@${agreement.terms.image}`) return refused('image')
    // What it leads to may be another by now.
    if (!(await this.#deps.mayPull(lease.want.image.name))) return refused('image')
    const before = await store.work(id)
    if (state !== 'agreed')
      return JSON.stringify(before) === JSON.stringify(work) ? { type: 'accepted' } : refused('started')
    if (!this.#deps.work.fits(agreement.terms, devices, work)) return refused('work')
    await bank.know(agreement)
    if (!isEnough(hold, agreement) || !(await bank.take(hold))) return refused('hold')
    await store.putWork(id, work)
    const next = await runner.step(key, { type: 'funded' })
    return next === null || next.state === 'closing' || next.state === 'closed' ? refused('over') : { type: 'accepted' }
  }

  /** Throws LEASE_UNKNOWN, what the disk throws, and the signal's reason. */
  async talk(asked: TalkRequest, from: NodeId, signal: AbortSignal): Promise<TalkAnswer> {
    const { runner, store } = this.#deps
    const { key } = this.leaseFor(asked.agreement, from)
    const isTold = await this.#told(key, asked)
    if (!isTold) await runner.news(key, asked.seen, asked.waitMs, signal)
    const lease = store.get(key)
    if (lease === null) throw new ClawError('LEASE_UNKNOWN', { agreement: asked.agreement })
    return this.#answer(lease)
  }

  /** Its buyer has what its work has left. Throws LEASE_UNKNOWN, and what the disk throws. */
  async fetched(agreement: string, from: NodeId): Promise<Record<string, never>> {
    const { runner } = this.#deps
    await runner.step(this.leaseFor(agreement, from).key, { type: 'fetched' })
    return {}
  }

  /** Only for its buyer. Throws LEASE_UNKNOWN. */
  leaseFor(agreement: string, from: NodeId): Lease {
    const lease = this.#leaseOf(agreement, from)
    if (lease === null) throw new ClawError('LEASE_UNKNOWN', { agreement })
    return lease
  }

  #leaseOf(agreement: string, from: NodeId): Lease | null {
    const lease = this.#deps.store.ofAgreement(agreement)
    return lease === null || lease.want.buyer !== from ? null : lease
  }

  /** Whether it has changed anything. What is not signed by the buyer counts as not said. */
  async #told(key: string, { agreement, voucher, cancel, offered }: TalkRequest): Promise<boolean> {
    const { runner, store } = this.#deps
    const before = store.get(key)
    if (voucher !== null && this.#isBuyers(key, 'voucher', voucher.voucher, voucher.signature))
      await runner.step(key, { type: 'voucher', signed: voucher })
    if (cancel) await runner.step(key, { type: 'cancel' })
    if (offered !== null) {
      const text = closingText(agreement, 'agreed', offered.paid)
      if (this.#isBuyers(key, 'closing', text, offered.byBuyer)) await runner.step(key, { type: 'offered', ...offered })
    }
    return store.get(key) !== before
  }

  #isBuyers(key: string, kind: Kind, value: unknown, signature: string): boolean {
    const { verifier, network, store } = this.#deps
    const buyer = store.get(key)?.want.buyer
    return buyer !== undefined && isSignedBy(verifier, buyer, { kind, network: network.id, value }, signature)
  }

  #answer(lease: Lease): TalkAnswer {
    const { runner, work, receiving, signer, network } = this.#deps
    const words = work.words(lease)
    const { key, state, why, stopBy, meter, isAnswered } = lease
    const { last: note } = meter
    const isDue = !isAnswered && note !== null && state !== 'closed'
    const value = note
    return {
      ...{
        version: runner.version(key),
        state: state === 'bid' ? 'agreed' : state,
        isRunning: meter.isRunning,
        why,
        stopBy,
      },
      note: isDue ? { note, signature: sign(signer, { kind: 'note', network: network.id, value }) } : null,
      work: { ...words, about: receiving(lease) ?? words.about },
      final: runner.finalOf(lease),
    }
  }
}

const refused = (reason: LeaseRefusal) => ({ type: 'refused', reason }) as const

const bidAnswer = ({ signed, want }: Lease): BidAnswer => ({
  type: totalFor(signed.bid.rate, want) > want.maxTotal ? 'counter' : 'bid',
  signed,
})

/** Whoever pays it, the account of the agreement has to get all of the hold by one line. */
function isEnough({ order }: Certificate, agreement: Agreement): boolean {
  const account = holdAccount(agreement)
  const held = order.spend.outputs.filter(({ to }) => to === account).reduce((sum, { amount }) => sum + amount, 0n)
  return held >= agreement.terms.hold
}
