/** The one way to change the mesh's state, from any peer: here when this peer leads, and through the leader when it does not. */
import { isLeadersOwn } from '../../core/state/authority.ts'
import { decodeOutcome, encodeCommand } from '../../core/state/entry.ts'
import { refusalOf } from '../../core/state/versions.ts'
import type { Result } from '../../core/state/state.ts'
import type { Change, Command, MeshState } from '../../core/state/types.ts'
import { abortable } from '../../lib/abortable.ts'
import { ClawError, failureFrom } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import type { Denial } from '../../ports/audit.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Rpc, Unsubscribe } from '../../ports/rpc.ts'
import type { Service } from '../../ports/service.ts'
import { askReadIndex, executeCommand } from '../../wire/control.ts'
import type { Consensus } from '../consensus/types.ts'
import { LeaderDesk } from './leader-desk.ts'
import { Progress } from './progress.ts'
import type { ReplicatedState } from './replicated-state.ts'
import { RoleWatch } from './role-watch.ts'
import type { Executed, Freshness, GatewayStatus, Lead, LeaderControl } from './types.ts'

export interface ControlDeps {
  readonly self: NodeId
  readonly clock: Clock
  readonly log: Log
  readonly rpc: Pick<Rpc, 'call' | 'serve'>
  readonly consensus: Consensus
  /** The same that was given to consensus. */
  readonly machine: ReplicatedState
  readonly onDenial?: (denial: Denial) => void
}

interface Asked {
  readonly id: string
  readonly by: string
  readonly signal: AbortSignal
}

/** After these, the next try may find a leader that works. Whether this one took effect is not known; the id makes that harmless. */
const passing = ['NO_LEADER', 'NODE_UNREACHABLE', 'DEADLINE_EXCEEDED', 'RATE_LIMITED', 'NOT_A_MEMBER'] as const
/** Why the attempts at a command end when its result is known. One for all: an error for each would cost a stack each time. */
const isAnswered = new Error('the result is known')
const firstPause: Millis = 25
const longestPause: Millis = 500

export class ControlService implements LeaderControl, Service {
  readonly name = 'control'
  readonly #deps: ControlDeps
  readonly #desk: LeaderDesk
  readonly #progress: Progress
  readonly #roles: RoleWatch
  readonly #stopped = new AbortController()
  #unsubscribe: Unsubscribe = () => {}

