import { createHash, randomBytes } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { serviceDoor } from '../../src/adapters/proxy/service-door.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { dial } from '../../src/adapters/system/dial.ts'
import { connectThrough } from '../../src/daemon/connect-to.ts'
import { ClawError } from '../../src/model/failure.ts'
import type { PlacementId } from '../../src/model/ids.ts'
import { OperationService } from '../../src/operations/invoke.ts'
import { gatherStats } from '../../src/services/proxy/gather.ts'
import { ProxyService } from '../../src/services/proxy/service.ts'
import { TestNet, until, type Wire } from '../support/net.ts'
import { OperationsMesh } from '../support/operations-mesh.ts'
import { ReplicaServer } from '../support/replica-servers.ts'
import { ServedDeployment } from '../support/served-deployment.ts'
import { silent } from '../../src/ports/log.ts'

const undo: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const one of undo.splice(0).toReversed()) await one()
})

/** Two peers of which the second runs the replicas; requests come to the first. */
async function twoHosts() {
  const net = new TestNet()
  undo.push(() => net.stop())
  const [here, there] = [await net.host(), await net.host()]
  const wire = await net.wireTo(there)
  await here.peers.connect(there.id, wire.addresses, AbortSignal.timeout(10_000))
  await until('both see each other', () => there.peers.up().includes(here.id))
  const port = await freePort()
  const served = new ServedDeployment([here.id, there.id], port)
  const replicas = new Map<PlacementId, ReplicaServer>()
  const proxyOf = async (host: typeof here): Promise<ProxyService> => {
    const address = async (placement: PlacementId) => {
      const replica = replicas.get(placement)
      if (replica === undefined) throw new ClawError('WORKLOAD_NOT_FOUND', { workload: placement })
      return { host: '127.0.0.1', port: replica.port }
    }
    const context = new OperationsMesh([here.id, there.id]).context(host.id)
    const operations = new OperationService({
      ...{ ...context, rpc: host.rpc, clock: systemClock },
      agent: { ...context.agent, connect: async (placement, _, signal) => dial(await address(placement), signal) },
    })
    await operations.start()
    const proxy = new ProxyService({
      ...{ self: host.id, control: served.control(), rpc: host.rpc, door: serviceDoor, clock: systemClock },
      // Each host of its own: one port can be bound once on this one.
      bind: host === here ? '127.0.0.1' : '127.0.0.2',
      address,
      connect: connectThrough(operations),
      ...{ log: silent, metrics: { count() {}, gauge() {}, observe() {} } },
    })
    await proxy.start()
    undo.push(() => proxy.stop())
    return proxy
  }
  const [proxy, other] = [await proxyOf(here), await proxyOf(there)]
  const replica = async (name: string, node = there.id, revision = 1): Promise<ReplicaServer> => {
    const server = await new ReplicaServer(name).start()
    undo.push(() => server.stop())
    replicas.set(served.replica(name, node, revision), server)
    return server
  }
  return { here, there, wire, served, proxy, other, port, replica }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

const ask = (port: number, path = '/', body?: Buffer) =>
  new Promise<{ status: number; body: string }>((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST'
    const asked = httpRequest({ host: '127.0.0.1', port, path, method }, (response) => {
      text(response).then((all) => resolve({ status: response.statusCode ?? 0, body: all }), reject)
    })
    asked.on('error', reject)
    asked.end(body)
  })

test('requests reach replicas on another host, and what all peers have counted adds up', async () => {
  const { port, replica, proxy, other, here, there, served } = await twoHosts()
  await replica('a')
  await replica('b')
  await expect.poll(() => statusAt(port)).toBe(200)
  const bodies = new Set<string>()
  for (let i = 0; i < 9; i += 1) bodies.add((await ask(port)).body)
  expect(bodies).toEqual(new Set(['a', 'b']))
  expect((await ask(port, '/', Buffer.from('posted'))).status).toBe(200)

  expect(other.stats(served.id, 60_000).revisions).toEqual([])
  const gathering = {
    self: there.id,
    rpc: there.rpc,
    clock: systemClock,
    proxy: other,
    peers: () => [here.id, there.id],
  }
  const all = await gatherStats(gathering, { deployment: served.id, span: 60_000 }, AbortSignal.timeout(5_000))
  expect(all.revisions).toMatchObject([{ revision: 1, failed: 0 }])
  expect(all).toEqual(proxy.stats(served.id, 60_000))
})

test('given a replica on another host that ends idle connections, when more requests come, then each is answered', async () => {
  const { port, replica } = await twoHosts()
  const server = await replica('a')
  let ended = 0
  server.handle = ({ socket }, response) => {
    response.end('a', () => socket.end(() => (ended += 1)))
  }
  await expect.poll(() => statusAt(port)).toBe(200)
  for (let i = 0; i < 10; i += 1) {
    expect(await ask(port)).toEqual({ status: 200, body: 'a' })
    // The end of the connection has to get here before the next request, or there is nothing to be found out.
    await expect.poll(() => ended).toBeGreaterThan(i)
    await sleep(20)
  }
})

describe.each([
  ['dies', (wire: Wire) => wire.close()],
  ['falls silent', async (wire: Wire) => wire.freeze()],
])('given a request that is under way at another host, when that %s', (_, lose) => {
  test('then one that may be sent twice goes on to another replica, and any other is told at once', async () => {
    const { port, replica, wire, here, there } = await twoHosts()
    const far = await replica('far')
    await expect.poll(() => statusAt(port)).toBe(200)
    far.handle = () => {}
    const [got, posted] = [ask(port), ask(port, '/', Buffer.from('once'))]
    await until('both are there', () => far.seen.length >= 3)
    await replica('near', here.id)
    // By the wire or by itself: neither can be reached any more.
    await Promise.all([lose(wire), there.service.stop()])
    expect(await got).toEqual({ status: 200, body: 'near' })
    expect((await posted).status).toBe(502)
    expect(await ask(port)).toEqual({ status: 200, body: 'near' })
  })
})

test('20 MB there and back, to another host', async () => {
  const { port, replica } = await twoHosts()
  const server = await replica('a')
  await expect.poll(() => statusAt(port)).toBe(200)
  server.handle = (request, response) => void request.pipe(response)
  const sent = randomBytes(20 * 1_048_576)
  const got = await new Promise<string>((resolve, reject) => {
    const hash = createHash('sha256')
    const asked = httpRequest({ host: '127.0.0.1', port, method: 'PUT' }, (response) => {
      response.on('data', (chunk: Buffer) => hash.update(chunk))
      response.on('end', () => resolve(hash.digest('hex')))
      response.on('error', reject)
    })
    asked.on('error', reject)
    asked.end(sent)
  })
  expect(got).toBe(createHash('sha256').update(sent).digest('hex'))
})

test('a replica that is to go gets no more requests, and finishes those that it has', async () => {
  const { port, replica, served } = await twoHosts()
  const first = await replica('a')
  await expect.poll(() => statusAt(port)).toBe(200)
  let finish = (): void => {}
  first.handle = (_, response) => {
    finish = () => void response.end('late')
  }
  const slow = ask(port, '/slow')
  await until('it is asked', () => first.seen.includes('GET /slow'))
  await replica('b')
  served.drain('a')
  for (let i = 0; i < 4; i += 1) expect(await ask(port)).toEqual({ status: 200, body: 'b' })
  finish()
  expect(await slow).toEqual({ status: 200, body: 'late' })
})

test('revisions get requests by their weights, wherever their replicas are', async () => {
  const { port, replica, served, here, there } = await twoHosts()
  await replica('old', here.id)
  served.run({ type: 'update-deployment', deployment: served.id, spec: { ...specOf(served), image: 'app:2' } })
  await replica('new', there.id, 2)
  served.shift([[1, 3], [2, 1]]) // prettier-ignore
  await expect.poll(() => statusAt(port)).toBe(200)
  const bodies: string[] = []
  for (let i = 0; i < 40; i += 1) bodies.push((await ask(port)).body)
  expect(bodies.filter((body) => body === 'new')).toHaveLength(10)
})

function specOf({ book }: ServedDeployment) {
  const spec = [...book.state.deployments.values()][0]?.revisions[0]?.spec
  if (spec === undefined) throw new Error('there is no revision')
  return spec
}

test('a port that is taken is a problem of this peer, until it is free', async () => {
  const blocker = createServer()
  const port = await freePort()
  await new Promise<void>((resolve) => blocker.listen(port, '127.0.0.1', resolve))
  const served = new ServedDeployment(['ada' as never], port)
  const told: (readonly string[])[] = []
  const rpc = { serve: () => () => {} }
  const never = (): Promise<never> => Promise.reject(new Error('nobody is asked'))
  const proxy = new ProxyService({
    ...{ self: 'ada' as never, control: served.control(), rpc, door: serviceDoor, clock: systemClock },
    ...{ bind: '127.0.0.1', address: never, connect: never },
    ...{ log: silent, metrics: { count() {}, gauge() {}, observe() {} } },
  })
  proxy.onProblems(() => told.push(proxy.problems()))
  await proxy.start()
  undo.push(() => proxy.stop())
  await expect.poll(() => told).toEqual([[`service web: something else listens at 127.0.0.1:${port}`]])
  await new Promise((resolve) => blocker.close(resolve))
  await expect.poll(() => told.at(-1), { timeout: 8_000 }).toEqual([])
  expect((await ask(port)).status).toBe(503)
})

test('given a host that has no descriptor left, when a service opens, then that is a problem and it is tried again', async () => {
  const port = await freePort()
  const served = new ServedDeployment(['ada' as never], port)
  const rpc = { serve: () => () => {} }
  const never = (): Promise<never> => Promise.reject(new Error('nobody is asked'))
  const full = Object.assign(new Error('listen EMFILE'), { code: 'EMFILE', syscall: 'listen' })
  let tries = 0
  const door: typeof serviceDoor = {
    open: (...asked) => ((tries += 1) === 1 ? Promise.reject(full) : serviceDoor.open(...asked)),
  }
  const proxy = new ProxyService({
    ...{ self: 'ada' as never, control: served.control(), rpc, door, clock: systemClock },
    ...{ bind: '127.0.0.1', address: never, connect: never },
    ...{ log: silent, metrics: { count() {}, gauge() {}, observe() {} } },
  })
  await proxy.start()
  undo.push(() => proxy.stop())
  await expect.poll(() => proxy.problems()).toEqual([`service web: cannot listen at 127.0.0.1:${port}: listen EMFILE`])
  await expect.poll(() => proxy.problems(), { timeout: 8_000 }).toEqual([])
  expect((await ask(port)).status).toBe(503)
})

/** Null while nobody listens there. */
const statusAt = (port: number): Promise<number | null> =>
  ask(port).then(
    ({ status }) => status,
    () => null,
  )
