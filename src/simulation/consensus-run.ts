/** A whole life of a consensus group under one seed: clients, faults, churn of voters, then peace, in which it must recover. */
import { raftRules } from '../core/consensus/rules.ts'
import type { Rules } from '../core/consensus/rules.ts'
import { lan } from '../core/consensus/settings.ts'
import type { Entry, Message, Position } from '../model/raft.ts'
import type { Effects, Settings } from '../core/consensus/types.ts'
import { nodeId } from '../model/ids.ts'
import type { NodeId } from '../model/ids.ts'
import type { Millis } from '../model/time.ts'
import type { Random } from '../ports/random.ts'
import { Checker, Violation } from './consensus-checker.ts'
import { Events } from './consensus-events.ts'
import { ambush, breakSomething, mend } from './consensus-faults.ts'
import type { Scene } from './consensus-faults.ts'
import { SimHost } from './consensus-host.ts'
import type { HostFlaws } from './consensus-host.ts'
import { FaultyNetwork } from './consensus-network.ts'
import { seededRandom } from './world.ts'

export interface ConsensusRun {
  readonly seed: number
  /** How long things go wrong. */
  readonly trouble?: Millis
  /** Rules to answer wrongly, to see whether it is noticed. */
  readonly breakages?: Partial<Rules>
  readonly flaws?: HostFlaws
  /** A small, steady group in which every promise is an ambush: narrower, and harder on what elections rely on. */
  readonly duel?: boolean
}

export interface RunReport {
  readonly terms: number
  readonly acknowledged: number
  readonly reads: number
  readonly messages: number
}

/** Small limits, so that flow control, refusals and snapshots happen in a short life. */
const settings = (maxAppendBytes: number): Settings => ({
  ...lan,
  maxAppendBytes,
  maxInflightAppends: 4,
  maxInflightBytes: 600,
  maxUncommittedEntries: 40,
  maxUncommittedBytes: 4_000,
  maxVoterLag: 20,
})

const tickEvery: Millis = 50
/** After the last fault a new leader must have committed something by then: some elections, and a snapshot for who fell behind. */
const recovery: Millis = 30_000

/** Plays one seed. Throws a Violation when an invariant breaks or the group does not recover. */
export function runConsensus(run: ConsensusRun): RunReport {
  return new Group(run).play(run.trouble ?? 12_000)
}

interface Pending {
  readonly at: Position
  readonly payload: Uint8Array
}

class Group {
  readonly #events = new Events()
  readonly #random: Random
  readonly #checker = new Checker()
  readonly #network: FaultyNetwork
  readonly #scene: Scene
  readonly #hosts: readonly SimHost[]
  readonly #byId: ReadonlyMap<NodeId, SimHost>
  /** By host: what was asked of it and has no answer yet. */
  readonly #asked = new Map<number, Uint8Array>()
  readonly #pending = new Map<NodeId, Map<number, Pending>>()
  readonly #reads = new Map<number, number>()
  readonly #told = new Map<NodeId, string>()
  readonly #committed = new Map<NodeId, { readonly term: number; readonly index: number }>()
  /** Chance of an ambush at each occasion, and the mean time between other faults. */
  readonly #ambushes: number
  readonly #duel: boolean
  readonly #pace: Millis
  #calm = false
  #ids = 0
  #servedReads = 0
  #messages = 0

  constructor({ seed, breakages, flaws, duel = false }: ConsensusRun) {
    const random = seededRandom(Math.imul(seed + 1, 0x9e3779b1))
    this.#random = random
    this.#network = new FaultyNetwork(this.#events, random)
    const voters = duel ? 3 : ([1, 2, 3, 3, 3, 4, 5][Math.floor(random.next() * 7)] ?? 3)
    const size = voters + (duel ? 0 : Math.floor(random.next() * 3))
    const ids = Array.from({ length: size }, (_, i) => nodeId(`peer-${i}`))
    const founders = ids.slice(0, voters)
    const slowDisk = random.next() < 0.3 ? 40 : 4
    const deps = {
      events: this.#events,
      random,
      checker: this.#checker,
      settings: settings(duel || random.next() < 0.5 ? 40 : 200),
      rules: { ...raftRules, ...breakages },
      flaws: flaws ?? {},
      diskLatency: () => 0.2 + random.next() * slowDisk,
      speakEarly: (host: SimHost, effects: Effects) => this.#speakEarly(host, effects),
      carryOut: (host: SimHost, effects: Effects) => this.#carryOut(host, effects),
    }
    this.#hosts = ids.map((id, i) => new SimHost(id, i < voters ? founders : [], deps))
    this.#byId = new Map(this.#hosts.map((host) => [host.id, host]))
    for (const host of this.#hosts) host.rate = 0.95 + random.next() * 0.1
    this.#scene = {
      hosts: this.#hosts,
      network: this.#network,
      random,
      resetConnections: (peer) => this.#resetConnections(peer),
      later: (wait, run) => this.#events.after(wait, run),
      wiped: null,
    }
    this.#duel = duel
    if (duel) this.#network.delay = 60
    this.#ambushes = duel ? 0.2 : ([0, 0, 0.1, 0.3, 0.6][Math.floor(random.next() * 5)] ?? 0)
    this.#pace = duel ? 250 : ([150, 400, 800][Math.floor(random.next() * 3)] ?? 400)
  }

