/** A provider in virtual time that goes through its leases by the real rules, but runs nothing; and lies as a test wants it to. */
import { type Agreement, agreementId } from '../../../src/core/molt/agreement.ts'
import { closingText } from '../../../src/core/molt/closing.ts'
import { decideBid, wantHash } from '../../../src/core/molt/market/decide.ts'
import type { Lease, LeaseInput } from '../../../src/core/molt/market/lease.ts'
import { leaseDuties, leaseStep, newLease } from '../../../src/core/molt/market/lease.ts'
import { lendingOf } from '../../../src/core/molt/market/lending.ts'
import { offerChanges } from '../../../src/core/molt/market/offers.ts'
import { areTermsOf } from '../../../src/core/molt/market/terms.ts'
import { dueFor } from '../../../src/core/molt/meter.ts'
import { partiesOf, signParties } from '../../../src/core/records/parties.ts'
import { ClawError, isClawError } from '../../../src/model/failure.ts'
import type { NodeId } from '../../../src/model/ids.ts'
import type { MeterNote } from '../../../src/model/molt-note.ts'
import type { Offer } from '../../../src/model/molt-offer.ts'
import type { LendingPolicy } from '../../../src/model/molt-policy.ts'
import type { Millis } from '../../../src/model/time.ts'
import { second } from '../../../src/model/time.ts'
import type { Bank } from '../../../src/services/molt/bank.ts'
import { simSigner } from '../../../src/simulation/signer.ts'
import type { LogsItem, TalkAnswer, TalkRequest } from '../../../src/wire/molt-lease.ts'
import { agreeTerms, askBid, readLeaseLogs, startWork, talkLease } from '../../../src/wire/molt-lease.ts'
import type { MoltLab } from './lab.ts'
import { never } from './lab.ts'
import { aGroup } from './market.ts'

/** `silent`: says nothing once it runs. `over-claims`: its notes say twice of what was used. `forks`: tells two stories. `never-closes`: and never claims. `refuses`: bids, and then does not sign. */
export type ProviderTrick = 'silent' | 'over-claims' | 'forks' | 'never-closes' | 'refuses'

export interface ScriptedInit {
  readonly lab: MoltLab
  readonly id: NodeId
  readonly bank: Bank
  /** How long the work takes, and how it ends; after 0 it is over before anybody has heard of it. */
  readonly work?: { readonly takes: Millis; readonly isFailed?: boolean }
  readonly trick?: ProviderTrick | null
  readonly policy?: LendingPolicy
  /** What its work prints to standard output, line by line; null for one that has forgotten it. */
  readonly output?: readonly string[] | null
}

const tickEvery: Millis = 500

export class ScriptedProvider {
  readonly #init: ScriptedInit
  readonly leases = new Map<string, Lease>()
  readonly #ends = new Map<string, number>()
  readonly #begun = new Map<string, Millis>()
  readonly #doing = new Set<string>()
  readonly offers: readonly Offer[]
  #version = 1

