/** What a peer does for others, and for itself, while it leads: commits commands and confirms read indexes. */
import { answersWithin, heirs } from '../../core/gateway/heirs.ts'
import { canSpare } from '../../core/gateway/voters.ts'
import { decodeCommand, encodeEntry, encodeOutcome } from '../../core/state/entry.ts'
import { isWorker } from '../../core/access/standing.ts'
import { mayForward } from '../../core/state/authority.ts'
import { removalObstacle } from '../../core/state/members.ts'
import { refusalOf } from '../../core/state/versions.ts'
import type { Result } from '../../core/state/state.ts'
import type { Command, CommandOf } from '../../core/state/types.ts'
import { abortable } from '../../lib/abortable.ts'
import { Buckets } from '../../lib/buckets.ts'
import { publicKeyOf } from '../../lib/peer-id.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Denial } from '../../ports/audit.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Rpc, Unsubscribe } from '../../ports/rpc.ts'
import { askReadIndex, executeCommand } from '../../wire/control.ts'
import type { Consensus } from '../consensus/types.ts'
import type { ReplicatedState } from './replicated-state.ts'

export interface LeaderDeskDeps {
  readonly self: NodeId
  readonly clock: Clock
  readonly log: Log
  readonly rpc: Pick<Rpc, 'serve'>
  readonly consensus: Consensus
  readonly machine: ReplicatedState
  /** Told of a peer that asks for what is not its to give. */
  readonly onDenial?: (denial: Denial) => void
}

export interface Request {
  readonly command: Command
  readonly id: string
  readonly by: string
  /** The peer that forwarded it; null when it comes from this one. */
  readonly via: NodeId | null
}

/** Of one node that only works: what a hundred starts and ends at once take, and then some of both each second. As many bytes count as one more. */
const workersPace = { perSecond: 25, burst: 1_000, bytes: 4_096 } as const

export class LeaderDesk {
  readonly #deps: LeaderDeskDeps
  readonly #paces: Buckets
  #unserve: readonly Unsubscribe[] = []

  constructor(deps: LeaderDeskDeps) {
    this.#deps = deps
    this.#paces = new Buckets(workersPace.perSecond, () => deps.clock.elapsed(), { burst: workersPace.burst })
  }

