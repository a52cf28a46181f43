/** What a record goes through: each thing that is wrong with one is found, and a record with nothing wrong counts. */
import { describe, expect, test } from 'vitest'
import { signedBytes } from '../../../../src/core/records/envelope.ts'
import type { JudgeContext } from '../../../../src/core/records/validate.ts'
import { judgeRecord } from '../../../../src/core/records/validate.ts'
import { nodeId } from '../../../../src/model/ids.ts'
import { mostRecordSkew, recordKey } from '../../../../src/model/record.ts'
import { hour, second } from '../../../../src/model/time.ts'
import { simSigner, simVerifier } from '../../../../src/simulation/signer.ts'
import { decodeRecord, encodeRecord } from '../../../../src/wire/record.ts'
import {
  ada,
  bob,
  certificateFor,
  eve,
  made,
  type MadeRecord,
  noon,
  nodeValue,
  offer,
  offerValue,
  recordNetwork,
} from '../../../support/molt/records.ts'

const context = (parts: Partial<JudgeContext> = {}): JudgeContext => ({
  ...{ network: recordNetwork, verifier: simVerifier, now: noon },
  ...{ successorOf: () => null, headOf: () => null, barred: () => null, verified: () => null },
  ...parts,
})

/** Why it does not count; null when it does. */
const refusalOf = ({ key, bytes }: Pick<MadeRecord, 'key' | 'bytes'>, parts: Partial<JudgeContext> = {}) => {
  const judgement = judgeRecord(key, bytes, context(parts))
  return judgement.ok ? null : judgement.refusal
}

test('a record that is all right counts', () => {
  expect(refusalOf(made())).toBeNull()
  expect(refusalOf(offer())).toBeNull()
})

test('a witness needs nobody to certify it', () => {
  expect(refusalOf(made({ by: simSigner(nodeId('w2')), certificate: new Uint8Array(0) }))).toBeNull()
})

describe('where it is', () => {
  test('another network, another name, another kind', () => {
    expect(refusalOf(made({ network: 'molt-other' }))).toBe('network')
    expect(refusalOf({ ...made(), key: recordKey({ namespace: 'claw-node', id: 'bob' }) })).toBe('key')
    expect(refusalOf({ ...made(), key: recordKey({ namespace: 'claw-offer', id: ada }) })).toBe('key')
    expect(refusalOf(made({ namespace: 'claw-gossip' as never }))).toBe('namespace')
  })

  test('a version that nobody knows', () => {
    const { key, record } = made()
    expect(refusalOf({ key, bytes: encodeRecord({ ...record, version: 2 }) })).toBe('version')
  })
})

describe('when it is', () => {
  test('the clock of an issuer may be ahead by two minutes, and no more', () => {
    expect(refusalOf(made({ issuedAt: noon + mostRecordSkew }))).toBeNull()
    expect(refusalOf(made({ issuedAt: noon + mostRecordSkew + 1 }))).toBe('future')
  })

  test('a record that is over', () => {
    expect(refusalOf(made(), { now: noon + hour - 1 })).toBeNull()
    expect(refusalOf(made(), { now: noon + hour })).toBe('expired')
  })

  test('a life that is longer than its kind may have', () => {
    expect(refusalOf(made({ endOfLife: noon + 2 * hour }))).toBeNull()
    expect(refusalOf(made({ endOfLife: noon + 2 * hour + 1 }))).toBe('lifetime')
    expect(refusalOf(offer({ endOfLife: noon + hour + 1 }))).toBe('lifetime')
  })
})

describe('who says it', () => {
  test('a stranger whom no witness has certified, and one whose certificate is somebody else’s, forged, or over', () => {
    expect(refusalOf(made({ certificate: new Uint8Array(0) }))).toBe('standing')
    expect(refusalOf(made({ certificate: certificateFor(bob) }))).toBe('standing')
    expect(refusalOf(made({ certificate: certificateFor(ada, 'eve') }))).toBe('standing')
    expect(refusalOf(made({ certificate: certificateFor(ada, 'w0', noon - second) }))).toBe('standing')
  })

  test('a key that was revoked, and one that was caught', () => {
    expect(refusalOf(made(), { barred: () => 'revoked' })).toBe('revoked')
    expect(refusalOf(made(), { barred: () => 'closed-out' })).toBe('closed-out')
  })

  test('a signature of somebody else, or over something else', () => {
    const { key, record } = made()
    expect(refusalOf({ key, bytes: encodeRecord({ ...record, sequence: 2n }) })).toBe('signature')
    const forged = made({ by: { ...simSigner(eve), id: ada } })
    expect(refusalOf(forged)).toBe('signature')
  })

  test('every field is covered by the signature, the payload by its hash', () => {
    const { record } = made()
    const covered = (parts: object): boolean =>
      !Buffer.from(signedBytes({ ...record, ...parts })).equals(Buffer.from(signedBytes(record)))
    const changes = [
      ...[{ version: 2 }, { network: 'x' }, { namespace: 'x' }, { id: 'x' }, { issuer: bob }, { sequence: 9n }],
      ...[{ issuedAt: 1 }, { endOfLife: 1 }, { kind: 'tombstone' as const }, { payload: new Uint8Array(1) }],
      { certificate: new Uint8Array(1) },
    ]
    expect(changes.map(covered)).toEqual(changes.map(() => true))
    expect(covered({ signature: new Uint8Array(64) })).toBe(false)
  })
})

