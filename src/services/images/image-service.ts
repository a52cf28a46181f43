/**
 * Where this node gets its images: what it has, what another member has, what a registry has, in this order. And it gives others what
 * it has itself.
 */
import { noteArrival, noteUse, without } from '../../core/images/book.ts'
import type { PruneRule } from '../../core/images/prune.ts'
import { prunable } from '../../core/images/prune.ts'
import { ClawError } from '../../model/failure.ts'
import { canonicalReference, digestFor, parseReference, repositoryOf } from '../../model/image.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ImageStore, ObtainedImage, OnProgress, PullsAs, StoredImage, WantedImage } from '../../ports/images.ts'
import type { Disk } from '../../ports/journal.ts'
import type { Log } from '../../ports/log.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Random } from '../../ports/random.ts'
import type { Rpc, Unsubscribe } from '../../ports/rpc.ts'
import type { Service } from '../../ports/service.ts'
import { fetchImage, findImage, type ImageAnswer, type ImageQuery } from '../../wire/image.ts'
import { fromMembers, type MemberTake } from './from-members.ts'
import { ImageRecord } from './record.ts'
import { Received, type ReceivedArchive, unlessNeeded } from './received.ts'
import { Sharing, type SharingLimits } from './sharing.ts'
import { Turns } from './turns.ts'
import type { Images, LocalImage, PeerImage } from './types.ts'
import { Uploads } from './upload.ts'

export interface ImageDeps {
  readonly store: ImageStore
  readonly rpc: Pick<Rpc, 'call' | 'stream' | 'serve' | 'serveStream'>
  readonly disk: Pick<Disk, 'readBlob' | 'writeBlob'>
  readonly clock: Clock
  readonly random: Pick<Random, 'next'>
  readonly log: Log
  readonly metrics: Metrics
  /** Members that run containers and answer, those that are known to have started one of that image first. */
  readonly candidates: (reference: string) => readonly NodeId[]
  readonly nameOf: (node: NodeId) => string
  /** Images that work of this node which has not ended asks for. */
  readonly wanted: () => readonly string[]
}

export interface ImageSettings extends SharingLimits {
  /** Whether images come from members, and go to them. */
  readonly share: boolean
  /** Largest image that is taken from a member, as its layers are unpacked. */
  readonly mostBytes: number
}

export class ImageService implements Service, Images {
  readonly name = 'images'
  readonly uploads: Uploads<readonly StoredImage[]>
  readonly #deps: ImageDeps
  readonly #settings: ImageSettings
  readonly #turns = new Turns()
  readonly #sharing: Sharing
  readonly #record: ImageRecord
  readonly #received: Received
  #served: readonly Unsubscribe[] = []

