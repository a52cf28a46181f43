import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { openAddressBook } from '../../src/adapters/level/address-book.ts'
import type { Protocol } from '../../src/ports/rpc.ts'
import { silent } from '../../src/ports/log.ts'
import { hasMulticast } from '../support/multicast.ts'
import { TestNet, until } from '../support/net.ts'

const nets: TestNet[] = []
const folders: string[] = []
afterEach(async () => {
  await Promise.all(nets.splice(0).map((net) => net.stop()))
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })))
})
const makeNet = (mesh?: string): TestNet => {
  const net = new TestNet(mesh)
  nets.push(net)
  return net
}
const soon = (): AbortSignal => AbortSignal.timeout(15_000)

describe.skipIf(!(await hasMulticast()))('on a network with multicast', () => {
  test('peers of one mesh find each other, and those of another mesh are not found', async () => {
    const [lab, other] = [makeNet('mesh-lab'), makeNet('mesh-other')]
    const on = { mdns: true, listen: ['/ip4/0.0.0.0/tcp/0'] }
    const none = { addressesOf: () => [] }
    const [a, b, stranger] = [await lab.host(on, none), await lab.host(on, none), await other.host(on, none)]
    await until('the two of one mesh are connected', () => a.peers.up().includes(b.id), 30_000)
    expect(stranger.peers.up()).toEqual([])
    expect(a.tally.of('claw_net_hellos_refused_total') + stranger.tally.of('claw_net_hellos_refused_total')).toBe(0)
  })
})

test('addresses are remembered over a restart', async () => {
  const net = makeNet()
  const folder = await mkdtemp(join(tmpdir(), 'claw-addresses-'))
  folders.push(folder)
  const b = await net.host()
  const book = await openAddressBook(join(folder, 'addresses'), silent)
  const first = await net.host({}, { datastore: book, addressesOf: () => [] })
  await first.peers.connect(b.id, b.peers.addresses(), soon())
  const { identity } = first
  await until('identify has told the addresses', () => first.peers.up().includes(b.id))
  await first.rpc.call(b.id, ping, new Uint8Array(0), soon()).catch((error: unknown) => error)
  await first.service.stop()
  net.hosts.pop()
  await book.close()

  const reopened = await openAddressBook(join(folder, 'addresses'), silent)
  const again = await net.host({}, { identity, datastore: reopened, addressesOf: () => [] })
  b.rpc.serve(ping, (message) => Promise.resolve(message))
  // Whoever asks for a connection knows no address: the book does.
  await again.peers.connect(b.id, [], soon())
  expect(await again.rpc.call(b.id, ping, Uint8Array.of(1), soon())).toHaveLength(1)
  await again.service.stop()
  net.hosts.pop()
  await reopened.close()
})

test('a damaged address book is set aside, a locked one is not touched', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'claw-addresses-'))
  folders.push(folder)
  const path = join(folder, 'addresses')
  const book = await openAddressBook(path, silent)
  await expect(openAddressBook(path, silent)).rejects.toThrow()
  await book.close()
  await writeFile(join(path, 'CURRENT'), 'nonsense')
  const fresh = await openAddressBook(path, silent)
  await fresh.close()
})

test('a host that nobody can dial is reached over a relay', async () => {
  const net = makeNet()
  const relay = await net.host({ relayServer: true })
  const a = await net.host({ relayClient: true })
  const hidden = await net.host({ relayClient: true, listen: [`${relay.peers.addresses()[0] ?? ''}/p2p-circuit`] })
  await until(
    'it has a relayed address',
    () => hidden.peers.addresses().some((one) => one.includes('/p2p-circuit')),
    30_000,
  )
  expect(hidden.peers.addresses().every((one) => one.includes('/p2p-circuit'))).toBe(true)

  hidden.rpc.serve(ping, (message, from) => Promise.resolve(Buffer.from(`${message.length} ${from}`)))
  await a.peers.connect(hidden.id, hidden.peers.addresses(), soon())
  const reply = await a.rpc.call(hidden.id, ping, Uint8Array.of(1, 2, 3), soon())
  expect(Buffer.from(reply).toString()).toBe(`3 ${a.id}`)
})

test('with every way through a NAT switched on, hosts start and talk as ever', async () => {
  const net = makeNet()
  const all = { relayClient: true, relayServer: true, autonat: true, holePunching: true }
  const [a, b] = [await net.host(all), await net.host(all)]
  b.rpc.serve(ping, (message) => Promise.resolve(message))
  expect(await a.rpc.call(b.id, ping, Uint8Array.of(1), soon())).toHaveLength(1)
})

const bytes = { encode: (value: Uint8Array) => value, decode: (value: Uint8Array) => value }
const ping: Protocol<Uint8Array, Uint8Array> = {
  kind: 'call',
  id: '/clawbernetes/test/ping/1.0.0',
  audience: 'members',
  lane: 'control',
  maxBytes: 1_024,
  maxInbound: 64,
  timeout: 5_000,
  request: bytes,
  response: bytes,
}
