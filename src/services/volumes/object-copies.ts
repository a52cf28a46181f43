/**
 * Copies of what stores of objects hold, for work of this node that reads it. Each is of one list of objects, and never changes: work that runs
 * keeps what it has been given, and what starts later gets what is there by then.
 */
import { counted } from '../../lib/passing.ts'
import { ClawError } from '../../model/failure.ts'
import type { MeshId, NodeId, PlacementId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import { hour, minute } from '../../model/time.ts'
import type { Volume } from '../../model/volume.ts'
import { volumeKey } from '../../model/volume.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { OpenObjects } from '../../ports/objects.ts'
import type { Service } from '../../ports/service.ts'
import type { EngineVolume, VolumeEngine, VolumeUser } from '../../ports/volumes.ts'
import type { Control } from '../control/types.ts'
import { Loop } from '../gateway/loop.ts'
import type { VaultService } from '../vault/vault-service.ts'
import { engineVolume, labelsOf } from './engine-names.ts'
import { archiveOf, planOf } from './object-archive.ts'

export interface ObjectCopiesDeps {
  readonly self: NodeId
  readonly mesh: MeshId
  readonly control: Pick<Control, 'state'>
  readonly engine: Pick<VolumeEngine, 'ensure' | 'named' | 'users' | 'remove' | 'abandon' | 'unpack'>
  readonly open: OpenObjects
  readonly vault: Pick<VaultService, 'values'>
  readonly clock: Clock
  readonly log: Log
  /** Most bytes of one copy, where the volume says no less. */
  readonly mostBytes: number
}

type S3Volume = Volume & { readonly s3: NonNullable<Volume['s3']> }

/** Of one volume. */
const mostObjects = 100_000
/** What changes while it is copied is listed again so often. */
const tries = 3
/** How long one that nothing uses is kept for what may come. */
const kept: Millis = hour
const removalPatience: Millis = minute

/** That all of them have, and what says that one is whole. */
const mark = { 'claw.copy': 'objects' } as const
const wholeOf = (copy: EngineVolume): EngineVolume => ({ ...copy, name: `${copy.name}${suffix}` })
const suffix = '.whole'

export class ObjectCopies implements Service {
  readonly name = 'object-copies'
  readonly #deps: ObjectCopiesDeps
  readonly #loop: Loop
  /** One after the other for each volume: what one has copied, the next one has. */
  readonly #turns = new Map<string, Promise<unknown>>()
  readonly #filling = new Set<string>()
  /** When each was last known to be of use, on the steady clock. */
  readonly #used = new Map<string, Millis>()

  constructor(deps: ObjectCopiesDeps) {
    this.#deps = deps
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
   * What the engine calls the copy of what the store holds now, made if need be. Throws VOLUME_SOURCE, TOO_LARGE, VOLUME_COPY_CUT for what does
   * not stand still, and what the vault and the engine do.
   */
  async ready(volume: S3Volume, onProgress: (text: string) => void, signal: AbortSignal): Promise<string> {
    const key = volumeKey(volume.namespace, volume.name)
    const before = this.#turns.get(key) ?? Promise.resolve()
    const turn = before.then(async () => {
      signal.throwIfAborted()
      return this.#copied(volume, onProgress, signal)
    })
    const settled = turn.catch(() => 'whoever wanted it hears of it')
    this.#turns.set(key, settled)
    try {
      return await turn
    } finally {
      if (this.#turns.get(key) === settled) this.#turns.delete(key)
    }
  }

  /** Takes away what nothing has used for a while, or nobody ever finished. */
  async sweep(signal: AbortSignal): Promise<void> {
    const { engine, clock } = this.#deps
    const { self, mesh } = this.#deps
    const names = await engine.named({ ...mark, 'claw.mesh': mesh, 'claw.keeper': self }, signal)
    const copies = new Set(names.map((name) => (name.endsWith(suffix) ? name.slice(0, -suffix.length) : name)))
    for (const name of this.#used.keys()) if (!copies.has(name)) this.#used.delete(name)
    for (const name of copies) {
      const now = clock.elapsed()
      if (!this.#used.has(name) || this.#filling.has(name)) this.#used.set(name, now)
      else if ((await engine.users(name, signal)).some(isWork)) this.#used.set(name, clock.elapsed())
      // It may have been given to somebody while the engine was asked.
      else if (now - (this.#used.get(name) ?? now) >= kept) await this.#remove(name, signal)
    }
  }

  async #copied(volume: S3Volume, onProgress: (text: string) => void, signal: AbortSignal): Promise<string> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#copy(volume, onProgress, signal)
      } catch (error) {
        if (!ClawError.is(error, 'VOLUME_COPY_CUT') || attempt >= tries) throw error
      }
    }
  }

  async #copy(volume: S3Volume, onProgress: (text: string) => void, signal: AbortSignal): Promise<string> {
    const { engine, clock } = this.#deps
    const name = volumeKey(volume.namespace, volume.name)
    onProgress(`looking at what ${name} holds`)
    const store = this.#deps.open(volume.s3, await this.#keysOf(volume, signal), name)
    const plan = planOf(await store.list(mostObjects, signal), name)
    const limit = this.#mostOf(volume)
    if (plan.bytes > limit) throw new ClawError('TOO_LARGE', { what: `What ${name} holds`, limit })
    const copy = this.#copyOf(volume, plan.print)
    this.#used.set(copy.name, clock.elapsed())
    if (await this.#isWhole(volume, copy, signal)) return copy.name
    this.#filling.add(copy.name)
    try {
      // What a daemon before this one did not bring to its end.
      await this.#remove(copy.name, signal)
      await engine.ensure(copy, signal)
      const of = inMib(plan.bytes)
      const archive = counted(archiveOf(plan, store, signal), (bytes) =>
        onProgress(`fetching ${name}: ${inMib(Math.min(bytes, plan.bytes))} of ${of} MiB`),
      )
      await engine.unpack({ volume: copy.name }, archive, signal)
      await engine.ensure(wholeOf(copy), signal)
      this.#used.set(copy.name, clock.elapsed())
      return copy.name
    } catch (error) {
      await this.#leave(copy.name)
      throw error
    } finally {
      this.#filling.delete(copy.name)
    }
  }

  #copyOf(volume: S3Volume, print: string): EngineVolume {
    const copy = engineVolume({ ...volume, incarnation: `${volume.createdAt} ${print}` }, this.#deps)
    return { ...copy, labels: { ...copy.labels, ...mark } }
  }

  /** Both are there: one alone was not finished, or somebody has taken the other away. */
  async #isWhole(volume: Volume, copy: EngineVolume, signal: AbortSignal): Promise<boolean> {
    const names = await this.#deps.engine.named({ ...labelsOf(volume, this.#deps), ...mark }, signal)
    return names.includes(copy.name) && names.includes(wholeOf(copy).name)
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

  /** What says that it is whole goes first. */
  async #remove(name: string, signal: AbortSignal): Promise<void> {
    const { engine } = this.#deps
    await engine.abandon(name, signal)
    await engine.remove(`${name}${suffix}`, signal)
    await engine.remove(name, signal)
  }

  /** Also when whoever wanted it has called it off. What cannot go now goes later. */
  async #leave(name: string): Promise<void> {
    const { clock, log } = this.#deps
    const late = new AbortController()
    const cancel = clock.after(removalPatience, () => late.abort())
    try {
      await this.#remove(name, late.signal)
    } catch (error) {
      log.warn('half a copy of a store of objects is left for a while', { volume: name, reason: String(error) })
    } finally {
      cancel()
    }
  }
}

/** And not what has copied it, of a daemon that has died meanwhile. */
const isWork = ({ placement, isRunning }: VolumeUser): boolean => placement !== null || isRunning

const mib = 1_048_576

const inMib = (bytes: number): string => (bytes / mib).toFixed(1)
