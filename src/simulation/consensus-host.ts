/** One simulated peer: the core, its disk, its clock. It carries out effects as a real peer must, and can die at any moment. */
import { foundingLog } from '../core/consensus/log.ts'
import { encodeAll, encodeEntry, encodeHard, encodeSnapshot } from '../core/consensus/records.ts'
import { decodeSnapshot, reconcile, replay } from '../core/consensus/records.ts'
import { hardState } from '../core/consensus/raft.ts'
import type { Raft } from '../core/consensus/raft.ts'
import type { Rules } from '../core/consensus/rules.ts'
import { createRaft, step } from '../core/consensus/step.ts'
import type { Entry } from '../model/raft.ts'
import type { Effects, HardState, Input, Settings, Snapshot } from '../core/consensus/types.ts'
import { encodeFile, encodeRecords, saltSize, scan } from '../lib/record-file.ts'
import type { NodeId } from '../model/ids.ts'
import type { Millis } from '../model/time.ts'
import type { Random } from '../ports/random.ts'
import { digestAfter } from './consensus-checker.ts'
import type { Checker, Watched } from './consensus-checker.ts'
import type { Events } from './consensus-events.ts'
import { SimFile } from './disk-file.ts'

/** Ways in which a peer can be built wrongly that are not rules of the core. */
export interface HostFlaws {
  /** Speaks before the disk has confirmed. */
  readonly skipsFlush?: boolean
  /** Restarts without its vote. */
  readonly forgetsVote?: boolean
  /** Restarts with an empty disk as if it were new. */
  readonly forgetsLoss?: boolean
}

export interface HostDeps {
  readonly events: Events
  readonly random: Random
  readonly checker: Checker
  readonly settings: Settings
  readonly rules: Rules
  readonly flaws: HostFlaws
  readonly diskLatency: () => Millis
  /** A step has ended; what may be said before it is on disk is said now. */
  readonly speakEarly: (host: SimHost, effects: Effects) => void
  /** A step has ended and what it asked for is on disk. */
  readonly carryOut: (host: SimHost, effects: Effects) => void
}

/** What is written, in this order, by one flush of the host. */
interface Writing {
  readonly blob: Uint8Array | null
  readonly rewrite: Uint8Array | null
  readonly append: Uint8Array | null
  readonly then: () => void
}

const salt = new Uint8Array(saltSize)

export class SimHost implements Watched {
  readonly id: NodeId
  readonly #deps: HostDeps
  readonly #founders: readonly NodeId[]
  raft: Raft
  up = true
  paused = false
  /** The local clock runs at this rate. */
  rate = 1
  applied: number
  #digest = 0
  #journal: SimFile
  #blob: Uint8Array | null = null
  #inbox: Input[] = []
  #writing: Writing | null = null
  /** Counts restarts, so that what was under way before is dropped. */
  #life = 0
  /** Terms of flushed entries by index, and up to where a flushed snapshot covers. */
  #flushed: number[] = []
  #covered = 0

  constructor(id: NodeId, founders: readonly NodeId[], deps: HostDeps) {
    this.id = id
    this.#deps = deps
    this.#founders = founders
    this.#journal = new SimFile(encodeFile(salt, []))
    this.applied = 0
    this.raft = this.#format({ term: 0, vote: null, mute: false }, founders)
  }

  /** Local monotonic time. */
  now(): Millis {
    return this.#deps.events.now * this.rate
  }