  constructor(init: ScriptedInit) {
    this.#init = init
    const lending = lendingOf('moderate', init.policy)
    const { lab, id } = init
    const lender = {
      provider: id,
      network: lab.network.id,
      leases: 0,
      isolation: ['gvisor'] as const,
      room: null,
      market: () => null,
    }
    const now = this.#now
    this.offers = offerChanges(new Map(), lending, {
      ...{ ...lender, now, groups: [aGroup({ availableAt: now })], verification: 'self-reported', isLeaving: false },
    }).publish
    const { rpc } = lab.net.host(id)
    rpc.serve(askBid, ({ want }) => {
      const decision = decideBid(lending, want, {
        ...{ ...lender, now: this.#now, groups: [aGroup({ availableAt: this.#now })] },
        buyer: { score: null, isClosedOut: false },
      })
      if (decision.type === 'decline')
        return Promise.resolve({ type: 'decline' as const, decline: { want: wantHash(want), reason: decision.reason } })
      const signed = { bid: decision.bid, signature: lab.signed(id, 'bid', decision.bid) }
      const lease = newLease(signed, want, decision.devices, this.#now)
      this.leases.set(lease.key, lease)
      return Promise.resolve({ type: 'bid' as const, signed })
    })
    rpc.serve(agreeTerms, ({ key, terms, byBuyer }) => {
      const lease = this.leases.get(key)
      const refuse = (reason: 'unknown' | 'terms') => Promise.resolve({ type: 'refused' as const, reason })
      if (lease === undefined || init.trick === 'refuses') return refuse('unknown')
      const agreedOn = (agreement: Agreement) => {
        const partiesByProvider = signParties(simSigner(id), lab.network.id, partiesOf(agreement))
        return Promise.resolve({ type: 'agreed' as const, agreement, partiesByProvider })
      }
      if (lease.agreement !== null) return agreedOn(lease.agreement)
      if (!areTermsOf(lease.signed.bid, lease.want, terms, this.#now)) return refuse('terms')
      const agreement = { terms, byBuyer, byProvider: lab.signed(id, 'agreement', terms) }
      this.#step(key, { type: 'agreed', agreement })
      return agreedOn(agreement)
    })
    rpc.serve(startWork, async ({ agreement, hold }) => {
      const lease = this.#find(agreement)
      if (!(await init.bank.take(hold))) return { type: 'refused' as const, reason: 'hold' as const }
      if (this.leases.get(lease.key)?.state !== 'agreed') return { type: 'accepted' as const }
      this.#step(lease.key, { type: 'funded' })
      lab.world.after(2 * second, () => {
        this.#step(lease.key, { type: 'started' })
        const { takes = 20 * second, isFailed = false } = init.work ?? {}
        this.#begun.set(lease.key, this.#now)
        if (takes === 0) this.#step(lease.key, { type: 'ended', isFailed })
        else this.#ends.set(lease.key, this.#now + takes)
      })
      return { type: 'accepted' as const }
    })
    rpc.serveStream(readLeaseLogs, ({ agreement }) => this.#printed(agreement))
    rpc.serve(talkLease, (request) => this.#talk(request))
    this.#tick()
  }

  get #now(): number {
    return this.#init.lab.world.now()
  }

  #find(agreement: string): Lease {
    const found = this.leases
      .values()
      .find((lease) => lease.agreement !== null && agreementId(lease.agreement) === agreement)
    if (found === undefined) throw new ClawError('LEASE_UNKNOWN', { agreement })
    return found
  }

  async *#printed(agreement: string): AsyncGenerator<LogsItem> {
    const { output = ['done'], lab } = this.#init
    await new Promise<void>((resolve) => void lab.world.after(20, resolve))
    if (output === null) throw new ClawError('LOGS_GONE', { workload: this.#find(agreement).key, node: 'home' })
    const said = { positions: '', times: '', note: null }
    yield { ...said, position: 1, text: 'a word of the host\n', kinds: 'e1' }
    for (const [i, line] of output.entries()) yield { ...said, position: i + 2, text: `${line}\n`, kinds: 'o1' }
  }

  async #talk(request: TalkRequest): Promise<TalkAnswer> {
    const { lab, trick } = this.#init
    const { key } = this.#find(request.agreement)
    if (trick === 'silent' && this.#ends.has(key)) return new Promise(() => {})
    if (request.voucher !== null) this.#step(key, { type: 'voucher', signed: request.voucher })
    if (request.cancel) this.#step(key, { type: 'cancel' })
    if (request.offered !== null) this.#step(key, { type: 'offered', ...request.offered })
    await new Promise<void>((resolve) => void lab.world.after(Math.min(request.waitMs, second), resolve))
    const lease = this.leases.get(key)
    if (lease === undefined) throw new ClawError('LEASE_UNKNOWN', { agreement: request.agreement })
    const { state, why, meter, isAnswered, stopBy } = lease
    if (state === 'bid') throw new ClawError('LEASE_UNKNOWN', { agreement: request.agreement })
    const note = isAnswered || meter.last === null ? null : this.#told(meter.last, lease)
    return {
      ...{ version: (this.#version += 1), state, why, stopBy, isRunning: meter.isRunning },
      note: note === null ? null : { note, signature: lab.signed(this.#init.id, 'note', note) },
      work: {
        ...{ state: 'running', about: null, startedAt: this.#begun.get(key) ?? null, endedAt: null },
        exitCode: why === 'completed' ? 0 : null,
      },
      final: null,
    }
  }

  /** What it says of a note. */
  #told(note: MeterNote, { agreement }: Lease): MeterNote {
    const { trick } = this.#init
    if (agreement === null) return note
    if (trick === 'over-claims') {
      const gpuMillis = note.gpuMillis * 2n
      return { ...note, gpuMillis, due: dueFor(agreement.terms, gpuMillis) }
    }
    return trick === 'forks' && note.sequence > 1 ? { ...note, previous: 'f'.repeat(64) } : note
  }

  #step(key: string, input: LeaseInput): void {
    const before = this.leases.get(key)
    if (before !== undefined) this.leases.set(key, leaseStep(before, input, this.#now))
  }

  #tick(): void {
    for (const [key, at] of this.#ends)
      if (this.#now >= at) {
        this.#ends.delete(key)
        this.#step(key, { type: 'ended', isFailed: this.#init.work?.isFailed ?? false })
      }
    for (const key of this.leases.keys()) {
      this.#step(key, { type: 'tick' })
      const lease = this.leases.get(key)
      if (lease !== undefined) for (const duty of leaseDuties(lease, this.#now)) this.#perform(lease, duty)
    }
    this.#init.lab.world.after(tickEvery, () => this.#tick())
  }

  #perform(lease: Lease, duty: ReturnType<typeof leaseDuties>[number]): void {
    const { trick } = this.#init
    const { key, agreement } = lease
    if (duty.type === 'stop') return this.#step(key, { type: 'stopped' })
    if (agreement === null || trick === 'never-closes' || (duty.type !== 'close' && duty.type !== 'claim')) return
    if (this.#doing.has(key)) return
    this.#doing.add(key)
    this.#close(lease, duty)
      .catch((error: unknown) => {
        if (!isClawError(error)) this.#init.lab.net.bugs.push(error)
      })
      .finally(() => this.#doing.delete(key))
  }

  async #close(
    { key, agreement }: Lease,
    duty: Extract<ReturnType<typeof leaseDuties>[number], { type: 'close' | 'claim' }>,
  ) {
    const { lab, bank, id } = this.#init
    if (agreement === null) return
    const how = duty.type === 'close' ? 'agreed' : 'claimed'
    const paid = duty.type === 'close' ? duty.paid : duty.voucher.voucher.due
    const byProvider = lab.signed(id, 'closing', closingText(agreementId(agreement), how, paid))
    await bank.close(
      agreement,
      duty.type === 'close'
        ? { how: 'agreed', paid, byBuyer: duty.byBuyer, byProvider }
        : { how: 'claimed', voucher: duty.voucher, byProvider },
      { signal: never },
    )
    this.#step(key, { type: 'closed', outcome: { how, paid } })
  }
}
