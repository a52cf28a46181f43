import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addressOf, capacityOf, freeSlot, settingsProblem, subnetOf } from '../../../../src/core/overlay/addresses.ts'
import { covers, formatCidr, formatIpv4, overlap, parseCidr, parseIpv4, sizeOf } from '../../../../src/lib/cidr.ts'
import { defaultOverlay } from '../../../../src/model/overlay.ts'

const range = (text: string) => parseCidr(text) ?? expect.fail(`${text} is no range`)

test('a slot is one address and one subnet, inside the ranges that were asked for', () => {
  expect(addressOf(defaultOverlay, 1)).toBe('10.100.0.1')
  expect(subnetOf(defaultOverlay, 1)).toBe('10.200.1.0/24')
  expect(addressOf(defaultOverlay, 255)).toBe('10.100.0.255')
  expect(subnetOf(defaultOverlay, 255)).toBe('10.200.255.0/24')
  expect(capacityOf(defaultOverlay)).toBe(255)
})

test('no two slots have anything in common, whatever the ranges', () => {
  const settings = fc
    .record({
      nodeBits: fc.integer({ min: 20, max: 30 }),
      bits: fc.integer({ min: 12, max: 24 }),
      more: fc.integer({ min: 1, max: 8 }),
    })
    .map(({ nodeBits, bits, more }) => ({
      nodes: `10.64.0.0/${nodeBits}`,
      containers: `172.16.0.0/${bits}`,
      containerBits: Math.min(30, bits + more),
    }))
  fc.assert(
    fc.property(settings, fc.nat(), fc.nat(), (ranges, a, b) => {
      expect(settingsProblem(ranges)).toBeNull()
      const capacity = capacityOf(ranges)
      const [one, other] = [1 + (a % capacity), 1 + (b % capacity)]
      expect(covers(range(ranges.nodes), range(`${addressOf(ranges, one)}/32`))).toBe(true)
      expect(covers(range(ranges.containers), range(subnetOf(ranges, one)))).toBe(true)
      if (one === other) return
      expect(addressOf(ranges, one)).not.toBe(addressOf(ranges, other))
      expect(overlap(range(subnetOf(ranges, one)), range(subnetOf(ranges, other)))).toBe(false)
    }),
  )
})

test('the lowest slot that nobody has is taken, until there is none', () => {
  expect(freeSlot(defaultOverlay, new Set())).toBe(1)
  expect(freeSlot(defaultOverlay, new Set([1, 2, 4]))).toBe(3)
  const small = { nodes: '10.1.0.0/16', containers: '10.2.0.0/23', containerBits: 24 }
  expect(freeSlot(small, new Set())).toBe(1)
  expect(freeSlot(small, new Set([1]))).toBeNull()
})

test.each([
  ['10.100.0.0', '10.200.0.0/16', 24, 'no range'],
  ['10.100.0.1/16', '10.200.0.0/16', 24, 'no range'],
  ['10.100.0.0/16', '10.200.0/16', 24, 'no range'],
  ['8.8.0.0/16', '10.200.0.0/16', 24, 'not private'],
  ['10.100.0.0/16', '100.64.0.0/16', 24, 'not private'],
  ['0.0.0.0/0', '10.200.0.0/16', 24, 'not private'],
  ['10.100.0.0/8', '10.200.0.0/16', 24, 'no range'],
  ['10.0.0.0/8', '10.200.0.0/16', 24, 'overlap'],
  ['10.100.0.0/31', '10.200.0.0/16', 24, 'too small'],
  ['10.100.0.0/16', '10.200.0.0/24', 24, 'smaller than that'],
])('ranges that cannot be are refused: %s, %s, /%i', (nodes, containers, containerBits, problem) => {
  expect(settingsProblem({ nodes, containers, containerBits })).toContain(problem)
})

test('addresses and ranges are read as they are written', () => {
  fc.assert(
    fc.property(fc.nat(0xffff_ffff), fc.integer({ min: 0, max: 32 }), (address, bits) => {
      expect(parseIpv4(formatIpv4(address))).toBe(address)
      const cidr = { base: address - (address % sizeOf({ bits })), bits }
      expect(parseCidr(formatCidr(cidr))).toEqual(cidr)
    }),
  )
  for (const text of ['1.2.3', '1.2.3.4.5', '256.1.1.1', '01.2.3.4', '1.2.3.4 ', 'a.b.c.d'])
    expect(parseIpv4(text)).toBeNull()
})
