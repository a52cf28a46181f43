/** An image store in memory, and registries in memory: an image's archive is its content, and its id the hash of that. */
import { sha256 } from '../../src/lib/sha256.ts'
import { ClawError } from '../../src/model/failure.ts'
import { canonicalReference, isImageId, parseReference, repositoryOf } from '../../src/model/image.ts'
import type { ImageStore, OnProgress, PullsAs, StoredImage } from '../../src/ports/images.ts'

/** What a registry has: content by canonical reference. */
export type MemoryRegistry = Map<string, Uint8Array>

interface Kept {
  readonly content: Uint8Array
  readonly tags: Set<string>
  readonly digests: Set<string>
}

export const idOf = (content: Uint8Array): string => `sha256:${sha256(content)}`
/** What its registry calls it. */
export const digestOf = (content: Uint8Array): string => `sha256:${sha256(`manifest ${sha256(content)}`)}`

const chunk = 1_000

export class MemoryImages implements ImageStore {
  readonly registry: MemoryRegistry
  readonly used = new Set<string>()
  readonly pulls: string[] = []
  readonly pulledAs: PullsAs[] = []
  readonly #kept = new Map<string, Kept>()

  constructor(registry: MemoryRegistry = new Map()) {
    this.registry = registry
  }

  put(reference: string, content: Uint8Array): StoredImage {
    const id = idOf(content)
    const kept = this.#kept.get(id) ?? { content, tags: new Set(), digests: new Set() }
    for (const { tags } of this.#kept.values()) tags.delete(canonicalReference(reference))
    if (parseReference(reference).digest === null) kept.tags.add(canonicalReference(reference))
    this.#kept.set(id, kept)
    return this.#view(id, kept)
  }

  list(): Promise<readonly StoredImage[]> {
    return Promise.resolve([...this.#kept].map(([id, kept]) => this.#view(id, kept)))
  }

  find(reference: string): Promise<StoredImage | null> {
    const id = this.#idOf(reference)
    const kept = id === null ? undefined : this.#kept.get(id)
    return Promise.resolve(kept === undefined || id === null ? null : this.#view(id, kept))
  }

  async resolve(reference: string): Promise<string> {
    await Promise.resolve()
    return digestOf(this.#published(reference))
  }

  async pull(
    reference: string,
    _progress?: OnProgress,
    _signal?: AbortSignal,
    as: PullsAs = 'owner',
  ): Promise<StoredImage> {
    await Promise.resolve()
    this.pulledAs.push(as)
    const content = this.#published(reference)
    this.pulls.push(reference)
    this.put(reference, content)
    this.#kept.get(idOf(content))?.digests.add(`${repositoryOf(reference)}@${digestOf(content)}`)
    return this.#view(idOf(content), this.#kept.get(idOf(content)) as Kept)
  }

  async *export(id: string, signal: AbortSignal): AsyncIterable<Uint8Array> {
    const kept = this.#kept.get(id)
    if (kept === undefined) throw notHere(id)
    for (let at = 0; at < kept.content.length; at += chunk) {
      signal.throwIfAborted()
      yield await Promise.resolve(kept.content.subarray(at, at + chunk))
    }
  }

  async import(id: string, archive: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<StoredImage> {
    const content = await whole(archive)
    signal.throwIfAborted()
    if (idOf(content) !== id) throw new ClawError('IMAGE_CORRUPT', { image: id, detail: 'it is another image' })
    const kept = this.#kept.get(id) ?? { content, tags: new Set(), digests: new Set() }
    this.#kept.set(id, kept)
    return this.#view(id, kept)
  }

  async load(archive: AsyncIterable<Uint8Array>): Promise<readonly StoredImage[]> {
    const content = await whole(archive)
    if (content.length === 0) throw new ClawError('IMAGE_CORRUPT', { image: 'the archive', detail: 'it is empty' })
    return [this.put('loaded:1', content)]
  }

  async tag(id: string, reference: string): Promise<void> {
    await Promise.resolve()
    const kept = this.#kept.get(id)
    if (kept === undefined) throw notHere(id)
    this.put(reference, kept.content)
  }

  async remove(reference: string): Promise<void> {
    await Promise.resolve()
    const id = this.#idOf(reference)
    const kept = id === null ? undefined : this.#kept.get(id)
    if (id === null || kept === undefined) throw notHere(reference)
    if (this.used.has(id))
      throw new ClawError('IMAGE_IN_USE', { image: reference, detail: 'a container was made of it' })
    if (!isImageId(reference) && kept.tags.size > 1) kept.tags.delete(canonicalReference(reference))
    else this.#kept.delete(id)
  }

  inUse(): Promise<ReadonlySet<string>> {
    return Promise.resolve(new Set(this.used))
  }

  #idOf(reference: string): string | null {
    if (isImageId(reference)) return reference
    const wanted = canonicalReference(reference)
    const { digest } = parseReference(reference)
    const found = [...this.#kept].find(
      ([id, kept]) => kept.tags.has(wanted) || kept.digests.has(wanted) || id === digest,
    )
    return found?.[0] ?? null
  }

  #published(reference: string): Uint8Array {
    const { digest } = parseReference(reference)
    const repository = repositoryOf(reference)
    const found =
      digest === null
        ? this.registry.get(canonicalReference(reference))
        : [...this.registry].find(
            ([name, content]) => repositoryOf(name) === repository && digestOf(content) === digest,
          )?.[1]
    if (found === undefined) throw new ClawError('IMAGE_NOT_FOUND', { image: reference, detail: 'no registry has it' })
    return found
  }

  #view(id: string, { content, tags, digests }: Kept): StoredImage {
    return { id, tags: [...tags], digests: [...digests], sizeBytes: content.length, createdAt: 0 }
  }
}

const notHere = (image: string): ClawError =>
  new ClawError('IMAGE_NOT_FOUND', { image, detail: 'the node does not have it' })

async function whole(archive: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of archive) parts.push(part)
  return Buffer.concat(parts)
}
