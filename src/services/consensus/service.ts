/**
 * One peer of the group. All that happens goes through one serial loop: take what has arrived, let the core decide, write to disk with one
 * flush, and only then speak, apply and answer. So nothing is promised that a crash could undo. A leader's appends promise nothing, and
 * leave while it writes.
 */
import { eraOf } from '../../core/consensus/era.ts'
import type { Raft } from '../../core/consensus/raft.ts'
import { widened } from '../../core/consensus/settings.ts'
import { createRaft, step } from '../../core/consensus/step.ts'
import type { Effects, Input, Letter, Snapshot } from '../../core/consensus/types.ts'
import { abortable } from '../../lib/abortable.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Entry } from '../../model/raft.ts'
import type { Unsubscribe } from '../../ports/rpc.ts'
import type { Service } from '../../ports/service.ts'
import { maxPayloadBytes, raftMessage } from '../../wire/raft.ts'
import { listen } from './listen.ts'
import type { GatewayStatus, Lead } from '../control/types.ts'
import { CarriedOut } from './carried-out.ts'
import { Compactor, usualCompaction } from './compactor.ts'
import type { ConsensusDeps, ConsensusOptions } from './deps.ts'
import { type Asked, PendingEra } from './pending-era.ts'
import { PendingTransfer } from './pending-transfer.ts'
import { persevere } from './persevere.ts'
import { Pulse } from './pulse.ts'
import { commandsAfter, type Kept, RaftStore } from './raft-store.ts'
import { pauseOf } from './pause.ts'
import { ReadyStates } from './ready-states.ts'
import { save } from './saving.ts'
import { SnapshotReceiver } from './snapshot-receiver.ts'
import { SnapshotSender } from './snapshot-sender.ts'
import { leadOf, statusOf, tellRole } from './status.ts'
import type { Consensus, NewEra, VoterChange } from './types.ts'
import { noLeader, Waiting } from './waiting.ts'

/** Beyond this, messages from peers are dropped (they repeat themselves) and proposals refused. */
const maxInbox = 16_384

export class ConsensusService implements Consensus, Service {
  readonly name = 'consensus'
  readonly #deps: ConsensusDeps
  readonly #options: ConsensusOptions
  readonly #store: RaftStore
  readonly #waiting = new Waiting()
  readonly #states: ReadyStates
  readonly #sender: SnapshotSender
  readonly #receiver: SnapshotReceiver
  readonly #compactor: Compactor
  readonly #pulse: Pulse
  readonly #listeners = new Set<(status: GatewayStatus) => void>()
  readonly #stopped = new AbortController()
  readonly #unsubscribes: Unsubscribe[] = []
  /** Null before the start, and while the disk is of no use. */
  #raft: Raft | null = null
  /** What the machine has applied. */
  #applied = 0
  #inbox: Input[] = []
  readonly #carriedOut = new CarriedOut()
  #loop: Promise<void> | null = null
  #learners: readonly NodeId[] = []
  readonly #era = new PendingEra()
  readonly #transfer: PendingTransfer

