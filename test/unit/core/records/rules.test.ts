/** What each kind of record asks for beside what all have in common. */
import { describe, expect, test } from 'vitest'
import { agreementId } from '../../../../src/core/molt/agreement.ts'
import { closingText } from '../../../../src/core/molt/closing.ts'
import type { Closing } from '../../../../src/core/molt/closing.ts'
import { type Kind, sign } from '../../../../src/core/molt/signing.ts'
import { partiesOf, type SignedParties, signParties } from '../../../../src/core/records/parties.ts'
import { closeHash, ratingId, verdictText } from '../../../../src/core/records/rules/agreement.ts'
import { signRecovery } from '../../../../src/core/records/rules/revocation.ts'
import { lineWarrant, recordWarrant, warrantId } from '../../../../src/core/records/rules/warrant.ts'
import { compareStandings, type Standing } from '../../../../src/core/records/selector.ts'
import { type JudgeContext, judgeRecord } from '../../../../src/core/records/validate.ts'
import type { MicroMolt } from '../../../../src/model/amount.ts'
import type { NodeId } from '../../../../src/model/ids.ts'
import { nodeId } from '../../../../src/model/ids.ts'
import { day } from '../../../../src/model/time.ts'
import { simSigner, simVerifier } from '../../../../src/simulation/signer.ts'
import {
  ada,
  bob,
  eve,
  made,
  type MadeRecord,
  type Making,
  nodeValue,
  noon,
  recordNetwork,
} from '../../../support/molt/records.ts'
import { agreed, judge } from '../../../support/molt/samples.ts'

const network = recordNetwork.id
const [ann, ben] = [nodeId('ann'), nodeId('ben')]
const terms = agreed({ buyer: ann, provider: ben, endsAt: noon }).terms
const id = agreementId({ terms })

const signed = (who: NodeId, kind: Kind, value: unknown): string => sign(simSigner(who), { kind, network, value })

const bothSigned = (byBuyer: NodeId = ann, byProvider: NodeId = ben): SignedParties => {
  const parties = partiesOf({ terms })
  return {
    parties,
    byBuyer: signParties(simSigner(byBuyer), network, parties),
    byProvider: signParties(simSigner(byProvider), network, parties),
  }
}

const context = (parts: Partial<JudgeContext> = {}): JudgeContext => ({
  ...{ network: recordNetwork, verifier: simVerifier, now: noon },
  ...{ successorOf: () => null, headOf: () => null, barred: () => null, verified: () => null },
  ...parts,
})

const refusalOf = ({ key, bytes }: MadeRecord, parts: Partial<JudgeContext> = {}) => {
  const judgement = judgeRecord(key, bytes, context(parts))
  return judgement.ok ? null : judgement.refusal
}

function standingOf({ key, bytes }: MadeRecord, parts: Partial<JudgeContext> = {}): Standing {
  const judgement = judgeRecord(key, bytes, context(parts))
  if (!judgement.ok) throw new Error(judgement.refusal)
  return judgement.judged.standing
}

const record = (who: NodeId, namespace: Making['namespace'], value: unknown, parts: Making = {}): MadeRecord =>
  made({ by: simSigner(who), namespace: namespace ?? 'claw-agr', id, value, ...parts })

describe('an agreement', () => {
  test('is said by a party, with the names of both signed by both, and nothing of its price', () => {
    expect(refusalOf(record(ann, 'claw-agr', bothSigned()))).toBeNull()
    expect(refusalOf(record(ben, 'claw-agr', bothSigned()))).toBeNull()
    const text = new TextDecoder().decode(record(ann, 'claw-agr', bothSigned()).bytes)
    for (const secret of [terms.image, String(terms.hold), terms.model]) expect(text).not.toContain(secret)
  })

  test('is not said by anybody else, nor with a signature of one party alone, nor under another name', () => {
    expect(refusalOf(record(eve, 'claw-agr', bothSigned()))).toBe('issuer')
    expect(refusalOf(record(ann, 'claw-agr', bothSigned(ann, ann)))).toBe('rule')
    expect(refusalOf(record(ann, 'claw-agr', bothSigned(), { id: 'a'.repeat(64) }))).toBe('key')
  })

  test('has two parties', () => {
    const one = bothSigned()
    const alone = { ...one, parties: { ...one.parties, provider: one.parties.buyer } }
    expect(refusalOf(record(ann, 'claw-agr', alone))).toBe('payload')
  })
})

