import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalJson } from '../../../../../src/lib/canonical-json.ts'
import { bidProblem, matches } from '../../../../../src/core/molt/market/match.ts'
import { wantHash } from '../../../../../src/core/molt/market/decide.ts'
import { newPurchase } from '../../../../../src/core/molt/market/purchase.ts'
import { bidHash, rank } from '../../../../../src/core/molt/market/rank.ts'
import { areTermsOf, termsOf } from '../../../../../src/core/molt/market/terms.ts'
import { Terms } from '../../../../../src/core/molt/agreement.ts'
import { nodeId } from '../../../../../src/model/ids.ts'
import { Offer } from '../../../../../src/model/molt-offer.ts'
import type { Verification } from '../../../../../src/model/molt-hardware.ts'
import type { Bid, SignedBid } from '../../../../../src/model/molt-bid.ts'
import { SignedBid as SignedBidSchema } from '../../../../../src/model/molt-bid.ts'
import { strategies, Want } from '../../../../../src/model/molt-want.ts'
import { hour, minute, second } from '../../../../../src/model/time.ts'
import { aBid, aWant, known, now } from '../../../../support/molt/market.ts'
import { nameVerifier } from '../../../../support/molt/names.ts'
import { network, provider } from '../../../../support/molt/samples.ts'

const anOffer = (parts: Partial<Offer> = {}): Offer => ({
  ...{ network: network.id, provider, number: 1, vendor: 'nvidia', model: 'NVIDIA H100 80GB HBM3', memoryMib: 81_559 },
  ...{ free: 4, rate: 500n, shortest: second, longest: hour, isolation: 'gvisor', region: null },
  ...{ verification: 'self-reported', issuedAt: now, endOfLife: now + 30 * minute },
  ...parts,
})

describe('given an offer', () => {
  test('when it is what is wanted, then it matches, whatever the case of the model', () => {
    for (const model of ['h100', 'H100', 'NVIDIA H100 80GB HBM3', null])
      expect(matches(anOffer(), aWant({ model }), now)).toBe(true)
  })

  test.each([
    ['too few GPUs', { free: 1 }],
    ['another model', { model: 'NVIDIA A100-SXM4-80GB' }],
    ['less memory', { memoryMib: 39_999 }],
    ['a shorter time', { longest: minute }],
    ['a longer time', { shortest: 11 * minute }],
    ['less isolation', { isolation: 'runc' }],
    ['a higher price', { rate: 8_334n }],
    ['no price', { rate: 0n }],
    ['another network', { network: 'molt-other' }],
    ['the future', { issuedAt: now + 121 * second, endOfLife: now + hour }],
    ['the past', { endOfLife: now }],
    ['the buyer itself', { provider: aWant().buyer }],
  ] satisfies [string, Partial<Offer>][])('when it is of %s, then it does not', (_, parts) => {
    expect(matches(anOffer(parts), aWant(), now)).toBe(false)
  })

  test('when it lives longer than an hour, ends before it begins, or has numbers that are none, then it is no offer', () => {
    const text = (parts: Record<string, unknown>) => ({ ...JSON.parse(canonicalJson(anOffer())), ...parts })
    expect(Offer.safeParse(text({})).success).toBe(true)
    for (const bad of [
      { endOfLife: now + hour + 1 },
      { endOfLife: now },
      { rate: '-1' },
      { rate: 'NaN' },
      { rate: '9223372036854775808' },
      { rate: 5 },
      { free: 0 },
      { free: 1.5 },
      { free: Number.NaN },
      { free: 1e9 },
      { memoryMib: Infinity },
      { issuedAt: -1 },
      { longest: 0 },
      { more: 1 },
    ])
      expect(Offer.safeParse(text(bad)).success).toBe(false)
  })
})

