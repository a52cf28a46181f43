import { randomBytes } from 'node:crypto'
import { afterEach, expect, test } from 'vitest'
import { type NodeId } from '../../src/model/ids.ts'
import type { Topic } from '../../src/ports/gossip.ts'
import type { NoticeProtocol, Protocol, StreamProtocol } from '../../src/ports/rpc.ts'
import { encodeFailure, frame, FrameKind, laneProtocols } from '../../src/wire/frame.ts'
import { ClawError } from '../../src/model/failure.ts'
import { HostilePeer, prefixed, send, sendRaw } from '../support/hostile-peer.ts'
import { TestNet, until } from '../support/net.ts'

let net = new TestNet()
const hostiles: HostilePeer[] = []
const nets: TestNet[] = []
afterEach(async () => {
  await Promise.all(hostiles.splice(0).map((one) => one.stop()))
  await Promise.all([net, ...nets.splice(0)].map((one) => one.stop()))
  net = new TestNet()
})
const hostile = async (): Promise<HostilePeer> => {
  const peer = await HostilePeer.start()
  hostiles.push(peer)
  return peer
}

const text = {
  encode: (value: string) => Buffer.from(value),
  decode(bytes: Uint8Array) {
    const value = Buffer.from(bytes).toString()
    if (!/^[a-z0-9 ]*$/.test(value)) throw new Error('not such a message')
    return value
  },
}
const bounds = { audience: 'members', lane: 'control', maxBytes: 1_024, maxInbound: 4 } as const
const echo: Protocol<string, string> = {
  ...bounds,
  kind: 'call',
  id: '/clawbernetes/test/echo/1.0.0',
  timeout: 5_000,
  request: text,
  response: text,
}
const open: Protocol<string, string> = { ...echo, id: '/clawbernetes/test/open/1.0.0', audience: 'anyone' }
const items: StreamProtocol<string, string> = {
  ...bounds,
  kind: 'stream',
  id: '/clawbernetes/test/items/1.0.0',
  audience: 'anyone',
  request: text,
  item: text,
}
const notice: NoticeProtocol<string> = {
  ...bounds,
  kind: 'notice',
  id: '/clawbernetes/test/notice/1.0.0',
  message: text,
}
const topic: Topic<string> = { name: 'test', message: text, maxBytes: 1_024 }
const signal = new AbortController().signal
const soon = (): AbortSignal => AbortSignal.timeout(15_000)

/** Two members that gossip, with what each of them heard. */
async function gossipingPair() {
  const [a, b] = [await net.host(), await net.host()]
  const heard: string[] = []
  a.gossip.subscribe(topic, () => 'accept')
  b.gossip.subscribe(topic, (message, via) => {
    heard.push(`${message} via ${via === a.id ? 'a' : via}`)
    return 'accept'
  })
  await a.peers.connect(b.id, b.peers.addresses(), soon())
  let count = 0
  /** Publishes until something of it arrives: the mesh of gossipsub forms after its first heartbeat. */
  const flows = async (): Promise<void> => {
    const before = heard.length
    let next = performance.now()
    await until('gossip flows', () => {
      if (performance.now() > next) {
        next = performance.now() + 200
        a.gossip.publish(topic, `flow ${count++}`).catch((error: unknown) => heard.push(String(error)))
      }
      return heard.length > before
    })
  }
  return { a, b, heard, flows }
}

test.each([
  ['of another mesh', 'another-mesh', 'member', 'another mesh'],
  ['with a certificate that is forged', 'mesh-under-test', 'not signed by the mesh', 'not signed by the mesh'],
  ['without a certificate', 'mesh-under-test', '', 'NOT_A_MEMBER'],
])('a peer %s is refused with the reason, and counted', async (_what, mesh, word, reason) => {
  const other = new TestNet(mesh)
  nets.push(other)
  const [a, stranger] = [await net.host(), await other.host()]
  stranger.admission.word = word
  a.rpc.serve(echo, (message) => Promise.resolve(message))

  const error = await stranger.peers.connect(a.id, a.peers.addresses(), soon()).catch((refusal: unknown) => refusal)
  expect(error).toMatchObject({ code: 'NOT_A_MEMBER' })
  expect(String(error instanceof ClawError && `${error.code} ${error.message}`)).toContain(reason)
  expect(a.peers.up()).toEqual([])
  expect(stranger.peers.up()).toEqual([])
  expect(
    a.tally.of('claw_net_hellos_refused_total') + stranger.tally.of('claw_net_hellos_refused_total'),
  ).toBeGreaterThan(0)
})

test('a member that is removed is cut off within seconds and cannot come back', async () => {
  const [a, b] = [await net.host(), await net.host()]
  await b.peers.connect(a.id, a.peers.addresses(), soon())
  await until('both are up', () => a.peers.up().includes(b.id))
  const start = performance.now()
  a.admission.remove(b.id)
  await until('it is cut off', () => a.peers.up().length === 0 && b.peers.up().length === 0, 5_000)
  console.log(`removed member cut off after ${(performance.now() - start).toFixed(0)} ms`)
  await expect(b.peers.connect(a.id, a.peers.addresses(), soon())).rejects.toMatchObject({ code: 'NOT_A_MEMBER' })
})

