/** What a node finds out about strangers: real accounts and witnesses in virtual time, and records that say what they like. */
import { beforeEach, describe, expect, test } from 'vitest'
import { type Agreement, agreementId, type Terms } from '../../src/core/molt/agreement.ts'
import { type Closing, closingText } from '../../src/core/molt/closing.ts'
import { partiesOf } from '../../src/core/records/parties.ts'
import { closeHash, ratingId } from '../../src/core/records/rules/agreement.ts'
import type { Judged } from '../../src/core/records/validate.ts'
import { oneMolt } from '../../src/model/amount.ts'
import { ClawError } from '../../src/model/failure.ts'
import { type NodeId, nodeId } from '../../src/model/ids.ts'
import { recordKey } from '../../src/model/record.ts'
import { hour, minute, second } from '../../src/model/time.ts'
import { silent } from '../../src/ports/log.ts'
import { Reputations } from '../../src/services/molt/reputation/reputations.ts'
import type { RecordRead } from '../../src/services/records/types.ts'
import { simVerifier } from '../../src/simulation/signer.ts'
import { mint, MoltLab, never, provider, witnessNames } from '../support/molt/lab.ts'

const self = nodeId('observer')
const buyers = ['b0', 'b1', 'b2', 'b3'].map(nodeId)
const nothing: RecordRead = { found: null, value: null, sources: [], freshness: null, confirmedByIssuer: false }
/** 0.1 MOLT in fees: what a deal among strangers has to cost to count in full. */
const inFull = 4n * oneMolt

class Market {
  readonly lab = new MoltLab({ issued: 1_000n * oneMolt, claimTime: hour })
  /** What parties show of themselves, and what the table has under a name. */
  readonly shown = new Map<NodeId, unknown[]>()
  readonly table = new Map<string, unknown>()
  readonly closedOut = new Set<NodeId>()
  /** Who was asked to show what it has closed, and whether nobody answers. */
  readonly asked: NodeId[] = []
  areSilent = false
  reputations!: Reputations
  #nonce = 0

  async start(): Promise<void> {
    const banks = await this.lab.start(mint, self, provider, ...buyers)
    for (const buyer of buyers)
      await this.lab.play(
        banks[0]?.pay({ outputs: [{ to: buyer, amount: 20n * oneMolt }], purpose: `for ${buyer}` }, never) ??
          Promise.reject(new Error('there is no mint')),
      )
    await this.lab.world.runFor(10 * second)
    const { clock, rpc } = this.lab.net.host(self)
    this.reputations = new Reputations({
      ...{ self, network: this.lab.network, verifier: simVerifier, rpc, clock, random: this.lab.world, log: silent },
      bank: this.bank(self),
      blames: () => [],
      records: {
        onSeen: () => () => {},
        kept: async function* () {},
        shownBy: (peer, _, signal) => this.#shownBy(peer, signal),
        read: ({ namespace, id }) =>
          Promise.resolve({ ...nothing, value: this.table.get(recordKey({ namespace, id })) ?? null }),
        closedOut: this.closedOut,
      },
    })
    await this.reputations.start()
  }

  bank(id: NodeId) {
    const bank = this.lab.banks.get(id)
    if (bank === undefined) throw new Error(`${id} has no account`)
    return bank
  }

  agreed(parts: Partial<Terms>): Agreement {
    this.#nonce += 1
    const nonce = String(this.#nonce).padStart(32, '0')
    const startsAt = this.lab.world.now()
    return this.lab.agreed({ nonce, hold: inFull, startsAt, endsAt: startsAt + minute, ...parts })
  }

  /** From the signature to the closed account. */
  async dealt(parts: Partial<Terms>, closingOf: (agreement: Agreement) => Closing): Promise<Agreement> {
    const agreement = this.agreed(parts)
    const { buyer, provider: seller } = agreement.terms
    const hold = await this.lab.play(this.bank(buyer).openHold(agreement, never))
    await this.lab.play(this.bank(seller).know(agreement))
    await this.lab.play(this.bank(seller).take(hold))
    const closing = closingOf(agreement)
    await this.lab.play(this.bank(seller).close(agreement, closing, { signal: never }), 600_000)
    return agreement
  }

  atSum(agreement: Agreement, paid: bigint): Closing {
    const text = closingText(agreementId(agreement), 'agreed', paid)
    const by = (who: NodeId): string => this.lab.signed(who, 'closing', text)
    const { buyer, provider: seller } = agreement.terms
    return { how: 'agreed', paid, byBuyer: by(buyer), byProvider: by(seller) }
  }

  /** As its party tells of it, whether it is so or not. */
  show(party: NodeId, agreement: Agreement, closing: Closing): void {
    const value = { parties: { parties: partiesOf(agreement), byBuyer: '', byProvider: '' }, closing }
    const name = { namespace: 'claw-close', id: agreementId(agreement) } as const
    const judged = { name, value, record: { kind: 'put' } } as unknown as Judged
    this.shown.set(party, [...(this.shown.get(party) ?? []), judged])
  }

  rate(agreement: Agreement, closing: Closing, rater: NodeId, outcome: string): void {
    const { buyer, provider: seller } = agreement.terms
    const subject = rater === buyer ? seller : buyer
    const value = { parties: { parties: partiesOf(agreement) }, close: closeHash(closing), outcome, rating: 1 }
    this.table.set(recordKey({ namespace: 'claw-rep', id: ratingId(subject, rater) }), value)
  }

  async scoreOf(who: NodeId, role: 'buyer' | 'provider'): Promise<number | null> {
    await this.lab.play(this.reputations.learn(who, never))
    return this.reputations.standingOf(who, role).score
  }

  async #shownBy(peer: NodeId, signal: AbortSignal): Promise<readonly Judged[]> {
    this.asked.push(peer)
    if (this.areSilent)
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
    const shown = this.shown.get(peer)
    if (shown === undefined) throw new ClawError('NODE_UNREACHABLE', { node: peer, detail: 'it shows nothing' })
    return shown as readonly Judged[]
  }
}