  constructor(deps: ImageDeps, settings: ImageSettings) {
    this.#deps = deps
    this.#settings = settings
    this.#sharing = new Sharing(deps, settings)
    this.#record = new ImageRecord(deps)
    this.#received = new Received(deps, this.#record)
    this.uploads = new Uploads(deps.clock, (archive, signal) => this.#load(archive, signal))
  }

  async start(): Promise<void> {
    const { rpc } = this.#deps
    await this.#record.open()
    if (!this.#settings.share) return
    this.#served = [
      rpc.serve(findImage, (query, _, signal) => this.#answer(query, signal)),
      rpc.serveStream(fetchImage, ({ id }, _, signal) => this.#sharing.give(id, signal)),
    ]
  }

  async stop(): Promise<void> {
    for (const unserve of this.#served) unserve()
    this.#served = []
    this.uploads.close()
    await this.#record.close()
  }

  async obtain(wanted: WantedImage, onProgress: OnProgress, signal: AbortSignal): Promise<ObtainedImage> {
    const { image: reference, pull, as } = wanted
    const known = pull === 'always' ? null : await this.#known(reference, signal)
    if (known !== null) return this.#use(known, reference)
    if (pull === 'never')
      throw new ClawError('IMAGE_NOT_FOUND', { image: reference, detail: 'the node does not have it' })
    return this.#inTurn(reference, onProgress, signal, async () => {
      const image = await (pull === 'always'
        ? this.#newest(reference, onProgress, signal)
        : this.#missing(reference, { onProgress, signal, as }))
      return this.#use(image, reference)
    })
  }

  take(image: PeerImage, onProgress: OnProgress, signal: AbortSignal): Promise<StoredImage> {
    const { store, candidates } = this.#deps
    const { reference, id, node } = image
    return this.#inTurn(reference, onProgress, signal, async () => {
      const known = await store.find(id, signal)
      if (known !== null) {
        await this.#name(known, reference, signal)
        return known
      }
      // Whoever has got it from the source gives it on, so that many nodes do not all wait for one.
      const deps = { ...this.#deps, exactly: id, candidates: () => [...new Set([node, ...candidates(reference)])] }
      const pinned = `${repositoryOf(reference)}@${id}`
      const { mostBytes } = this.#settings
      const taken = await fromMembers({ ...deps, mostBytes }, pinned, onProgress, signal)
      if (taken.image === null) {
        const why = taken.problems.length === 0 ? 'its source has it no more' : taken.problems.join('; ')
        throw new ClawError('IMAGE_NOT_FOUND', { image: reference, detail: why })
      }
      return this.#arrived(taken, reference, signal)
    })
  }

  receive(reference: string, archive: ReceivedArchive, signal: AbortSignal): Promise<void> {
    return this.#received.take(reference, archive, signal)
  }

  send(id: string, signal: AbortSignal): AsyncIterable<Uint8Array> {
    return this.#deps.store.export(id, signal)
  }

  async forgetReceived(reference: string, signal: AbortSignal): Promise<void> {
    const id = this.#received.idOf(reference)
    if (id === null) return
    await unlessNeeded(() => this.remove(id, signal))
    // It may never have come as a whole.
    if ((await this.#deps.store.find(id, signal)) === null) this.#record.change((book) => without(book, [id]))
  }

  async #load(archive: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<readonly StoredImage[]> {
    const { store, clock } = this.#deps
    const loaded = await store.load(archive, signal)
    for (const { id, tags, digests } of loaded)
      this.#record.change((book) =>
        noteArrival(book, { id, reference: tags[0] ?? id, from: 'file', at: clock.now(), digests: [...digests] }),
      )
    return loaded
  }

  async list(signal: AbortSignal): Promise<readonly LocalImage[]> {
    const { store } = this.#deps
    const [all, inUse] = await Promise.all([store.list(signal), this.#inUse(signal)])
    return all.map((image) => this.#local(image, inUse))
  }

  async find(reference: string, signal: AbortSignal): Promise<LocalImage | null> {
    const image = await this.#known(reference, signal)
    return image === null ? null : this.#local(image, await this.#inUse(signal))
  }

  async remove(reference: string, signal: AbortSignal): Promise<LocalImage> {
    const image = await this.find(reference, signal)
    if (image === null)
      throw new ClawError('IMAGE_NOT_FOUND', { image: reference, detail: 'the node does not have it' })
    if (image.inUse) throw new ClawError('IMAGE_IN_USE', { image: reference, detail: 'work of this node needs it' })
    const isNamed = image.tags.some((tag) => canonicalReference(tag) === canonicalReference(reference))
    await this.#deps.store.remove(isNamed && image.tags.length > 1 ? reference : image.id, signal)
    if ((await this.#deps.store.find(image.id, signal)) === null)
      this.#record.change((book) => without(book, [image.id]))
    return image
  }

  async prune(rule: PruneRule & { readonly dryRun: boolean }, signal: AbortSignal): Promise<readonly LocalImage[]> {
    const { store, clock, log } = this.#deps
    const removed: LocalImage[] = []
    const all = await this.list(signal)
    const chosen = new Set(prunable(all, rule, clock.now()).map(({ id }) => id))
    for (const image of all.filter(({ id }) => chosen.has(id))) {
      try {
        if (!rule.dryRun) await store.remove(image.id, signal)
        removed.push(image)
      } catch (error) {
        // Work has begun with it meanwhile, or somebody else was faster.
        if (!ClawError.is(error, 'IMAGE_IN_USE') && !ClawError.is(error, 'IMAGE_NOT_FOUND')) throw error
        log.info('an image was not pruned', { image: image.id, problem: error.message })
      }
    }
    if (!rule.dryRun)
      this.#record.change((book) =>
        without(
          book,
          removed.map(({ id }) => id),
        ),
      )
    return removed
  }

  async #inTurn<T>(reference: string, onProgress: OnProgress, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const key = canonicalReference(reference)
    if (this.#turns.isTaken(key)) onProgress(plainly('waiting for the same image, which is on its way'))
    return this.#turns.run(key, signal, work)
  }

  /** For what this node lacked when it was asked for. */
  async #missing(reference: string, ends: Ends): Promise<StoredImage> {
    const { onProgress, signal } = ends
    const known = await this.#known(reference, signal)
    if (known !== null) return known
    onProgress(plainly('looking for the image'))
    const taken = await this.#fromMembers(reference, ends)
    if (taken.image !== null) return this.#arrived(taken, reference, signal)
    return this.#fromRegistry(reference, taken.problems, ends)
  }

  /** The registry says which image it is; its bytes may come from a member all the same. */
  async #newest(reference: string, onProgress: OnProgress, signal: AbortSignal): Promise<StoredImage> {
    onProgress(plainly('asking the registry for the image'))
    const digest = await this.#deps.store.resolve(reference, signal)
    const pinned = `${repositoryOf(reference)}@${digest}`
    const known = await this.#known(pinned, signal)
    const taken = known === null ? await this.#fromMembers(pinned, { onProgress, signal }) : null
    if (taken?.image === null) return this.#fromRegistry(reference, taken.problems, { onProgress, signal })
    if (taken !== null) return this.#arrived(taken, reference, signal)
    const image = known as StoredImage
    await this.#name(image, reference, signal)
    return image
  }

  #fromMembers(reference: string, { onProgress, signal }: Ends): Promise<MemberTake> {
    const { share, mostBytes } = this.#settings
    if (!share) return Promise.resolve({ image: null, problems: [] })
    return fromMembers({ ...this.#deps, mostBytes }, reference, onProgress, signal)
  }

  async #fromRegistry(reference: string, problems: readonly string[], ends: Ends): Promise<StoredImage> {
    const { store, clock } = this.#deps
    try {
      const image = await store.pull(reference, ends.onProgress, ends.signal, ends.as)
      const { id, digests } = image
      this.#record.change((book) =>
        noteArrival(book, { id, reference, from: 'registry', at: clock.now(), digests: [...digests] }),
      )
      return image
    } catch (error) {
      if (problems.length === 0 || !(error instanceof ClawError)) throw error
      const detail = `${error.message} And no member could give it: ${problems.join('; ')}`.slice(0, 2_000)
      throw new ClawError('IMAGE_PULL_FAILED', { image: reference, detail }, { cause: error })
    }
  }

  async #arrived(
    { image, source, from }: Extract<MemberTake, { image: StoredImage }>,
    reference: string,
    signal: AbortSignal,
  ): Promise<StoredImage> {
    const { clock, log } = this.#deps
    await this.#name(image, reference, signal)
    const { id, sizeBytes: bytes } = image
    this.#record.change((book) =>
      noteArrival(book, { id, reference, from, at: clock.now(), digests: [...source.digests] }),
    )
    log.info('an image came from a member', { image: reference, id, bytes, from })
    return image
  }

  /** An image that nothing points to is taken for rubbish by the engine's own tools. */
  async #name(image: StoredImage, reference: string, signal: AbortSignal): Promise<void> {
    const { tag, digest } = parseReference(reference)
    const name = digest === null ? tag : `sha256-${digest.replace(/^sha\d+:/, '').slice(0, 16)}`
    await this.#deps.store.tag(image.id, `${repositoryOf(reference)}:${name ?? 'latest'}`, signal)
  }