  start(): void {
    const { rpc, consensus } = this.#deps
    this.#unserve = [
      rpc.serve(executeCommand, async ({ id, by, command }, from, signal) => {
        this.#admit(from, command.length)
        const { index, outcome } = await this.#forwarded({ id, by, via: from, command: decodeCommand(command) }, signal)
        return { index, outcome: encodeOutcome(outcome) }
      }),
      rpc.serve(askReadIndex, async (_, __, signal) => ({
        index: await this.#inTime('the read', signal, abortable(consensus.readIndex(signal), signal)),
      })),
    ]
  }

  stop(): void {
    for (const unserve of this.#unserve) unserve()
    this.#unserve = []
  }

  /** Commits a command and returns its result once it is applied here. Throws NO_LEADER; then it may or may not have taken effect; and UPGRADE_NEEDED. */
  async commit({ command, id, by, via }: Request, signal: AbortSignal): Promise<Result> {
    const { clock, consensus, machine } = this.#deps
    const known = machine.result(id, via)
    if (known !== null) return known
    const refusal = refusalOf(command, machine.state)
    if (refusal !== null) throw new ClawError('UPGRADE_NEEDED', refusal)
    if (command.type === 'remove-member') await this.#retireVoter(command)

    const payload = encodeEntry({ id, at: clock.now(), by, via, command })
    const what = `the command ${command.type}`
    const awaited = machine.awaitResult(id, via)
    const applied = consensus.propose(payload).then(() => awaited.result)
    try {
      return await this.#inTime(what, signal, abortable(applied, signal))
    } finally {
      awaited.cancel()
    }
  }

  /** Says DEADLINE_EXCEEDED when whoever asked has given up. */
  async #inTime<T>(what: string, signal: AbortSignal, work: Promise<T>): Promise<T> {
    const { clock } = this.#deps
    const started = clock.elapsed()
    try {
      return await work
    } catch (error) {
      if (!signal.aborted || error instanceof ClawError) throw error
      throw new ClawError('DEADLINE_EXCEEDED', { what, ms: clock.elapsed() - started }, { cause: error })
    }
  }

  /**
   * Only members have anything committed, and those that only work not more than work brings about. A newcomer of whom this peer has not
   * heard is told to come again, which it does; so is whoever is asked for too much.
   */
  #admit(from: NodeId, bytes: number): void {
    const { consensus, machine, log } = this.#deps
    if (consensus.lead().role !== 'leader') throw new ClawError('NO_LEADER', { detail: 'the peer asked does not lead' })
    const member = machine.state.members.get(from)
    if (member === undefined) throw new ClawError('NOT_A_MEMBER', { reason: 'the leader knows of no such member' })
    if (!isWorker(member)) return
    const seconds = this.#paces.take(from, 1 + bytes / workersPace.bytes)
    if (seconds === 0) return
    log.warn('a node that only works asks for too many commands', { from, seconds })
    throw new ClawError('RATE_LIMITED', { who: member.name, seconds })
  }

  async #forwarded(request: Request & { readonly via: NodeId }, signal: AbortSignal): Promise<Result> {
    const { log, machine, onDenial } = this.#deps
    const { command, id, by, via } = request
    const isWorkers = isWorker(machine.state.members.get(via))
    if (!mayForward(command, via, isWorkers)) {
      onDenial?.({ actor: by, via, operation: command.type, outcome: 'PERMISSION_DENIED' })
      log.warn('a peer asked for a command that is not its to give', { type: command.type, by, via })
      throw new ClawError('PERMISSION_DENIED', { action: `have ${command.type} committed from this node` })
    }
    // Operators sign what they ask for, and whoever leads has it from them; a member cannot have it committed in their name.
    if (command.type !== 'admit' && by !== via && publicKeyOf(by) !== null) {
      log.warn('a peer speaks for an operator, or for another node', { type: command.type, by, via })
      throw new ClawError('AUTH_FAILED', { reason: `a member may not speak for ${by}` })
    }
    if (by !== via) log.debug('a peer forwards a command', { type: command.type, id, by, via })
    return this.commit({ ...request, via: by === via && !isWorkers ? null : via }, signal)
  }

  /**
   * A voter gives up its vote before it stops being a member, so that the voters never count on a peer that nobody talks to. If that
   * does not work the removal goes on: the gateway retires voters that are no members by itself.
   */
  async #retireVoter(command: CommandOf<'remove-member'>): Promise<void> {
    const { self, consensus, log, machine } = this.#deps
    const status = consensus.status()
    const { voters, followers } = status
    if (!voters.includes(command.node) || removalObstacle(machine.state, command) !== null) return
    const answers = new Set(
      followers.filter(({ silentFor }) => silentFor !== null && silentFor < answersWithin).map(({ node }) => node),
    )
    if (!canSpare(command.node, voters, (voter) => voter === self || answers.has(voter)))
      throw new ClawError('INVALID_REQUEST', { problem: 'without this voter, too few of the others would answer' })
    if (command.node !== self) {
      await consensus.changeVoters({ add: null, remove: command.node }).catch((error: unknown) => {
        if (!ClawError.is(error, 'INVALID_REQUEST')) throw error
        log.info('the voter could not be retired first', { node: command.node, problem: error.facts.problem })
      })
      return
    }
    const [heir] = heirs(status)
    const moved = heir !== undefined && (await consensus.transfer(heir))
    throw new ClawError('NO_LEADER', { detail: moved ? 'the lead has moved on' : 'the lead could not be moved yet' })
  }
}
