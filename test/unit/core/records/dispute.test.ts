import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { agreementId, holdAccount } from '../../../../src/core/molt/agreement.ts'
import { claimableAt, closingProblem } from '../../../../src/core/molt/closing.ts'
import { dueFor } from '../../../../src/core/molt/meter.ts'
import { sign } from '../../../../src/core/molt/signing.ts'
import { found } from '../../../../src/core/molt/verify.ts'
import {
  type Dispute,
  disputeFrom,
  disputeProblem,
  disputeText,
  involvedIn,
  isNews,
  isRuling,
  newDispute,
  payloadOf,
  ruled,
  signRuling,
  stateOf,
  verdictIn,
  withClaim,
} from '../../../../src/core/records/dispute.ts'
import {
  checkEvidence,
  EvidenceFile,
  evidenceFileText,
  factsIn,
  signEvidence,
} from '../../../../src/core/records/evidence.ts'
import { nodeId } from '../../../../src/model/ids.ts'
import type { Evidence, Put, Ruling } from '../../../../src/model/molt-dispute.ts'
import { hour, minute } from '../../../../src/model/time.ts'
import { simSigner, simVerifier } from '../../../../src/simulation/signer.ts'
import { agreedFor, partiesSigned } from '../../../support/molt/deeds.ts'
import { buyer, genesis, network, provider } from '../../../support/molt/samples.ts'

const judges = ['judge', 'jury', 'jurist'].map(nodeId)
const agreement = agreedFor({ arbiters: judges, disputeWindow: hour, endsAt: 10 * minute })
const id = agreementId(agreement)
const { hold } = agreement.terms
const rules = { network, verifier: simVerifier }

const noteOf = (gpuMillis: bigint, parts: { readonly due?: bigint; readonly by?: string } = {}) => {
  const due = parts.due ?? dueFor(agreement.terms, gpuMillis)
  const note = { agreement: id, sequence: 1, previous: id, gpuMillis, due, at: 5 }
  const by = simSigner(nodeId(parts.by ?? provider))
  return { note, signature: sign(by, { kind: 'note', network: network.id, value: note }) }
}
const voucherOf = (due: bigint, by = buyer) => {
  const voucher = { agreement: id, due, note: 'b'.repeat(64) }
  return { voucher, signature: sign(simSigner(by), { kind: 'voucher', network: network.id, value: voucher }) }
}

function put(parts: Partial<Put> = {}, by = buyer): Evidence {
  const { byBuyer, byProvider } = partiesSigned(agreement)
  const said = { agreement, parties: { byBuyer, byProvider }, reason: 'it computed nothing', at: 7 }
  const words = { notes: [noteOf(20_000n)], vouchers: [voucherOf(100n)], sent: [], received: [] }
  return signEvidence({ ...said, ...words, ...parts }, simSigner(by))
}

const ruling = (who: string, paid: bigint, at = 1): Ruling =>
  signRuling(agreement, { paid, at }, { signer: simSigner(nodeId(who)), network: network.id })
const verdictOf = (evidence: Evidence) => found(checkEvidence(evidence, rules))