describe('given a bid', () => {
  const problem = (signed: SignedBid, more: Parameters<typeof known>[0] = {}, want = aWant()) =>
    bidProblem(signed, want, { known: known(more), verifier: nameVerifier, now })

  test('when it is as it should be, then nothing is wrong with it', () => {
    expect(problem(aBid())).toBeNull()
  })

  test.each([
    ['network', { network: 'molt-other' }],
    ['network', { buyer: nodeId('else') }],
    ['want', { want: 'f'.repeat(64) }],
    ['dated', { issuedAt: now + 121 * second, validUntil: now + 130 * second }],
    ['dated', { validUntil: now }],
    ['late', { availableAt: now + hour + 1 }],
    ['hardware', { gpus: 1 }],
    ['hardware', { model: 'NVIDIA A100-SXM4-80GB' }],
    ['hardware', { memoryMib: 8_000 }],
    ['isolation', { isolation: 'runc' }],
    ['image', { image: `sha256:${'b'.repeat(64)}` }],
    ['price', { rate: 8_334n }],
    ['credit', { credit: 33_361n }],
    ['too-little', { rate: 0n, credit: 0n }],
    ['arbiters', { arbiters: [nodeId('friend of the provider')] }],
  ] satisfies [string, Partial<SignedBid['bid']>][])(
    'when it says otherwise, then it is of no use: %s',
    (why, parts) => {
      expect(problem(aBid(parts))).toBe(why)
    },
  )

  test('when the buyer has named arbiters, then it may name of those, but no party', () => {
    const [judge, other] = [nodeId('judge'), nodeId('other')]
    const judged = (
      arbiters: Want['arbiters'],
      named: Want['arbiters'],
      parts: Partial<Bid> = { disputeWindow: hour },
    ) => problem(aBid({ arbiters, ...parts }, { arbiters: named }), {}, aWant({ arbiters: named }))
    expect(judged([judge], [judge, other])).toBeNull()
    // Without time to judge they protect nobody, and without them there is nothing to wait for.
    expect(judged([judge], [judge, other], {})).toBe('arbiters')
    expect(judged([], [judge])).toBe('arbiters')
    expect(judged([judge, other], [judge])).toBe('arbiters')
    for (const who of [provider, aWant().buyer]) expect(judged([who], [who])).toBe('arbiters')
  })

  test('when the hold would be a µMOLT below what opens an account, then it is too little', () => {
    // One GPU for a second: at a rate of 1,000, as much in all.
    const small = { gpus: 1, duration: second }
    const at = (rate: bigint) =>
      problem(aBid({ gpus: 1, rate, credit: 0n, want: wantHash(aWant(small)) }), {}, aWant(small))
    expect([at(1_000n), at(999n)]).toEqual([null, 'too-little'])
  })

  test('when it was altered after it was signed, then that is seen', () => {
    const { bid, signature } = aBid()
    expect(problem({ bid: { ...bid, rate: bid.rate - 1n, credit: 1n }, signature })).toBe('signature')
    expect(problem({ bid, signature: aBid({ provider: nodeId('else') }).signature })).toBe('signature')
  })

  test('when the buyer wants a name or a proof, then what is unknown is not enough, and what was caught never', () => {
    const picky = aWant({ minReputation: 1 })
    expect(problem(aBid({}, { minReputation: 1 }), {}, picky)).toBe('reputation')
    expect(problem(aBid({}, { minReputation: 1 }), { score: 1 }, picky)).toBeNull()
    const proof = aWant({ minVerification: 'probed' })
    expect(problem(aBid({}, { minVerification: 'probed' }), {}, proof)).toBe('verification')
    expect(problem(aBid(), { isClosedOut: true, score: 100 })).toBe('closed-out')
  })
})

