import { expect, test } from 'vitest'
import { parseDump } from '../../../../src/adapters/wireguard/dump.ts'
import { parseEcho } from '../../../../src/adapters/wireguard/echo.ts'
import { hostAddresses } from '../../../../src/adapters/wireguard/host-addresses.ts'

const line = (...cells: readonly string[]): string => `${cells.join('\t')}\n`

test('what wg tells of an interface is read, but for its private key', () => {
  const text =
    line('cHJpdmF0ZQ==', 'cHVibGlj', '51820', 'off') +
    line('cGVlcg==', '(none)', '192.0.2.2:51820', '10.100.0.2/32,10.200.2.0/24', '1700000000', '1024', '2048', '25') +
    line('cXVpZXQ=', 'cHNr', '(none)', '(none)', '0', '0', '148', 'off')
  const state = parseDump(text)
  expect(state).toEqual({
    publicKey: 'cHVibGlj',
    port: 51_820,
    peers: [
      {
        ...{ publicKey: 'cGVlcg==', endpoint: '192.0.2.2:51820', allowed: ['10.100.0.2/32', '10.200.2.0/24'] },
        ...{ handshakeAt: 1_700_000_000_000, receivedBytes: 1_024, sentBytes: 2_048 },
      },
      {
        ...{ publicKey: 'cXVpZXQ=', endpoint: null, allowed: [], handshakeAt: null },
        ...{ receivedBytes: 0, sentBytes: 148 },
      },
    ],
  })
  expect(JSON.stringify(state)).not.toContain('cHJpdmF0ZQ')
  expect(parseDump(line('(none)', '(none)', '35706', 'off'))).toEqual({ publicKey: null, port: 35_706, peers: [] })
})

test('anything else is no dump', () => {
  for (const text of ['', 'hello\n', line('a', 'b', 'c', 'd'), `${line('a', 'b', '1', 'off')}short\n`])
    expect(() => parseDump(text)).toThrow('something else')
})

test('what ping says is read, whether all, some or none of it came back', () => {
  const all =
    '3 packets transmitted, 3 received, 0% packet loss, time 402ms\nrtt min/avg/max/mdev = 0.5/0.7/1.1/0.2 ms\n'
  expect(parseEcho(all)).toEqual({ sent: 3, received: 3, averageMs: 0.7, problem: null })
  expect(parseEcho('1 packets transmitted, 0 received, 100% packet loss, time 0ms\n')).toMatchObject({ received: 0 })
  expect(parseEcho('')).toBeNull()
})

test('a host is reached at what others can know, not at loopback, nor at what its engines and overlays have made', () => {
  const at = (address: string, family: 'IPv4' | 'IPv6' = 'IPv4', internal = false) =>
    [{ address, family, internal, netmask: '', mac: '', cidr: null, scopeid: 0 }] as never
  const interfaces = {
    lo: at('127.0.0.1', 'IPv4', true),
    eth1: at('2001:db8::1', 'IPv6'),
    eth2: at('fe80::1', 'IPv6'),
    eth3: at('fd00::1', 'IPv6'),
    eth0: at('192.0.2.1'),
    eth4: at('169.254.1.1'),
    docker0: at('172.17.0.1'),
    'br-1234': at('172.18.0.1'),
    claw0: at('10.100.0.1'),
  }
  expect(hostAddresses(interfaces, 'claw')).toEqual(['192.0.2.1', '[2001:db8::1]', '[fd00::1]'])
})
