/**
 * Copies of what stores of objects hold, for work of this node that reads it. Each is of one list of objects, and never changes: work that runs
 * keeps what it has been given, and what starts later gets what is there by then.
 */
import { counted } from '../../lib/passing.ts'
import { ClawError } from '../../model/failure.ts'
import type { PlacementId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import { minute, second } from '../../model/time.ts'
import type { Volume } from '../../model/volume.ts'
import { volumeKey } from '../../model/volume.ts'
import type { Log } from '../../ports/log.ts'
import type { ObjectStore, OpenObjects } from '../../ports/objects.ts'
import type { Service } from '../../ports/service.ts'
import type { VolumeEngine } from '../../ports/volumes.ts'
import type { Control } from '../control/types.ts'
import { Loop } from '../gateway/loop.ts'
import { Turns } from '../images/turns.ts'
import type { VaultService } from '../vault/vault-service.ts'
import type { ShelfDeps, Wanted } from './copy-shelf.ts'
import { CopyShelf } from './copy-shelf.ts'
import { engineVolume } from './engine-names.ts'
import type { Plan } from './object-archive.ts'
import { archiveOf, planOf } from './object-archive.ts'

export interface ObjectCopiesDeps extends Omit<ShelfDeps, 'engine'> {
  readonly control: Pick<Control, 'state'>
  readonly engine: ShelfDeps['engine'] & Pick<VolumeEngine, 'unpack'>
  readonly open: OpenObjects
  readonly vault: Pick<VaultService, 'values'>
  readonly log: Log
  /** Most bytes of one copy, where the volume says no less. */
  readonly mostBytes: number
}

/** A copy that does not go before whoever was given it lets go of it. */
export interface ReadyCopy {
  /** What the engine calls it. */
  readonly name: string
  /** Throws VOLUME_COPY_CUT when somebody has taken it from the engine all the same. */
  readonly verify: (signal: AbortSignal) => Promise<void>
  /** Once a container has it, or never will. */
  readonly release: () => void
}

type S3Volume = Volume & { readonly s3: NonNullable<Volume['s3']> }

/** Of one volume. */
const mostObjects = 100_000
/** What changes while it is copied is listed again so often. */
const tries = 3
const removalPatience: Millis = minute
/** All of one copy has to be there in so long, for each of its objects and at a MiB a second, whatever else keeps it going. */
const patienceFor = ({ bytes, files }: Plan): Millis => 10 * minute + (bytes / mib) * second + files.length * second
/** What a file takes at least, of a disk. */
const blockBytes = 4_096

export class ObjectCopies implements Service {
  readonly name = 'object-copies'
  readonly #deps: ObjectCopiesDeps
  readonly #loop: Loop
  readonly #shelf: CopyShelf
  /** One after the other for each volume: what one has copied, the next one has. */
  readonly #turns = new Turns()

  constructor(deps: ObjectCopiesDeps) {
    this.#deps = deps
    this.#shelf = new CopyShelf(deps)
    this.#loop = new Loop(deps, { every: 5 * minute, pause: minute }, (signal) => this.sweep(signal))
  }

  start(): Promise<void> {
    this.#loop.start()
    return Promise.resolve()
  }

  stop(): Promise<void> {
    return this.#loop.stop()
  }

  /**
   * A copy of what the store holds now, made if need be, for whoever lets go of it afterwards. Throws VOLUME_SOURCE, TOO_LARGE, VOLUME_NO_ROOM,
   * VOLUME_COPY_CUT for what does not stand still, and what the vault and the engine do.
   */
  ready(volume: S3Volume, onProgress: (text: string) => void, signal: AbortSignal): Promise<ReadyCopy> {
    const key = volumeKey(volume.namespace, volume.name)
    return this.#turns.run(key, signal, () => this.#copied(volume, onProgress, signal))
  }

  /** Takes away what nothing has used for a while, or nobody ever finished. */
  sweep(signal: AbortSignal): Promise<void> {
    return this.#shelf.sweep(signal)
  }

  async #copied(volume: S3Volume, onProgress: (text: string) => void, signal: AbortSignal): Promise<ReadyCopy> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#copy(volume, onProgress, signal)
      } catch (error) {
        if (!ClawError.is(error, 'VOLUME_COPY_CUT') || attempt >= tries) throw error
      }
    }
  }

  async #copy(volume: S3Volume, onProgress: (text: string) => void, signal: AbortSignal): Promise<ReadyCopy> {
    const name = volumeKey(volume.namespace, volume.name)
    onProgress(`looking at what ${name} holds`)
    const store = this.#deps.open(volume.s3, await this.#keysOf(volume, signal), name)
    const plan = planOf(await store.list(mostObjects, signal), name)
    const limit = this.#mostOf(volume)
    if (plan.bytes > limit) throw new ClawError('TOO_LARGE', { what: `What ${name} holds`, limit })
    const copy = engineVolume({ ...volume, incarnation: `${volume.createdAt} ${plan.print}` }, this.#deps)
    const wanted = { copy, volume: name, bytes: plan.bytes + plan.files.length * blockBytes }
    const { isWhole, release } = await this.#shelf.take(wanted, signal)
    try {
      if (!isWhole) await this.#fill({ wanted, plan, store, onProgress }, signal)
    } catch (error) {
      release()
      throw error
    }
    return { name: copy.name, release, verify: (until) => this.#shelf.require(copy.name, until) }
  }

  async #fill({ wanted, plan, store, onProgress }: Filling, signal: AbortSignal): Promise<void> {
    const { volume, copy } = wanted
    const patience = patienceFor(plan)
    const late = new AbortController()
    const detail = `all of it was to be here in ${Math.ceil(patience / minute)} minutes`
    const cancel = this.#deps.clock.after(patience, () =>
      late.abort(new ClawError('VOLUME_SOURCE', { volume, detail })),
    )
    const until = AbortSignal.any([signal, late.signal])
    try {
      // What a daemon before this one did not bring to its end.
      await this.#shelf.remove(copy.name, until)
      await this.#shelf.make(wanted, until)
      const of = inMib(plan.bytes)
      const archive = counted(archiveOf(plan, store, until), (bytes) =>
        onProgress(`fetching ${volume}: ${inMib(Math.min(bytes, plan.bytes))} of ${of} MiB`),
      )
      await this.#deps.engine.unpack({ volume: copy.name }, archive, until)
      await this.#shelf.finish(wanted, until)
    } catch (error) {
      await this.#leave(copy.name)
      signal.throwIfAborted()
      late.signal.throwIfAborted()
      throw error
    } finally {
      cancel()
    }
  }

  #mostOf({ sizeMib }: Volume): number {
    const { mostBytes } = this.#deps
    return sizeMib === null ? mostBytes : Math.min(mostBytes, sizeMib * mib)
  }

  async #keysOf({ namespace, name, s3: { secret } }: S3Volume, signal: AbortSignal): Promise<Uint8Array> {
    // The vault knows it by its key.
    const subject = volumeKey(namespace, name) as PlacementId
    const [keys] = await this.#deps.vault.values(
      { spec: { namespace, secrets: [{ env: 'STORE', secret }] } },
      subject,
      signal,
    )
    return keys ?? new Uint8Array()
  }

  /** Also when whoever wanted it has called it off. What cannot go now goes later. */
  async #leave(name: string): Promise<void> {
    const { clock, log } = this.#deps
    const late = new AbortController()
    const cancel = clock.after(removalPatience, () => late.abort())
    try {
      await this.#shelf.remove(name, late.signal)
    } catch (error) {
      log.warn('half a copy of a store of objects is left for a while', { volume: name, reason: String(error) })
    } finally {
      cancel()
    }
  }
}

interface Filling {
  readonly wanted: Wanted
  readonly plan: Plan
  readonly store: ObjectStore
  readonly onProgress: (text: string) => void
}

const mib = 1_048_576

const inMib = (bytes: number): string => (bytes / mib).toFixed(1)
