/** Nodes with stores in memory, on a network of virtual time. */
import { beforeEach, describe, expect, test } from 'vitest'
import { ClawError } from '../../../../src/model/failure.ts'
import type { PullPolicy } from '../../../../src/model/image.ts'
import { type NodeId, nodeId } from '../../../../src/model/ids.ts'
import type { ObtainedImage } from '../../../../src/ports/images.ts'
import { silent } from '../../../../src/ports/log.ts'
import { ImageService, type ImageSettings } from '../../../../src/services/images/image-service.ts'
import { SimDisk } from '../../../../src/simulation/disk.ts'
import { type SimHost, simNetwork, type SimNetwork } from '../../../../src/simulation/network.ts'
import { World } from '../../../../src/simulation/world.ts'
import { fetchImage, findImage } from '../../../../src/wire/image.ts'
import { FakeMetrics } from '../../../support/fake-metrics.ts'
import { digestOf, idOf, MemoryImages, type MemoryRegistry } from '../../../support/memory-images.ts'

const never = new AbortController().signal
const [ada, bob, cyd, dan] = ['ada', 'bob', 'cyd', 'dan'].map(nodeId) as [NodeId, NodeId, NodeId, NodeId]
const all = [ada, bob, cyd, dan]
const settings: ImageSettings = { share: true, transfers: 2, bytesPerSecond: 0, mostBytes: 1_000_000 }
const content = (fill: number, length = 50_000): Uint8Array => new Uint8Array(length).fill(fill)
const image = 'team/app:1'

interface Node {
  readonly host: SimHost
  readonly store: MemoryImages
  readonly images: ImageService
  readonly texts: string[]
  readonly wanted: string[]
}

let world: World
let network: SimNetwork
let registry: MemoryRegistry
let nodes: Map<NodeId, Node>

async function join(id: NodeId, own: Partial<ImageSettings> = {}): Promise<Node> {
  const host = network.host(id)
  const store = new MemoryImages(registry)
  const wanted: string[] = []
  const images = new ImageService(
    {
      ...{ store, rpc: host.rpc, clock: host.clock, random: world, log: silent },
      disk: new SimDisk({ random: world }),
      metrics: new FakeMetrics(),
      candidates: () => all.filter((other) => other !== id),
      nameOf: (node) => node,
      wanted: () => wanted,
    },
    { ...settings, ...own },
  )
  await images.start()
  const node = { host, store, images, texts: [], wanted }
  nodes.set(id, node)
  return node
}

const at = (id: NodeId): Node => {
  const node = nodes.get(id)
  if (node === undefined) throw new Error(`no node ${id}`)
  return node
}

/** Long chains of promises get time to settle by what happens every millisecond. */
async function played<T>(promise: Promise<T>): Promise<T> {
  let isSettled = false
  const settled = (): void => void (isSettled = true)
  promise.then(settled, settled)
  const tick = (): void => void (isSettled || world.after(1, tick))
  tick()
  await world.runUntil(() => isSettled, 900_000)
  return promise
}

const obtaining = (
  id: NodeId,
  reference = image,
  pull: PullPolicy = 'missing',
  signal = never,
): Promise<ObtainedImage> =>
  at(id).images.obtain({ image: reference, pull }, ({ text }) => at(id).texts.push(text), signal)
const obtain = (id: NodeId, reference = image, pull: PullPolicy = 'missing'): Promise<ObtainedImage> =>
  played(obtaining(id, reference, pull))

beforeEach(async () => {
  world = new World(5)
  network = simNetwork(world)
  registry = new Map()
  nodes = new Map()
  for (const id of all) await join(id)
  await world.runUntil(() => all.every((id) => at(id).host.peers.up().length === all.length - 1), 10_000)
})

