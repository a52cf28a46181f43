import { expect, test } from 'vitest'
import { ClawError } from '../../../src/model/failure.ts'
import { nodeId } from '../../../src/model/ids.ts'
import type { Codec } from '../../../src/ports/codec.ts'
import type { Topic } from '../../../src/ports/gossip.ts'
import type { NoticeProtocol, Protocol, StreamProtocol } from '../../../src/ports/rpc.ts'
import { simNetwork } from '../../../src/simulation/network.ts'
import { World } from '../../../src/simulation/world.ts'

const [ada, bob, cyd] = [nodeId('ada'), nodeId('bob'), nodeId('cyd')]

const text: Codec<string> = {
  encode: (value) => new TextEncoder().encode(value),
  decode: (bytes) => new TextDecoder('utf8', { fatal: true }).decode(bytes),
}
const base = { audience: 'members', lane: 'control', maxBytes: 65_536, maxInbound: 2 } as const
const echo: Protocol<string, string> = {
  ...base,
  kind: 'call',
  id: '/clawbernetes/test/echo/1.0.0',
  request: text,
  response: text,
  timeout: 1_000,
}
const count: StreamProtocol<string, string> = {
  ...base,
  kind: 'stream',
  id: '/clawbernetes/test/count/1.0.0',
  request: text,
  item: text,
}
const hint: NoticeProtocol<string> = { ...base, kind: 'notice', id: '/clawbernetes/test/hint/1.0.0', message: text }
const news: Topic<string> = { name: 'news', message: text, maxBytes: 64 }
const open = new AbortController().signal

async function pair(seed = 1) {
  const world = new World(seed)
  const network = simNetwork(world)
  const [a, b] = [network.host(ada), network.host(bob)]
  await world.runFor(500)
  return { world, network, a, b }
}

/** The promise's result, once the world has run on. */
async function outcome(world: World, promise: Promise<unknown>, span = 5_000): Promise<unknown> {
  const settled = promise.catch((error: unknown) => error)
  await world.runFor(span)
  return settled
}

const codeOf = (error: unknown): string => (error instanceof ClawError ? (error as ClawError).code : String(error))

test('given two hosts, when one calls, then the answer and expected failures come back as they were', async () => {
  const { world, network, a, b } = await pair()
  b.rpc.serve(echo, async (request, from) => {
    if (request === 'fail') throw new ClawError('NO_LEADER', { detail: 'none' })
    if (request === 'bug') throw new Error('oops')
    return Promise.resolve(`${request} from ${from}`)
  })

  expect(await outcome(world, a.rpc.call(bob, echo, 'hello', open))).toBe('hello from ada')
  expect(ClawError.is(await outcome(world, a.rpc.call(bob, echo, 'fail', open)), 'NO_LEADER')).toBe(true)
  expect(network.bugs).toEqual([])
  expect(codeOf(await outcome(world, a.rpc.call(bob, echo, 'bug', open)))).toBe('INTERNAL')
  expect(network.bugs).toHaveLength(1)
})

test('given a call that cannot be served, when it is made, then it says why', async () => {
  const { world, network, a, b } = await pair()
  expect(codeOf(await outcome(world, a.rpc.call(bob, echo, 'x', open)))).toBe('PROTOCOL_MISMATCH')
  b.rpc.serve(echo, async (request) => Promise.resolve(request))
  expect(codeOf(await outcome(world, a.rpc.call(cyd, echo, 'x', open)))).toBe('NODE_UNREACHABLE')
  expect(codeOf(await outcome(world, a.rpc.call(bob, echo, 'x'.repeat(65_537), open)))).toBe('TOO_LARGE')
  network.setMember(ada, false)
  expect(a.peers.up()).toEqual([])
  expect(codeOf(await outcome(world, a.rpc.call(bob, echo, 'x', open)))).toBe('NOT_A_MEMBER')
})

test('given a handler that never answers, when time runs out or the caller leaves, then both sides end', async () => {
  const { world, a, b } = await pair()
  const aborted: string[] = []
  b.rpc.serve(
    echo,
    async (request, _from, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          aborted.push(request)
          reject(new ClawError('NO_LEADER', { detail: 'gone' }))
        })
      }),
  )
  expect(codeOf(await outcome(world, a.rpc.call(bob, echo, 'slow', open)))).toBe('DEADLINE_EXCEEDED')
  const leaving = new AbortController()
  world.after(100, () => leaving.abort(new Error('left')))
  expect(String(await outcome(world, a.rpc.call(bob, echo, 'left', leaving.signal)))).toBe('Error: left')
  expect(aborted).toEqual(['slow', 'left'])
})

test('given too many open calls of one peer, when it calls again, then it is refused', async () => {
  const { world, a, b } = await pair()
  b.rpc.serve(echo, async (request) => new Promise((resolve) => world.after(500, () => resolve(request))))
  const calls = ['1', '2', '3'].map(async (n) => a.rpc.call(bob, echo, n, open).catch(codeOf))
  await world.runFor(1_000)
  expect((await Promise.all(calls)).toSorted()).toEqual(['1', '2', 'RATE_LIMITED'].toSorted())
})