  #use(image: StoredImage, reference: string): ObtainedImage {
    const { clock } = this.#deps
    this.#record.change((book) => noteUse(book, image.id, clock.now()))
    const { digest } = parseReference(reference)
    const digests = this.#digestsOf(image)
    // The engine knows only digests under which it pulled itself.
    const name = digest === null ? reference : image.id
    return { image, name, digest: digest !== null && digest !== image.id ? digest : digestFor(digests, reference) }
  }

  /** The engine's own, and such as a member said when it gave the image. */
  #digestsOf({ id, digests }: StoredImage): readonly string[] {
    return [...new Set([...digests, ...(this.#record.book.get(id)?.digests ?? [])])]
  }

  async #known(reference: string, signal: AbortSignal): Promise<StoredImage | null> {
    const { store } = this.#deps
    const found = await store.find(reference, signal)
    const { digest } = parseReference(reference)
    if (found !== null || digest === null) return found
    const wanted = `${repositoryOf(reference)}@${digest}`
    for (const { id, digests } of this.#record.book.values()) {
      if (!digests.some((one) => canonicalReference(one) === wanted)) continue
      const image = await store.find(id, signal)
      if (image !== null) return image
    }
    return null
  }

  async #answer({ reference, id }: ImageQuery, signal: AbortSignal): Promise<ImageAnswer> {
    if (reference.length > 512 || id.length > 160)
      throw new ClawError('INVALID_REQUEST', { problem: 'no image is called so' })
    const image = id === '' ? await this.#known(reference, signal) : await this.#deps.store.find(id, signal)
    if (image === null) return { id: '', bytes: 0, digests: [], busy: false }
    const digests = this.#digestsOf(image).slice(0, 32)
    return { id: image.id, bytes: image.sizeBytes, digests, busy: this.#sharing.isBusy }
  }

  /** Ids of what containers were made of, what work asks for, and what is being given to others. */
  async #inUse(signal: AbortSignal): Promise<ReadonlySet<string>> {
    const { store, wanted } = this.#deps
    const [used, asked] = await Promise.all([
      store.inUse(signal),
      Promise.all([...new Set(wanted())].map((reference) => this.#known(reference, signal))),
    ])
    return new Set([...used, ...asked.flatMap((image) => image?.id ?? []), ...this.#sharing.given])
  }

  #local(image: StoredImage, inUse: ReadonlySet<string>): LocalImage {
    const entry = this.#record.book.get(image.id)
    return {
      ...image,
      digests: this.#digestsOf(image),
      inUse: inUse.has(image.id),
      from: entry?.from ?? null,
      usedAt: entry?.usedAt ?? null,
    }
  }
}

interface Ends {
  readonly onProgress: OnProgress
  readonly signal: AbortSignal
  readonly as?: PullsAs | undefined
}

const plainly = (text: string): Parameters<OnProgress>[0] => ({
  text,
  doneBytes: 0,
  totalBytes: null,
  bytesPerSecond: null,
  layers: null,
})
