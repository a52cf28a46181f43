/** The images of a Docker engine. */
import { Readable } from 'node:stream'
import type Dockerode from 'dockerode'
import { ClawError } from '../../model/failure.ts'
import { isImageId, parseReference } from '../../model/image.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ImageStore, OnProgress, PullsAs, StoredImage } from '../../ports/images.ts'
import { checkedArchive } from './archive-check.ts'
import { BadArchive } from './archive-header.ts'
import { detailOf, engineFailure, statusOf } from './engine-failure.ts'
import { ask, connectEngine } from './engine.ts'
import { JsonLines } from './json-lines.ts'
import { digestAtRegistry, pullImage } from './pull.ts'
import { type Credentials, noCredentials } from './registry-credentials.ts'

export interface DockerImagesDeps {
  /** As for the executor. */
  readonly address: string
  readonly clock: Clock
  readonly credentials: Credentials
}

/** Does not connect yet. */
export const dockerImages = ({ address, ...rest }: DockerImagesDeps): ImageStore =>
  new DockerImages({ docker: connectEngine(address), ...rest })

type Deps = Omit<DockerImagesDeps, 'address'> & { readonly docker: Dockerode }

class DockerImages implements ImageStore {
  readonly #deps: Deps
  readonly #docker: Dockerode

  constructor(deps: Deps) {
    this.#deps = deps
    this.#docker = deps.docker
  }

  async list(signal: AbortSignal): Promise<readonly StoredImage[]> {
    const all = await this.#ask(signal, (abortSignal) => this.#docker.listImages({ abortSignal }))
    return all.map(({ Id, RepoTags, RepoDigests, Size, Created }) => ({
      id: Id,
      tags: named(RepoTags),
      digests: named(RepoDigests),
      sizeBytes: Size,
      createdAt: Created * 1_000,
    }))
  }

  async find(reference: string, signal: AbortSignal): Promise<StoredImage | null> {
    const found = await this.#inspect(reference, signal)
    if (found !== null || isImageId(reference)) return found
    // A digest may also be that of the image itself, which no registry has given out.
    const { digest } = parseReference(reference)
    return digest === null ? null : this.#inspect(digest, signal)
  }

  async resolve(reference: string, signal: AbortSignal): Promise<string> {
    return parseReference(reference).digest ?? digestAtRegistry(this.#deps, reference, signal)
  }

  async pull(
    reference: string,
    onProgress: OnProgress,
    signal: AbortSignal,
    as: PullsAs = 'owner',
  ): Promise<StoredImage> {
    const deps = as === 'nobody' ? { ...this.#deps, credentials: noCredentials } : this.#deps
    await pullImage(deps, reference, onProgress, signal)
    const image = await this.find(reference, signal)
    if (image !== null) return image
    throw new ClawError('IMAGE_PULL_FAILED', { image: reference, detail: 'the engine took it and does not have it' })
  }

  async *export(id: string, signal: AbortSignal): AsyncIterable<Uint8Array> {
    const stream = (await this.#ask(signal, () => this.#docker.getImage(id).get()).catch((error: unknown) => {
      throw missing(error, id)
    })) as Readable
    const abort = (): void => void stream.destroy(signal.reason as Error)
    signal.addEventListener('abort', abort, { once: true })
    try {
      yield* stream as AsyncIterable<Uint8Array>
    } catch (error) {
      signal.throwIfAborted()
      throw engineFailure(error)
    } finally {
      signal.removeEventListener('abort', abort)
      stream.destroy()
    }
  }

  async import(
    id: string,
    archive: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
    how?: { readonly isPlain: boolean },
  ): Promise<StoredImage> {
    await this.#load(checkedArchive(archive, id, how), { image: id, signal })
    const image = await this.#inspect(id, signal)
    if (image?.id === id) return image
    throw new ClawError('IMAGE_CORRUPT', { image: id, detail: 'the engine made another image of it' })
  }