const closed = (how: Closing['how'], paid: MicroMolt, who: NodeId): string =>
  signed(who, 'closing', closingText(id, how, paid))
const vouched = (due: MicroMolt, who: NodeId = ann) => {
  const voucher = { agreement: id, due, note: 'b'.repeat(64) }
  return { voucher, signature: signed(who, 'voucher', voucher) }
}
const byBoth = (paid: MicroMolt): Closing => ({
  ...{ how: 'agreed', paid, byBuyer: closed('agreed', paid, ann), byProvider: closed('agreed', paid, ben) },
})
const claimed = (due: MicroMolt, voucherOf: NodeId = ann): Closing => ({
  ...{ how: 'claimed', voucher: vouched(due, voucherOf), byProvider: closed('claimed', due, ben) },
})
const takenBack = (): Closing => ({ how: 'taken-back', voucher: null, byBuyer: closed('taken-back', 0n, ann) })
const close = (who: NodeId, closing: Closing, parts: Making = {}) =>
  record(who, 'claw-close', { parties: bothSigned(), closing }, parts)

describe('a close', () => {
  test('is by both, by the provider with the last voucher, or by the buyer after the wait', () => {
    const late = { now: noon + recordNetwork.claimTime }
    const then = { issuedAt: late.now, endOfLife: late.now + day }
    expect(refusalOf(close(ann, byBoth(5n)))).toBeNull()
    expect(refusalOf(close(ben, claimed(5n)))).toBeNull()
    expect(refusalOf(close(ann, takenBack(), then), late)).toBeNull()
    expect(refusalOf(close(ann, takenBack()))).toBe('rule')
  })

  test('is not on a voucher that the buyer has not signed, nor of strangers', () => {
    expect(refusalOf(close(ben, claimed(5n, ben)))).toBe('rule')
    expect(refusalOf(close(eve, byBoth(5n)))).toBe('issuer')
  })

  test('by both beats one by one, then the higher sum, then the lower hash, whoever says it and however late', () => {
    const [both, high, low] = [close(ann, byBoth(1n)), close(ben, claimed(9n)), close(ben, claimed(8n))]
    const later = close(ben, claimed(9n), { sequence: 99n })
    const standings = [low, high, later, both].map((each) => standingOf(each))
    expect(standings.toReversed().toSorted(compareStandings)).toEqual(standings)
    const other = claimed(9n)
    const forged = { ...vouched(9n).voucher, note: 'c'.repeat(64) }
    const twin: Closing = {
      ...{ how: 'claimed', byProvider: closed('claimed', 9n, ben) },
      voucher: { voucher: forged, signature: signed(ann, 'voucher', forged) },
    }
    const isLower = closeHash(twin) < closeHash(other)
    const order = compareStandings(standingOf(close(ben, twin)), standingOf(close(ben, other)))
    expect(Math.sign(order)).toBe(isLower ? 1 : -1)
  })

  test('is signed by the new key of a party whose key was replaced in the middle of it, and its old vouchers still count', () => {
    const heir = nodeId('ben2')
    const replaced = { successorOf: (key: NodeId) => (key === ben ? heir : null) }
    const closing: Closing = { how: 'claimed', voucher: vouched(5n), byProvider: closed('claimed', 5n, heir) }
    expect(refusalOf(close(heir, closing))).toBe('issuer')
    expect(refusalOf(close(heir, closing), replaced)).toBeNull()
    expect(refusalOf(close(ben, closing), { ...replaced, barred: (who) => (who === ben ? 'revoked' : null) })).toBe(
      'revoked',
    )
  })
})