  play(trouble: Millis): RunReport {
    for (const host of this.#hosts) this.#tick(host)
    this.#every(80, () => this.#client())
    if (!this.#duel) this.#every(700, () => this.#churn())
    this.#every(this.#pace, () => {
      if (!this.#calm) breakSomething(this.#scene)
    })
    this.#events.playUntil(trouble)
    this.#calm = true
    mend(this.#scene)
    this.#recover()
    this.#checker.finish()
    return {
      terms: this.#checker.terms,
      acknowledged: this.#checker.acknowledged,
      reads: this.#servedReads,
      messages: this.#messages,
    }
  }

  #recover(): void {
    const goal = this.#checker.highestAcknowledged
    const recovered = (): boolean =>
      this.#checker.highestAcknowledged > goal &&
      this.#hosts.every((host) => host.applied > goal || !this.#isFollowing(host.id))
    this.#events.playUntil(this.#events.now + recovery, recovered)
    if (!recovered()) {
      const states = this.#hosts.map(
        ({ id, raft, applied }) =>
          `${id} ${raft.phase}${raft.mute ? ' mute' : ''} term ${raft.term} last ${raft.log.last.index}:${raft.log.last.term} applied ${applied} voters ${raft.log.voters.join()}`,
      )
      throw new Violation('recovers after faults', `nothing new after ${goal}: ${states.join(', ')}`)
    }
  }

