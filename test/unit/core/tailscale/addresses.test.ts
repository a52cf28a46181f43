import { expect, test } from 'vitest'
import { announcedAt, isOfTailscale, tailnetAddressesIn, toldOf } from '../../../../src/core/tailscale/addresses.ts'

const both = ['100.64.0.1', 'fd7a:115c:a1e0::1']
const at = (listen: readonly string[], isUserspace = false) => announcedAt(both, { listen, isUserspace })

test('an address is told where something listens at all of its kind, or at that very one', () => {
  expect(at(['/ip4/0.0.0.0/tcp/4710'])).toEqual(['/ip4/100.64.0.1/tcp/4710'])
  expect(at(['/ip4/0.0.0.0/tcp/4710', '/ip6/::/tcp/4712'])).toEqual([
    '/ip4/100.64.0.1/tcp/4710',
    '/ip6/fd7a:115c:a1e0::1/tcp/4712',
  ])
  expect(at(['/ip4/100.64.0.1/tcp/1'])).toEqual(['/ip4/100.64.0.1/tcp/1'])
})

test('and nowhere else: not for loopback, another address, a port that is chosen later, or a relay', () => {
  for (const place of ['/ip4/127.0.0.1/tcp/1', '/ip4/10.0.0.1/tcp/1', '/ip4/0.0.0.0/tcp/0', '/dns4/a/tcp/1'])
    expect(at([place])).toEqual([])
  expect(at(['/ip4/0.0.0.0/tcp/1/p2p/x/p2p-circuit'])).toEqual([])
})

test('a client without an interface passes on to loopback', () => {
  expect(at(['/ip4/127.0.0.1/tcp/1'], true)).toEqual(['/ip4/100.64.0.1/tcp/1', '/ip6/fd7a:115c:a1e0::1/tcp/1'])
})

test('only what is in the range is told, where there is one', () => {
  expect(toldOf(both, null)).toEqual(both)
  expect(toldOf([...both, '10.0.0.1'], '100.64.0.0/10')).toEqual(['100.64.0.1'])
  expect(toldOf(both, '10.0.0.0/8')).toEqual([])
})

test('what Tailscale gives out is known, and what this host’s own client knows', () => {
  expect(['100.63.255.255', '100.64.0.0', '100.127.255.255', '100.128.0.0'].map(isOfTailscale)).toEqual([
    ...[false, true, true, false],
  ])
  expect(['fd7a:115c:a1e0::5', 'fd7a:115c:a1e1::5'].map(isOfTailscale)).toEqual([true, false])
  const told = ['/ip4/192.168.1.2/tcp/1/p2p/x', '/ip4/100.64.0.2/tcp/1/p2p/x', '/ip4/10.9.0.1/tcp/1/p2p/x', 'nonsense']
  expect(tailnetAddressesIn(told, (address) => address === '10.9.0.1')).toEqual(['100.64.0.2', '10.9.0.1'])
})
