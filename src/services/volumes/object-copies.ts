/**
 * Copies of what stores of objects hold, for work of this node that reads it. Each is of one list of objects, and never changes: work that runs
 * keeps what it has been given, and what starts later gets what is there by then.
 */
import { counted } from '../../lib/passing.ts'
import type { Millis } from '../../model/time.ts'
import { minute } from '../../model/time.ts'
import { volumeKey } from '../../model/volume.ts'
import type { Log } from '../../ports/log.ts'
import type { ObjectStore } from '../../ports/objects.ts'
import type { Service } from '../../ports/service.ts'
import type { VolumeEngine } from '../../ports/volumes.ts'
import type { Control } from '../control/types.ts'
import { Loop } from '../gateway/loop.ts'
import { Turns } from '../images/turns.ts'
import type { ShelfDeps, Wanted } from './copy-shelf.ts'
import { CopyShelf } from './copy-shelf.ts'
import { engineVolume } from './engine-names.ts'
import type { Plan } from './object-archive.ts'
import { archiveOf } from './object-archive.ts'
import type { S3Volume, StoreDeps } from './volume-store.ts'
import { inMib, inPatience, planFor, storeOf, untilStill } from './volume-store.ts'

export interface ObjectCopiesDeps extends Omit<ShelfDeps, 'engine'>, StoreDeps {
  readonly control: Pick<Control, 'state'>
  readonly engine: ShelfDeps['engine'] & Pick<VolumeEngine, 'unpack'>
  readonly log: Log
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

const removalPatience: Millis = minute
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
    return this.#turns.run(key, signal, () => untilStill(() => this.#copy(volume, onProgress, signal)))
  }

  /** Takes away what nothing has used for a while, or nobody ever finished. */
  sweep(signal: AbortSignal): Promise<void> {
    return this.#shelf.sweep(signal)
  }

  async #copy(volume: S3Volume, onProgress: (text: string) => void, signal: AbortSignal): Promise<ReadyCopy> {
    const name = volumeKey(volume.namespace, volume.name)
    onProgress(`looking at what ${name} holds`)
    const store = await storeOf(this.#deps, volume, signal)
    const plan = await planFor(this.#deps, volume, store, signal)
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
    const { clock, engine } = this.#deps
    await inPatience(plan, { clock, volume, signal }, async (until) => {
      try {
        // What a daemon before this one did not bring to its end.
        await this.#shelf.remove(copy.name, until)
        await this.#shelf.make(wanted, until)
        const of = inMib(plan.bytes)
        const archive = counted(archiveOf(plan, store, until), (bytes) =>
          onProgress(`fetching ${volume}: ${inMib(Math.min(bytes, plan.bytes))} of ${of} MiB`),
        )
        await engine.unpack({ volume: copy.name }, archive, until)
        await this.#shelf.finish(wanted, until)
      } catch (error) {
        await this.#leave(copy.name)
        throw error
      }
    })
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