describe('given evidence', () => {
  test('when it is as it was put forward, then it is whole, and shows what was metered and promised', () => {
    expect(verdictOf(put())).toMatchObject({ ok: true })
    expect(factsIn(put())).toEqual({
      ...{ held: 0n, promised: 100n, metered: 200n, isContradicted: false, closed: null },
    })
  })

  test('when its provider has signed two notes with one number, then it shows that', () => {
    expect(factsIn(put({ notes: [noteOf(20_000n), noteOf(40_000n)] })).isContradicted).toBe(true)
    expect(factsIn(put({ notes: [noteOf(20_000n), noteOf(20_000n)] })).isContradicted).toBe(false)
  })

  const whole = put()
  const forged: readonly (readonly [string, string, Evidence])[] = [
    ['the reason is another one', 'evidence', { ...whole, reason: 'it was late' }],
    ['somebody else puts it forward', 'evidence', put({}, nodeId('eve'))],
    ['it is signed by the other party', 'evidence', { ...whole, by: provider }],
    ['a note is signed by its buyer', 'note', put({ notes: [noteOf(20_000n, { by: buyer })] })],
    ['the sum of a note is wrong', 'note', put({ notes: [noteOf(20_000n, { due: 900n })] })],
    ['a voucher is signed by its provider', 'voucher', put({ vouchers: [voucherOf(100n, provider)] })],
    [
      'the terms are others',
      'agreement',
      put({ agreement: { ...agreement, terms: { ...agreement.terms, hold: 5n } } }),
    ],
    ['it is of another network', 'agreement', put({ agreement: agreedFor({ network: 'molt-x' }) })],
    [
      'who has made it is not signed',
      'parties',
      put({ parties: { byBuyer: whole.signature, byProvider: whole.signature } }),
    ],
  ]
  test.each(forged)('when %s, then it is not whole, at its %s', (_, line, evidence) => {
    expect(verdictOf(evidence)).toMatchObject({ ok: false, line })
  })

  test('when it is written to a file and read again, then it is the same, with the rules to check it by', () => {
    const written = { ...genesis, issuers: genesis.issuers.map((one) => ({ ...one, limit: String(one.limit) })) }
    const read = EvidenceFile.parse(JSON.parse(evidenceFileText(written, whole)))
    expect(read).toMatchObject({ network: genesis, evidence: whole })
  })
})

describe('given a dispute before several arbiters', () => {
  const fresh = newDispute(put(), 9)

  test('when it is read again, then it is as it was', () => {
    const dispute = ruled(withClaim(fresh, put({ reason: 'it ran' }, provider)), ruling('jury', 5n))
    expect(disputeFrom(disputeText(dispute))).toEqual(dispute)
    expect(dispute.claims.map(({ by, reason }) => [by, reason])).toEqual([
      [buyer, 'it computed nothing'],
      [provider, 'it ran'],
    ])
    expect(withClaim(dispute, put({ reason: 'on second thought' }))).toBe(dispute)
  })

  test('when all have signed one sum, then that is the verdict, which the ledger takes, and not before', () => {
    const sums = judges.map((who) => ruling(who, 700n))
    let dispute: Dispute = fresh
    for (const one of sums) {
      expect([stateOf(dispute), verdictIn(dispute)]).toEqual(['open', null])
      dispute = ruled(dispute, one)
    }
    const closing = verdictIn(dispute)?.closing
    expect([stateOf(dispute), verdictIn(dispute)?.paid]).toEqual(['judged', 700n])
    expect(closing && closingProblem(agreement, closing, { ...rules, now: 0 })).toBeNull()
    expect(payloadOf(dispute).claim.type).toBe('verdict')
    expect(payloadOf(fresh).claim).toEqual({ type: 'dispute', evidence: fresh.claims[0]?.evidence })
  })

  test('whatever is signed in whichever order, a verdict is what each of them has signed last, and stays', () => {
    const word = fc.record({ who: fc.constantFrom(...judges), paid: fc.constantFrom(100n, 200n) })
    fc.assert(
      fc.property(fc.array(word, { maxLength: 12 }), (words) => {
        let dispute: Dispute = fresh
        const last = new Map<string, bigint>()
        for (const [at, { who, paid }] of words.entries()) {
          const before = verdictIn(dispute)
          dispute = ruled(dispute, ruling(who, paid, at))
          if (before === null) last.set(who, paid)
          else expect(verdictIn(dispute)).toEqual(before)
          const all = [...last.values()]
          const isOne = all.length === judges.length && new Set(all).size === 1
          expect(verdictIn(dispute)?.paid ?? null).toBe(isOne ? (all[0] ?? null) : null)
        }
      }),
      { numRuns: 60 },
    )
  })

  test('when arbiters change their minds, then the same rulings, the last of each, are kept in whatever order and however often they are heard', () => {
    // Without the third there is no verdict on the way, which would stay.
    const word = fc.record({
      ...{ who: fc.constantFrom(...judges.slice(0, 2)), paid: fc.bigInt(0n, 3n), at: fc.nat({ max: 4 }) },
    })
    const told = fc
      .array(word, { minLength: 1, maxLength: 8 })
      .chain((words) => fc.tuple(fc.constant(words), fc.shuffledSubarray([...words, ...words], { minLength: 0 })))
    const heard = (words: readonly { who: string; paid: bigint; at: number }[]): readonly Ruling[] =>
      words
        .map(({ who, paid, at }) => ruling(who, paid, at))
        .reduce(ruled, fresh)
        .rulings.toSorted((one, other) => one.arbiter.localeCompare(other.arbiter))
    fc.assert(
      fc.property(told, ([words, some]) => {
        const kept = heard(words)
        expect(heard([...some, ...words.toReversed()])).toEqual(kept)
        expect(heard([...words, ...some])).toEqual(kept)
        for (const { arbiter, at } of kept)
          expect(at).toBe(Math.max(...words.filter(({ who }) => who === arbiter).map((one) => one.at)))
      }),
      { numRuns: 60 },
    )
  })

  test('when others tell an arbiter of its own ruling, then it takes that only where it has none', () => {
    const [judge, jury] = judges as [(typeof judges)[0], (typeof judges)[0]]
    const known = ruled(fresh, ruling(judge, 200n, 5))
    expect(isNews(fresh, ruling(judge, 100n, 4), judge)).toBe(true)
    expect(isNews(known, ruling(judge, 100n, 4), judge)).toBe(false)
    expect(isNews(known, ruling(judge, 100n, 6), judge)).toBe(false)
    expect([4, 5, 6].map((at) => isNews(known, ruling(judge, 100n, at), jury))).toEqual([false, false, true])
  })

  test('when somebody else signs, or for more than there is, or for another sum, then that is no ruling', () => {
    expect(isRuling(agreement, ruling('judge', hold), simVerifier)).toBe(true)
    expect(isRuling(agreement, ruling('eve', 5n), simVerifier)).toBe(false)
    expect(isRuling(agreement, ruling(buyer, 5n), simVerifier)).toBe(false)
    expect(isRuling(agreement, ruling('judge', hold + 1n), simVerifier)).toBe(false)
    expect(isRuling(agreement, { ...ruling('judge', 5n), paid: 6n }, simVerifier)).toBe(false)
    expect(isRuling(agreement, { ...ruling('judge', 5n), verdict: ruling('judge', 6n).verdict }, simVerifier)).toBe(
      false,
    )
    expect(isRuling(agreement, { ...ruling('judge', 5n), at: 2 }, simVerifier)).toBe(false)
  })

  test('then it concerns its parties and them, and nobody else', () => {
    expect(involvedIn(agreement)).toEqual([buyer, provider, ...judges])
    expect(holdAccount(agreement)).toBe(`agr-${id}`)
  })
})