test('before the hello nothing is served, and a request is not even looked at', async () => {
  const a = await net.host()
  const seen: string[] = []
  a.rpc.serve(echo, (message) => Promise.resolve(String(seen.push(message))))
  a.rpc.onNotice(notice, (message) => void seen.push(message))
  const peer = await hostile()
  const connection = await peer.dial(a.peers.addresses())
  const { control } = await peer.lanes(connection)
  send(control, frame(FrameKind.REQUEST, { call: 1, protocol: echo.id, payload: Buffer.from('let me in') }))
  send(control, frame(FrameKind.NOTICE, { protocol: notice.id, payload: Buffer.from('let me in') }))
  await until('it is cut off', () => connection.status !== 'open')
  expect(seen).toEqual([])
  expect(a.tally.of('claw_net_violations_total no-hello')).toBe(1)
})

test('random bytes on every protocol are refused and counted, and the host lives', async () => {
  const [a, b] = [await net.host(), await net.host()]
  for (const host of [a, b]) host.rpc.serve(echo, (message) => Promise.resolve(message))
  a.rpc.serve(open, (message) => Promise.resolve(message))
  a.rpc.serveStream(items, async function* (message) {
    yield await Promise.resolve(message)
  })
  const protocols = [
    ...Object.values(laneProtocols),
    open.id,
    items.id,
    '/meshsub/1.2.0',
    '/ipfs/id/1.0.0',
    '/ipfs/ping/1.0.0',
  ]
  for (const protocol of protocols) {
    const peer = await hostile()
    for (let i = 0; i < 5; i += 1) {
      const connection = await peer.dial(a.peers.addresses()).catch(() => null)
      const stream = await connection?.newStream(protocol).catch(() => null)
      if (stream !== null && stream !== undefined) sendRaw(stream, randomBytes(10_000))
    }
  }
  await until('it was counted', () => a.tally.of('claw_net_violations_total') >= 4)
  expect(await b.rpc.call(a.id, echo, 'still there', signal)).toBe('still there')
})

test('a greeted peer that sends garbage, oversized frames or nonsense is counted, and kept out after some of it', async () => {
  const a = await net.host()
  a.rpc.serve(echo, (message) => Promise.resolve(message))
  const peer = await hostile()
  const bad: (() => Uint8Array)[] = [
    // With its true length in front: without, a fifth of all random bytes are the start of a longer frame, which is no wrong.
    () => prefixed(randomBytes(2_000)),
    () => Uint8Array.of(0xff, 0xff, 0xff, 0x7f),
    () => prefixed(Uint8Array.of(0xff, 0xff)),
  ]
  let refused = false
  for (let i = 0; i < 12 && !refused; i += 1) {
    const connection = await peer.dial(a.peers.addresses()).catch(() => null)
    const lanes = await (connection === null ? null : peer.greet(connection, net.mesh, 'member').catch(() => null))
    if (connection === null || lanes === null) {
      refused = true
      break
    }
    await until('it is up or out', () => a.peers.up().includes(peer.id) || connection.status !== 'open')
    sendRaw(lanes.control, bad[i % bad.length]?.() ?? randomBytes(10))
    await until('it is cut off', () => !a.peers.up().includes(peer.id) && connection.status !== 'open')
  }
  expect(a.tally.of('claw_net_violations_total')).toBeGreaterThanOrEqual(10)
  expect(a.tally.of('claw_net_bans_total')).toBe(1)
})

test('answers to nothing, doubled calls and credits for nobody change nothing', async () => {
  const a = await net.host()
  a.rpc.serve(echo, (message) => Promise.resolve(message))
  const peer = await hostile()
  const connection = await peer.dial(a.peers.addresses())
  const { control } = await peer.greet(connection, net.mesh, 'member')
  await until('it is up', () => a.peers.up().includes(peer.id))
  const payload = encodeFailure(new ClawError('INTERNAL', { detail: 'x' }))
  send(control, frame(FrameKind.RESPONSE, { call: 99, payload: Buffer.from('x') }))
  send(control, frame(FrameKind.FAILURE, { call: 98, payload }))
  send(control, frame(FrameKind.CREDIT, { call: 97, credit: 1_000_000 }))
  send(control, frame(FrameKind.CANCEL, { call: 96 }))
  send(control, frame(FrameKind.REQUEST, { call: 0, protocol: echo.id, payload: Buffer.from('x') }))
  send(control, frame(FrameKind.REQUEST, { call: 1, protocol: echo.id, payload: Buffer.alloc(2_000) }))
  await until('the wrongs are counted', () => a.tally.of('claw_net_violations_total') === 2)
  expect(a.peers.up()).toEqual([peer.id])
})

