import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { newIdentity } from '../../../../src/adapters/keys/identity.ts'
import {
  type Acquaintances,
  learn,
  mostAcquaintances,
  mostAddresses,
  mostOfOneSource,
  stillUp,
} from '../../../../src/core/molt/acquaintances.ts'
import { minute } from '../../../../src/model/time.ts'

const parties = Array.from({ length: mostAcquaintances + 40 }, () => newIdentity().id)
const [self, ada, bob, cyd] = parties as [
  (typeof parties)[0],
  (typeof parties)[0],
  (typeof parties)[0],
  (typeof parties)[0],
]
const at = (party: string, port = 1): string => `/ip4/10.0.0.1/tcp/${port}/p2p/${party}`
const none: Acquaintances = new Map()
interface Circumstances {
  readonly now?: number
  readonly own?: readonly string[]
  readonly up?: readonly (typeof ada)[]
}

/** Of a host in a private network, unless it says otherwise. */
const here = ['/ip4/10.0.0.9/tcp/1']
const hear = (
  known: Acquaintances,
  from: typeof ada,
  addresses: readonly string[],
  { now = 0, own = here, up = [] }: Circumstances = {},
): Acquaintances => learn(known, { addresses, from, self, own, up: new Set(up), at: now })

test('what a party says of itself replaces what was known; what others say of it does not', () => {
  const hearsay = hear(none, ada, [at(bob, 1)])
  expect(hearsay.get(bob)?.addresses).toEqual([at(bob, 1)])
  const own = hear(hearsay, bob, [at(bob, 2)])
  expect(own.get(bob)?.addresses).toEqual([at(bob, 2)])
  expect(hear(own, ada, [at(bob, 3)]).get(bob)?.addresses).toEqual([at(bob, 2)])
})

test('nobody has us know ourselves, or what is no address', () => {
  const known = hear(none, ada, [at(self), '/ip4/10.0.0.1/tcp/1', at('nobody'), `${at(bob)} `, 'x'.repeat(600)])
  expect(known.size).toBe(0)
})

test('whom nobody has seen for half an hour is forgotten; who is up is not', () => {
  const known = hear(hear(none, ada, [at(ada)]), bob, [at(bob)])
  const later = stillUp(known, [ada], 20 * minute)
  expect([...hear(later, cyd, [at(cyd)], { now: 40 * minute }).keys()]).toEqual([ada, cyd])
})

test('hearsay never takes the place of what is known, and whoever comes takes that of hearsay', () => {
  const others = parties.slice(4, 4 + mostAcquaintances)
  const full = others.reduce((known, party, i) => hear(known, parties[4 + (i % 16)] ?? ada, [at(party)]), none)
  expect(full.size).toBe(mostAcquaintances)
  expect(hear(full, ada, [at(cyd)]).has(cyd)).toBe(false)
  const come = hear(full, cyd, [at(cyd)])
  expect([come.has(cyd), come.size]).toEqual([true, mostAcquaintances])
})

test('however much peers tell, no more is kept than there is room for', () => {
  const word = fc.record({
    from: fc.constantFrom(...parties),
    told: fc.array(fc.tuple(fc.constantFrom(...parties), fc.nat(30)), { maxLength: 200 }),
    after: fc.nat(10 * minute),
  })
  fc.assert(
    fc.property(fc.array(word, { maxLength: 30 }), (words) => {
      let known = none
      let now = 0
      for (const { from, told, after } of words) {
        now += after
        known = hear(
          known,
          from,
          told.map(([party, port]) => at(party, port)),
          { now },
        )
        expect(known.size).toBeLessThanOrEqual(mostAcquaintances)
        expect(known.has(self)).toBe(false)
        for (const [party, { addresses }] of known) {
          expect(addresses.length).toBeLessThanOrEqual(mostAddresses)
          expect(addresses.every((address) => address.endsWith(`/p2p/${party}`))).toBe(true)
        }
      }
    }),
    { numRuns: 30 },
  )
})