  #isFollowing(id: NodeId): boolean {
    return this.#hosts.some(({ raft }) => raft.leading?.progress.has(id) === true || raft.leader === id)
  }

  #every(mean: Millis, run: () => void): void {
    this.#events.after(mean * (0.3 + 1.4 * this.#random.next()), () => {
      run()
      this.#every(mean, run)
    })
  }

  #tick(host: SimHost): void {
    if (host.up && !host.paused) host.put({ type: 'tick' })
    this.#events.after(tickEvery / host.rate, () => this.#tick(host))
  }

  #leaders(): SimHost[] {
    return this.#hosts.filter(({ raft, up }) => up && raft.phase === 'leader')
  }

  #pick<T>(of: readonly T[]): T | undefined {
    return of[Math.floor(this.#random.next() * of.length)]
  }

  /** Asks somebody who thinks that it leads; an old leader that does not know better must refuse or be slow, never wrong. */
  #client(): void {
    const host = this.#pick(this.#leaders())
    if (host === undefined) return
    for (let count = 1 + Math.floor(this.#random.next() * 3); count > 0; count -= 1) {
      const id = ++this.#ids
      if (this.#random.next() < 0.35) {
        this.#reads.set(id, this.#checker.highestAcknowledged)
        host.put({ type: 'read', id })
      } else {
        const payload = Uint8Array.of(id >>> 24, id >>> 16, id >>> 8, id)
        this.#asked.set(id, payload)
        host.put({ type: 'propose', id, payload })
      }
    }
  }

  /** Voters come and go, and sometimes the lead is handed over. */
  #churn(): void {
    const host = this.#pick(this.#leaders())
    const other = this.#pick(this.#hosts)
    if (host === undefined || other === undefined) return
    if (this.#random.next() < 0.3) {
      host.put({ type: 'transfer', to: other.id })
      return
    }
    const { voters } = host.raft.log
    const id = ++this.#ids
    const isVoter = voters.includes(other.id)
    if (!isVoter) host.put({ type: 'change-voters', id, add: other.id, remove: null })
    else if (this.#mayRemove(voters, other.id)) host.put({ type: 'change-voters', id, add: null, remove: other.id })
    if (this.#random.next() < 0.3 && this.#mayRemove(voters, host.id))
      host.put({ type: 'change-voters', id: ++this.#ids, add: null, remove: host.id })
  }

  /** A group with a voter that cannot vote keeps three, or lets that one go. */
  #mayRemove(voters: readonly NodeId[], leaving: NodeId): boolean {
    const { wiped } = this.#scene
    return wiped === null || leaving === wiped || !voters.includes(wiped) || voters.length > 3
  }

  #resetConnections(peer: SimHost): void {
    for (const host of this.#hosts)
      if (host !== peer && this.#network.connects(host.id, peer.id))
        this.#events.after(1 + this.#random.next() * 30, () => host.put({ type: 'peer-reset', peer: peer.id }))
  }

  #speakEarly(host: SimHost, { early }: Effects): void {
    this.#noteCommit(host)
    for (const { to, message } of early) this.#send(host.id, to, message)
  }

  #carryOut(host: SimHost, effects: Effects): void {
    this.#noteCommit(host)
    if (this.#ambushed(host, effects)) return
    for (const { to, message } of effects.messages) this.#send(host.id, to, message)
    for (const to of effects.sendSnapshots) this.#sendSnapshot(host, to)
    this.#noteAnswers(host, effects)
    for (const entry of effects.apply) this.#acknowledge(host, entry)
    for (const { id, index } of effects.reads) this.#serve(host, id, index)
    if (host.raft.phase === 'leader') this.#teachLearners(host)
    else this.#pending.delete(host.id)
  }

  /** A peer may die between its disk and its first word about it, or between two messages. */
  #ambushed(host: SimHost, effects: Effects): boolean {
    const { raft } = host
    const opening = raft.leading !== null && raft.commit < raft.leading.opened
    const promised = effects.messages.findIndex(({ message }) => message.type === 'vote-reply' && message.granted)
    if (this.#calm || (!opening && promised === -1) || this.#random.next() >= this.#ambushes) return false
    const spoken = this.#random.next() < 0.7 ? effects.messages : []
    for (const { to, message } of spoken) this.#send(host.id, to, message)
    ambush(this.#scene, host)
    return true
  }

  #send(from: NodeId, to: NodeId, message: Message): void {
    this.#messages += 1
    this.#network.carry(from, to, () => this.#byId.get(to)?.put({ type: 'message', from, message }))
  }

  #noteCommit(host: SimHost): void {
    const { raft } = host
    if (raft.phase !== 'leader') return
    const known = this.#committed.get(host.id)
    if (known?.term === raft.term && known.index >= raft.commit) return
    const before = known?.term === raft.term ? known.index : (raft.leading?.opened ?? 0) - 1
    this.#committed.set(host.id, { term: raft.term, index: raft.commit })
    if (raft.commit <= before || raft.commit < raft.log.base.index) return
    this.#checker.committed(host, raft.commit, this.#byId)
  }

  #noteAnswers(host: SimHost, { answers }: Effects): void {
    for (const answer of answers) {
      const payload = this.#asked.get(answer.id)
      this.#asked.delete(answer.id)
      if (!answer.ok || payload === undefined) continue
      const pending = this.#pending.get(host.id) ?? new Map<number, Pending>()
      pending.set(answer.at.index, { at: answer.at, payload })
      this.#pending.set(host.id, pending)
    }
  }

  #acknowledge(host: SimHost, entry: Entry): void {
    const pending = this.#pending.get(host.id)?.get(entry.index)
    if (pending === undefined) return
    this.#pending.get(host.id)?.delete(entry.index)
    if (pending.at.term === entry.term) this.#checker.acknowledge(entry)
  }

  #serve(host: SimHost, id: number, index: number | null): void {
    const floor = this.#reads.get(id)
    this.#reads.delete(id)
    if (floor === undefined || index === null) return
    this.#servedReads += 1
    this.#checker.readServed(host.id, index, floor)
  }

  #teachLearners(host: SimHost): void {
    const learners = this.#hosts.map(({ id }) => id).filter((id) => !host.raft.log.voters.includes(id))
    const told = `${host.raft.term}:${learners.join()}`
    if (this.#told.get(host.id) === told) return
    this.#told.set(host.id, told)
    host.put({ type: 'set-learners', learners })
  }

  #sendSnapshot(host: SimHost, to: NodeId): void {
    const snapshot = host.snapshot()
    const { term } = host.raft
    if (snapshot === null) throw new Error('a snapshot was asked for that was never taken')
    const arrives = this.#random.next() > this.#network.loss && this.#network.connects(host.id, to)
    this.#events.after(5 + this.#random.next() * 300, () => {
      if (arrives) this.#byId.get(to)?.put({ type: 'snapshot-received', from: host.id, term, snapshot })
      const ok = arrives && this.#network.connects(to, host.id)
      host.put({ type: 'snapshot-sent', to, index: snapshot.index, ok })
    })
  }
}
