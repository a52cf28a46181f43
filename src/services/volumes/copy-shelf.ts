/**
 * The copies that this node keeps of what stores of objects hold: who has been given which, and how much room they take. Whoever is given one holds
 * on to it until something of the engine does; what nobody holds may go, when it was of no use for a while or others need the room.
 */
import { ClawError } from '../../model/failure.ts'
import type { MeshId, NodeId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import { hour } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { EngineVolume, VolumeEngine, VolumeUser } from '../../ports/volumes.ts'
import { Turns } from '../images/turns.ts'

export interface ShelfDeps {
  readonly self: NodeId
  readonly mesh: MeshId
  readonly engine: Pick<VolumeEngine, 'ensure' | 'known' | 'users' | 'remove' | 'abandon'>
  readonly clock: Clock
  /** Most bytes of all copies together. */
  readonly mostInAll: number
}

/** A copy that somebody wants, and the room that it takes. */
export interface Wanted {
  readonly copy: EngineVolume
  readonly bytes: number
  /** What failures call it. */
  readonly volume: string
}

export interface Hold {
  /** False for one that is still to be filled. */
  readonly isWhole: boolean
  /** Once, or more often. */
  readonly release: () => void
}

interface Kept {
  readonly bytes: number
  holds: number
  /** When it was last known to be of use, on the steady clock. What was there before the daemon is when it is first seen. */
  used: Millis
}

/** How long one that nothing uses is kept for what may come. */
const keptFor: Millis = hour

/** That all of them have, and what says that one is whole. */
const mark = { 'claw.copy': 'objects' } as const
const size = 'claw.bytes'
const suffix = '.whole'
/** There is one, for all that is given or taken away. */
const desk = 'desk'

export class CopyShelf {
  readonly #deps: ShelfDeps
  readonly #turns = new Turns()
  readonly #kept = new Map<string, Kept>()

  constructor(deps: ShelfDeps) {
    this.#deps = deps
  }

  /** Holds on to it. Throws VOLUME_NO_ROOM where it is not there, and cannot be beside those that are in use. */
  take(wanted: Wanted, signal: AbortSignal): Promise<Hold> {
    return this.#turns.run(desk, signal, async () => {
      const { name } = wanted.copy
      const isWhole = isWholeIn(await this.#look(signal), name)
      if (!isWhole) await this.#makeRoom(wanted, signal)
      return { isWhole, release: this.#hold(name, wanted.bytes) }
    })
  }

  /** Makes the empty volume; whoever calls holds it. */
  async make({ copy, bytes }: Wanted, signal: AbortSignal): Promise<void> {
    await this.#deps.engine.ensure({ ...copy, labels: { ...copy.labels, ...mark, [size]: String(bytes) } }, signal)
  }

  /** Says that all is in it. */
  async finish({ copy }: Wanted, signal: AbortSignal): Promise<void> {
    const labels = { ...copy.labels, ...mark }
    await this.#deps.engine.ensure({ ...copy, name: `${copy.name}${suffix}`, labels }, signal)
  }

  /** Throws VOLUME_COPY_CUT for one that is not there as a whole, so that nobody is given an empty one in its place. */
  async require(name: string, signal: AbortSignal): Promise<void> {
    const names = await this.#names(signal)
    if (!isWholeIn(new Set(names.keys()), name))
      throw new ClawError('VOLUME_COPY_CUT', { detail: 'somebody has taken it away before the work began' })
  }

  /** What says that it is whole goes first. */
  async remove(name: string, signal: AbortSignal): Promise<void> {
    const { engine } = this.#deps
    await engine.abandon(name, signal)
    await engine.remove(`${name}${suffix}`, signal)
    await engine.remove(name, signal)
  }

  /** Takes away what nothing has used for a while, or nobody ever finished. */
  async sweep(signal: AbortSignal): Promise<void> {
    await this.#turns.run(desk, signal, () => this.#look(signal))
    for (const name of [...this.#kept.keys()])
      await this.#turns.run(desk, signal, async () => {
        if (!(await this.#isIdle(name, signal))) return
        // Now, and not before the engine was asked: whoever lets go of it meanwhile has used it.
        const { used } = this.#kept.get(name) ?? { used: this.#deps.clock.elapsed() }
        if (this.#deps.clock.elapsed() - used >= keptFor) await this.#drop(name, signal)
      })
  }

  /** Those that can go first go only when that is enough. */
  async #makeRoom({ copy, bytes, volume }: Wanted, signal: AbortSignal): Promise<void> {
    const { mostInAll: limit } = this.#deps
    const others = [...this.#kept].filter(([name]) => name !== copy.name)
    let over = others.reduce((sum, [, other]) => sum + other.bytes, bytes) - limit
    const going: string[] = []
    for (const [name, other] of others.toSorted(([, a], [, b]) => a.used - b.used)) {
      if (over <= 0) break
      if (!(await this.#isIdle(name, signal))) continue
      going.push(name)
      over -= other.bytes
    }
    if (over > 0) throw new ClawError('VOLUME_NO_ROOM', { volume, bytes, limit })
    for (const name of going) await this.#drop(name, signal)
  }

  /** Nobody holds it, and no work has it. */
  async #isIdle(name: string, signal: AbortSignal): Promise<boolean> {
    const kept = this.#kept.get(name)
    if (kept === undefined || kept.holds > 0) return false
    if (!(await this.#deps.engine.users(name, signal)).some(isWork)) return true
    kept.used = this.#deps.clock.elapsed()
    return false
  }

  async #drop(name: string, signal: AbortSignal): Promise<void> {
    await this.remove(name, signal)
    this.#kept.delete(name)
  }

  #hold(name: string, bytes: number): () => void {
    const { clock } = this.#deps
    const kept = this.#kept.get(name) ?? { bytes, holds: 0, used: clock.elapsed() }
    this.#kept.set(name, kept)
    kept.holds += 1
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      kept.holds -= 1
      kept.used = clock.elapsed()
    }
  }

  /** What is there now. What somebody is about to make is kept in mind as well. */
  async #look(signal: AbortSignal): Promise<ReadonlySet<string>> {
    const names = await this.#names(signal)
    const copies = new Map<string, number>()
    for (const [name, labels] of names) {
      const copy = name.endsWith(suffix) ? name.slice(0, -suffix.length) : name
      copies.set(copy, Math.max(copies.get(copy) ?? 0, bytesIn(labels)))
    }
    for (const [name, { holds }] of this.#kept) if (holds === 0 && !copies.has(name)) this.#kept.delete(name)
    const used = this.#deps.clock.elapsed()
    for (const [name, bytes] of copies) if (!this.#kept.has(name)) this.#kept.set(name, { bytes, holds: 0, used })
    return new Set(names.keys())
  }

  async #names(signal: AbortSignal): Promise<ReadonlyMap<string, EngineVolume['labels']>> {
    const { self, mesh, engine } = this.#deps
    const found = await engine.known({ ...mark, 'claw.mesh': mesh, 'claw.keeper': self }, signal)
    return new Map(found.map(({ name, labels }) => [name, labels]))
  }
}

/** Both are there: one alone was not finished, or somebody has taken the other away. */
const isWholeIn = (names: ReadonlySet<string>, name: string): boolean =>
  names.has(name) && names.has(`${name}${suffix}`)

/** And not what has copied it, of a daemon that has died meanwhile. */
const isWork = ({ placement, isRunning }: VolumeUser): boolean => placement !== null || isRunning

const bytesIn = (labels: EngineVolume['labels']): number => {
  const bytes = Number(labels[size] ?? 0)
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : 0
}
