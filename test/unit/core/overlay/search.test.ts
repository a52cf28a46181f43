import { expect, test } from 'vitest'
import { candidatesFor, laneName, lanePort } from '../../../../src/core/overlay/lanes.ts'
import type { Search, Seen } from '../../../../src/core/overlay/search.ts'
import { seek } from '../../../../src/core/overlay/search.ts'

const lane = { generation: 1, port: 51_820 }
const nobody = { addresses: [], seenAt: null }

test('generations take turns at two interfaces and two ports', () => {
  expect([1, 2, 3].map((generation) => laneName('claw', generation))).toEqual(['claw0', 'claw1', 'claw0'])
  expect([1, 2, 3].map((generation) => lanePort(51_820, generation))).toEqual([51_820, 51_821, 51_820])
})

test('a node is looked for where it is talked to, then on networks of our own, then elsewhere as it has said', () => {
  const endpoints = ['vpn.example.com:4000', '192.0.2.9', '10.1.2.3', '[2001:db8::1]']
  expect(candidatesFor({ endpoints, lane }, nobody)).toEqual([
    ...['vpn.example.com:4000', '192.0.2.9:51820', '10.1.2.3:51820', '[2001:db8::1]:51820'],
  ])
  expect(candidatesFor({ endpoints, lane }, { addresses: ['10.1.2.77'], seenAt: '192.0.2.9' })).toEqual([
    ...['192.0.2.9:51820', '10.1.2.3:51820', 'vpn.example.com:4000', '[2001:db8::1]:51820'],
  ])
  expect(candidatesFor({ endpoints: [], lane }, { addresses: [], seenAt: '192.0.2.7' })).toEqual(['192.0.2.7:51820'])
})

test('a port that was said is that of the first lane, and the second is next to it', () => {
  const next = { generation: 2, port: 51_821 }
  expect(candidatesFor({ endpoints: ['vpn.example.com:4000', '192.0.2.9'], lane: next }, nobody)).toEqual([
    ...['vpn.example.com:4001', '192.0.2.9:51821'],
  ])
})

const candidates = ['a:1', 'b:1']
const silent: Seen = { endpoint: 'a:1', handshakeAt: null, sentBytes: 148 }
const start: Search = { turn: 0, since: 0, sentBytes: 0, grewAt: null, failed: 0 }

test('places are tried in turn, each for some seconds, until keys are agreed on; then it is where it has answered', () => {
  const first = seek(undefined, { candidates, seen: undefined, isUp: true }, 0)
  expect(first).toMatchObject({ endpoint: 'a:1', isSearching: true })
  expect(seek(first.search, { candidates, seen: silent, isUp: true }, 7_000).endpoint).toBe('a:1')
  const second = seek(first.search, { candidates, seen: silent, isUp: true }, 8_000)
  expect(second).toMatchObject({ endpoint: 'b:1', isSearching: true })
  expect(seek(second.search, { candidates, seen: silent, isUp: true }, 16_000).endpoint).toBe('a:1')
  expect([first, second].map(({ search }) => search.failed)).toEqual([0, 1])
  const found = { endpoint: 'c:9', handshakeAt: 15_000, sentBytes: 300 }
  expect(seek(second.search, { candidates, seen: found, isUp: true }, 16_000)).toMatchObject({
    ...{ endpoint: 'c:9', isSearching: false },
  })
})

test('a peer that has been quiet is left alone until something is sent to it in vain', () => {
  const seen: Seen = { endpoint: 'c:9', handshakeAt: 1, sentBytes: 500 }
  const quiet = { ...start, sentBytes: 500, since: 900_000 }
  expect(seek(quiet, { candidates, seen, isUp: true }, 900_000).isSearching).toBe(false)
  expect(seek(quiet, { candidates, seen: { ...seen, sentBytes: 648 }, isUp: true }, 900_000).isSearching).toBe(true)
})

test('a peer that has answered once, and does no more, is looked for as one that never did, for as long as something is sent to it', () => {
  let search: Search | undefined
  let failed = 0
  // As WireGuard does it: something is sent every five seconds and a bit, and looked at every second.
  const look = (at: number): boolean => {
    const sentBytes = 148 * Math.floor(at / 5_300)
    const found = seek(search, { candidates, seen: { endpoint: 'a:1', handshakeAt: 1, sentBytes }, isUp: true }, at)
    search = found.search
    failed = Math.max(failed, search.failed)
    return found.isSearching
  }
  const begins = 3 * 60_000 + 1
  for (let at = 0; at < begins; at += 1_000) expect(look(at)).toBe(false)
  expect(look(begins + 6_000)).toBe(true)
  for (let at = begins + 7_000; at < begins + 40_000; at += 1_000) expect(look(at)).toBe(true)
  expect(failed).toBe(4)
})

test('nothing is sent to a node that is lost, and nothing where nobody knows where', () => {
  expect(seek(undefined, { candidates, seen: undefined, isUp: false }, 0).isSearching).toBe(false)
  expect(seek(undefined, { candidates: [], seen: undefined, isUp: true }, 0)).toMatchObject({
    ...{ endpoint: null, isSearching: false },
  })
})