test('given a stream, when the reader is slow, then the writer waits, and order and end are kept in spite of loss', async () => {
  const { world, network, a, b } = await pair()
  network.faults.loss = 0.3
  let made = 0
  b.rpc.serveStream(count, async function* () {
    for (; made < 30; made += 1) yield Promise.resolve(String(made).padEnd(60_000))
  })
  const read: string[] = []
  const reading = (async () => {
    for await (const item of a.rpc.stream(bob, count, '', open)) {
      read.push(item.trim())
      if (read.length === 1) await new Promise<void>((resolve) => world.after(60_000, resolve))
    }
  })()
  await world.runFor(50_000)
  expect(made).toBeLessThan(12)
  await world.runFor(100_000)
  await reading
  expect(read).toEqual(Array.from({ length: 30 }, (_, n) => String(n)))
})

test('given a stream, when the reader leaves, then the handler is told', async () => {
  const { world, a, b } = await pair()
  let ended = false
  b.rpc.serveStream(count, async function* (_request, _from, signal) {
    signal.addEventListener('abort', () => (ended = true))
    for (let n = 0; ; n += 1) yield Promise.resolve(String(n))
  })
  const reading = (async () => {
    for await (const item of a.rpc.stream(bob, count, '', open)) if (item === '3') break
  })()
  await world.runFor(1_000)
  await reading
  expect(ended).toBe(true)
})

test('given a killed process, when a call is open, then it fails at once and the peer sees a reset', async () => {
  const { world, network, a, b } = await pair()
  const changes: unknown[] = []
  a.peers.onChange((change) => changes.push(change))
  b.rpc.serve(echo, async () => new Promise(() => {}))
  const failed = a.rpc.call(bob, echo, 'x', open).catch(codeOf)
  world.after(50, () => network.crash(bob))
  await world.runFor(100)
  expect(await failed).toBe('NODE_UNREACHABLE')
  expect(changes).toEqual([{ peer: bob, up: false, reset: true }])
  network.host(bob)
  await world.runFor(1_000)
  expect(a.peers.up()).toEqual([bob])
})

test('given a silent cut, when nothing comes for two seconds, then the peer is down without a reset, and back after the heal', async () => {
  const { world, network, a, b } = await pair()
  const changes: unknown[] = []
  a.peers.onChange((change) => changes.push(change))
  network.partition([ada], [bob])
  await world.runFor(1_500)
  expect(changes).toEqual([])
  await world.runFor(1_000)
  expect(changes).toEqual([{ peer: bob, up: false, reset: false }])
  network.heal()
  await world.runFor(1_000)
  expect([a.peers.up(), b.peers.up()]).toEqual([[bob], [ada]])
})

test('given a one-way cut, when both send, then only one is heard', async () => {
  const { world, network, a, b } = await pair()
  const heard: string[] = []
  a.rpc.onNotice(hint, (message) => heard.push(message))
  b.rpc.onNotice(hint, (message) => heard.push(message))
  network.cut(ada, bob)
  a.rpc.notify(bob, hint, 'from ada')
  b.rpc.notify(ada, hint, 'from bob')
  await world.runFor(100)
  expect(heard).toEqual(['from bob'])
})

test('given a paused process, when messages and timers come due, then they wait until it goes on', async () => {
  const { world, network, a, b } = await pair()
  const heard: string[] = []
  b.rpc.onNotice(hint, (message) => heard.push(`${message} at ${world.elapsed()}`))
  network.pause(bob)
  b.clock.after(100, () => heard.push(`timer at ${world.elapsed()}`))
  a.rpc.notify(bob, hint, 'hint')
  await world.runFor(500)
  expect(heard).toEqual([])
  network.resume(bob)
  await world.runFor(500)
  expect(heard).toEqual(['hint at 1000', 'timer at 1000'])
})

test('given a chain of peers, when one publishes, then all hear it, unless one in between rejects it', async () => {
  const world = new World(5)
  const network = simNetwork(world)
  network.restrict((one, other) => [one, other].includes(bob))
  const [a, b, c] = [network.host(ada), network.host(bob), network.host(cyd)]
  const heard: string[] = []
  a.gossip.subscribe(news, () => 'accept')
  b.gossip.subscribe(news, (message) => (message === 'bad' ? 'reject' : 'accept'))
  c.gossip.subscribe(news, (message, via) => {
    heard.push(`${message} via ${via}`)
    return 'accept'
  })
  await world.runFor(500)
  await a.gossip.publish(news, 'good')
  await a.gossip.publish(news, 'bad')
  await world.runFor(500)
  expect(heard).toEqual(['good via bob'])
  expect(b.gossip.rejected.get(ada)).toBe(1)
})

test('given the same seed, when the same things are done, then the same happens', async () => {
  const run = async (): Promise<readonly string[]> => {
    const { world, network, a, b } = await pair(42)
    Object.assign(network.faults, { loss: 0.3, duplication: 0.3 })
    const heard: string[] = []
    b.rpc.onNotice(hint, (message) => heard.push(`${message}@${world.elapsed()}`))
    for (let n = 0; n < 50; n += 1) a.rpc.notify(bob, hint, String(n))
    await world.runFor(1_000)
    return heard
  }
  const first = await run()
  expect(first.length).toBeGreaterThan(20)
  expect(await run()).toEqual(first)
})