describe('a dispute', () => {
  const dispute = { type: 'dispute', evidence: 'e'.repeat(64) }
  const verdict = (who: NodeId = judge) => ({
    ...{ type: 'verdict', verdict: 'f'.repeat(64) },
    byArbiters: [signed(who, 'verdict', verdictText(id, 'f'.repeat(64)))],
  })
  const disputed = (who: NodeId, claim: unknown, parts: Making = {}) =>
    record(who, 'claw-disp', { parties: bothSigned(), claim }, parts)

  test('is of a party, and its verdict of all arbiters', () => {
    expect(refusalOf(disputed(ann, dispute))).toBeNull()
    expect(refusalOf(disputed(judge, dispute))).toBe('issuer')
    expect(refusalOf(disputed(judge, verdict()))).toBeNull()
    expect(refusalOf(disputed(judge, verdict(eve)))).toBe('rule')
  })

  test('the verdict beats it', () => {
    const later = disputed(ann, dispute, { sequence: 99n })
    expect(compareStandings(standingOf(disputed(judge, verdict())), standingOf(later))).toBeGreaterThan(0)
  })
})

describe('a rating', () => {
  const rating = { parties: bothSigned(), close: 'd'.repeat(64), outcome: 'completed', rating: 5 }
  const rated = (rater: NodeId, subject: NodeId, parts: Making = {}, outcome = 'completed') =>
    record(rater, 'claw-rep', { ...rating, outcome }, { id: ratingId(subject, rater), ...parts })

  test('is of one party by the other', () => {
    expect(refusalOf(rated(ann, ben))).toBeNull()
    expect(refusalOf(rated(ben, ann, {}, 'paid'))).toBeNull()
    expect(refusalOf(rated(eve, ben))).toBe('issuer')
    expect(refusalOf(rated(ann, ann))).toBe('issuer')
    expect(refusalOf(rated(ann, ben, { by: simSigner(eve) }))).toBe('key')
    expect(refusalOf(rated(ann, ben, { id: `${ben}:${eve}`, by: simSigner(eve) }))).toBe('issuer')
  })

  test('says of a provider how it worked, and of a buyer how it paid', () => {
    const said = ['completed', 'failed', 'paid', 'late', 'disputed']
    expect(said.map((outcome) => refusalOf(rated(ann, ben, {}, outcome)))).toEqual([null, null, 'rule', 'rule', null])
    expect(said.map((outcome) => refusalOf(rated(ben, ann, {}, outcome)))).toEqual(['rule', 'rule', null, null, null])
  })
})

describe('the head of an account', () => {
  const [head, previous] = ['1'.repeat(64), '2'.repeat(64)]
  const votes = (count: number, sequence = 4) =>
    ['w0', 'w1', 'w2', 'w3'].slice(0, count).map((name) => ({
      witness: nodeId(name),
      signature: signed(nodeId(name), 'vote', { account: ada, sequence, hash: head, phase: 'pay', round: 0 }),
    }))
  const said = (value: object = {}) =>
    made({
      namespace: 'claw-head',
      id: ada,
      value: { ...{ sequence: 4, head, previous, votes: votes(3) }, ...value },
    })

  test('has a quorum', () => {
    expect(refusalOf(said())).toBeNull()
    expect(refusalOf(said({ votes: votes(2) }))).toBe('rule')
    expect(refusalOf(said({ votes: [...votes(2), ...votes(1)] }))).toBe('rule')
    expect(refusalOf(said({ sequence: 5 }))).toBe('rule')
  })

  test('follows the one before it, where that is known', () => {
    expect(refusalOf(said(), { headOf: () => ({ sequence: 3, head: previous }) })).toBeNull()
    expect(refusalOf(said(), { headOf: () => ({ sequence: 3, head: '3'.repeat(64) }) })).toBe('rule')
    expect(refusalOf(said(), { headOf: () => ({ sequence: 2, head: '3'.repeat(64) }) })).toBeNull()
  })
})

