/** What images there are, and taking them away. */
import { z } from 'zod'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { OperationContext } from '../context.ts'
import { nodeRef, span, spanOf } from '../fields.ts'
import { findNode, refresh } from '../find.ts'
import {
  askAll,
  imageNodes,
  imageRef,
  imagesHere,
  imageView,
  ImageView,
  isCalled,
  Silent,
  together,
} from './image-view.ts'
import { nameOf } from '../node/node-view.ts'
import type { Call } from '../operation.ts'
import { unary } from '../operation.ts'

const node = nodeRef.optional().describe('Only this node; all that run containers when left out')
type Input = { readonly node?: string | undefined }
const where = ({ node: wanted }: Input, { control, self }: OperationContext): NodeId =>
  wanted === undefined ? self : findNode(control.state, wanted)
const read = { verb: 'read', resource: 'image' } as const
const remove = { verb: 'remove', resource: 'image' } as const

const Images = z.object({ images: z.array(ImageView), silent: Silent.describe('Nodes that did not answer') })
type Images = z.infer<typeof Images>

export const imageList = unary({
  name: 'image.list',
  about: 'List the images of a node or of all nodes, and who has which.',
  input: z.strictObject({ node }),
  output: Images,
  permission: read,
  rest: { method: 'GET', path: '/api/images' },
  where,
  async handler(input, context, call) {
    if (input.node === undefined) return ofAll('image.list', {}, context, call)
    const name = nameOf(context.control.state, context.self)
    const images = await imagesHere(context).list(call.signal)
    return { images: together(images.map((image) => imageView(image, name))), silent: [] }
  },
})

/** What every node says of its own, as one. */
async function ofAll(operation: string, input: object, context: OperationContext, call: Call): Promise<Images> {
  await refresh(context, call.signal)
  const ask = async (id: NodeId): Promise<Images> => Images.parse(await call.invoke(operation, { ...input, node: id }))
  const { answers, silent } = await askAll(context, imageNodes(context), ask)
  return { images: together(answers.flatMap(({ images }) => images)), silent }
}

export const imageInfo = unary({
  name: 'image.info',
  about: 'Show one image: its digests, its size, and which nodes have it.',
  input: z.strictObject({ image: imageRef }),
  output: z.object({
    images: z.array(ImageView).describe('Several, when one name means different images on different nodes'),
  }),
  permission: read,
  rest: { method: 'GET', path: '/api/images/:image' },
  async handler({ image }, context, call) {
    const { images, silent } = await ofAll('image.list', {}, context, call)
    const found = images.filter((one) => isCalled(one, image))
    if (found.length > 0) return { images: found }
    const quiet = silent.length === 0 ? '' : `; ${silent.map((one) => one.node).join(', ')} did not answer`
    throw new ClawError('IMAGE_NOT_FOUND', { image, detail: `no node of the mesh has it${quiet}` })
  },
})

export const imageRemove = unary({
  name: 'image.remove',
  about: 'Take an image, or one of its names, away from a node or from all that have it. What work needs stays.',
  input: z.strictObject({ image: imageRef, node }),
  output: Images.extend({ silent: Silent.describe('Nodes that kept it, and why') }),
  permission: remove,
  rest: { method: 'DELETE', path: '/api/images/:image' },
  where,
  async handler({ image, node: only }, context, call) {
    if (only !== undefined) {
      const here = imagesHere(context)
      const known = (await here.list(call.signal)).find((one) => isCalled(one, image))
      const removed = await here.remove(
        known !== undefined && !named(known.tags, image) ? known.id : image,
        call.signal,
      )
      return { images: [imageView(removed, nameOf(context.control.state, context.self))], silent: [] }
    }
    const { images } = await ofAll('image.list', {}, context, call)
    const holders = new Set(
      images.filter((one) => isCalled(one, image)).flatMap(({ nodes }) => nodes.map((at) => at.node)),
    )
    if (holders.size === 0) throw new ClawError('IMAGE_NOT_FOUND', { image, detail: 'no node of the mesh has it' })
    const nodes = [...holders].map((name) => findNode(context.control.state, name))
    const ask = async (id: NodeId): Promise<Images> =>
      Images.parse(await call.invoke('image.remove', { image, node: id }))
    const { answers, silent } = await askAll(context, nodes, ask)
    return { images: together(answers.flatMap((answer) => answer.images)), silent }
  },
})

const named = (tags: readonly string[], wanted: string): boolean => isCalled({ id: '', tags, digests: [] }, wanted)

export const imagePrune = unary({
  name: 'image.prune',
  about:
    'Take away images that nothing uses from a node or from all nodes. What came in another way than through the mesh stays.',
  input: z.strictObject({
    node,
    olderThan: span.optional().describe('Only what was not used for so long: 7d, 24h'),
    everything: z.boolean().default(false).describe('Also images that did not come through the mesh'),
    dryRun: z.boolean().default(false).describe('Only say which'),
  }),
  output: Images.extend({ freedBytes: z.number().describe('What layers that images share make less') }),
  permission: remove,
  rest: { method: 'POST', path: '/api/images/prune' },
  where,
  async handler(input, context, call) {
    const { node: only, olderThan, everything, dryRun } = input
    const span = olderThan === undefined ? 0 : spanOf(olderThan, 'olderThan', 0)
    if (only === undefined) {
      const found = await ofAll('image.prune', { olderThan, everything, dryRun }, context, call)
      const freed = found.images.reduce((sum, { sizeBytes, nodes }) => sum + sizeBytes * nodes.length, 0)
      return { ...found, freedBytes: freed }
    }
    const rule = { olderThan: span, all: everything, dryRun }
    const removed = await imagesHere(context).prune(rule, call.signal)
    const name = nameOf(context.control.state, context.self)
    const freedBytes = removed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    return { images: together(removed.map((image) => imageView(image, name))), silent: [], freedBytes }
  },
})
