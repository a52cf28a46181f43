import { afterEach, expect, test } from 'vitest'
import { ClawError } from '../../src/model/failure.ts'
import type { NodeId } from '../../src/model/ids.ts'
import type { NoticeProtocol, Protocol, StreamProtocol } from '../../src/ports/rpc.ts'
import { HostilePeer } from '../support/hostile-peer.ts'
import { TestNet, until } from '../support/net.ts'

let net = new TestNet()
afterEach(async () => {
  await net.stop()
  net = new TestNet()
})

const bytes = { encode: (value: Uint8Array) => value, decode: (value: Uint8Array) => value }
const echo: Protocol<Uint8Array, Uint8Array> = {
  kind: 'call',
  id: '/clawbernetes/test/echo/1.0.0',
  audience: 'members',
  lane: 'control',
  maxBytes: 65_536,
  maxInbound: 64,
  timeout: 5_000,
  request: bytes,
  response: bytes,
}
const note: NoticeProtocol<Uint8Array> = {
  kind: 'notice',
  id: '/clawbernetes/test/note/1.0.0',
  audience: 'members',
  lane: 'control',
  maxBytes: 65_536,
  maxInbound: 64,
  message: bytes,
}
const flood: StreamProtocol<Uint8Array, Uint8Array> = {
  kind: 'stream',
  id: '/clawbernetes/test/flood/1.0.0',
  audience: 'members',
  lane: 'bulk',
  maxBytes: 65_536,
  maxInbound: 4,
  request: bytes,
  item: bytes,
}
const signal = new AbortController().signal
const soon = (): AbortSignal => AbortSignal.timeout(15_000)

interface Change {
  readonly peer: NodeId
  readonly up: boolean
  readonly reset: boolean
}

test('a call to a member that is not connected yet connects', async () => {
  const [a, b] = [await net.host(), await net.host()]
  b.rpc.serve(echo, (message) => Promise.resolve(message))

  const reply = await a.rpc.call(b.id, echo, Buffer.from('hello'), signal)
  expect(Buffer.from(reply).toString()).toBe('hello')
  expect(a.peers.up()).toEqual([b.id])
  await until('the other side sees it too', () => b.peers.up().includes(a.id))
})

test('builds of neighbouring versions talk, and those that have no state version in common refuse each other', async () => {
  const [older, newer, newest] = [
    await net.host({}, { applies: { oldest: 1, newest: 1 } }),
    await net.host({}, { applies: { oldest: 1, newest: 2 } }),
    await net.host({}, { applies: { oldest: 2, newest: 3 } }),
  ]
  for (const [from, to] of [
    [older, newer],
    [newer, newest],
  ] as const)
    await from.peers.connect(to.id, to.peers.addresses(), soon())
  const refused = older.peers.connect(newest.id, newest.peers.addresses(), soon())
  await expect(refused).rejects.toMatchObject({ code: 'PROTOCOL_MISMATCH' })
  await until('both have refused', () =>
    [older, newest].every(({ tally }) => tally.of('claw_net_hellos_refused_total PROTOCOL_MISMATCH') > 0),
  )
  expect(newer.peers.up().toSorted()).toEqual([older.id, newest.id].toSorted())
})

test('a peer can call itself, with the same limits', async () => {
  const a = await net.host()
  a.rpc.serve(echo, (message, from) => Promise.resolve(Buffer.from(`${Buffer.from(message).toString()} ${from}`)))
  const reply = await a.rpc.call(a.id, echo, Buffer.from('hello'), signal)
  expect(Buffer.from(reply).toString()).toBe(`hello ${a.id}`)
  await expect(a.rpc.call(a.id, echo, Buffer.alloc(65_537), signal)).rejects.toMatchObject({ code: 'TOO_LARGE' })
})