let market: Market
beforeEach(async () => {
  market = new Market()
  await market.start()
})

describe('given a provider of whom this node knows nothing itself', () => {
  test('when four strangers have closed well with it, then that is found at the witnesses, though nobody shows a record', async () => {
    expect(market.reputations.standingOf(provider, 'provider').score).toBeNull()
    for (const buyer of buyers) await market.dealt({ buyer }, (agreement) => market.atSum(agreement, inFull))
    expect(await market.scoreOf(provider, 'provider')).toBe(80)
    expect(market.lab.net.bugs).toEqual([])
  }, 30_000)

  test('when it shows closings for which nothing was ever set aside, or paid, then these count for nothing', async () => {
    for (const buyer of buyers) {
      const agreement = market.agreed({ buyer })
      market.show(provider, agreement, market.atSum(agreement, inFull))
    }
    // Four MOLT are named, and a thousandth of one was there.
    const small = await market.dealt({ buyer: buyers[0] ?? self, hold: 1_000n }, (agreement) =>
      market.atSum(agreement, 1_000n),
    )
    market.show(provider, small, market.atSum(small, inFull))
    expect(await market.scoreOf(provider, 'provider')).toBeNull()
    const { deals } = market.reputations.marks(provider, 'provider')
    expect(deals.map(({ paid }) => paid)).toEqual([1_000n])
  }, 30_000)

  test('when a buyer says that it failed, then that counts where it is about the very closing, and not where it is about another', async () => {
    const all: Agreement[] = []
    for (const buyer of buyers) all.push(await market.dealt({ buyer }, (agreement) => market.atSum(agreement, inFull)))
    const [first, second_] = all
    if (first === undefined || second_ === undefined) throw new Error('there are four')
    market.rate(first, market.atSum(first, inFull), buyers[0] ?? self, 'failed')
    market.rate(second_, market.atSum(second_, 1n), buyers[1] ?? self, 'failed')
    expect(await market.scoreOf(provider, 'provider')).toBe(60)
    expect(market.reputations.marks(provider, 'provider')).toMatchObject({ good: 3_000n, bad: 1_000n })
  }, 30_000)
})

test('given a buyer who left its provider to claim, when it keeps that back, then its account tells all the same', async () => {
  const [buyer = self] = buyers
  await market.dealt({ buyer, endsAt: market.lab.world.now() + second }, (agreement) =>
    market.lab.claimed(agreement, 5_000n),
  )
  expect(await market.scoreOf(buyer, 'buyer')).toBe(0)
}, 30_000)

describe('given that nobody answers', () => {
  test('when a stranger comes, then it is waited for a moment only, and it stays unknown', async () => {
    market.lab.net.partition([self], witnessNames)
    market.areSilent = true
    const before = market.lab.world.elapsed()
    expect(await market.scoreOf(provider, 'provider')).toBeNull()
    expect(market.lab.world.elapsed() - before).toBeLessThan(3 * second)
  })

  test('when many come at once, then so many are looked up at a time, and the others are unknown at once', async () => {
    market.areSilent = true
    const strangers = Array.from({ length: 40 }, (_, i) => nodeId(`stranger-${i}`))
    let done = 0
    const all = strangers.map((who) => market.reputations.learn(who, never).then(() => (done += 1)))
    await market.lab.world.runFor(10)
    expect([done, market.asked.length]).toEqual([32, 8])
    await market.lab.play(Promise.all(all))
    expect(market.asked).toHaveLength(8)
  })
})

test('given a party that was looked up, when it comes again, then nobody is asked again until it can have changed', async () => {
  for (let i = 0; i < 5; i += 1) expect(await market.scoreOf(provider, 'provider')).toBeNull()
  expect(market.asked).toEqual([provider])
  await market.lab.world.runFor(11 * minute)
  await market.scoreOf(provider, 'provider')
  expect(market.asked).toEqual([provider, provider])
})

test('given a proof that a party contradicts itself, then it is closed out, whatever it has closed', () => {
  market.closedOut.add(provider)
  expect(market.reputations.standingOf(provider, 'provider').isClosedOut).toBe(true)
})
