/**
 * Volumes of stores of objects that work writes: the node where that is has fetched all of one once, and puts what was changed there back when
 * somebody says so. Nothing is put back by itself, so there is always somebody to be told what the store and the node disagree about.
 */
import type { Agreed, WriteBack, WriteBackRules } from '../../core/volumes/write-back.ts'
import { writeBackOf } from '../../core/volumes/write-back.ts'
import { counted } from '../../lib/passing.ts'
import { BadTar, type TarPart, tarEntries } from '../../lib/tar-entries.ts'
import { ClawError } from '../../model/failure.ts'
import type { MeshId, NodeId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import { minute } from '../../model/time.ts'
import type { Volume } from '../../model/volume.ts'
import { volumeKey } from '../../model/volume.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { ObjectStore } from '../../ports/objects.ts'
import type { EngineVolume, VolumeEngine } from '../../ports/volumes.ts'
import { Turns } from '../images/turns.ts'
import { AgreedNotes } from './agreed-notes.ts'
import { engineVolume, labelsOf } from './engine-names.ts'
import { FilesPut, summed } from './files-put.ts'
import { FoundFiles } from './found-files.ts'
import { archiveOf } from './object-archive.ts'
import type { S3Volume, StoreDeps } from './volume-store.ts'
import { inMib, inPatience, mostBytesOf, mostObjects, planFor, storeOf, untilStill } from './volume-store.ts'

export interface WorkingCopiesDeps extends StoreDeps {
  readonly self: NodeId
  readonly mesh: MeshId
  readonly engine: Pick<VolumeEngine, 'ensure' | 'named' | 'remove' | 'abandon' | 'give' | 'pack' | 'unpack'>
  readonly clock: Pick<Clock, 'after'>
  readonly log: Log
}

/** What has come of putting a volume back. */
export interface Pushed extends Pick<WriteBack, 'put' | 'remove' | 'left' | 'theirs'> {
  /** Paths of symbolic links, devices and the like, which no store can hold. Those first that the store has an object for. */
  readonly leftOut: readonly string[]
}

/** Beside one that is not whole yet. */
const suffix = '.fetching'
const patience: Millis = minute

export class WorkingCopies {
  readonly #deps: WorkingCopiesDeps
  readonly #notes: AgreedNotes
  /** One after the other for each volume. */
  readonly #turns = new Turns()

  constructor(deps: WorkingCopiesDeps) {
    this.#deps = deps
    this.#notes = new AgreedNotes(deps.engine, deps.log)
  }

  /**
   * What the engine calls it, once all that the store held then is in it. Throws VOLUME_SOURCE, TOO_LARGE, VOLUME_COPY_CUT for what does not stand
   * still, and what the vault and the engine do.
   */
  async ready(volume: S3Volume, onProgress: (text: string) => void, signal: AbortSignal): Promise<string> {
    const copy = engineVolume(volume, this.#deps)
    // One that is whole stays so, also while it is put back.
    if (await this.#isWhole(volume, copy, signal)) return copy.name
    return this.#alone(volume, signal, async () => {
      if (!(await this.#isWhole(volume, copy, signal)))
        await untilStill(() => this.#fetch(volume, copy, onProgress, signal))
      return copy.name
    })
  }

  /** Does what must not meet a fetch or a push of the volume, and does not wait for one. Throws VOLUME_BUSY. */
  async aloneNow<T>({ namespace, name }: Volume, work: () => Promise<T>): Promise<T> {
    const volume = volumeKey(namespace, name)
    if (this.#turns.isTaken(volume)) throw new ClawError('VOLUME_BUSY', { volume, users: 'a fetch or a push' })
    return this.#turns.run(volume, new AbortController().signal, work)
  }

  #alone<T>({ namespace, name }: Volume, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return this.#turns.run(volumeKey(namespace, name), signal, work)
  }

  /**
   * Puts what was changed here into the store. Throws VOLUME_STORE_CHANGED before anything is written, VOLUME_TARGET, VOLUME_SOURCE,
   * VOLUME_COPY_CUT, and INVALID_REQUEST for one that no work has used yet. What was put before it failed is known to be there.
   */
  push(
    volume: S3Volume,
    rules: WriteBackRules,
    onBytes: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<Pushed> {
    const key = volumeKey(volume.namespace, volume.name)
    return this.#alone(volume, signal, async () => {
      const copy = engineVolume(volume, this.#deps)
      if (!(await this.#isWhole(volume, copy, signal)))
        throw new ClawError('INVALID_REQUEST', {
          problem: `no work has used ${key} yet, so there is nothing to put back`,
        })
      const store = await storeOf(this.#deps, volume, signal)
      const objects = await store.list(mostObjects, signal)
      const found = new FoundFiles(mostBytesOf(this.#deps, volume))
      await this.#walk(volume, copy.name, signal, (part) => found.add(part))
      const { files, others } = found
      const stored = new Map(objects.map((one) => [one.key, one.etag]))
      const plan = writeBackOf({ files, others, stored, agreed: await this.#notes.read(copy, signal) }, rules)
      refuseConflicts(plan, key)
      const put = await this.#putBack({ volume, copy, store, plan, found, onBytes }, signal)
      const { remove, left, theirs } = plan
      return { put, remove, left, theirs, leftOut: inOrder(others, stored) }
    })
  }

  async #isWhole(volume: S3Volume, { name }: EngineVolume, signal: AbortSignal): Promise<boolean> {
    const names = await this.#deps.engine.named(labelsOf(volume, this.#deps), signal)
    return names.includes(name) && !names.includes(`${name}${suffix}`)
  }

  async #fetch(
    volume: S3Volume,
    copy: EngineVolume,
    onProgress: (text: string) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { engine, clock } = this.#deps
    const key = volumeKey(volume.namespace, volume.name)
    onProgress(`looking at what ${key} holds`)
    const store = await storeOf(this.#deps, volume, signal)
    const plan = await planFor(this.#deps, volume, store, signal)
    const agreed = new Map<string, Agreed>()
    const read: ObjectStore['read'] = (object, until) =>
      summed(store.read(object, until), ({ md5 }) => agreed.set(object.key, { etag: object.etag, md5 }))
    await inPatience(plan, { clock, volume: key, signal }, async (until) => {
      try {
        // What a daemon before this one did not bring to its end.
        await this.#remove(copy, until)
        await engine.ensure({ ...copy, name: `${copy.name}${suffix}` }, until)
        await engine.ensure(copy, until)
        await engine.give(copy.name, 'everybody', until)
        const archive = counted(archiveOf(plan, { read }, until, true), (bytes) =>
          onProgress(`fetching ${key}: ${inMib(Math.min(bytes, plan.bytes))} of ${inMib(plan.bytes)} MiB`),
        )
        await engine.unpack({ volume: copy.name }, archive, until)
        await this.#notes.write(copy, agreed, until)
        await engine.remove(`${copy.name}${suffix}`, until)
      } catch (error) {
        await this.#inTime('half a copy of a store of objects is left for a while', (late) => this.#remove(copy, late))
        throw error
      }
    })
  }

  /** What says that it is not whole goes last. */
  async #remove({ name }: EngineVolume, signal: AbortSignal): Promise<void> {
    const { engine } = this.#deps
    await engine.abandon(name, signal)
    await this.#notes.remove(name, signal)
    await engine.remove(name, signal)
    await engine.remove(`${name}${suffix}`, signal)
  }

  /** Which files were put: some may have gone since they were looked at. */
  async #putBack(
    { volume, copy, store, plan, found, onBytes }: PuttingBack,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const agreed = new Map(plan.agreed)
    const namesOf = (path: string): readonly string[] => found.namesOf(path)
    const put = new FilesPut({ store, wanted: new Set(plan.put), namesOf, agreed, onBytes })
    try {
      if (plan.put.length > 0) await this.#walk(volume, copy.name, signal, (part) => put.add(part, signal))
      await put.addLinks(signal)
      for (const key of plan.remove) {
        await store.remove(key, signal)
        agreed.delete(key)
      }
      return put.names
    } finally {
      await this.#inTime('what was put into a store of objects could not be noted', (late) =>
        this.#notes.write(copy, agreed, late),
      )
    }
  }

  /** Throws VOLUME_TARGET for what no store can hold, by its name or for its size. */
  async #walk(volume: S3Volume, name: string, signal: AbortSignal, visit: Visit): Promise<void> {
    const limits = { entries: 2 * mostObjects, bytes: mostBytesOf(this.#deps, volume) }
    try {
      for await (const part of tarEntries(this.#deps.engine.pack({ volume: name }, signal), limits)) await visit(part)
    } catch (error) {
      if (!(error instanceof BadTar)) throw error
      throw new ClawError('VOLUME_TARGET', { volume: volumeKey(volume.namespace, volume.name), detail: error.message })
    }
  }

  /** Also when whoever wanted it has called it off. What cannot be done now is said, and done with the next. */
  async #inTime(otherwise: string, work: (late: AbortSignal) => Promise<void>): Promise<void> {
    const { clock, log } = this.#deps
    const late = new AbortController()
    const cancel = clock.after(patience, () => late.abort())
    try {
      await work(late.signal)
    } catch (error) {
      log.warn(otherwise, { reason: String(error) })
    } finally {
      cancel()
    }
  }
}

type Visit = (part: TarPart) => Promise<void>

interface PuttingBack {
  readonly volume: S3Volume
  readonly copy: EngineVolume
  readonly store: ObjectStore
  readonly plan: WriteBack
  readonly found: FoundFiles
  readonly onBytes: (bytes: number) => void
}

function refuseConflicts({ conflicts }: WriteBack, volume: string): void {
  if (conflicts.length === 0) return
  const objects = [...conflicts.slice(0, 3), ...(conflicts.length > 3 ? ['…'] : [])].join(', ').slice(0, 1_024)
  throw new ClawError('VOLUME_STORE_CHANGED', { volume, objects, count: conflicts.length })
}

const inOrder = (paths: ReadonlySet<string>, stored: ReadonlyMap<string, string>): readonly string[] =>
  [...paths].toSorted((a, b) => Number(stored.has(b)) - Number(stored.has(a)) || (a < b ? -1 : 1))