  constructor(deps: ControlDeps) {
    this.#deps = deps
    this.#desk = new LeaderDesk(deps)
    this.#progress = new Progress(deps.clock, () => this.status().applied)
    this.#roles = new RoleWatch({
      ...deps,
      reached: (index, signal) => this.#progress.reached(index, signal),
      pause: (span, signal) => this.#pause(span, signal),
    })
  }

  get state(): MeshState {
    return this.#deps.machine.state
  }

  get outdated(): ClawError | null {
    return this.#deps.machine.outdated
  }

  async start(): Promise<void> {
    this.#unsubscribe = this.#deps.machine.onChange(() => this.#progress.look())
    this.#desk.start()
    this.#roles.start()
    return Promise.resolve()
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new ClawError('NO_LEADER', { detail: 'this peer is shutting down' }))
    this.#desk.stop()
    await this.#roles.stop()
    this.#unsubscribe()
  }

  status(): GatewayStatus {
    const status = this.#deps.consensus.status()
    return { ...status, applied: Math.max(status.applied, this.#deps.machine.state.index) }
  }

  lead(): Lead {
    return this.#deps.consensus.lead()
  }

  onChange(listener: (changes: readonly Change[]) => void): Unsubscribe {
    return this.#deps.machine.onChange((changes) => {
      if (changes.length > 0) listener(changes)
    })
  }

  onRole(listener: (status: GatewayStatus) => void): Unsubscribe {
    return this.#roles.onRole(listener)
  }

  async execute(command: Command, { alone, ...asked }: Asked & { readonly alone?: true }): Promise<Executed> {
    if (alone === true) return this.decree(command, asked)
    const { id, by, signal } = asked
    const awaited = this.#deps.machine.awaitResult(id, this.#deps.self)
    const done = new AbortController()
    const within = AbortSignal.any([signal, this.#stopped.signal, done.signal])
    const attempts = this.#persist(`the command ${command.type}`, within, () =>
      this.#attempt(command, { id, by, signal: within }),
    )
    try {
      // However the answer gets lost: once the command is applied here, its result is known.
      return executed(await Promise.race([awaited.result, attempts]))
    } finally {
      awaited.cancel()
      done.abort(isAnswered)
    }
  }

  async decree(command: Command, { id, by, signal }: Asked): Promise<Executed> {
    if (this.outdated !== null) throw this.outdated
    if (this.lead().role !== 'leader') throw new ClawError('NO_LEADER', { detail: 'this peer does not lead' })
    return executed(await this.#desk.commit({ command, id, by, via: null }, signal))
  }

  async fresh(freshness: Freshness, signal: AbortSignal): Promise<void> {
    if (freshness === 'stale') return
    if (this.outdated !== null) throw this.outdated
    const within = AbortSignal.any([signal, this.#stopped.signal])
    await this.#persist('the read', within, async () => {
      const index = freshness === 'linearizable' ? await this.#readIndex(within) : freshness.atLeast
      await this.#progress.reached(index, within)
    })
  }

  async #attempt(command: Command, { id, by, signal }: Asked): Promise<Result> {
    const { self, rpc } = this.#deps
    if (this.outdated !== null) throw this.outdated
    // Whoever leads, or will: a leader of an older build could not read what this one adds, nor could an older build its spool.
    refuseEarly(command, this.state)
    const leader = this.#leader()
    if (leader === self) return this.#desk.commit({ command, id, by, via: null }, signal)
    if (isLeadersOwn(command)) throw new ClawError('PERMISSION_DENIED', { action: `${command.type} without the lead` })

    const request = { id, by, command: encodeCommand(command) }
    const { index, outcome } = await rpc.call(leader, executeCommand, request, signal)
    await this.#progress.reached(index, signal)
    return { index, outcome: decodeOutcome(outcome) }
  }

  async #readIndex(signal: AbortSignal): Promise<number> {
    const { self, rpc, consensus } = this.#deps
    const leader = this.#leader()
    if (leader === self) return abortable(consensus.readIndex(signal), signal)
    return (await rpc.call(leader, askReadIndex, {}, signal)).index
  }

  /** Throws NO_LEADER while nobody is known to lead, and VERSION_UNSUPPORTED when this peer is outdated. */
  #leader(): NodeId {
    if (this.outdated !== null) throw this.outdated
    const { role, leader } = this.lead()
    if (role === 'leader') return this.#deps.self
    if (leader === null || leader === this.#deps.self)
      throw new ClawError('NO_LEADER', { detail: 'this peer knows of none' })
    return leader
  }

  /** Tries until it works, fails for good, or the time is up. Throws the last NO_LEADER then, and otherwise DEADLINE_EXCEEDED. */
  async #persist<T>(what: string, signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    const started = this.#deps.clock.elapsed()
    let last: unknown = null
    for (let pause = firstPause; ; pause = Math.min(2 * pause, longestPause)) {
      try {
        return await attempt()
      } catch (error) {
        if (!signal.aborted && !isPassing(error)) throw error
        last = signal.aborted ? (last ?? error) : error
      }
      await this.#pause(pause, signal)
      if (!signal.aborted) continue
      if (ClawError.is(last, 'NO_LEADER')) throw last
      throw new ClawError('DEADLINE_EXCEEDED', { what, ms: this.#deps.clock.elapsed() - started }, { cause: last })
    }
  }

  /** Ends early when the signal does, or when somebody begins or stops to lead. */
  async #pause(span: Millis, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = (): void => resolve()
    const cancel = this.#deps.clock.after(span, wake)
    const unsubscribe = this.#deps.consensus.onRole(wake)
    signal.addEventListener('abort', wake, { once: true })
    await promise
    signal.removeEventListener('abort', wake)
    unsubscribe()
    cancel()
  }
}

function executed({ index, outcome }: Result): Executed {
  if (!outcome.ok) throw failureFrom(outcome.failure)
  return { index, value: outcome.value }
}

/** Throws UPGRADE_NEEDED for what the mesh may not have in its log yet, as far as this peer knows. */
function refuseEarly(command: Command, state: MeshState): void {
  const refusal = refusalOf(command, state)
  if (refusal !== null) throw new ClawError('UPGRADE_NEEDED', refusal)
}

const isPassing = (error: unknown): boolean => passing.some((code) => ClawError.is(error, code))