describe('a revocation', () => {
  const revoked = (by: NodeId, value: object, parts: Making = {}) =>
    made({ by: simSigner(by), namespace: 'claw-rvk', id: ada, value, ...parts })
  const recovery = { key: bob, signature: signRecovery(simSigner(ada), network, bob) }

  test('is by the key itself, also when it was revoked, or by the key that it has named for it', () => {
    expect(refusalOf(revoked(ada, { successor: bob, recovery: null }))).toBeNull()
    expect(refusalOf(revoked(ada, { successor: null, recovery: null }), { barred: () => 'revoked' })).toBeNull()
    expect(refusalOf(revoked(bob, { successor: null, recovery }))).toBeNull()
    expect(refusalOf(revoked(bob, { successor: null, recovery: null }))).toBe('issuer')
    expect(refusalOf(revoked(eve, { successor: null, recovery }))).toBe('issuer')
    const forged = { key: eve, signature: signRecovery(simSigner(eve), network, eve) }
    expect(refusalOf(revoked(eve, { successor: null, recovery: forged }))).toBe('rule')
    expect(refusalOf(revoked(ada, { successor: ada, recovery: null }))).toBe('rule')
  })

  test('beats every replacement, and the recovery key whoever has the other', () => {
    const order = [
      revoked(ada, { successor: eve, recovery: null }, { sequence: 99n }),
      revoked(bob, { successor: bob, recovery }, { sequence: 50n }),
      revoked(ada, { successor: null, recovery: null }, { sequence: 1n }),
    ].map((each) => standingOf(each))
    expect(order.toReversed().toSorted(compareStandings)).toEqual(order)
  })
})

describe('a warrant', () => {
  const [one, other] = [made(), made({ value: nodeValue('2.0.0') })]
  const warrant = (value: ReturnType<typeof recordWarrant>) =>
    made({ by: simSigner(bob), namespace: 'claw-warr', id: warrantId(value), value })

  test('shows two records of one number, in one order, and fits', () => {
    const proof = recordWarrant(one.record, other.record)
    expect(recordWarrant(other.record, one.record)).toEqual(proof)
    expect(refusalOf(warrant(proof))).toBeNull()
  })

  test('shows two lines of an account', () => {
    const line = (to: string) => {
      const spend = { account: ada, sequence: 3, previous: '0'.repeat(64), outputs: [{ to, amount: 7n }] }
      return { spend, signature: signed(ada, 'spend', spend) }
    }
    expect(refusalOf(warrant(lineWarrant(line('bob'), line('eve'))))).toBeNull()
    const forged = { ...line('eve'), signature: signed(eve, 'spend', line('eve').spend) }
    expect(refusalOf(warrant(lineWarrant(line('bob'), forged)))).toBe('rule')
    expect(refusalOf(warrant(lineWarrant(line('bob'), line('bob'))))).toBe('rule')
  })

  test('shows nothing with one record twice, two numbers, two names, or two issuers', () => {
    const next = made({ sequence: 2n })
    const others = [made(), next, made({ id: bob }), made({ by: simSigner(eve), id: ada })]
    const proofs = others.map((each) => warrant(recordWarrant(one.record, each.record)))
    expect(proofs.map((each) => refusalOf(each))).toEqual(['rule', 'rule', 'rule', 'rule'])
  })

  test('shows nothing with one record in two ways of writing', () => {
    const { proof, offender } = recordWarrant(one.record, one.record)
    if (proof.of !== 'records') throw new Error('it is of records')
    const { statement, signature } = proof.first
    const padded = statement.replace(/=*$/, '')
    const spelled = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/']
      .map((letter) => `${padded.slice(0, -1)}${letter}${'='.repeat(statement.length - padded.length)}`)
      .find((text) => text !== statement && Buffer.from(text, 'base64').equals(Buffer.from(statement, 'base64')))
    const twice = [
      { statement, signature },
      { statement: spelled ?? `${statement}`, signature },
    ].toSorted((a, b) => (a.statement < b.statement ? -1 : 1))
    const [first, second] = twice as [typeof proof.first, typeof proof.first]
    expect(refusalOf(warrant({ offender, proof: { of: 'records', first, second } }))).toBe('rule')
  })

  test('is of who has signed, and nobody else', () => {
    const proof = { ...recordWarrant(one.record, other.record), offender: eve }
    expect(refusalOf(warrant(proof))).toBe('rule')
  })
})