test('who floods is limited, and the host still serves others', async () => {
  const [a, b] = [await net.host({ requestsPerSecond: 50 }), await net.host()]
  let handled = 0
  a.rpc.serve(echo, (message) => Promise.resolve(message))
  a.rpc.onNotice(notice, () => void (handled += 1))
  const peer = await hostile()
  const { control } = await peer.greet(await peer.dial(a.peers.addresses()), net.mesh, 'member')
  await until('it is up', () => a.peers.up().includes(peer.id))
  for (let i = 0; i < 5_000; i += 1)
    send(control, frame(FrameKind.NOTICE, { protocol: notice.id, payload: Buffer.from('x') }))
  await until('the flood is counted', () => a.tally.of('claw_net_violations_total flood') > 0)
  expect(await b.rpc.call(a.id, echo, 'hello', signal)).toBe('hello')
  expect(handled).toBeLessThan(300)
})

test('a peer that is no member neither hears nor injects gossip', async () => {
  const { a, b, heard, flows } = await gossipingPair()
  await flows()
  const peer = await hostile()
  const overheard: string[] = []
  const name = `${net.mesh}/${topic.name}`
  peer.node.services.pubsub.addEventListener('message', ({ detail }) =>
    overheard.push(Buffer.from(detail.data).toString()),
  )
  peer.node.services.pubsub.subscribe(name)
  for (const host of [a, b]) await peer.dial(host.peers.addresses())

  const before = heard.length
  for (let i = 0; i < 10; i += 1) {
    await peer.node.services.pubsub.publish(name, Buffer.from(`injected ${i} by a stranger`))
    await flows()
  }
  await until(
    'its gossip streams were refused',
    () => a.tally.of('claw_net_violations_total gossip-stranger') > 0,
    20_000,
  )
  expect(heard.slice(before).filter((message) => message.startsWith('injected'))).toEqual([])
  expect(overheard).toEqual([])
}, 60_000)

test('a member’s 10 MiB gossip message is refused and counted, and gossip among the others goes on', async () => {
  const { a, b, heard, flows } = await gossipingPair()
  await flows()
  const peer = await hostile()
  const name = `${net.mesh}/${topic.name}`
  peer.stay(await peer.greet(await peer.dial(b.peers.addresses()), net.mesh, 'member'))
  await until('it is up', () => b.peers.up().includes(peer.id))
  peer.node.services.pubsub.subscribe(name)
  await until('it has neighbours', () => peer.node.services.pubsub.getSubscribers(name).length > 0)

  const mended = b.tally.of('claw_gossip_mended_total')
  // Its own library would not send that much at once.
  sendRaw(peer.gossipStream(), prefixed(randomBytes(10 * 2 ** 20)))
  await until('it was counted', () => b.tally.of('claw_net_violations_total gossip-oversized') > 0)
  await flows()
  await until('gossip with it is taken up again', () => b.tally.of('claw_gossip_mended_total') > mended)
  expect(a.peers.up()).toContain(b.id)
  expect(heard.every((message) => message.startsWith('flow '))).toBe(true)
})

test('messages that are no messages, too large ones and those that the handler rejects are counted and not passed on', async () => {
  const { b, heard } = await gossipingPair()
  const c = await net.host()
  const passedOn: string[] = []
  c.gossip.subscribe(topic, (message) => {
    passedOn.push(message)
    return 'accept'
  })
  await c.peers.connect(b.id, b.peers.addresses(), soon())
  const peer = await hostile()
  const name = `${net.mesh}/${topic.name}`
  await peer.greet(await peer.dial(b.peers.addresses()), net.mesh, 'member')
  peer.node.services.pubsub.subscribe(name)
  await until('it has neighbours', () => peer.node.services.pubsub.getSubscribers(name).length > 0)
  await peer.node.services.pubsub.publish(name, Buffer.from('NOT A MESSAGE'))
  await peer.node.services.pubsub.publish(name, Buffer.from('x'.repeat(1_025)))
  await until('both were counted', () => b.tally.of('claw_gossip_rejected_total test') >= 2)
  expect([...heard, ...passedOn].filter((message) => /NOT|xxx/.test(message))).toEqual([])
})

test('what we would publish is bounded as well', async () => {
  const a = await net.host()
  await expect(a.gossip.publish(topic, 'x'.repeat(1_025))).rejects.toMatchObject({ code: 'TOO_LARGE' })
})

test('guests are few', async () => {
  const a = await net.host({ maxGuests: 3 })
  const peers: HostilePeer[] = []
  for (let i = 0; i < 6; i += 1) peers.push(await hostile())
  const connections = await Promise.all(peers.map((peer) => peer.dial(a.peers.addresses())))
  const left = (): number => connections.filter(({ status }) => status === 'open').length
  await until('the surplus is sent away', () => left() <= 3)
  expect(left()).toBe(3)
  const member: NodeId = (await net.host()).id
  const second = net.hosts.at(-1)
  await second?.peers.connect(a.id, a.peers.addresses(), soon())
  await until('the member is up', () => a.peers.up().includes(member))
  expect(left()).toBeLessThanOrEqual(3)
})