describe('given several bids', () => {
  const by = (name: string, rate: bigint, wait = 0): SignedBid =>
    aBid({ provider: nodeId(name), rate, availableAt: now + wait })
  const scores: Readonly<Record<string, number | null>> = { cheap: null, good: 95, fast: 60 }
  const knownOf = ({ provider: who }: SignedBid['bid']) => known({ score: scores[who] ?? null })
  const order = (bids: readonly SignedBid[], want: Parameters<typeof rank>[1]) =>
    rank(bids, want, { knownOf, now }).map(({ signed }) => signed.bid.provider)
  const bids = [by('good', 500n, minute), by('fast', 400n), by('cheap', 100n, 2 * hour)]

  test.each([
    ['lowest-price', ['cheap', 'fast', 'good']],
    ['highest-reputation', ['good', 'fast', 'cheap']],
    ['fastest', ['fast', 'good', 'cheap']],
    // 0.40 + 0.00 + 0.08, 0.10 + 0.21 + 0.25, 0.08 + 0.33 + 0.25
    ['balanced', ['good', 'fast', 'cheap']],
  ] as const)('then by %s they are %j', (strategy, names) => {
    expect(order(bids, { strategy, preferred: [] })).toEqual(names)
  })

  test('then those whom the buyer prefers come first', () => {
    expect(order(bids, { strategy: 'fastest', preferred: [nodeId('cheap')] })[0]).toBe('cheap')
  })

  test('then those of whom the buyer has seen more come before equals, but not at any price, and who was found wrong comes last', () => {
    const shown = (who: string, verification: Verification, isSuspect = false) => ({ who, verification, isSuspect })
    const first = (dearer: bigint, ...all: readonly ReturnType<typeof shown>[]) => {
      const of = ({ provider: who }: SignedBid['bid']) => ({
        ...known({ score: 50 }),
        ...all.find((one) => one.who === who),
      })
      const two = [by('plain', 100n), by('proven', dearer)]
      return rank(two, { strategy: 'balanced', preferred: [] }, { knownOf: of, now })[0]?.signed.bid.provider
    }
    expect(first(100n, shown('proven', 'probed'))).toBe('proven')
    expect(first(110n, shown('proven', 're-executed'))).toBe('proven')
    expect(first(200n, shown('proven', 're-executed'))).toBe('plain')
    expect(first(10n, shown('proven', 'self-reported', true))).toBe('plain')
  })

  test('then there is one order, whichever came first, and each is in it once', () => {
    const any = fc.array(fc.record({ name: fc.constantFrom('a', 'b', 'c', 'good'), rate: fc.bigInt(0n, 3n) }), {
      maxLength: 8,
    })
    fc.assert(
      fc.property(any, fc.constantFrom(...strategies), fc.nat(), (some, strategy, turn) => {
        const all = some.map(({ name, rate }, at) => by(name, rate, at))
        const turned = all.map((_, at) => all[(at + turn) % all.length]).filter((one) => one !== undefined)
        const hashes = (list: readonly SignedBid[]) =>
          rank(list, { strategy, preferred: [] }, { knownOf, now }).map(({ hash }) => hash)
        expect(hashes(turned)).toEqual(hashes(all))
        expect(hashes(all).toSorted()).toEqual(all.map(({ bid }) => bidHash(bid)).toSorted())
      }),
    )
  })
})

describe('given terms that a buyer has made of a bid', () => {
  const { bid } = aBid()
  const terms = termsOf(bid, aWant(), { job: 'job', hold: 667_200n, at: now })

  test('then they are terms, and the provider knows them again', () => {
    expect(Terms.safeParse(JSON.parse(canonicalJson(terms))).success).toBe(true)
    expect(areTermsOf(bid, aWant(), terms, now)).toBe(true)
  })

  test.each([
    ['the rate', { rate: 1n }],
    ['the credit', { credit: 33_361n }],
    ['the hold', { hold: 667_201n }],
    ['a hold below the credit', { hold: 33_359n }],
    ['the end', { endsAt: terms.endsAt + 1 }],
    ['the arbiters', { arbiters: [nodeId('friend')] }],
    ['the interval', { interval: 60_000 }],
    ['the image', { image: `sha256:${'c'.repeat(64)}` }],
    ['the isolation', { isolation: 'runc' as const }],
    ['the buyer', { buyer: nodeId('else') }],
  ] satisfies [string, Partial<Terms>][])('when %s was changed, then it does not sign', (_, parts) => {
    expect(areTermsOf(bid, aWant(), { ...terms, ...parts }, now)).toBe(false)
  })

  test('when the hold is less than what opens an account, then it does not sign', () => {
    const free = { ...bid, credit: 0n }
    const held = (hold: bigint): Terms => termsOf(free, aWant(), { job: 'job', hold, at: now })
    expect([1_000n, 999n, 0n].map((hold) => areTermsOf(free, aWant(), held(hold), now))).toEqual([true, false, false])
  })

  test('when they begin at another time, or the bid is over, then it does not sign', () => {
    const early = termsOf(bid, aWant(), { job: 'job', hold: 667_200n, at: now - 121 * second })
    expect(areTermsOf(bid, aWant(), early, now)).toBe(false)
    expect(areTermsOf(bid, aWant(), terms, bid.validUntil)).toBe(false)
  })
})