describe('an image that is missing', () => {
  test('comes from a member that has it, under its name, and no registry is asked', async () => {
    const { id } = at(bob).store.put(image, content(1))
    registry.set('docker.io/team/app:1', content(2))
    expect(await obtain(ada)).toMatchObject({ image: { id }, name: image, digest: null })
    expect(await at(ada).store.find(image)).toMatchObject({ id })
    expect(at(ada).store.pulls).toEqual([])
    expect(await at(ada).images.find(image, never)).toMatchObject({ from: 'bob' })
  })

  test('comes from its registry when no member has it', async () => {
    registry.set('docker.io/team/app:1', content(2))
    expect(await obtain(ada)).toMatchObject({ image: { id: idOf(content(2)) }, digest: digestOf(content(2)) })
    expect(at(ada).store.pulls).toEqual([image])
  })

  test('is not found when nobody has it', async () => {
    await expect(obtain(ada)).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' })
  })

  test('is not even looked for when it is never to be pulled', async () => {
    at(bob).store.put(image, content(1))
    await expect(obtain(ada, image, 'never')).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' })
  })

  test('is brought once for all who want it at the same time', async () => {
    at(bob).store.put(image, content(1))
    const both = await played(Promise.all([obtaining(ada), obtaining(ada)]))
    expect(both.map((one) => one.image.id)).toEqual([idOf(content(1)), idOf(content(1))])
    expect(at(ada).texts).toContain('waiting for the same image, which is on its way')
  })

  test('spreads: whoever has got it gives it to the next', async () => {
    at(bob).store.put(image, content(1))
    await obtain(ada)
    network.crash(bob)
    await world.runFor(100)
    expect(await obtain(cyd)).toMatchObject({ image: { id: idOf(content(1)) } })
  })

  test('given a pull that is called off while another one brings it, the other goes on', async () => {
    at(bob).store.put(image, content(1))
    const off = new AbortController()
    const first = obtaining(ada)
    const second = obtaining(ada, image, 'missing', off.signal)
    off.abort(new Error('enough'))
    await expect(second).rejects.toThrow('enough')
    expect(await played(first)).toMatchObject({ image: { id: idOf(content(1)) } })
  })
})

describe('given a member that cannot be relied on', () => {
  /** Answers that it has the image, and then gives what the test wants. */
  async function lying(
    id: NodeId,
    give: (signal: AbortSignal) => AsyncIterable<{ data: Uint8Array }>,
    bytes = 50_000,
  ): Promise<void> {
    await at(id).images.stop()
    const { rpc } = at(id).host
    const answer = { id: idOf(content(1)), bytes, digests: [`docker.io/team/app@${idOf(content(7))}`], busy: false }
    rpc.serve(findImage, () => Promise.resolve(answer))
    rpc.serveStream(fetchImage, (_, __, signal) => give(signal))
  }
  async function* wrong(): AsyncIterable<{ data: Uint8Array }> {
    yield await Promise.resolve({ data: content(9) })
  }
  async function* other(): AsyncIterable<{ data: Uint8Array }> {
    yield await Promise.resolve({ data: content(1) })
  }
  async function* dying(): AsyncIterable<{ data: Uint8Array }> {
    yield await Promise.resolve({ data: content(1, 20_000) })
    network.crash(bob)
  }
  async function* endless(): AsyncIterable<{ data: Uint8Array }> {
    for (;;) yield await Promise.resolve({ data: new Uint8Array(100_000) })
  }
  async function* silence(signal: AbortSignal): AsyncIterable<{ data: Uint8Array }> {
    yield await Promise.resolve({ data: content(1, 10) })
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  }
  async function* broken(): AsyncIterable<{ data: Uint8Array }> {
    await Promise.resolve()
    throw new ClawError('EXECUTOR_UNAVAILABLE', { executor: 'docker', detail: 'its engine is gone' })
  }

  test('that says another image is the one that was pushed, nothing is taken', async () => {
    await lying(bob, other)
    const taken = played(at(ada).images.take({ reference: image, id: idOf(content(7)), node: bob }, () => {}, never))
    await expect(taken).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' })
    expect(await at(ada).store.list()).toEqual([])
  })

  test.each([
    ['sends another image', wrong],
    ['dies in the middle', dying],
    ['does not end', endless],
    ['falls silent', silence],
    ['has an engine that does not answer', broken],
  ])('that %s, the image comes from another one', async (_, give) => {
    await lying(bob, give)
    at(cyd).store.put(image, content(1))
    for (let round = 0; round < 3; round += 1) {
      const found = await at(ada).store.find(image)
      if (found !== null) await at(ada).store.remove(found.id)
      expect(await obtain(ada)).toMatchObject({ image: { id: idOf(content(1)) } })
    }
    expect(await at(ada).store.list()).toHaveLength(1)
  })

  test('and no other, the registry is asked, and what went wrong is told when it does not have it either', async () => {
    await lying(bob, wrong)
    const failure: unknown = await obtain(ada).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'IMAGE_PULL_FAILED' })
    expect((failure as Error).message).toContain('bob')
    expect(await at(ada).store.list()).toEqual([])
    registry.set('docker.io/team/app:1', content(1))
    expect(await obtain(ada)).toMatchObject({ image: { id: idOf(content(1)) } })
  })

  test('whose image is larger than is allowed, it is not taken', async () => {
    await lying(bob, wrong, 2_000_000)
    await expect(obtain(ada)).rejects.toThrow(/larger than the 1000000 bytes/)
  })
})

