/** Images as users see them, and the nodes that have them. */
import { z } from 'zod'
import { ClawError, isClawError } from '../../model/failure.ts'
import { canonicalReference, isImageId } from '../../model/image.ts'
import type { NodeId } from '../../model/ids.ts'
import type { ImageProgress, StoredImage } from '../../ports/images.ts'
import type { Images, LocalImage } from '../../services/images/types.ts'
import type { OperationContext } from '../context.ts'
import { iso, isoOrNull, time } from '../fields.ts'
import { findNode } from '../find.ts'
import { nameOf } from '../node/node-view.ts'

export const imageRef = z
  .string()
  .min(1)
  .max(256)
  .describe('Reference or id of an image, such as team/app:1 or the first digits of the id')

export const ImageAt = z.object({
  node: z.string().describe('Name of the node that has it'),
  inUse: z.boolean().describe('A container was made of it, or work that has not ended asks for it'),
  from: z.string().nullable().describe('`registry`, `file` or a node, when it came through the mesh'),
  usedAt: z.string().nullable().describe('ISO 8601; when it came through the mesh or was used last'),
})

export const ImageView = z.object({
  id: z.string(),
  tags: z.array(z.string()),
  digests: z.array(z.string()).describe('Under which digests registries gave it out'),
  sizeBytes: z.number(),
  createdAt: time.describe('ISO 8601; when it was built'),
  nodes: z.array(ImageAt),
})
export type ImageView = z.infer<typeof ImageView>

/** Nodes that did not answer. */
export const Silent = z.array(z.object({ node: z.string(), problem: z.string() }))

export const Progress = z.object({
  node: z.string().describe('Name of the node that gets it'),
  state: z.enum(['pulling', 'done', 'failed']),
  text: z.string().describe('One line for people'),
  doneBytes: z.number(),
  totalBytes: z.number().nullable(),
  bytesPerSecond: z.number().nullable(),
  layers: z.object({ done: z.int(), total: z.int() }).nullable(),
  id: z.string().nullable().describe('What it got; null before it is done'),
  digest: z.string().nullable().describe('Under which digest a registry gave it out'),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
})
export type Progress = z.infer<typeof Progress>

export const imageView = (image: LocalImage, node: string): ImageView => ({
  id: image.id,
  tags: [...image.tags],
  digests: [...image.digests],
  sizeBytes: image.sizeBytes,
  createdAt: iso(image.createdAt),
  nodes: [{ node, inUse: image.inUse, from: image.from, usedAt: isoOrNull(image.usedAt) }],
})

/** The same images of several nodes as one each, the newest first. */
export function together(views: readonly ImageView[]): ImageView[] {
  const byId = Map.groupBy(views, ({ id }) => id)
  const merged = [...byId.values()].flatMap((some) => {
    const [first] = some
    if (first === undefined) return []
    const all = <T>(of: (view: ImageView) => readonly T[]): T[] => [...new Set(some.flatMap(of))]
    return {
      ...first,
      tags: all(({ tags }) => tags),
      digests: all(({ digests }) => digests),
      nodes: all(({ nodes }) => nodes),
    }
  })
  return merged.toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : -1))
}

/** By name, by digest, by id or by the first digits of the id. */
export function isCalled({ id, tags, digests }: Pick<StoredImage, 'id' | 'tags' | 'digests'>, wanted: string): boolean {
  if (isImageId(wanted)) return id === wanted || id === `sha256:${wanted}`
  const canonical = canonicalReference(wanted)
  if ([...tags, ...digests].some((name) => canonicalReference(name) === canonical)) return true
  return /^[0-9a-f]{6,}$/.test(wanted) && id.startsWith(`sha256:${wanted}`)
}

export const pulling = (
  node: string,
  { text, doneBytes, totalBytes, bytesPerSecond, layers }: ImageProgress,
): Progress => ({
  ...{ node, text, doneBytes, totalBytes, bytesPerSecond, layers: layers === null ? null : { ...layers } },
  ...{ state: 'pulling', id: null, digest: null, error: null },
})

const nothing = { doneBytes: 0, totalBytes: null, bytesPerSecond: null, layers: null }

export const done = (
  node: string,
  { id, digest }: { readonly id: string; readonly digest: string | null },
): Progress => ({
  ...nothing,
  ...{ node, state: 'done', text: 'the image is there', id, digest, error: null },
})

export const failed = (node: string, { code, message }: Pick<ClawError, 'code' | 'message'>): Progress => ({
  ...nothing,
  ...{ node, state: 'failed', text: message, id: null, digest: null, error: { code, message } },
})

/** Throws EXECUTOR_UNAVAILABLE on a node that runs no containers. */
export function imagesHere({ images }: Pick<OperationContext, 'images'>): Images {
  if (images !== null) return images
  throw new ClawError('EXECUTOR_UNAVAILABLE', { executor: 'docker', detail: 'this node runs no containers' })
}

/** Members that run containers, by name. */
export const imageNodes = ({ control }: Pick<OperationContext, 'control'>): readonly NodeId[] =>
  [...control.state.members.values()]
    .filter(({ inventory }) => inventory?.executors.includes('docker') === true)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ id }) => id)

interface Wanted {
  readonly nodes?: readonly string[] | undefined
  readonly all?: boolean | undefined
}

/** Those that are named, or all; null when neither was said. Throws NODE_NOT_FOUND, or EXECUTOR_UNAVAILABLE when all are none. */
export function targetsOf(
  { nodes = [], all = false }: Wanted,
  context: Pick<OperationContext, 'control'>,
): readonly NodeId[] | null {
  if (all && nodes.length > 0)
    throw new ClawError('INVALID_REQUEST', { problem: 'it is either all nodes or those that are named' })
  if (all) {
    const found = imageNodes(context)
    if (found.length > 0) return found
    throw new ClawError('EXECUTOR_UNAVAILABLE', { executor: 'docker', detail: 'no node of this mesh runs containers' })
  }
  return nodes.length === 0 ? null : [...new Set(nodes.map((node) => findNode(context.control.state, node)))]
}

const atOnce = 16

/** Asks all of them, some at a time. Whoever does not answer is named, with its reason. */
export async function askAll<T>(
  context: Pick<OperationContext, 'control'>,
  nodes: readonly NodeId[],
  ask: (node: NodeId) => Promise<T>,
): Promise<{ readonly answers: readonly T[]; readonly silent: z.infer<typeof Silent> }> {
  const answers: T[] = []
  const silent: z.infer<typeof Silent> = []
  const queue = [...nodes]
  const work = async (): Promise<void> => {
    for (let node = queue.shift(); node !== undefined; node = queue.shift()) {
      try {
        answers.push(await ask(node))
      } catch (error) {
        if (!isClawError(error)) throw error
        silent.push({ node: nameOf(context.control.state, node), problem: error.message })
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return { answers, silent }
}
