/** A buyer that does as it is told, step by step, over the wire. */
import type { Agreement } from '../../../src/core/molt/agreement.ts'
import { agreementId } from '../../../src/core/molt/agreement.ts'
import { closingText } from '../../../src/core/molt/closing.ts'
import { totalFor } from '../../../src/core/molt/market/decide.ts'
import { bidHash } from '../../../src/core/molt/market/rank.ts'
import { termsOf } from '../../../src/core/molt/market/terms.ts'
import { noteHash } from '../../../src/core/molt/meter.ts'
import { partiesOf, signParties } from '../../../src/core/records/parties.ts'
import { oneMolt } from '../../../src/model/amount.ts'
import { isClawError } from '../../../src/model/failure.ts'
import type { NodeId } from '../../../src/model/ids.ts'
import type { SignedBid } from '../../../src/model/molt-bid.ts'
import type { Certificate, SignedVoucher } from '../../../src/model/molt-line.ts'
import type { SignedNote } from '../../../src/model/molt-note.ts'
import type { Want } from '../../../src/model/molt-want.ts'
import type { Work } from '../../../src/model/molt-work.ts'
import { type Instant, type Millis, minute, second } from '../../../src/model/time.ts'
import type { Protocol, Rpc } from '../../../src/ports/rpc.ts'
import type { Signer } from '../../../src/ports/signer.ts'
import {
  agreeTerms,
  askBid,
  startWork,
  type TalkAnswer,
  talkLease,
  type TalkRequest,
} from '../../../src/wire/molt-lease.ts'
import type { Kind } from '../../../src/core/molt/signing.ts'

const never = new AbortController().signal
const digest = `sha256:${'a'.repeat(64)}`

export const someWork = (parts: Partial<Work> = {}): Work => ({
  ...{ image: `docker.io/library/busybox@${digest}`, command: ['train'], entrypoint: null, env: { A_KEY: 'x' } },
  ...{ workdir: null, cpus: null, memoryMib: null, shmMib: null },
  ...parts,
})

/** Where it lives, and what it can do there. */
export interface BuyerWorld {
  readonly id: NodeId
  readonly provider: NodeId
  readonly network: string
  now(): Instant
  after(wait: Millis, run: () => void): unknown
  call: Rpc['call']
  readonly signer: Signer
  sign(kind: Kind, value: unknown): string
  hold(agreement: Agreement): Promise<Certificate>
}

export class ScriptedBuyer {
  readonly world: BuyerWorld
  /** What it answers a note with; null for nothing. */
  vouch: (note: SignedNote) => SignedVoucher | null = (note) => this.voucherFor(note)
  #nonce = 0

  constructor(world: BuyerWorld) {
    this.world = world
  }

  want(parts: Partial<Want> = {}): Want {
    const now = this.world.now()
    this.#nonce += 1
    return {
      ...{ network: this.world.network, buyer: this.world.id, nonce: String(this.#nonce).padStart(32, '0'), gpus: 2 },
      ...{ model: 'H100', memoryMib: 0, duration: 2 * minute, maxTotal: oneMolt, minReputation: 0 },
      ...{ isolation: ['gvisor'], preferred: [], arbiters: [], region: null, minVerification: 'self-reported' },
      ...{ image: { name: 'docker.io/library/busybox', digest }, strategy: 'balanced' },
      ...{ issuedAt: now, deadline: now + 5 * second },
      ...parts,
    }
  }

  /** Asks again until it is answered: providers are away at times. */
  async ask<Asked, Answer>(protocol: Protocol<Asked, Answer>, asked: Asked): Promise<Answer> {
    for (;;) {
      try {
        return await this.world.call(this.world.provider, protocol, asked, never)
      } catch (error) {
        if (!isClawError(error) || error.kind === 'not-found' || error.kind === 'internal') throw error
        await this.pause(300)
      }
    }
  }

  pause(span: number): Promise<void> {
    return new Promise((resolve) => void this.world.after(span, resolve))
  }

  /** Throws when there is none. */
  async bid(want = this.want()): Promise<{ readonly want: Want; readonly signed: SignedBid }> {
    const answer = await this.ask(askBid, { want })
    if (answer.type !== 'bid') throw new Error(answer.type === 'decline' ? answer.decline.reason : 'too much')
    return { want, signed: answer.signed }
  }

  async agree({ want, signed }: { readonly want: Want; readonly signed: SignedBid }): Promise<Agreement> {
    const hold = totalFor(signed.bid.rate, want)
    const terms = termsOf(signed.bid, want, { job: 'job', hold, at: this.world.now() })
    const byBuyer = this.world.sign('agreement', terms)
    const partiesByBuyer = signParties(this.world.signer, this.world.network, partiesOf({ terms }))
    const answer = await this.ask(agreeTerms, { key: bidHash(signed.bid), terms, byBuyer, partiesByBuyer })
    if (answer.type === 'refused') throw new Error(answer.reason)
    return answer.agreement
  }

  /** From the wish to work that is accepted. */
  async rent(want = this.want(), work = someWork()): Promise<Agreement> {
    const agreement = await this.agree(await this.bid(want))
    const hold = await this.world.hold(agreement)
    const answer = await this.ask(startWork, { agreement: agreementId(agreement), hold, work })
    if (answer.type === 'refused') throw new Error(answer.reason)
    return agreement
  }

  talk(agreement: Agreement, said: Partial<TalkRequest> = {}): Promise<TalkAnswer> {
    const id = agreementId(agreement)
    return this.ask(talkLease, {
      ...{ agreement: id, seen: 0, waitMs: 0, voucher: null, cancel: false, offered: null, ...said },
    })
  }

  /** Answers notes and closes in the end, as an honest buyer does, until it is closed or `until` holds. */
  async follow(agreement: Agreement, until: (answer: TalkAnswer) => boolean = () => false): Promise<TalkAnswer> {
    let [seen, promised] = [0, 0n]
    let voucher: SignedVoucher | null = null
    for (;;) {
      const answer = await this.talk(agreement, { seen, waitMs: 10 * second, voucher })
      seen = answer.version
      if (answer.final !== null || answer.state === 'closed' || until(answer)) return answer
      if (answer.note !== null) voucher = this.vouch(answer.note) ?? voucher
      if (voucher !== null) promised = voucher.voucher.due
      if (answer.state === 'closing' && answer.note === null)
        await this.talk(agreement, { offered: { paid: promised, byBuyer: this.closing(agreement, promised) } })
    }
  }

  voucherFor({ note }: SignedNote, due = note.due): SignedVoucher {
    const voucher = { agreement: note.agreement, due, note: noteHash(note) }
    return { voucher, signature: this.world.sign('voucher', voucher) }
  }

  closing(agreement: Agreement, paid: bigint): string {
    return this.world.sign('closing', closingText(agreementId(agreement), 'agreed', paid))
  }
}
