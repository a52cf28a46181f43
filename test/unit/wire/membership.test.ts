import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nodeId } from '../../../src/model/ids.ts'
import type { SwimMessage } from '../../../src/wire/membership.ts'
import { maxAccusers, maxRumors, swim } from '../../../src/wire/membership.ts'

const id = fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme-ascii' }).map(nodeId)
const count = fc.nat(2 ** 31 - 1)
const rumors = fc.array(
  fc.record({
    subject: id,
    incarnation: fc.nat({ max: 2 ** 50 }),
    state: fc.constantFrom('alive' as const, 'suspect' as const, 'lost' as const, 'left' as const),
    accusers: fc.array(id, { maxLength: maxAccusers }),
  }),
  { maxLength: maxRumors },
)
const message: fc.Arbitrary<SwimMessage> = fc.oneof(
  fc.record({ type: fc.constantFrom('ping' as const, 'ack' as const), sequence: count, incarnation: count, rumors }),
  fc.record({ type: fc.constant('ask' as const), sequence: count, incarnation: count, target: id, rumors }),
  fc.record({ type: fc.constant('nack' as const), sequence: count }),
  fc.record({ type: fc.constant('rumors' as const), incarnation: count, rumors }),
)

test('given any message, when it travels, then it is the same', () => {
  fc.assert(
    fc.property(message, (sent) => {
      expect(swim.message.decode(swim.message.encode(sent))).toEqual(sent)
    }),
  )
})

test('given the largest message, when it is encoded, then it is within the limit of the protocol', () => {
  const longest = nodeId('x'.repeat(60))
  const accusers = Array.from({ length: maxAccusers }, () => longest)
  const rumor = { subject: longest, incarnation: 2 ** 50, state: 'suspect' as const, accusers }
  const largest = {
    type: 'ping' as const,
    sequence: 2 ** 31,
    incarnation: 2 ** 50,
    rumors: Array.from({ length: maxRumors }, () => rumor),
  }
  expect(swim.message.encode(largest).length).toBeLessThanOrEqual(swim.maxBytes)
})

test('given an incarnation beyond reason, when it is decoded, then it is refused', () => {
  const bytes = swim.message.encode({ type: 'ping', sequence: 1, incarnation: 2 ** 52 + 2, rumors: [] })
  expect(() => swim.message.decode(bytes)).toThrow('too high')
})

test('given any bytes, when they are decoded, then they are a message or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        expect(swim.message.decode(bytes).type).toBeTypeOf('string')
      } catch (error) {
        expect(error).toBeInstanceOf(Error)
      }
    }),
  )
})