  holds(index: number, term: number): boolean {
    return !this.raft.mute && (index <= this.#covered || this.#flushed[index] === term)
  }

  put(...inputs: readonly Input[]): void {
    if (!this.up) return
    this.#inbox.push(...inputs)
    this.drain()
  }

  /** Takes everything that has arrived, unless the disk is busy or the process is stopped. */
  drain(): void {
    while (this.up && !this.paused && this.#writing === null && this.#inbox.length > 0) {
      const effects = step(this.raft, this.#inbox.splice(0), this.now(), this.#deps.settings)
      this.#deps.checker.stepped(this, effects.persist?.entries ?? [])
      this.#deps.speakEarly(this, effects)
      if (effects.persist === null) this.#finish(effects)
      else this.#persist(effects, effects.persist)
    }
  }

  #persist(effects: Effects, { hard, entries, done }: NonNullable<Effects['persist']>): void {
    const then = (): void => {
      if (effects.install !== null) this.#restore(effects.install)
      this.#noteFlushed(entries)
      this.#inbox.unshift(done)
      this.#finish(effects)
    }
    const { install } = effects
    if (install !== null) {
      this.#write({ blob: encodeSnapshot(install), rewrite: this.#whole(), append: null, then })
      return
    }
    const records = [...(hard === null ? [] : [encodeHard(hard)]), ...entries.map(encodeEntry)]
    const append = encodeRecords(salt, this.#journal.length, records)
    this.#write({ blob: null, rewrite: null, append, then })
  }

  #whole(): Uint8Array {
    return encodeFile(salt, encodeAll(hardState(this.raft), this.raft.log))
  }

  #write(writing: Writing): void {
    const life = this.#life
    this.#writing = writing
    if (writing.append !== null) this.#journal.append(writing.append)
    if (this.#deps.flaws.skipsFlush === true) {
      this.#writing = null
      if (writing.blob !== null) this.#blob = writing.blob
      if (writing.rewrite !== null) this.#journal = new SimFile(writing.rewrite)
      writing.then()
      return
    }
    this.#deps.events.after(this.#deps.diskLatency(), () => {
      if (life !== this.#life) return
      this.#writing = null
      if (writing.blob !== null) this.#blob = writing.blob
      if (writing.rewrite !== null) this.#journal = new SimFile(writing.rewrite)
      this.#journal.sync()
      writing.then()
      this.drain()
    })
  }

  #noteFlushed(entries: readonly Entry[]): void {
    const first = entries[0]
    if (first === undefined || this.#deps.flaws.skipsFlush === true) return
    this.#flushed.length = Math.min(this.#flushed.length, first.index)
    for (const { index, term } of entries) this.#flushed[index] = term
  }

  #finish(effects: Effects): void {
    for (const entry of effects.apply) {
      this.#digest = digestAfter(this.#digest, entry)
      this.applied = entry.index
      this.#deps.checker.appliedAt(this.id, entry, this.#digest)
    }
    this.#deps.carryOut(this, effects)
  }

  snapshot(): Snapshot | null {
    return this.#blob === null ? null : decodeSnapshot(this.#blob)
  }

  #restore({ index, data }: Snapshot): void {
    this.#digest = new DataView(data.buffer, data.byteOffset).getUint32(0)
    this.applied = index
    this.#covered = index
    this.#flushed.length = Math.min(this.#flushed.length, index + 1)
  }

  /** Writes the state down and forgets most of the log, as a real peer does when the log has grown. */
  compact(keep: number): void {
    const { raft } = this
    const term = raft.log.termAt(this.applied)
    if (!this.up || this.paused || this.#writing !== null || term === undefined) return
    const data = new Uint8Array(4)
    new DataView(data.buffer).setUint32(0, this.#digest)
    const index = this.applied
    const snapshot = { index, term, voters: raft.log.votersAt(index), data }
    const compacted = { type: 'compacted', index, upTo: index - keep } as const
    const effects = step(raft, [compacted], this.now(), this.#deps.settings)
    this.#deps.speakEarly(this, effects)
    const then = (): void => {
      this.#covered = index
      this.#finish(effects)
    }
    this.#write({ blob: encodeSnapshot(snapshot), rewrite: this.#whole(), append: null, then })
  }

  /** The power goes. What was being written got as far as chance decides. */
  crash(): void {
    const { random } = this.#deps
    this.up = false
    this.paused = false
    this.#life += 1
    this.#inbox = []
    const stage = random.next()
    if (this.#writing !== null && this.#writing.blob !== null && stage < 0.66) this.#blob = this.#writing.blob
    if (this.#writing !== null && this.#writing.rewrite !== null && stage < 0.33)
      this.#journal = new SimFile(this.#writing.rewrite)
    this.#writing = null
    this.#journal = this.#journal.crash(random)
  }

  /** The disk is replaced by an empty one. */
  wipe(): void {
    this.#journal = new SimFile(encodeFile(salt, []))
    this.#blob = null
    this.#flushed = []
    this.#covered = 0
    const mute = this.#deps.flaws.forgetsLoss !== true
    this.#format({ term: 0, vote: null, mute }, mute ? [] : this.#founders)
  }

  #format(hard: HardState, founders: readonly NodeId[]): Raft {
    const log = foundingLog(founders)
    this.#journal.append(encodeRecords(salt, this.#journal.length, encodeAll(hard, log)))
    this.#journal.sync()
    this.#noteFlushed(log.slice(1, log.lastIndex))
    return this.#create(hard, log)
  }

  #create(hard: HardState, log: Raft['log']): Raft {
    const { rules, settings } = this.#deps
    return createRaft({ self: this.id, hard, log, applied: this.applied, rules }, this.now(), settings)
  }

  /** Starts again from what the disk holds. */
  restart(): void {
    const file = scan(this.#journal.content)
    if ('damage' in file) throw new Error(`the journal of ${this.id} is damaged: ${file.damage}`)
    this.#journal.truncate(file.end)
    const snapshot = this.snapshot()
    const restored = reconcile(replay(file.records), snapshot)
    this.#digest = 0
    this.applied = 0
    this.#covered = 0
    if (snapshot !== null) this.#restore(snapshot)
    const hard = this.#deps.flaws.forgetsVote === true ? { ...restored.hard, vote: null } : restored.hard
    this.raft = this.#create(hard, restored.log)
    if (restored.changed) this.#journal = new SimFile(this.#whole())
    this.#flushed = []
    const { log } = restored
    this.#noteFlushed(log.slice(log.base.index + 1, log.lastIndex))
    this.#flushed[log.base.index] = log.base.term
    this.up = true
  }
}
