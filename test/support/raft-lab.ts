/** Cores without a world: messages go where and when the test says. What a step wants on disk is there at once, unless held. */
import { foundingLog } from '../../src/core/consensus/log.ts'
import { encodeAll, encodeEntry, encodeHard, replay } from '../../src/core/consensus/records.ts'
import { hardState } from '../../src/core/consensus/raft.ts'
import type { Raft } from '../../src/core/consensus/raft.ts'
import { lan } from '../../src/core/consensus/settings.ts'
import { createRaft, step } from '../../src/core/consensus/step.ts'
import type { Effects, Input, Settings } from '../../src/core/consensus/types.ts'
import { nodeId } from '../../src/model/ids.ts'
import type { NodeId } from '../../src/model/ids.ts'
import type { Entry, Message } from '../../src/model/raft.ts'

export interface Letter {
  readonly from: NodeId
  readonly to: NodeId
  readonly message: Message
}

export class Bench {
  readonly id: NodeId
  raft: Raft
  readonly applied: Entry[] = []
  readonly answers: Effects['answers'][number][] = []
  readonly reads: Effects['reads'][number][] = []
  readonly wantedSnapshots: NodeId[] = []
  readonly journal: Uint8Array[]
  /** While true, nothing is reported as persisted, and nothing is spoken. */
  diskHangs = false
  last: Effects | null = null

  constructor(id: NodeId, founders: readonly NodeId[], settings: Settings) {
    this.id = id
    const log = foundingLog(founders)
    const hard = { term: 0, vote: null, mute: false }
    this.journal = encodeAll(hard, log)
    this.raft = createRaft({ self: id, hard, log, applied: 0 }, 0, settings)
  }
}

export class RaftLab {
  now = 0
  readonly settings: Settings
  readonly peers: ReadonlyMap<NodeId, Bench>
  /** Sent and not delivered yet. */
  letters: Letter[] = []

  constructor(
    voters: readonly string[],
    { learners = [], ...settings }: Partial<Settings> & { learners?: string[] } = {},
  ) {
    this.settings = { ...lan, ...settings }
    const founders = voters.map(nodeId)
    const all = [...founders.map((id) => [id, founders] as const), ...learners.map((id) => [nodeId(id), []] as const)]
    this.peers = new Map(all.map(([id, known]) => [id, new Bench(id, known, this.settings)]))
  }

  at(name: string): Bench {
    const bench = this.peers.get(nodeId(name))
    if (bench === undefined) throw new Error(`there is no ${name}`)
    return bench
  }

  put(name: string, ...inputs: readonly Input[]): Effects {
    const bench = this.at(name)
    const effects = step(bench.raft, inputs, this.now, this.settings)
    bench.last = effects
    bench.applied.push(...effects.apply)
    bench.answers.push(...effects.answers)
    bench.reads.push(...effects.reads)
    bench.wantedSnapshots.push(...effects.sendSnapshots)
    this.letters.push(...effects.early.map((letter) => ({ from: bench.id, ...letter })))
    if (bench.diskHangs) return effects
    if (effects.install !== null) {
      bench.journal.splice(0, bench.journal.length, ...encodeAll(hardState(bench.raft), bench.raft.log))
    } else if (effects.persist !== null) {
      const { hard, entries } = effects.persist
      bench.journal.push(...(hard === null ? [] : [encodeHard(hard)]), ...entries.map(encodeEntry))
    }
    this.letters.push(...effects.messages.map((letter) => ({ from: bench.id, ...letter })))
    if (effects.persist !== null) this.put(name, effects.persist.done)
    return effects
  }

  /** Delivers letters, and those that they lead to, as long as `passes` lets them; the rest are lost. */
  deliver(passes: (letter: Letter) => boolean = () => true): void {
    for (let letter = this.letters.shift(); letter !== undefined; letter = this.letters.shift())
      if (passes(letter)) this.put(letter.to, { type: 'message', from: letter.from, message: letter.message })
  }

  /** Lets time pass in ticks; after each one everything that `passes` is delivered. */
  pass(span: number, passes: (letter: Letter) => boolean = () => true, who = [...this.peers.keys()]): void {
    for (const end = this.now + span; this.now < end;) {
      this.now += 50
      for (const id of who) this.put(id, { type: 'tick' })
      this.deliver(passes)
    }
  }

  /** Makes that peer the leader, as time alone would have. */
  elect(name: string, passes: (letter: Letter) => boolean = () => true): void {
    const { raft } = this.at(name)
    for (const { raft: other } of this.peers.values()) other.leader = other.phase === 'leader' ? other.leader : null
    this.now = Math.max(this.now, raft.electionAt)
    this.put(name, { type: 'tick' })
    this.deliver(passes)
  }

  propose(name: string, ...words: readonly string[]): void {
    const inputs = words.map((text, id): Input => ({ type: 'propose', id, payload: new TextEncoder().encode(text) }))
    this.put(name, ...inputs)
  }

  /** Starts again from what is on disk. */
  restart(name: string): void {
    const bench = this.at(name)
    const { hard, log } = replay(bench.journal)
    bench.diskHangs = false
    bench.raft = createRaft({ self: bench.id, hard, log, applied: 0 }, this.now, this.settings)
  }

  leaders(): string[] {
    return [...this.peers.values()].filter(({ raft }) => raft.phase === 'leader').map(({ id }) => id)
  }
}

export const words = (entries: readonly Entry[]): string[] =>
  entries.flatMap((entry) => (entry.kind === 'command' ? [new TextDecoder().decode(entry.payload)] : []))

/** Lets pass only what goes between these. */
export const among =
  (...names: readonly string[]) =>
  ({ from, to }: Letter): boolean =>
    names.includes(from) && names.includes(to)