test('given a peer that is just dialling us, when we connect to it, then nobody opens lanes on the connection of the other', async () => {
  const a = await net.host()
  const peer = await HostilePeer.start()
  try {
    const theirs = await peer.dial(a.peers.addresses())
    await until('their connection is open here too', () => a.tally.of('claw_net_connections') === 1)
    const connected = a.peers.connect(peer.id, peer.node.getMultiaddrs().map(String), soon())
    await until('we have dialled too', () => peer.node.getConnections().length === 2)
    const lanes = await peer.greet(theirs, net.mesh, 'member')
    await connected
    expect(a.peers.up()).toEqual([peer.id])
    expect([lanes.control.status, lanes.bulk.status]).toEqual(['open', 'open'])
    expect(a.tally.of('claw_net_violations_total')).toBe(0)
  } finally {
    await peer.stop()
  }
})

test('a short message costs the other side no answer, and many in a row leave as one', async () => {
  const [a, b] = [await net.host(), await net.host()]
  const wire = await net.wireTo(b)
  let heard = 0
  b.rpc.onNotice(note, () => void (heard += 1))
  await a.peers.connect(b.id, wire.addresses, soon())

  const quiet = wire.returned
  for (let sent = 1; sent <= 200; sent += 1) {
    a.rpc.notify(b.id, note, Buffer.alloc(100))
    await until('it is heard', () => heard === sent)
  }
  // A window update for each would be 30 bytes each; pings and gossip of a second are less than this.
  expect(wire.returned - quiet).toBeLessThan(3_000)

  for (let sent = 0; sent < 500; sent += 1) a.rpc.notify(b.id, note, Buffer.alloc(1_000))
  await until('all are heard', () => heard === 700)
  expect(wire.returned - quiet).toBeLessThan(6_000)
})

test.each(['control', 'bulk'] as const)(
  'what was sent on the %s lane in the turn of a disconnect still arrives',
  async (lane) => {
    const [a, b] = [await net.host(), await net.host()]
    let heard = 0
    b.rpc.onNotice({ ...note, lane }, () => void (heard += 1))
    await a.peers.connect(b.id, b.peers.addresses(), soon())
    a.rpc.notify(b.id, { ...note, lane }, Buffer.alloc(100))
    await a.peers.disconnect(b.id)
    await until('the link is gone there too', () => b.peers.up().length === 0)
    expect(heard).toBe(1)
  },
)

test('when both sides dial at once, one link is left, and it works in both directions', async () => {
  const [a, b] = [await net.host(), await net.host()]
  const [wireToA, wireToB] = [await net.wireTo(a), await net.wireTo(b)]
  const changes: Change[] = []
  a.peers.onChange((change) => changes.push(change))
  for (const host of [a, b]) host.rpc.serve(echo, (message) => Promise.resolve(message))

  await Promise.all([
    a.peers.connect(b.id, wireToB.addresses, soon()),
    b.peers.connect(a.id, wireToA.addresses, soon()),
  ])
  for (let i = 0; i < 50; i += 1) {
    await a.rpc.call(b.id, echo, Buffer.from('x'), signal)
    await b.rpc.call(a.id, echo, Buffer.from('x'), signal)
  }
  await until('the spare connection is closed', () => wireToA.connections + wireToB.connections === 1)
  await a.rpc.call(b.id, echo, Buffer.from('x'), signal)
  await b.rpc.call(a.id, echo, Buffer.from('x'), signal)
  expect(changes).toEqual([{ peer: b.id, up: true, reset: false }])
})

test('a broken connection is seen as a reset at once, on both sides', async () => {
  const [a, b] = [await net.host(), await net.host()]
  const wire = await net.wireTo(b)
  await a.peers.connect(b.id, wire.addresses, soon())
  await until('both are up', () => b.peers.up().includes(a.id))

  const [atA, atB]: [Change[], Change[]] = [[], []]
  a.peers.onChange((change) => atA.push(change))
  b.peers.onChange((change) => atB.push(change))
  const start = performance.now()
  wire.cut()
  await until('both have seen it', () => atA.length > 0 && atB.length > 0, 1_000)
  console.log(`reset seen on both sides after ${(performance.now() - start).toFixed(1)} ms`)
  expect(atA).toEqual([{ peer: b.id, up: false, reset: true }])
  expect(atB).toEqual([{ peer: a.id, up: false, reset: true }])
})

test('a host that stops says goodbye, which is no reset', async () => {
  const [a, b] = [await net.host(), await net.host()]
  await a.peers.connect(b.id, b.peers.addresses(), soon())
  const changes: Change[] = []
  a.peers.onChange((change) => changes.push(change))
  await b.service.stop()
  net.hosts.pop()
  await until('it is seen', () => changes.length > 0)
  expect(changes).toEqual([{ peer: b.id, up: false, reset: false }])
})

