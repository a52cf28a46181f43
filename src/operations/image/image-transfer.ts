/** Getting images onto nodes: from registries, from each other, from a user's file. */
import { z } from 'zod'
import { ClawError, isClawError } from '../../model/failure.ts'
import { digestFor, pullPolicies } from '../../model/image.ts'
import { type NodeId, nodeId } from '../../model/ids.ts'
import type { ImageProgress, OnProgress } from '../../ports/images.ts'
import type { OperationContext } from '../context.ts'
import { nodeRef, noInput } from '../fields.ts'
import { findNode, refresh } from '../find.ts'
import { done, failed, imageNodes, imageRef, imagesHere, isCalled, Progress, pulling, targetsOf } from './image-view.ts'
import { imageInfo } from './image.ts'
import { nameOf } from '../node/node-view.ts'
import type { Call } from '../operation.ts'
import { stream, unary } from '../operation.ts'

const create = { verb: 'create', resource: 'image' } as const
const nodes = z.array(nodeRef).max(1_000).optional().describe('Nodes that get it')
const all = z.boolean().default(false).describe('Every node that runs containers gets it')

/** What one node does. `image.pull` and `image.push` put these together. */
export const imageBring = stream({
  name: 'image.bring',
  about: 'Have one node get an image, from wherever it is or from the members that have exactly that one.',
  input: z.strictObject({
    node: nodeRef,
    image: imageRef,
    pull: z.enum(pullPolicies).default('missing'),
    from: z
      .object({ node: z.string().max(128), id: z.string().max(160) })
      .optional()
      .describe('Exactly this one, which that node has'),
  }),
  output: Progress,
  permission: create,
  where: ({ node }, { control }) => findNode(control.state, node),
  async *handler({ image, pull, from }, context, { signal }) {
    const here = imagesHere(context)
    const name = nameOf(context.control.state, context.self)
    const bring = async (onProgress: OnProgress, end: AbortSignal): Promise<{ id: string; digest: string | null }> => {
      if (from === undefined) {
        const { image: found, digest } = await here.obtain({ image, pull }, onProgress, end)
        return { id: found.id, digest }
      }
      const taken = await here.take({ reference: image, id: from.id, node: nodeId(from.node) }, onProgress, end)
      return { id: taken.id, digest: digestFor(taken.digests, image) }
    }
    for await (const item of reported(bring, signal)) yield 'id' in item ? done(name, item) : pulling(name, item)
  },
})