  constructor(deps: ConsensusDeps, options: ConsensusOptions) {
    this.#deps = deps
    this.#options = options
    const pause = pauseOf(deps.clock, this.#stopped.signal)
    this.#store = new RaftStore(deps.disk, deps.log, pause)
    this.#states = new ReadyStates(options.machine, pause)
    this.#sender = new SnapshotSender({ rpc: deps.rpc, log: deps.log, read: () => this.#store.readSnapshot(), pause })
    this.#receiver = new SnapshotReceiver({
      ...{ machine: options.machine, term: () => this.#raft?.term ?? null },
      prepare: (data) => this.#states.prepare(data),
      received: (from, term, snapshot) => this.#received(from, term, snapshot),
      onUnsupported: () => this.#standAside('this daemon is outdated'),
    })
    this.#compactor = new Compactor({
      ...{ store: this.#store, machine: options.machine, log: deps.log, stopped: this.#stopped.signal },
      settings: options.compaction ?? usualCompaction,
      onWritten: (index, upTo) => this.#put({ type: 'compacted', index, upTo }),
      onBug: (error) => this.#panic(error),
    })
    this.#transfer = new PendingTransfer(deps.clock, 3 * options.settings.electionMax)
    this.#pulse = new Pulse(deps.clock, options.settings.heartbeat / 3, () => this.#put({ type: 'tick' }))
  }

  /**
   * Returns when what was on disk is restored; the only voter of a group leads it by then. Throws DISK_FULL, and VERSION_UNSUPPORTED
   * for the disk of another build, which stays as it is.
   */
  async start(): Promise<void> {
    await this.#restore()
    this.#unsubscribes.push(
      ...listen(this.#deps, { receiver: this.#receiver, lead: () => this.lead(), hear: (told) => this.#hear(told) }),
      this.#deps.peers.onChange(({ peer, up }) => {
        if (!up) this.#put({ type: 'peer-reset', peer })
      }),
    )
    this.#pulse.start()
    this.#put({ type: 'tick' })
    await this.#loop
  }

  async stop(): Promise<void> {
    this.#pulse.stop()
    for (const unsubscribe of this.#unsubscribes.splice(0)) unsubscribe()
    this.#stopped.abort(noLeader('this peer is shutting down'))
    await this.#loop
    await this.#compactor.settled()
    this.#raft = null
    this.#waiting.failAll('this peer is shutting down')
    this.#era.take()?.reject(noLeader('this peer is shutting down'))
    this.#transfer.end(false)
    await this.#store.close()
  }

  status(): GatewayStatus {
    return statusOf(this.#raft, this.#applied, this.#deps.clock.elapsed())
  }

  lead(): Lead {
    return leadOf(this.#raft)
  }

  async propose(payload: Uint8Array): Promise<{ readonly index: number; readonly term: number }> {
    if (payload.length > maxPayloadBytes)
      throw new ClawError('TOO_LARGE', { what: 'The command', limit: maxPayloadBytes })
    this.#refuseUnlessLeader()
    const { id, committed } = this.#waiting.proposal()
    this.#put({ type: 'propose', id, payload })
    return committed
  }

  async readIndex(signal: AbortSignal): Promise<number> {
    this.#refuseUnlessLeader()
    const { id, index } = this.#waiting.read()
    this.#put({ type: 'read', id })
    return abortable(index, signal)
  }

  setLearners(learners: readonly NodeId[]): void {
    this.#learners = learners
    this.#put({ type: 'set-learners', learners })
  }

  async changeVoters({ add, remove }: VoterChange): Promise<void> {
    this.#refuseUnlessLeader()
    const { id, committed } = this.#waiting.proposal()
    this.#put({ type: 'change-voters', id, add, remove })
    await committed
  }

  async transfer(to: NodeId): Promise<boolean> {
    if (this.#raft?.phase !== 'leader' || this.#transfer.to !== null) return false
    const worked = this.#transfer.wait(to)
    this.#put({ type: 'transfer', to })
    return worked
  }

  async beginEra(era: NewEra): Promise<void> {
    if (this.#raft === null) throw noLeader('this peer takes no part now')
    const begun = this.#era.ask(era)
    this.#put({ type: 'tick' })
    await begun
  }

  onRole(listener: (status: GatewayStatus) => void): Unsubscribe {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #refuseUnlessLeader(): void {
    if (this.#raft?.phase !== 'leader') throw noLeader('this peer does not lead')
    if (this.#inbox.length >= maxInbox) throw new ClawError('RATE_LIMITED', { who: 'the mesh' })
  }

  #hear(input: Input): void {
    if (this.#inbox.length < maxInbox) this.#put(input)
    else this.#deps.metrics.count('claw_consensus_dropped_messages_total')
  }

  #put(input: Input): void {
    if (this.#raft === null || this.#stopped.signal.aborted) return
    this.#inbox.push(input)
    this.#loop ??= this.#run().catch((error: unknown) => this.#panic(error))
  }

  /** A bug, or a disk that fails in a way we do not know: the peer must not go on. */
  #panic(error: unknown): void {
    this.#raft = null
    this.#deps.clock.after(0, () => {
      throw error
    })
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped
    for (let raft = this.#raft; raft !== null && this.#inbox.length > 0 && !signal.aborted; raft = this.#raft) {
      const era = this.#era.take()
      this.#carriedOut.begin()
      try {
        await this.#turn(raft, era)
      } catch (error) {
        era?.reject(error)
        this.#fail(error)
      } finally {
        this.#carriedOut.end()
      }
    }
    this.#loop = null
  }

  /** Panics, unless there is a reason for what was thrown. */
  #fail(error: unknown): void {
    // What was decided is beyond this build: what it has stays for the one that goes on with it.
    if (ClawError.is(error, 'VERSION_UNSUPPORTED')) this.#standAside(error.message)
    // At the end a state that was being read or written is not wanted any more, and nothing of it counts.
    else if (error !== this.#stopped.signal.reason) throw error
  }

  async #turn(raft: Raft, era: Asked | null): Promise<void> {
    const inputs = this.#inbox.splice(0)
    const before = eraOf(raft.log.last.term)
    if (era?.withUncommitted === true) this.#apply(raft.log.slice(this.#applied + 1, raft.log.lastIndex))
    if (era !== null) {
      const data = await this.#states.made(era.data())
      if (this.#raft !== raft) return era.reject(noLeader('this peer takes no part now'))
      // First of its turn, so that nothing comes between the state that it takes and the log that it gives up.
      inputs.unshift({ type: 'begin-era', ...era, data })
    }
    const settings = widened(this.#options.settings, this.#pulse.lateness)
    const effects = step(raft, inputs, this.#deps.clock.elapsed(), settings)
    this.#send(effects.early)
    try {
      // What another era replaces may hold what that one lacks.
      if (effects.install !== null && eraOf(effects.install.term) > before && this.#applied > 0)
        await this.#options.keepReplaced?.(await this.#states.written())
      if (effects.install !== null) await this.#states.prepare(effects.install.data)
      await save({ ...this.#deps, store: this.#store, compactor: this.#compactor }, raft, effects, inputs)
    } catch (error) {
      if (!ClawError.is(error, 'DISK_FULL')) throw error
      era?.reject(error)
      return this.#waitForDisk(error)
    }
    this.#carryOut(raft, effects)
    era?.resolve()
    this.#compactor.look(raft.log, this.#applied)
  }

  /** After the disk: speak, then apply, then answer. */
  #carryOut(raft: Raft, effects: Effects): void {
    if (effects.install !== null) this.#takeOver(effects.install)
    if (effects.persist !== null) this.#inbox.unshift(effects.persist.done)
    this.#send(effects.messages)
    for (const to of effects.sendSnapshots) this.#sendSnapshot(to, raft.term)
    this.#waiting.answered(effects.answers)
    this.#apply(effects.apply)
    this.#waiting.served(effects.reads)
    if (effects.transferFailed) this.#transfer.end(false)
    if (effects.roleChanged) this.#roleChanged(raft)
  }

  #send(letters: readonly Letter[]): void {
    for (const { to, message } of letters) this.#deps.rpc.notify(to, raftMessage, message)
  }

  #takeOver({ data, index }: Snapshot): void {
    this.#states.takeOver(data, index)
    this.#applied = index
  }

  #apply(entries: readonly Entry[]): void {
    const last = entries.at(-1)
    if (last === undefined) return
    const commands = entries.filter((entry) => entry.kind === 'command')
    if (commands.length > 0) this.#options.machine.apply(commands)
    this.#applied = last.index
    this.#waiting.applied(entries)
  }

  #roleChanged(raft: Raft): void {
    if (raft.phase !== 'leader') this.#waiting.lostLead()
    if (raft.phase !== 'leader' && raft.leader !== null) this.#transfer.end(raft.leader === this.#transfer.to)
    tellRole(this.#deps, this.status())
    for (const listener of [...this.#listeners]) listener(this.status())
  }

  #received(from: NodeId, term: number, snapshot: Snapshot): Promise<void> {
    // It may have stood aside while the state was read: nothing takes it over then.
    if (this.#raft === null) return Promise.resolve()
    const carriedOut = this.#carriedOut.wait()
    this.#put({ type: 'snapshot-received', from, term, snapshot })
    return abortable(carriedOut, this.#stopped.signal)
  }

  #sendSnapshot(to: NodeId, term: number): void {
    this.#sender
      .send(to, term, this.#stopped.signal)
      .then((index) => this.#put({ type: 'snapshot-sent', to, index: index ?? 0, ok: index !== null }))
      .catch((error: unknown) => this.#panic(error))
  }

  /** Steps down and refuses everything. */
  #standAside(detail: string): void {
    this.#raft = null
    this.#inbox = []
    this.#carriedOut.giveUp()
    this.#waiting.failAll(detail)
    this.#era.take()?.reject(noLeader(detail))
    this.#transfer.end(false)
    for (const listener of [...this.#listeners]) listener(this.status())
  }

  /** Stands aside, and tries until the disk takes a whole journal again. */
  async #waitForDisk(error: ClawError<'DISK_FULL'>): Promise<void> {
    const { log, metrics, clock } = this.#deps
    this.#standAside('the disk of the leader is full')
    log.error('the disk is full; this peer takes no part in decisions until there is space', { ...error.facts })
    metrics.count('claw_consensus_disk_full_total')
    await persevere(clock, this.#stopped.signal, () => this.#reopened(this.#stopped.signal))
  }

  async #reopened(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return true
    try {
      const { hard, log } = await this.#restore()
      await this.#store.rewrite(hard, log)
    } catch (error) {
      this.#raft = null
      if (ClawError.is(error, 'DISK_FULL')) return false
      if (error === signal.reason) return true
      throw error
    }
    this.#deps.log.info('the disk takes writes again')
    for (const listener of [...this.#listeners]) listener(this.status())
    return true
  }

  /** Starts the core from what the disk holds. What the machine has applied is committed, and so stays applied. */
  async #restore(): Promise<Kept> {
    const { self, clock } = this.#deps
    const kept = await this.#store.open(this.#options.founders)
    const { hard, log, snapshot } = kept
    const news = snapshot !== null && snapshot.index > this.#applied ? snapshot : null
    this.#options.machine.check(news?.data ?? null, commandsAfter(this.#applied, kept))
    if (news !== null) {
      await this.#states.prepare(news.data)
      this.#takeOver(news)
    }
    this.#raft = createRaft({ self, hard, log, applied: this.#applied }, clock.elapsed(), this.#options.settings)
    this.#inbox = [{ type: 'set-learners', learners: this.#learners }]
    return kept
  }
}
