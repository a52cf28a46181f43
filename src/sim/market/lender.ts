/** A provider of a simulated market: carries out what its leases ask for, as its daemon would. Some cheat. */
import type { Agreement } from '../../core/molt/agreement.ts'
import { agreementId, isAgreed } from '../../core/molt/agreement.ts'
import type { Closing } from '../../core/molt/closing.ts'
import { closingText } from '../../core/molt/closing.ts'
import { lendable, type NodeCapacity } from '../../core/molt/market/capacity.ts'
import { decideBid } from '../../core/molt/market/decide.ts'
import type { Lease, LeaseDuty, LeaseInput } from '../../core/molt/market/lease.ts'
import {
  holdsDevices,
  leaseDuties,
  leaseFrom,
  leaseStep,
  leaseText,
  leaseWakeAt,
  newLease,
} from '../../core/molt/market/lease.ts'
import { offerChanges } from '../../core/molt/market/offers.ts'
import { bidHash } from '../../core/molt/market/rank.ts'
import { wordEvery } from '../../core/molt/market/record.ts'
import { areTermsOf } from '../../core/molt/market/terms.ts'
import { toldEndOf } from '../../core/molt/market/told-end.ts'
import { isSignedBy, sign } from '../../core/molt/signing.ts'
import type { MicroMolt } from '../../model/amount.ts'
import type { NodeId } from '../../model/ids.ts'
import type { DeclineReason } from '../../model/molt-bid.ts'
import type { Offer } from '../../model/molt-offer.ts'
import type { Instant, Millis } from '../../model/time.ts'
import { Doing } from './doing.ts'
import { Host } from './host.ts'
import type { LenderInit } from './lender-init.ts'
import type { SignedNote } from '../../model/molt-note.ts'
import type { Message } from './message.ts'
import type { Resident } from './street.ts'
import { againAfter } from './street.ts'
import { inflated } from './telling.ts'

const startTakes: Millis = 20_000

export class Lender implements Resident {
  readonly id: NodeId
  readonly init: LenderInit
  readonly leases = new Map<string, Lease>()
  readonly host = new Host()
  readonly declined = new Map<DeclineReason, number>()
  /** Of GPUs that the owner has work for. */
  ownerUses = 0
  /** Twice promised: must stay 0. */
  doubled = 0
  #isGone = false
  readonly #doing = new Doing()
  readonly #starting = new Set<string>()
  readonly #offers = new Map<number, { offer: Offer; isWithdrawn: boolean }>()
  readonly #telling = new Set<string>()

  constructor(init: LenderInit) {
    this.init = init
    this.id = init.signer.id
  }

