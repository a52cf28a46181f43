import packet from 'dns-packet'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { frame, unframe } from '../../../../src/adapters/dns/frames.ts'
import { readQuery, rcodes, writeAnswer, type Query } from '../../../../src/adapters/dns/packets.ts'
import { isAnswerTo } from '../../../../src/adapters/dns/upstream.ts'
import type { NameRecord } from '../../../../src/model/naming.ts'

const query = (name: string, parts: Partial<packet.Packet> = {}): Buffer =>
  packet.encode({
    ...{ type: 'query', id: 77, flags: packet.RECURSION_DESIRED, questions: [{ name, type: 'A', class: 'IN' }] },
    ...parts,
  })

const asked = (bytes: Uint8Array): Query => {
  const read = readQuery(bytes)
  if (read.kind !== 'query') throw new Error(`it is ${read.kind}`)
  return read.query
}

const rcodeIn = (reply: Uint8Array): number => (reply[3] ?? 0) & 15
const records = (count: number): readonly NameRecord[] =>
  Array.from({ length: count }, (_, i) => ({ type: 'A', name: 'web.default.claw', address: `10.0.0.${i}` }))

describe('reading', () => {
  test('a question is what was asked, with the room that its sender has', () => {
    expect(asked(query('Web.default.claw'))).toEqual({
      ...{ id: 77, question: { name: 'Web.default.claw', type: 'A' }, room: 512 },
      ...{ wantsRecursion: true, hasOptions: false },
    })
    const options = (udpPayloadSize: number): Partial<packet.Packet> => ({
      additionals: [
        {
          type: 'OPT',
          name: '.',
          udpPayloadSize,
          extendedRcode: 0,
          ednsVersion: 0,
          flags: 0,
          flag_do: false,
          options: [],
        },
      ],
    })
    expect(asked(query('a.claw', options(4_096)))).toMatchObject({ room: 1_232, hasOptions: true })
    expect(asked(query('a.claw', options(1)))).toMatchObject({ room: 512 })
  })

  test('answers, and what is too short to have a question, are not answered', () => {
    expect(readQuery(packet.encode({ type: 'response', id: 1, questions: [] }))).toEqual({ kind: 'noise' })
    expect(readQuery(Buffer.alloc(11))).toEqual({ kind: 'noise' })
  })

  test('no question, two of them, and other requests are refused under their number', () => {
    const refusal = (bytes: Buffer): readonly number[] => {
      const read = readQuery(bytes)
      if (read.kind !== 'refused') throw new Error(`it is ${read.kind}`)
      return [Buffer.from(read.reply).readUInt16BE(0), rcodeIn(read.reply)]
    }
    const one = { name: 'a.claw', type: 'A', class: 'IN' } as const
    expect(refusal(query('x', { questions: [] }))).toEqual([77, rcodes.malformed])
    expect(refusal(query('x', { questions: [one, one] }))).toEqual([77, rcodes.malformed])
    const update = query('a.claw')
    update.writeUInt8(update.readUInt8(2) | (5 << 3), 2)
    expect(refusal(update)).toEqual([77, rcodes.unknown])
    const loop = Buffer.concat([query('a.claw').subarray(0, 12), Buffer.from([0xc0, 12, 0, 1, 0, 1])])
    expect(refusal(loop)).toEqual([77, rcodes.malformed])
    const elsewhere = Buffer.concat([query('a.claw').subarray(0, 12), Buffer.from([1, 0x61, 0xc0, 2, 0, 1, 0, 1])])
    expect(refusal(elsewhere)).toEqual([77, rcodes.malformed])
  })

  test('nothing that comes in breaks it, and what it makes of a question can be answered', () => {
    const mangled = fc.tuple(fc.uint8Array({ maxLength: 40 }), fc.nat(60)).map(([noise, place]) => {
      const bytes = query('rank-0.train.default.claw')
      bytes.set(noise.subarray(0, Math.max(0, bytes.length - place)), Math.min(place, bytes.length))
      return bytes
    })
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 600 }), mangled), (bytes) => {
        const read = readQuery(bytes)
        if (read.kind !== 'query') return
        const reply = writeAnswer(read.query, { kind: 'missing' }, read.query.room)
        expect(Buffer.from(reply).readUInt16BE(0)).toBe(read.query.id)
        expect(rcodeIn(reply)).toBe(rcodes.missing)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('an answer', () => {
  const one = asked(query('Web.default.claw'))

  test('repeats the question as it was written, and has authority', () => {
    const reply = packet.decode(Buffer.from(writeAnswer(one, { kind: 'found', records: records(2), extra: [] }, 512)))
    expect(reply.questions?.[0]?.name).toBe('Web.default.claw')
    expect(reply.flag_aa).toBe(true)
    expect(reply.answers).toMatchObject([{ data: '10.0.0.0', ttl: 5 }, { data: '10.0.0.1' }])
    expect(reply.authorities).toEqual([])
  })

  test('tells a name without such a record from one that is not there, and both for how long', () => {
    const none = writeAnswer(one, { kind: 'found', records: [], extra: [] }, 512)
    const missing = writeAnswer(one, { kind: 'missing' }, 512)
    expect([rcodeIn(none), rcodeIn(missing)]).toEqual([rcodes.ok, rcodes.missing])
    for (const reply of [none, missing])
      expect(packet.decode(Buffer.from(reply)).authorities).toMatchObject([{ type: 'SOA', name: 'claw' }])
  })

  test('that has no room says so, and has none of its records', () => {
    const reply = packet.decode(Buffer.from(writeAnswer(one, { kind: 'found', records: records(40), extra: [] }, 512)))
    expect(reply.flag_tc).toBe(true)
    expect(reply.answers).toEqual([])
    const whole = packet.decode(
      Buffer.from(writeAnswer(one, { kind: 'found', records: records(40), extra: [] }, 9_000)),
    )
    expect([whole.flag_tc, whole.answers?.length]).toEqual([false, 40])
  })
})

test('what comes back from elsewhere counts only under the number and with the question that were sent', () => {
  const sent = query('example.com')
  const answer = (id: number, name: string): Buffer =>
    packet.encode({ type: 'response', id, questions: [{ name, type: 'A', class: 'IN' }] })
  expect(isAnswerTo(sent, answer(77, 'EXAMPLE.com'))).toBe(true)
  expect(isAnswerTo(sent, answer(78, 'example.com'))).toBe(false)
  expect(isAnswerTo(sent, answer(77, 'evil.com.xx'))).toBe(false)
  expect(isAnswerTo(sent, sent)).toBe(false)
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => !isAnswerTo(Buffer.from(bytes), sent)))
})

test('messages come off a stream as they were put on it, however it is cut', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 5 }), fc.nat(20), (messages, cut) => {
      const stream = Buffer.concat(messages.map((message) => frame(message)))
      let held = Buffer.alloc(0)
      const read: Buffer[] = []
      for (let at = 0; at < stream.length; at += cut + 1) {
        held = Buffer.concat([held, stream.subarray(at, at + cut + 1)])
        for (let next = unframe(held); next.message !== null; next = unframe(held)) {
          read.push(next.message)
          held = Buffer.from(next.rest)
        }
      }
      expect(read.map((one) => one.toString('hex'))).toEqual(messages.map((one) => Buffer.from(one).toString('hex')))
    }),
  )
})