describe('always', () => {
  test('takes the bytes of what the registry has now from a member that has them', async () => {
    registry.set('docker.io/team/app:1', content(2))
    await obtain(bob)
    at(ada).store.put(image, content(1))
    expect(await obtain(ada, image, 'always')).toMatchObject({
      image: { id: idOf(content(2)) },
      digest: digestOf(content(2)),
    })
    expect(at(ada).store.pulls).toEqual([])
    expect(await at(ada).store.find(image)).toMatchObject({ id: idOf(content(2)) })
  })

  test('asks the registry for what no member has, and keeps what is the newest already', async () => {
    registry.set('docker.io/team/app:1', content(2))
    await obtain(ada, image, 'always')
    await obtain(ada, image, 'always')
    expect(at(ada).store.pulls).toEqual([image])
  })

  test('fails without a registry, whatever members have', async () => {
    at(bob).store.put(image, content(1))
    await expect(obtain(ada, image, 'always')).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' })
  })
})

describe('a digest', () => {
  test('that a member got from a registry is known to whoever got it from that member', async () => {
    registry.set('docker.io/team/app:1', content(2))
    await obtain(bob)
    registry.clear()
    await obtain(ada)
    network.crash(bob)
    await world.runFor(100)
    const pinned = `team/app@${digestOf(content(2))}`
    expect(await obtain(cyd, pinned)).toMatchObject({
      image: { id: idOf(content(2)) },
      name: idOf(content(2)),
      digest: digestOf(content(2)),
    })
  })

  test('that is the image’s own id is its own proof', async () => {
    const { id } = at(bob).store.put(image, content(1))
    expect(await obtain(ada, `any/name@${id}`)).toMatchObject({ image: { id }, digest: null })
  })

  test('that nobody vouches for is not taken', async () => {
    at(bob).store.put(image, content(1))
    await expect(obtain(ada, `team/app@sha256:${'0'.repeat(64)}`)).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' })
  })
})

describe('limits', () => {
  test('a member gives to so many at a time, and the others wait for it or for those who have got it', async () => {
    await at(bob).images.stop()
    network.crash(bob)
    await world.runFor(500)
    await join(bob, { transfers: 1, bytesPerSecond: 25_000 })
    await world.runUntil(() => at(bob).host.peers.up().length === 3, 10_000)
    at(bob).store.put(image, content(1))
    const began = world.elapsed()
    const got = await played(Promise.all([ada, cyd, dan].map((id) => obtaining(id))))
    expect(got.map((one) => one.image.id)).toEqual(Array.from({ length: 3 }, () => idOf(content(1))))
    expect(world.elapsed() - began).toBeGreaterThan(1_900)
    expect([ada, cyd, dan].some((id) => at(id).texts.some((text) => text.startsWith('waiting for')))).toBe(true)
  })

  test('who shares nothing neither gives nor takes', async () => {
    await at(bob).images.stop()
    network.crash(bob)
    await join(bob, { share: false })
    await world.runFor(1_000)
    at(bob).store.put(image, content(1))
    await expect(obtain(ada)).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' })
  })
})

describe('what is in use', () => {
  test('by a container, or by work that has not ended, is neither removed nor pruned', async () => {
    for (const [name, fill] of [
      ['a:1', 1],
      ['b:1', 2],
      ['c:1', 3],
    ] as const)
      at(bob).store.put(name, content(fill))
    for (const name of ['a:1', 'b:1', 'c:1']) await obtain(ada, name)
    at(ada).store.used.add(idOf(content(1)))
    at(ada).wanted.push('b:1')
    for (const name of ['a:1', 'b:1'])
      await expect(at(ada).images.remove(name, never)).rejects.toMatchObject({ code: 'IMAGE_IN_USE' })
    const rule = { olderThan: 0, all: true }
    expect(await at(ada).images.prune({ ...rule, dryRun: true }, never)).toMatchObject([{ id: idOf(content(3)) }])
    expect(await at(ada).store.list()).toHaveLength(3)
    await at(ada).images.prune({ ...rule, dryRun: false }, never)
    expect((await at(ada).images.list(never)).map(({ id }) => id)).toEqual([idOf(content(1)), idOf(content(2))])
  })

  test('what came in another way than through the mesh is somebody’s own', async () => {
    at(ada).store.put('own:1', content(1))
    expect(await at(ada).images.prune({ olderThan: 0, all: false, dryRun: false }, never)).toEqual([])
  })

  test('an image that is pushed to a node has the name that it has at its source', async () => {
    const { id } = at(bob).store.put(image, content(1))
    await played(at(ada).images.take({ reference: image, id, node: bob }, () => {}, never))
    expect(await at(ada).store.find(image)).toMatchObject({ id })
    const nobody = { reference: image, id: idOf(content(7)), node: bob }
    await expect(played(at(ada).images.take(nobody, () => {}, never))).rejects.toMatchObject({
      code: 'IMAGE_NOT_FOUND',
    })
  })
})