  async load(archive: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<readonly StoredImage[]> {
    const told = await this.#load(archive, { image: 'the archive', signal })
    const names = told.flatMap((line) => /^Loaded image(?: ID)?: (\S+)/.exec(line)?.[1] ?? [])
    const images = await Promise.all(names.map((name) => this.#inspect(name, signal)))
    const loaded = new Map(images.filter((image) => image !== null).map((image) => [image.id, image]))
    if (loaded.size === 0) throw new ClawError('IMAGE_CORRUPT', { image: 'the archive', detail: 'no image is in it' })
    return [...loaded.values()]
  }

  async tag(id: string, reference: string, signal: AbortSignal): Promise<void> {
    const { registry, repository, tag } = parseReference(reference)
    // The engine's own spelling of its default registry is to leave it out.
    const repo = registry === 'docker.io' ? repository.replace(/^library\//, '') : `${registry}/${repository}`
    await this.#ask(signal, (abortSignal) =>
      this.#docker.getImage(id).tag({ repo, tag: tag ?? 'latest', abortSignal }),
    ).catch((error: unknown) => {
      throw missing(error, id)
    })
  }

  async remove(reference: string, signal: AbortSignal): Promise<void> {
    // By id, all its names go with it; that is what the engine calls force, and no container loses its image by it.
    const force = isImageId(reference)
    try {
      if (force && (await this.inUse(signal)).has(withAlgorithm(reference)))
        throw new ClawError('IMAGE_IN_USE', { image: reference, detail: 'a container was made of it' })
      await ask(signal, (abortSignal) => this.#docker.getImage(reference).remove({ force, abortSignal }))
    } catch (error) {
      if (statusOf(error) === 409) throw new ClawError('IMAGE_IN_USE', { image: reference, detail: detailOf(error) })
      throw missing(error, reference)
    }
  }

  async inUse(signal: AbortSignal): Promise<ReadonlySet<string>> {
    const all = await this.#ask(signal, (abortSignal) => this.#docker.listContainers({ all: true, abortSignal }))
    return new Set(all.map(({ ImageID }) => ImageID))
  }

  async #inspect(reference: string, signal: AbortSignal): Promise<StoredImage | null> {
    try {
      const found = await ask(signal, () => this.#docker.getImage(reference).inspect())
      const { Id, RepoTags, RepoDigests, Size, Created } = found
      return {
        id: Id,
        tags: named(RepoTags),
        digests: named(RepoDigests),
        sizeBytes: Size,
        createdAt: Math.max(0, Date.parse(Created) || 0),
      }
    } catch (error) {
      // 400 is the engine's word for a reference that cannot be one.
      if (statusOf(error) === 404 || statusOf(error) === 400) return null
      throw engineFailure(error)
    }
  }

  /** Feeds the engine an archive and returns what it says. When the archive fails in the middle, the engine keeps nothing of it. */
  async #load(
    archive: AsyncIterable<Uint8Array>,
    { image, signal }: { readonly image: string; readonly signal: AbortSignal },
  ): Promise<readonly string[]> {
    const failed = new AbortController()
    let problem: unknown = null
    const guarded = async function* (): AsyncIterable<Uint8Array> {
      try {
        yield* archive
      } catch (error) {
        problem = error
        failed.abort(error)
        throw error
      }
    }
    const source = Readable.from(guarded(), { objectMode: false, highWaterMark: 262_144 })
    // Its failure is told by `problem`.
    source.on('error', () => {})
    const end = AbortSignal.any([signal, failed.signal])
    try {
      const reply = await ask(end, (abortSignal) => this.#docker.loadImage(source, { quiet: true, abortSignal }), null)
      return await linesOf(reply)
    } catch (error) {
      signal.throwIfAborted()
      throw loadFailure(problem ?? error, image)
    } finally {
      source.destroy()
    }
  }

  async #ask<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await ask(signal, work)
    } catch (error) {
      throw statusOf(error) === 404 ? error : engineFailure(error)
    }
  }
}

/** The engine writes `<none>:<none>` for a name that is none. */
const named = (names: readonly string[] | null | undefined): readonly string[] =>
  (names ?? []).filter((name) => !name.includes('<none>'))

const withAlgorithm = (id: string): string => (id.startsWith('sha256:') ? id : `sha256:${id}`)

const missing = (error: unknown, image: string): unknown =>
  statusOf(error) === 404
    ? new ClawError('IMAGE_NOT_FOUND', { image, detail: 'the node does not have it' })
    : engineFailure(error)

/** What the source says of itself stays what it is; what the engine finds wrong with the bytes is about the bytes. */
function loadFailure(error: unknown, image: string): unknown {
  if (error instanceof ClawError) return error
  const isAboutBytes = error instanceof BadArchive || error instanceof EngineRefusal || statusOf(error) !== null
  const detail = detailOf(error)
  if (isAboutBytes && /no space left/i.test(detail)) return new ClawError('DISK_FULL', { path: 'the images' })
  return isAboutBytes ? new ClawError('IMAGE_CORRUPT', { image, detail }, { cause: error }) : engineFailure(error)
}

class EngineRefusal extends Error {}

async function linesOf(reply: NodeJS.ReadableStream): Promise<readonly string[]> {
  const lines = new JsonLines()
  const told: string[] = []
  for await (const chunk of reply)
    for (const event of lines.push(chunk as Buffer)) {
      if (typeof event !== 'object' || event === null) continue
      if ('error' in event) throw new EngineRefusal(String(event.error))
      if ('stream' in event) told.push(String(event.stream))
    }
  return told
}
