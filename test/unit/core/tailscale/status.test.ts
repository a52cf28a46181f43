import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readStatus } from '../../../../src/core/tailscale/status.ts'
import { needsLogin, printed, running } from '../../../support/tailscale-samples.ts'

test('a host that is in a tailnet, with another machine', () => {
  expect(readStatus(printed())).toEqual(running)
})

test('one that nobody has logged in, as the client prints null for what is not there', () => {
  expect(readStatus(needsLogin())).toMatchObject({ state: 'NeedsLogin', name: null, addresses: [], peers: [] })
})

test('one whose login has run out', () => {
  const self = { HostName: 'a', Expired: true, KeyExpiry: '2026-01-02T00:00:00Z' }
  const status = readStatus(needsLogin({ HaveNodeKey: true, Self: self }))
  expect(status).toMatchObject({ isExpired: true, keyExpiresAt: Date.UTC(2026, 0, 2), hasNodeKey: true })
  expect(readStatus(printed({ Self: { KeyExpiry: '0001-01-01T00:00:00Z' } }))?.keyExpiresAt).toBeNull()
})

test('where a person lets it in, unless that is no address of the web', () => {
  const url = 'https://login.example/a/1'
  expect(readStatus(needsLogin({ AuthURL: url }))?.loginUrl).toBe(url)
  for (const AuthURL of ['', 'javascript:alert(1)', 7, `https://${'x'.repeat(3_000)}`])
    expect(readStatus(needsLogin({ AuthURL }))?.loginUrl).toBeNull()
})

describe('what is not as it should be', () => {
  test.each(['', 'null', '[]', '"Running"', '{}', '{"BackendState":"Flying"}', 'Tailscale is stopped.', '{"Backend'])(
    '%j is no status',
    (text) => {
      expect(readStatus(text)).toBeNull()
    },
  )

  test('a machine that cannot be read is left out, and the others stay', () => {
    const status = readStatus(
      printed({
        Peer: { a: 7, b: null, c: { TailscaleIPs: 'x' }, d: { TailscaleIPs: ['nonsense', '100.64.0.9', 8] } },
      }),
    )
    expect(status?.peers.map(({ addresses }) => addresses)).toEqual([['100.64.0.9']])
  })

  test('addresses at which nobody is reached are no addresses', () => {
    const TailscaleIPs = ['0.0.0.0', '224.0.0.1', '255.255.255.255', '::', 'ff02::1', 'fe80::1', '100.64.0.7']
    expect(readStatus(printed({ TailscaleIPs }))?.addresses).toEqual(['100.64.0.7'])
  })

  test('what is endless is cut, and what does not print is not printed', () => {
    const Peer = Object.fromEntries(Array.from({ length: 10_050 }, (_, i) => [`k${i}`, { HostName: 'x'.repeat(999) }]))
    const status = readStatus(printed({ Peer, Health: Array.from({ length: 99 }, () => 'a\u0000\u001b[31mb') }))
    expect(status?.peers).toHaveLength(10_000)
    expect(status?.peers[0]?.hostName).toHaveLength(256)
    expect(status?.health).toEqual(Array.from({ length: 8 }, () => 'a  [31mb'))
  })

  test('whatever is printed, it is a status or none, and never an exception', () => {
    const form = fc.record(
      {
        BackendState: fc.oneof(fc.constant('Running'), fc.json()),
        TUN: fc.anything(),
        TailscaleIPs: fc.anything(),
        Self: fc.anything(),
        Peer: fc.oneof(fc.anything(), fc.dictionary(fc.string(), fc.anything())),
        Health: fc.anything(),
        CurrentTailnet: fc.anything(),
        AuthURL: fc.anything(),
      },
      { requiredKeys: [] },
    )
    const texts = fc.oneof(fc.string(), fc.json(), form.map(inJson))
    fc.assert(
      fc.property(texts, (text) => {
        const status = readStatus(text)
        for (const address of status?.addresses ?? []) expect(address).toMatch(/^[0-9a-f.:]+$/i)
      }),
      { numRuns: 500 },
    )
  })
})

/** What JSON has no form for is left out of it. */
const inJson = (value: object): string =>
  JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner))