test('who is up gives way to nobody, however many come', () => {
  const up = parties.slice(4, 4 + mostAcquaintances)
  const honest = up.slice(0, 3)
  const full = up.reduce((known, party) => hear(known, party, [at(party)]), none)
  const flooded = parties
    .slice(4 + mostAcquaintances)
    .reduce((known, party) => hear(known, party, [at(party)], { now: minute, up: honest }), full)
  expect(honest.every((party) => flooded.has(party))).toBe(true)
  expect(hear(full, ada, [at(ada)], { up }).has(ada)).toBe(false)
})

test('no peer has us know more than some by hearsay, and the word of others counts besides', () => {
  const many = parties.slice(4, 100).map((party) => at(party))
  const known = [0, 30, 60].reduce((before, i) => hear(before, ada, many.slice(i, i + 30)), none)
  expect(known.size).toBe(mostOfOneSource)
  expect(hear(known, bob, [at(cyd)]).has(cyd)).toBe(true)
})

describe('given what a stranger says of others', () => {
  const places = [
    ...['/ip4/127.0.0.1/tcp/22', '/ip4/10.0.0.7/tcp/22', '/ip4/172.31.0.1/tcp/1', '/ip4/192.168.1.1/tcp/80'],
    ...['/ip4/169.254.169.254/tcp/80', '/ip4/100.64.0.1/tcp/1', '/ip4/0.0.0.0/tcp/1', '/ip4/224.0.0.1/tcp/1'],
    ...['/ip6/::1/tcp/22', '/ip6/fe80::1/tcp/1', '/ip6/fd00::1/tcp/1', '/ip6/::ffff:10.0.0.1/tcp/1'],
    ...['/dns4/vault.internal/tcp/8200', '/dns/localhost/tcp/22', '/dnsaddr/x.claw.net/tcp/1', '/unix/x'],
  ]
  const open = ['/ip4/203.0.114.9/tcp/4001', '/ip6/2a01::9/tcp/4001', '/ip4/172.32.0.1/tcp/1', '/ip4/100.128.0.1/tcp/1']
  const heard = (place: string, own: readonly string[]): boolean => {
    const address = `${place}/p2p/${bob}`
    return hear(none, ada, [address], { own }).get(bob)?.addresses.includes(address) === true
  }

  test('when this host is of the open network, then it knocks at no door of its own networks', () => {
    const own = ['/ip4/203.0.114.1/tcp/1', '/ip4/10.0.0.9/tcp/1', '/ip4/127.0.0.1/tcp/1']
    expect(places.filter((place) => heard(place, own))).toEqual([])
    expect(open.every((place) => heard(place, own))).toBe(true)
  })

  test('when this host is in such a network only, then it knocks at doors of that kind', () => {
    expect(places.filter((place) => heard(place, ['/ip4/127.0.0.1/tcp/1']))).toEqual(
      places.filter((place) => /ip4.127|ip6.::1/.test(place)),
    )
    expect(heard('/ip4/192.168.1.1/tcp/80', here)).toBe(true)
    expect(heard('/ip4/127.0.0.1/tcp/22', here)).toBe(false)
    expect(heard('/ip4/169.254.169.254/tcp/80', here)).toBe(false)
  })

  test('when it speaks of itself, then it may have a name, and no more doors of ours than any other', () => {
    const own = ['/ip4/203.0.114.1/tcp/1']
    const ofItself = (place: string): boolean => hear(none, ada, [`${place}/p2p/${ada}`], { own }).has(ada)
    expect(ofItself('/dns4/host.claw.net/tcp/1')).toBe(true)
    expect(places.filter((place) => ofItself(place))).toEqual([])
  })

  test('when this host is at its own loopback besides, as all are, then it is not led there', () => {
    expect(heard('/ip4/127.0.0.1/tcp/22', [...here, '/ip4/127.0.0.1/tcp/1'])).toBe(false)
  })
})