  /** What it offers to everybody now. */
  offers(now: Instant): readonly Offer[] {
    if (this.#isGone) return []
    const { lending, market, bank, trick } = this.init
    const ahead = trick === 'clock' ? 3_600_000 : 0
    const changes = offerChanges(this.#offers, lending, {
      ...{ provider: this.id, network: bank.network.id, groups: this.#groups(), leases: this.#open(), market },
      ...{ isolation: ['gvisor'], verification: 'self-reported', isLeaving: false, now: now + ahead },
    })
    for (const offer of changes.publish) this.#offers.set(offer.number, { offer, isWithdrawn: false })
    for (const number of changes.withdraw) {
      const standing = this.#offers.get(number)
      if (standing !== undefined) this.#offers.set(number, { ...standing, isWithdrawn: true })
    }
    return [...this.#offers.values()].flatMap(({ offer, isWithdrawn }) => (isWithdrawn ? [] : [offer]))
  }

  receive(from: NodeId, message: Message): void {
    if (message.type === 'want') return this.#asked(from, message)
    if (!('key' in message)) return
    const lease = this.leases.get(message.key)
    if (lease === undefined || lease.signed.bid.buyer !== from) return
    this.#about(lease, message)
  }

  /** The owner's own work wants so many of the GPUs, the first ones: guests on them have to go. */
  ownerTakes(gpus: number): void {
    this.ownerUses = gpus
    const wanted = new Set(this.init.gpus.slice(0, gpus).map(({ uuid }) => uuid))
    for (const { key, devices } of [...this.leases.values()].filter(holdsDevices))
      if (devices.some((device) => wanted.has(device))) this.step(key, { type: 'reclaim' })
  }

  /** Everything that was not on disk is gone. */
  crash(): void {
    for (const [key, lease] of this.leases) this.leases.set(key, leaseFrom(leaseText(lease)))
    this.#starting.clear()
    this.#telling.clear()
    for (const key of this.leases.keys()) {
      this.#doing.again(key)
      this.#perform(key)
    }
  }

  #about(lease: Lease, message: Exclude<Message, { readonly type: 'want' }>): void {
    const { key } = lease
    switch (message.type) {
      case 'accept':
        return this.#accepted(lease, message)
      case 'hold': {
        const { agreement } = lease
        if (agreement !== null && this.init.bank.isHeld(agreement)) this.step(key, { type: 'funded' })
        return undefined
      }
      case 'cancel':
        return this.step(key, { type: 'cancel' })
      case 'voucher': {
        const { voucher, signature } = message.signed
        if (this.#isSaid(lease, 'voucher', voucher, signature))
          this.step(key, { type: 'voucher', signed: message.signed })
        return undefined
      }
      case 'offer-close': {
        const { agreement } = lease
        if (agreement === null) return undefined
        const text = closingText(agreementId(agreement), 'agreed', message.paid)
        if (this.#isSaid(lease, 'closing', text, message.byBuyer))
          this.step(key, { type: 'offered', paid: message.paid, byBuyer: message.byBuyer })
        return undefined
      }
      case 'bid':
      case 'decline':
      case 'agreement':
      case 'refused':
      case 'word':
      case 'note':
      case 'ended':
        return undefined
    }
  }

  #isSaid({ signed }: Lease, kind: 'voucher' | 'closing', value: unknown, signature: string): boolean {
    const { verifier, bank } = this.init
    return isSignedBy(verifier, signed.bid.buyer, { kind, network: bank.network.id, value }, signature)
  }

  #asked(from: NodeId, { want }: Extract<Message, { readonly type: 'want' }>): void {
    const { lending, street, bank, standingOf, market, signer } = this.init
    if (want.buyer !== from) return
    const decision = decideBid(lending, want, {
      ...{ provider: this.id, network: bank.network.id, groups: this.#groups(), leases: this.#open() },
      ...{ isolation: ['gvisor'], buyer: standingOf(from), room: null, market, now: street.now },
    })
    if (decision.type === 'decline') {
      this.declined.set(decision.reason, (this.declined.get(decision.reason) ?? 0) + 1)
      return street.send(this.id, from, { type: 'decline', reason: decision.reason })
    }
    const { bid, devices } = decision
    const signed = { bid, signature: sign(signer, { kind: 'bid', network: bank.network.id, value: bid }) }
    const key = bidHash(bid)
    if (this.leases.has(key)) return undefined
    if (devices.some((device) => this.#held().has(device))) this.doubled += 1
    this.leases.set(key, newLease(signed, want, devices, street.now))
    street.send(this.id, from, { type: 'bid', signed, isCounter: decision.type === 'counter' })
    return this.#wake(key)
  }

  #accepted(lease: Lease, { terms, byBuyer }: Extract<Message, { readonly type: 'accept' }>): void {
    const { street, bank, signer, verifier } = this.init
    const { key, signed, want } = lease
    if (lease.state === 'bid' && areTermsOf(signed.bid, want, terms, street.now)) {
      const byProvider = sign(signer, { kind: 'agreement', network: bank.network.id, value: terms })
      const agreement: Agreement = { terms, byBuyer, byProvider }
      if (isAgreed(agreement, verifier)) this.step(key, { type: 'agreed', agreement })
      return
    }
    if (lease.agreement === null) street.send(this.id, signed.bid.buyer, { type: 'refused', key })
    else if (agreementId(lease.agreement) === agreementId({ terms })) this.#sendAgreement(lease.agreement, key)
  }

  #sendAgreement(agreement: Agreement, key: string): void {
    this.init.street.send(this.id, agreement.terms.buyer, { type: 'agreement', key, agreement })
  }

  step(key: string, input: LeaseInput): void {
    const before = this.leases.get(key)
    if (before === undefined || this.#isGone) return
    const honest = leaseStep(before, input, this.init.street.now)
    const after = this.init.trick === 'over-claims' ? inflated(before, honest) : honest
    this.leases.set(key, after)
    if (after.state !== before.state) this.#word(key)
    this.#perform(key)
    if (after.state !== before.state || after.meter !== before.meter) this.#wake(key)
  }

  #wake(key: string): void {
    const { street } = this.init
    const lease = this.leases.get(key)
    const at = lease === undefined ? null : leaseWakeAt(lease)
    if (at === null || lease === undefined) return
    const { state, since, meter } = lease
    street.after(at - street.now, () => {
      const now = this.leases.get(key)
      // What has changed since has asked for a moment of its own.
      if (now?.state === state && now.since === since && now.meter.at === meter.at) this.step(key, { type: 'tick' })
    })
  }

  /** Everything that has to be so, and again as long as something may have been lost. */
  #perform(key: string): void {
    const lease = this.leases.get(key)
    if (lease === undefined || this.#isGone) return
    const { street } = this.init
    for (const duty of this.#doing.fresh(key, leaseDuties(lease, street.now)))
      this.#carryOut(this.leases.get(key) ?? lease, duty)
    if (this.#telling.has(key) || (lease.state === 'closed' && lease.isStopped)) return
    this.#telling.add(key)
    const isLive = lease.state === 'running' || lease.state === 'ending' || lease.state === 'paused'
    street.after(isLive ? wordEvery : againAfter(street.now - lease.since), () => {
      if (!this.#telling.delete(key)) return
      this.#doing.again(key)
      this.#word(key)
      this.step(key, { type: 'tick' })
    })
  }

  #word(key: string): void {
    const lease = this.leases.get(key)
    if (lease === undefined || lease.state === 'closed') return
    const { street } = this.init
    const { buyer } = lease.signed.bid
    const isRunning = lease.state === 'running' || lease.state === 'ending'
    const due = leaseDuties(lease, street.now).find((duty) => duty.type === 'send-note')
    const signed = due === undefined ? null : this.#signed(due.note)
    if (isRunning || lease.state === 'paused') street.send(this.id, buyer, { type: 'word', key, isRunning, signed })
    if (lease.state === 'closing') street.send(this.id, buyer, { type: 'ended', key, why: toldEndOf(lease.why) })
  }

  #carryOut(lease: Lease, duty: LeaseDuty): void {
    const { key, agreement } = lease
    switch (duty.type) {
      // Nothing is sent here, or left behind.
      case 'receive':
      case 'wipe':
        return undefined
      case 'send-agreement':
        return agreement === null ? undefined : this.#sendAgreement(agreement, key)
      case 'start':
        return this.#start(lease)
      case 'run':
        return this.#turn(lease, true)
      case 'pause':
        return this.#turn(lease, false)
      case 'stop':
        this.#turn(lease, false)
        return this.step(key, { type: 'stopped' })
      case 'send-note':
        return this.init.street.send(this.id, lease.want.buyer, {
          ...{ type: 'note', key, signed: this.#signed(duty.note) },
        })
      case 'close':
        return this.#close(lease, (id) => ({
          ...{ how: 'agreed', paid: duty.paid, byBuyer: duty.byBuyer },
          byProvider: this.#signClosing(id, 'agreed', duty.paid),
        }))
      case 'claim':
        return this.#close(lease, (id) => ({
          ...{ how: 'claimed', voucher: duty.voucher },
          byProvider: this.#signClosing(id, 'claimed', duty.voucher.voucher.due),
        }))
      case 'hold-devices':
      case 'release-devices':
      case 'warn':
        return undefined
    }
  }

  #start({ key, signed, want }: Lease): void {
    const { street, trick, workOf } = this.init
    if (this.#starting.has(key) || trick === 'defaults') return
    this.#starting.add(key)
    street.after(startTakes, () => {
      if (!this.#starting.has(key)) return
      this.step(key, { type: 'started' })
      const work = workOf(signed.bid.buyer, want)
      if (work !== null) street.after(work, () => this.step(key, { type: 'ended', isFailed: false }))
      if (trick === 'vanishes') street.after((work ?? 600_000) / 2, () => this.#vanish())
    })
  }

  #vanish(): void {
    this.#isGone = true
    this.init.street.silent.add(this.id)
    for (const lease of this.leases.values()) this.#turn(lease, false)
  }

  #turn({ key, devices }: Lease, isOn: boolean): void {
    this.host.turn(key, { gpus: devices.length, isOn, now: this.init.street.now })
  }

  #signed(note: NonNullable<Lease['meter']['last']>): SignedNote {
    const { signer, bank } = this.init
    return { note, signature: sign(signer, { kind: 'note', network: bank.network.id, value: note }) }
  }

  #signClosing(id: string, how: Closing['how'], paid: MicroMolt): string {
    const { signer, bank } = this.init
    return sign(signer, { kind: 'closing', network: bank.network.id, value: closingText(id, how, paid) })
  }

  #close({ key, agreement }: Lease, closing: (id: string) => Closing): void {
    if (agreement === null) return
    const outcome = this.init.bank.close(agreement, closing(agreementId(agreement)), this.init.street.now)
    if (outcome !== null) this.step(key, { type: 'closed', outcome })
  }

  #groups() {
    const held = this.#held()
    const use = (uuid: string, index: number) =>
      held.has(uuid) ? ('promised' as const) : index < this.ownerUses ? ('owner' as const) : ('free' as const)
    const capacity: NodeCapacity = {
      devices: this.init.gpus.map((gpu, index) => ({ ...gpu, use: use(gpu.uuid, index) })),
      ownWork: this.ownerUses,
    }
    return lendable(capacity, this.init.lending.share, { now: this.init.street.now, grace: 30_000 })
  }

  #held(): ReadonlySet<string> {
    return new Set([...this.leases.values()].filter(holdsDevices).flatMap(({ devices }) => devices))
  }

  #open(): number {
    return [...this.leases.values()].filter(({ state }) => state !== 'closed').length
  }
}
