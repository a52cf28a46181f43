import { networkInterfaces } from 'node:os'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { isLocal, reachFor } from '../../../../src/adapters/s3/reach.ts'

const own = ['192.0.2.7', '2001:db8::7']

test.each([
  ...['127.0.0.1', '::1', '0.0.0.0', '169.254.169.254', '::ffff:127.0.0.1', 'fe80::1'],
  ...['100.100.100.200', '168.63.129.16', '192.0.0.192', 'fd00:ec2::254', '::ffff:100.100.100.200'],
  ...['192.0.2.7', '2001:db8::7', '2001:0db8:0::0007', '::ffff:192.0.2.7'],
])('%s is this host, its link, or a service of its cloud', (address) => {
  expect(isLocal(address, own)).toBe(true)
})

test.each(['192.0.2.8', '10.0.0.1', '192.168.1.1', '100.100.100.201', '2001:db8::8'])('%s is not', (address) => {
  expect(isLocal(address, own)).toBe(false)
})

test('given any address that this host has, it has to be named without a *', async () => {
  const server = createServer((_, response) => response.end('here'))
  await new Promise<void>((done) => server.listen(0, '0.0.0.0', done))
  const { port } = server.address() as AddressInfo
  const all = Object.values(networkInterfaces()).flatMap((some = []) => some)
  const addresses = all.filter(({ family }) => family === 'IPv4').map(({ address }) => address)
  expect(addresses.length).toBeGreaterThan(0)
  for (const address of addresses) {
    const url = `http://${address}:${port}/`
    await expect(reachFor(['*'])(url)).rejects.toMatchObject({ code: 'NOT_ALLOWED' })
    expect(await (await reachFor([address])(url)).text()).toBe('here')
  }
  server.closeAllConnections()
  server.close()
})