test('a peer that falls silent is given up within some seconds', async () => {
  const [a, b] = [await net.host(), await net.host()]
  const wire = await net.wireTo(b)
  await a.peers.connect(b.id, wire.addresses, soon())
  const changes: Change[] = []
  a.peers.onChange((change) => changes.push(change))
  const start = performance.now()
  wire.freeze()
  await until('the silence is noticed', () => changes.length > 0, 10_000)
  console.log(`silence noticed after ${(performance.now() - start).toFixed(0)} ms`)
  expect(changes).toEqual([{ peer: b.id, up: false, reset: true }])
})

test('after a break, the next call connects again', async () => {
  const [a, b] = [await net.host(), await net.host()]
  const wire = await net.wireTo(b)
  b.rpc.serve(echo, (message) => Promise.resolve(message))
  await a.peers.connect(b.id, wire.addresses, soon())
  wire.cut()
  await until('it is down', () => a.peers.up().length === 0)
  expect(await a.rpc.call(b.id, echo, Buffer.from('again'), signal)).toHaveLength(5)
})

test('a peer that nobody listens for is unreachable', async () => {
  const [a, b] = [await net.host(), await net.host()]
  const addresses = b.peers.addresses()
  await b.service.stop()
  net.hosts.pop()
  await expect(a.peers.connect(b.id, addresses, soon())).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' })
  await expect(a.peers.connect(b.id, [], soon())).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' })
  await expect(a.peers.connect(b.id, ['/not/an/address'], soon())).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' })
})

test('a reader that stands still does not make anybody’s memory grow, nor hold up a call', async () => {
  const [a, b] = [await net.host(), await net.host()]
  const chunk = Buffer.alloc(65_536, 1)
  let written = 0
  b.rpc.serve(echo, (message) => Promise.resolve(message))
  b.rpc.serveStream(flood, async function* () {
    for (; written < 4_096; written += 1) yield await Promise.resolve(chunk)
  })
  const before = process.memoryUsage().rss
  const items = a.rpc.stream(b.id, flood, Buffer.from(''), signal)[Symbol.asyncIterator]()
  await items.next()
  for (let i = 0; i < 200; i += 1) await a.rpc.call(b.id, echo, Buffer.from('x'), signal)
  const grown = (process.memoryUsage().rss - before) / 2 ** 20
  console.log(`256 MiB offered, ${written} chunks of 64 KiB taken, memory +${grown.toFixed(0)} MiB`)
  expect(written).toBeLessThan(12)
  expect(grown).toBeLessThan(100)
  await items.return?.()
})

test('a small call on a warm link takes well under a millisecond', async () => {
  const [a, b] = [await net.host(), await net.host()]
  b.rpc.serve(echo, (message) => Promise.resolve(message))
  const kilobyte = Buffer.alloc(1_024, 7)
  const times: number[] = []
  for (let i = 0; i < 3_000; i += 1) {
    const start = performance.now()
    await a.rpc.call(b.id, echo, kilobyte, signal)
    times.push(performance.now() - start)
  }
  const sorted = times.slice(500).toSorted((x, y) => x - y)
  console.log(`1 KiB call: p50 ${sorted[1_250]?.toFixed(3)} ms, p99 ${sorted[2_475]?.toFixed(3)} ms`)
  expect(sorted[1_250]).toBeLessThan(5)
})

test('a private network keeps out who has not its key, and says what is wrong', async () => {
  const [inside, other] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
  const [a, b] = [await net.host({ networkKey: inside }), await net.host({ networkKey: inside })]
  const stranger = await net.host({ networkKey: other })
  await a.peers.connect(b.id, b.peers.addresses(), soon())
  expect(a.peers.up()).toEqual([b.id])
  const error: unknown = await stranger.peers.connect(b.id, b.peers.addresses(), soon()).catch((e: unknown) => e)
  expect(ClawError.is(error, 'NODE_UNREACHABLE') && error.facts.detail).toMatch(/same network key/)
})