/** What the work says of itself as it goes on, the newest of what was not read yet, and its result at the end. */
async function* reported<T extends object>(
  work: (onProgress: OnProgress, signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
): AsyncIterable<ImageProgress | T> {
  const left = new AbortController()
  let news: ImageProgress | null = null
  let wake = (): void => {}
  const onProgress: OnProgress = (progress) => {
    news = progress
    wake()
  }
  let isOver = false
  const result = work(onProgress, AbortSignal.any([signal, left.signal])).finally(() => {
    isOver = true
    wake()
  })
  // Its failure is told below, unless nobody reads that far.
  result.catch(() => {})
  try {
    for (;;) {
      const told: ImageProgress | null = news
      news = null
      if (told !== null) yield told
      else if (isOver) break
      else await new Promise<void>((resolve) => (wake = resolve))
    }
    yield await result
  } finally {
    left.abort(new Error('nobody waits for it any more'))
  }
}

export const imagePull = stream({
  name: 'image.pull',
  about:
    'Have nodes get an image: from another member where one has it, else from its registry. Tells how far each is.',
  input: z.strictObject({
    image: imageRef,
    nodes: nodes.describe('Nodes that get it; the peer that is asked when left out'),
    all,
    pull: z.enum(pullPolicies).default('missing').describe('`always`: the one that its registry has now'),
  }),
  output: Progress,
  permission: create,
  rest: { method: 'POST', path: '/api/images/pull' },
  async *handler({ image, pull, ...wanted }, context, call) {
    await refresh(context, call.signal)
    yield* toAll(targetsOf(wanted, context) ?? [context.self], (node) => ({ node, image, pull }), context, call)
  },
})

export const imagePush = stream({
  name: 'image.push',
  about: 'Copy an image that a node has to other nodes, which need no registry for it. Tells how far each is.',
  input: z.strictObject({
    image: imageRef,
    from: nodeRef.optional().describe('The node that has it; any that has when left out, the peer that is asked first'),
    nodes,
    all,
  }),
  output: Progress,
  permission: create,
  rest: { method: 'POST', path: '/api/images/push' },
  async *handler({ image, from, ...wanted }, context, call) {
    await refresh(context, call.signal)
    const source = await sourceOf(image, from, context, call)
    const targets = targetsOf(wanted, context)
    if (targets === null) throw new ClawError('INVALID_REQUEST', { problem: 'name the nodes that get it, or all' })
    const { reference, id, node: at } = source
    const inputFor = (node: NodeId): object => ({ node, image: reference, from: { node: at, id } })
    yield* toAll(
      targets.filter((node) => node !== at),
      inputFor,
      context,
      call,
    )
  },
})

interface Source {
  readonly reference: string
  readonly id: string
  readonly node: NodeId
}

/** Throws IMAGE_NOT_FOUND, and INVALID_REQUEST where one name means several images. */
async function sourceOf(
  image: string,
  from: string | undefined,
  context: OperationContext,
  call: Call,
): Promise<Source> {
  const { control, self } = context
  const only = from === undefined ? null : findNode(control.state, from)
  const { images } = imageInfo.output.parse(await call.invoke('image.info', { image }))
  const holdersOf = (one: (typeof images)[number]): readonly NodeId[] =>
    one.nodes.map(({ node }) => findNode(control.state, node)).filter((node) => only === null || node === only)
  const held = images.map((one) => ({ one, holders: holdersOf(one) })).filter(({ holders }) => holders.length > 0)
  const [found] = [...held.filter(({ holders }) => holders.includes(self)), ...held]
  if (found === undefined)
    throw new ClawError('IMAGE_NOT_FOUND', { image, detail: `${from ?? 'no node'} does not have it` })
  if (held.length > 1 && !found.holders.includes(self))
    throw new ClawError('INVALID_REQUEST', {
      problem: `${image} means ${held.length} different images: name the node with \`from\``,
    })
  const { id, tags } = found.one
  const reference = tags.find((tag) => isCalled({ id: '', tags: [tag], digests: [] }, image)) ?? tags[0] ?? image
  return { reference, id, node: found.holders.includes(self) ? self : (found.holders[0] ?? self) }
}

/** Most nodes that are watched at a time; those that wait for their turn have not begun. */
const atOnce = 32

/** Has each do it, and tells of all as it comes. A node that fails is told of and does not end the others. */
async function* toAll(
  targets: readonly NodeId[],
  inputFor: (node: NodeId) => object,
  context: OperationContext,
  call: Call,
): AsyncIterable<Progress> {
  const left = new AbortController()
  const signal = AbortSignal.any([call.signal, left.signal])
  const queue = [...targets]
  const items: Progress[] = []
  let wake = (): void => {}
  const tell = (item: Progress): void => {
    // Of each node only the newest counts.
    const stale = items.findIndex(({ node, state }) => node === item.node && state === 'pulling')
    if (stale >= 0) items.splice(stale, 1)
    items.push(item)
    wake()
  }
  const follow = async (node: NodeId): Promise<void> => {
    try {
      for await (const item of call.open('image.bring', inputFor(node), signal)) tell(Progress.parse(item))
    } catch (error) {
      if (signal.aborted) return
      if (!isClawError(error)) throw error
      tell(failed(nameOf(context.control.state, node), error))
    }
  }
  const work = async (): Promise<void> => {
    for (let node = queue.shift(); node !== undefined && !signal.aborted; node = queue.shift()) await follow(node)
  }
  let isOver = false
  const everything = Promise.all(Array.from({ length: atOnce }, work)).finally(() => {
    isOver = true
    wake()
  })
  everything.catch(() => {})
  try {
    for (;;) {
      const item = items.shift()
      if (item !== undefined) yield item
      else if (isOver) break
      else await new Promise<void>((resolve) => (wake = resolve))
    }
    await everything
    call.signal.throwIfAborted()
  } finally {
    left.abort(new Error('nobody waits for it any more'))
  }
}

/** Most characters of base64 in one part. */
const longestPart = 700_000

const upload = z.string().min(8).max(64).describe('A name that the caller makes up for the file')

export const imageUpload = unary({
  name: 'image.upload',
  isStep: true,
  about: 'Send a node the next part of an archive that `docker save` wrote. `image.load` then brings its images.',
  input: z.strictObject({
    node: nodeRef.describe('The node that gets it'),
    upload,
    offset: z.int().min(0).describe('How much was sent before; 0 begins anew'),
    data: z.base64().max(longestPart).describe('Base64 of the part'),
  }),
  output: z.object({ received: z.int() }),
  permission: create,
  rest: { method: 'POST', path: '/api/images/upload' },
  where: ({ node }, { control }) => findNode(control.state, node),
  async handler({ upload: id, offset, data }, context, { signal }) {
    const received = await imagesHere(context).uploads.put(id, offset, Buffer.from(data, 'base64'), signal)
    return { received }
  },
})

export const imageLoad = stream({
  name: 'image.load',
  about: 'Have a node take in the images of an archive that was sent to it. Answers once, when the engine has them.',
  input: z.strictObject({ node: nodeRef.describe('The node that has the archive'), upload }),
  output: z.object({ images: z.array(z.object({ id: z.string(), tags: z.array(z.string()), sizeBytes: z.number() })) }),
  permission: create,
  rest: { method: 'POST', path: '/api/images/load' },
  where: ({ node }, { control }) => findNode(control.state, node),
  async *handler({ upload: id }, context) {
    const images = await imagesHere(context).uploads.finish(id)
    yield { images: images.map(({ id: hash, tags, sizeBytes }) => ({ id: hash, tags: [...tags], sizeBytes })) }
  },
})

export const imageHome = unary({
  name: 'image.home',
  about: 'Name a node to which a file with an image may be sent: the peer that is asked, if it runs containers.',
  input: noInput,
  output: z.object({ name: z.string() }),
  permission: { verb: 'read', resource: 'image' },
  handler(_, context) {
    const nodes = imageNodes(context)
    const home = nodes.includes(context.self) ? context.self : nodes[0]
    if (home === undefined)
      throw new ClawError('EXECUTOR_UNAVAILABLE', { executor: 'docker', detail: 'no node runs containers' })
    return Promise.resolve({ name: nameOf(context.control.state, home) })
  },
})