test('given whatever a stranger bids, when it can be taken, then there is a purchase, and its terms can be read again; and else none that cannot', () => {
  const { buyer } = aWant()
  const named = { arbiters: [buyer, provider, nodeId('judge')] }
  const parts = fc.record({
    arbiters: fc.array(fc.constantFrom(...named.arbiters, nodeId('else')), { maxLength: 3 }),
    rate: fc.constantFrom(0n, 1n, 556n, 8_333n),
    credit: fc.constantFrom(0n, 30n, 33_360n, 33_361n),
    provider: fc.constantFrom(provider, buyer),
    reclaim: fc.constantFrom(0, -1, 86_400_001),
  })
  const kept = (value: unknown): unknown => JSON.parse(canonicalJson(value))
  fc.assert(
    fc.property(parts, fc.constantFrom(1_000n, 667_200n), (said, hold) => {
      const signed = aBid(said, named)
      const isBid = SignedBidSchema.safeParse(kept({ ...signed, signature: `${'A'.repeat(86)}==` })).success
      const context = { known: known(), verifier: nameVerifier, now }
      const isTaken = isBid && bidProblem(signed, aWant(named), context) === null
      const purchase = newPurchase(signed, aWant(named), { job: 'job', hold, at: now })
      if (isTaken) expect(purchase).not.toBeNull()
      if (purchase !== null) expect(Terms.safeParse(kept(purchase.terms)).success).toBe(true)
    }),
  )
})

test('given texts from strangers, then what is no want and no bid is refused, whatever it says', () => {
  const want = JSON.parse(canonicalJson(aWant()))
  const signed = JSON.parse(canonicalJson({ ...aBid(), signature: `${'A'.repeat(86)}==` }))
  expect(Want.safeParse(want).success).toBe(true)
  expect(SignedBidSchema.safeParse(signed).success).toBe(true)
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.keys(want)),
      fc.oneof(fc.double(), fc.string(), fc.constant(null)),
      (field, value) => {
        const parsed = Want.safeParse({ ...want, [field]: value })
        if (!parsed.success) return
        const { gpus, duration, memoryMib, issuedAt, deadline, maxTotal } = parsed.data
        for (const number of [gpus, duration, memoryMib, issuedAt, deadline])
          expect(Number.isSafeInteger(number)).toBe(true)
        expect(maxTotal >= 0n && maxTotal < 2n ** 63n).toBe(true)
      },
    ),
  )
  for (const interval of [0, 999, Number.NaN, Infinity, 1e12])
    expect(SignedBidSchema.safeParse({ ...signed, bid: { ...signed.bid, interval } }).success).toBe(false)
  for (const party of [signed.bid.buyer, signed.bid.provider])
    expect(SignedBidSchema.safeParse({ ...signed, bid: { ...signed.bid, arbiters: [party] } }).success).toBe(false)
  const long = { ...signed.bid, validUntil: now + 11 * minute }
  expect(SignedBidSchema.safeParse({ ...signed, bid: long }).success).toBe(false)
})