describe('what it says', () => {
  test('of somebody else', () => {
    expect(refusalOf(made({ id: bob }))).toBe('issuer')
    expect(refusalOf(offer({ value: offerValue(bob) }))).toBe('issuer')
  })

  test('an offer is called by its number', () => {
    expect(refusalOf(offer({ value: offerValue(ada, 2) }))).toBe('key')
  })

  test('a rate that nobody can mean, or another network’s offer', () => {
    expect(refusalOf(offer({ value: offerValue(ada, 1, { rate: 10n ** 13n }) }))).toBe('rule')
    expect(refusalOf(offer({ value: offerValue(ada, 1, { network: 'molt-other' }) }))).toBe('rule')
    expect(refusalOf(offer({ value: offerValue(ada, 1, { rate: Number.NaN }) }))).toBe('payload')
  })

  test('what has another field, or is written in another way', () => {
    expect(refusalOf(made({ value: { ...nodeValue(), more: 1 } }))).toBe('payload')
    const { record } = made()
    const spaced = new TextEncoder().encode(` ${new TextDecoder().decode(record.payload)}`)
    const by = simSigner(ada)
    const payloads = [spaced, new Uint8Array([0xff]), new TextEncoder().encode('['.repeat(2_000))]
    const sealed = payloads.map((payload) => made({ by, payload }))
    expect(sealed.map((each) => refusalOf(each))).toEqual(['payload', 'payload', 'payload'])
  })

  test('what may not be withdrawn, and how the rest is', () => {
    expect(refusalOf(made({ kind: 'tombstone', value: {} }))).toBeNull()
    expect(refusalOf(offer({ kind: 'tombstone', value: { number: 1 } }))).toBeNull()
    expect(refusalOf(offer({ kind: 'tombstone', value: { number: 2 } }))).toBe('key')
    expect(refusalOf(made({ namespace: 'claw-rvk', kind: 'tombstone', value: {} }))).toBe('kind')
  })
})

describe('how it is written', () => {
  test('more bytes than any record has', () => {
    const big = { ...nodeValue(), hardware: 'a'.repeat(4_000) }
    expect(refusalOf(made({ value: big }))).toBe('size')
  })

  test('anything but the one encoding of a record', () => {
    const { key, bytes, record } = made()
    const text = Buffer.from(bytes)
    // Field 1, version: 1 in two bytes; twice; at the end; and fields that nobody knows.
    const written = [
      ...[Buffer.from([]), Buffer.from([0xff]), text.subarray(0, 40), text.subarray(0, -1)],
      Buffer.concat([Buffer.from([0x08, 0x81, 0x00]), text.subarray(2)]),
      Buffer.concat([Buffer.from([0x08, 0x01]), text]),
      Buffer.concat([text.subarray(2), text.subarray(0, 2)]),
      Buffer.concat([text, Buffer.from([0x68, 0x00])]),
      Buffer.concat([text, Buffer.from([0x62, 0x00])]),
      encodeRecord({ ...record, issuedAt: 0 }).map((byte, i) => (i === 0 ? 0x0a : byte)),
    ]
    expect(text.subarray(0, 2)).toEqual(Buffer.from([0x08, 0x01]))
    expect(decodeRecord(bytes)).not.toBeNull()
    expect(written.map((each) => refusalOf({ key, bytes: each }))).toEqual(written.map(() => 'encoding'))
  })

  test('a sequence above 2^53 is exact, up to the last of 64 bits', () => {
    const sequences = [2n ** 53n + 1n, 2n ** 64n - 1n]
    const judged = sequences.map((sequence) => {
      const { key, bytes } = made({ sequence })
      const judgement = judgeRecord(key, bytes, context())
      return judgement.ok ? judgement.judged.standing.sequence : null
    })
    expect(judged).toEqual(sequences)
  })
})