describe('given the time that arbiters have', () => {
  const { endsAt } = agreement.terms
  const claim = { how: 'claimed', voucher: voucherOf(100n), byProvider: '' } as const
  const at = (made: typeof agreement, now: number) => closingProblem(made, claim, { ...rules, now })

  test('when it is not over, then the provider cannot claim, and afterwards it can', () => {
    expect([at(agreement, endsAt), at(agreement, endsAt + hour - 1)]).toEqual(['too-early', 'too-early'])
    // It is not signed by the provider here, which is what is looked at next.
    expect(at(agreement, endsAt + hour)).toBe('signature')
  })

  test('when no arbiters were agreed on, then there is none, and nothing can be disputed', () => {
    const plain = agreedFor({ arbiters: [] })
    expect([claimableAt(plain.terms, network), at(plain, 0)]).toEqual([0, 'signature'])
    expect(disputeProblem(plain, network, 0)).not.toBeNull()
  })

  test('then it can be disputed until it is over', () => {
    expect(disputeProblem(agreement, network, endsAt + hour - 1)).toBeNull()
    expect(disputeProblem(agreement, network, endsAt + hour)).not.toBeNull()
  })

  test('however long the parties say it is, half of the time for claims is left for the provider', () => {
    const window = fc.integer({ min: 1_000, max: 7 * 86_400_000 })
    const claimTimes = fc.integer({ min: 60_000, max: 30 * 86_400_000 })
    fc.assert(
      fc.property(window, claimTimes, (disputeWindow, claimTime) => {
        const from = claimableAt({ endsAt, disputeWindow }, { claimTime })
        expect(from).toBeGreaterThan(endsAt)
        expect(endsAt + claimTime - from).toBeGreaterThanOrEqual(claimTime / 2)
      }),
    )
  })
})
