/** What consensus replicates: the state, and those who wait for it to change. */
import type { Applied } from '../../core/state/apply.ts'
import { apply } from '../../core/state/apply.ts'
import { decodeEntry, mayRaise } from '../../core/state/entry.ts'
import { everythingIn } from '../../core/state/everything.ts'
import { apartFrom, remembered } from '../../core/state/memory.ts'
import { restore, restoreSlices, versionOf } from '../../core/state/restore.ts'
import { snapshot as written, snapshotSlices } from '../../core/state/snapshot.ts'
import type { Result, State } from '../../core/state/state.ts'
import { createState } from '../../core/state/state.ts'
import type { Change, Entry } from '../../core/state/types.ts'
import { raises, supported, versionNeeded } from '../../core/state/versions.ts'
import type { Slices } from '../../lib/slices.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import { covers, type VersionRange } from '../../model/version.ts'
import type { Log } from '../../ports/log.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Unsubscribe } from '../../ports/rpc.ts'
import type { Committed, Machine } from '../consensus/types.ts'

export interface ReplicatedStateDeps {
  readonly log: Log
  readonly metrics: Metrics
  /** What this build applies; a test may have it be an older one. */
  readonly applies?: VersionRange
}

/** A result that is waited for. `cancel` must be called when nobody waits any more. */
export interface Awaited {
  readonly result: Promise<Result>
  readonly cancel: () => void
}

interface Waiting {
  readonly id: string
  readonly via: NodeId | null
  readonly resolvers: Set<(result: Result) => void>
}

/** The Machine given to consensus, and the state given to Control: one object, made before both. */
export class ReplicatedState implements Machine {
  /** Always the same object, also after a snapshot was taken over. */
  readonly state: State = createState()
  readonly #deps: ReplicatedStateDeps
  readonly #listeners = new Set<(changes: readonly Change[]) => void>()
  readonly #awaited = new Map<string, Waiting>()
  readonly #applies: VersionRange
  #outdated: ClawError | null = null

  constructor(deps: ReplicatedStateDeps) {
    this.#deps = deps
    this.#applies = deps.applies ?? supported
  }

  /** Why this peer has stopped to apply the log; null while it goes on. Only another build can go on from here. */
  get outdated(): ClawError | null {
    return this.#outdated
  }

  /** Called after every batch that was applied, also when it changed nothing that can be told. */
  onChange(listener: (changes: readonly Change[]) => void): Unsubscribe {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** What a command of that id, handed in by that peer, led to. */
  result(id: string, via: NodeId | null = null): Result | null {
    return remembered(this.state, id, via) ?? null
  }

  /** Resolves when an entry of that id, handed in by that peer, has been applied here, at once when it was before. */
  awaitResult(id: string, via: NodeId | null = null): Awaited {
    const { promise, resolve } = Promise.withResolvers<Result>()
    const known = this.result(id, via)
    if (known !== null) resolve(known)
    const key = this.#keyOf(id, via)
    const waiting = this.#awaited.get(key) ?? { id, via, resolvers: new Set() }
    waiting.resolvers.add(resolve)
    this.#awaited.set(key, waiting)
    const cancel = (): void => {
      waiting.resolvers.delete(resolve)
      if (waiting.resolvers.size === 0 && this.#awaited.get(key) === waiting) this.#awaited.delete(key)
    }
    return { result: promise, cancel }
  }

  #keyOf(id: string, via: NodeId | null): string {
    const apart = apartFrom(this.state, via)
    return apart === null ? id : `${apart}\n${id}`
  }

  /** Up to the first entry that this build must not apply; throws VERSION_UNSUPPORTED then, once and for every later entry. */
  apply(entries: readonly Committed[]): void {
    const changes: Change[] = []
    for (const committed of entries) {
      if (this.#outdated === null) changes.push(...this.#applyOne(committed))
    }
    this.#tell(changes)
    if (this.#outdated !== null) throw this.#outdated
  }

  check(snapshot: Uint8Array | null, later: readonly Committed[]): void {
    const obstacle = this.#obstacleIn(snapshot, later)
    if (obstacle !== null) this.#stop(obstacle)
    if (this.#outdated !== null) throw this.#outdated
  }

  /** Tried on a copy, because whether the version rises depends on all that comes before; rises are rare, so this is, too. */
  #obstacleIn(snapshot: Uint8Array | null, later: readonly Committed[]): string | null {
    const version = snapshot === null ? this.state.version : versionOf(snapshot)
    if (snapshot !== null && !covers(this.#applies, version)) return stateOf(version)
    if (!later.some(({ payload }) => mayRaise(payload))) return null
    const copy = restore(snapshot ?? written(this.state), this.#applies)
    for (const committed of later) {
      const entry = this.#read(committed, copy)
      if (typeof entry === 'string') return entry
      apply(copy, entry, committed)
    }
    return null
  }

  snapshot(): Slices<Uint8Array> {
    return snapshotSlices(this.state)
  }

  *restore(bytes: Uint8Array): Slices<void, (index: number) => void> {
    const state = yield* restoreSlices(bytes, { applies: this.#applies })
    return (index) => this.#takeOver(state, index)
  }

  #takeOver(state: State, index: number): void {
    const before = everythingIn(this.state)
    Object.assign(this.state, state)
    this.state.index = Math.max(this.state.index, index)
    for (const { id, via } of this.#awaited.values()) {
      const result = this.result(id, via)
      if (result !== null) this.#settle({ id, via }, result)
    }
    this.#tell(unique([...before, ...everythingIn(this.state)]))
  }

  #applyOne(committed: Committed): readonly Change[] {
    const entry = this.#read(committed, this.state)
    if (typeof entry === 'string') return this.#stop(entry)
    const applied: Applied = apply(this.state, entry, committed)
    this.#deps.metrics.count('claw_state_commands_total', { type: entry.command.type, ok: String(applied.outcome.ok) })
    this.#settle(entry, applied)
    return applied.changes
  }

  /** The entry, or what stands in the way of applying it to that state, as it is named to people. */
  #read({ index, payload }: Committed, state: State): Entry | string {
    const { oldest, newest } = this.#applies
    if (state.version < oldest) return stateOf(state.version)
    const entry = decodeEntry(payload)
    if (entry === null) return `entry ${index} of the log, which it cannot read`
    const { command } = entry
    if (command.type === 'raise-version' && command.version > newest && raises(state, command))
      return `a log that goes on with version ${command.version} after ${index - 1}`
    const needed = versionNeeded(command)
    return needed > newest ? `entry ${index} of the log, of version ${needed}` : entry
  }

  #stop(found: string): readonly Change[] {
    const { log, metrics } = this.#deps
    this.#outdated = new ClawError('VERSION_UNSUPPORTED', { found, ...this.#applies })
    metrics.gauge('claw_state_outdated', 1)
    log.error('this daemon is outdated: it applies the log no further until it is upgraded; its work goes on', {
      problem: this.#outdated.message,
    })
    return []
  }

  #settle({ id, via }: Pick<Entry, 'id' | 'via'>, { index, outcome }: Result): void {
    for (const resolve of this.#awaited.get(this.#keyOf(id, via))?.resolvers ?? []) resolve({ index, outcome })
  }

  #tell(changes: readonly Change[]): void {
    for (const listener of [...this.#listeners]) listener(changes)
  }
}

const stateOf = (version: number): string => `a state of version ${version}`

const unique = (changes: readonly Change[]): readonly Change[] => [
  ...new Map(changes.map((change) => [JSON.stringify(change), change])).values(),
]
