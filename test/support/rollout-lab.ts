/**
 * A deployment in the real replicated state, its replicas played: they are placed, get ready, die and are lost as the test says, and the
 * leader decides in between. Time is what the test says it is.
 */
import { isSentAwayIn, promised, surgeOf, takeCensus } from '../../src/core/rollout/census.ts'
import type { Census, Reach } from '../../src/core/rollout/census.ts'
import { decide } from '../../src/core/rollout/decide.ts'
import type { Decision, Measurement } from '../../src/core/rollout/types.ts'
import { defaultRollouts } from '../../src/core/rollout/types.ts'
import { replicasOf } from '../../src/core/state/replicas.ts'
import type { Command } from '../../src/core/state/types.ts'
import type { Deployment } from '../../src/model/deployment.ts'
import type { NodeId, WorkloadId } from '../../src/model/ids.ts'
import { nodeId, workloadId } from '../../src/model/ids.ts'
import type { Workload } from '../../src/model/workload.ts'
import { isTerminal, takesRequests } from '../../src/model/workload.ts'
import type { Book } from './control-samples.ts'
import { ada, meshOf, refusal } from './control-samples.ts'
import type { Sample } from './deployment-samples.ts'
import { create, update, web } from './deployment-samples.ts'

const nodes = ['n0', 'n1', 'n2', 'n3'].map(nodeId)

/** What becomes of a replica that is started: by its image. */
export type Fate = 'ready' | 'exits' | 'hangs'
export const fateOf = (image: string): Fate =>
  image.includes('exits') ? 'exits' : image.includes('hangs') ? 'hangs' : 'ready'

/** What a decision is made from. */
export interface Known {
  /** Of those on whom the promise rests. */
  readonly serving: ReadonlySet<WorkloadId>
  readonly ready: ReadonlySet<WorkloadId>
  readonly gone: ReadonlySet<WorkloadId>
}

export class RolloutLab {
  readonly book: Book = meshOf(nodes)
  readonly gone = new Set<NodeId>()
  /** What was wrong at some step. */
  readonly wrongs: string[] = []
  at = 100_000
  measured: Measurement | null = null
  #made = 0

  constructor(sample: Sample) {
    this.run(create(sample))
  }

  /** Undefined once it is gone. */
  get deployment(): Deployment | undefined {
    return this.book.state.deployments.get(web)
  }

  get replicas(): readonly Workload[] {
    return replicasOf(this.book.state, web)
  }

  census(): Census {
    const { deployment, at } = this
    const reach = (node: NodeId): Reach => (this.gone.has(node) ? 'gone' : 'here')
    const isSentAway = isSentAwayIn(this.book.state)
    return takeCensus(deployment ?? { stable: null, target: 0, minReadyMs: null }, this.replicas, {
      reach,
      isSentAway,
      at,
    })
  }

  /** Live ones by revision: `{1: 3}`. */
  live(): Record<number, number> {
    const counts: Record<number, number> = {}
    for (const { revision } of this.census().live) counts[revision] = (counts[revision] ?? 0) + 1
    return counts
  }

  run(command: Command): string | null {
    return refusal(this.book.run(command, { at: this.at }))
  }

  update(image: string): string | null {
    return this.run(update(image))
  }

  /** What the leader would do now. */
  decision(): Decision | null {
    const { deployment } = this
    if (deployment === undefined) return null
    return decide({
      deployment,
      census: this.census(),
      at: this.at,
      measured: this.measured,
      settings: defaultRollouts,
    })
  }

  /** The leader decides and commits, and what it broke is written down. Whether there was something to do. */
  lead(): boolean {
    const decision = this.decision()
    if (decision !== null) this.commit(this.command(decision))
    else if (!this.#isServed(this.known().ready)) this.wrongs.push('nobody who is ready is given requests, for good')
    return decision !== null
  }

  command(decision: Decision): Command {
    const { start = [], ...rest } = decision
    const starts = start.flatMap(({ revision, count }) =>
      Array.from({ length: count }, () => {
        this.#made += 1
        return { workload: workloadId(`wl-${this.#made}`), name: `web-r${revision}-${this.#made}`, revision }
      }),
    )
    const step = this.deployment?.step ?? 0
    return { type: 'set-rollout', deployment: web, step, ...rest, ...(starts.length > 0 && { start: starts }) }
  }

  /** A decision that comes late cannot know who has got ready, has died or has come back since it was made. */
  commit(command: Command, known: Known = this.known()): void {
    const counted = () => this.#counted(known)
    const before = { deployment: this.deployment, taken: counted(), isServed: this.#isServed(known.ready) }
    const refused = this.run(command)
    const after = this.deployment
    if (refused !== null || command.type !== 'set-rollout' || after === undefined || before.deployment === undefined)
      return
    const say = (what: string): void => void this.wrongs.push(`${what}, by ${JSON.stringify(command)}`)
    const { serving } = known
    const least = Math.min(serving.size, promised(after))
    const taken = new Set([...(command.stop ?? []).map(({ workload }) => workload), ...(command.drain ?? [])])
    const left = serving.difference(taken).size
    if (after.state !== 'deleting' && left < least)
      say(`only ${left} of ${least} that were ready and promised are left`)
    const most = Math.max(
      before.taken,
      before.deployment.replicas + Math.max(surgeOf(before.deployment), surgeOf(after)),
    )
    if (counted() > most) say(`${counted()} run, and ${most} may`)
    for (const { workload } of command.stop ?? []) this.#lookAtStop(workload, serving, say)
    const ready = new Set([...known.ready, ...(command.keep ?? [])]).difference(taken)
    if (before.isServed && !this.#isServed(ready)) say('nobody who is ready is given requests')
  }

  known(): Known {
    const { live, gone } = this.census()
    const { deployment } = this
    const ready = live.filter((one) => one.isReady)
    // Once a revision was reached, what comes back of another one has no part in what is promised.
    const counts = (revision: number) => deployment?.rollout !== null || revision === deployment.target
    return {
      serving: new Set(ready.filter((one) => takesRequests(one.workload) && counts(one.revision)).map(({ id }) => id)),
      ready: new Set(ready.map(({ id }) => id)),
      gone: new Set(gone.map(({ id }) => id)),
    }
  }

  /** How many there are on nodes that are here, but for those that were not then. */
  #counted({ gone }: Known): number {
    const { live, draining, stopping } = this.census()
    return [...live, ...draining, ...stopping].filter(({ id }) => !gone.has(id)).length
  }

  #lookAtStop(id: WorkloadId, serving: ReadonlySet<WorkloadId>, say: (what: string) => void): void {
    const { deployment } = this
    if (deployment === undefined || deployment.service === null || deployment.state === 'deleting') return
    if (serving.has(id)) say(`${id} is stopped while it is given requests`)
    const since = this.book.state.workloads.get(id)?.owner?.drainingSince
    if (since !== undefined && this.at - since < defaultRollouts.drain) say(`${id} is stopped too soon`)
  }

  /** Whether somebody of these is given requests, or nobody of them could be. */
  #isServed(ids: ReadonlySet<WorkloadId>): boolean {
    const { service = null, traffic = [], state } = this.deployment ?? {}
    if (service === null || state === 'deleting') return true
    const counted = this.replicas.filter(({ id }) => ids.has(id))
    const served = traffic.filter(({ weight }) => weight > 0).map(({ revision }) => revision)
    return counted.length === 0 || counted.some(({ owner }) => served.includes(owner?.revision ?? 0))
  }

  /** One thing that may happen to a replica next: it is placed, gets ready, ends as it was told to, or by itself. */
  move(pick: number, fate: (image: string) => Fate = fateOf): boolean {
    const movable = this.replicas.filter((one) => this.#canMove(one, fate))
    const one = movable[pick % Math.max(1, movable.length)]
    if (one === undefined) return false
    const { placement } = one
    if (placement === null) return this.#place(one, pick)
    const { id, node } = placement
    if (one.stopRequested !== null) this.#end(one, 'asked')
    else if (placement.state === 'placed') this.run({ type: 'claim', placement: id, node })
    else if (fate(one.spec.image) === 'exits') this.#end(one, 'fails')
    else this.run({ type: 'report-running', placement: id, node, startedAt: this.at })
    return true
  }

  /** No new work comes there, and what is there has to leave. */
  setDrained(node: NodeId, drained: boolean): void {
    const mode = drained ? 'draining' : 'open'
    this.run({ type: 'set-scheduling', node, mode, reason: '', grace: null })
  }

  /** The same by a taint, which nothing tolerates. */
  setTainted(node: NodeId): void {
    this.run({ type: 'update-taints', node, add: [{ key: 'gpu', value: 'broken', effect: 'NoExecute' }], remove: [] })
  }

  get #open(): readonly NodeId[] {
    const isSentAway = isSentAwayIn(this.book.state)
    return nodes.filter((node) => !this.gone.has(node) && !isSentAway(node, {}))
  }

  #canMove({ state, placement, stopRequested, spec }: Workload, fate: (image: string) => Fate): boolean {
    if (isTerminal(state)) return false
    if (placement === null) return this.#open.length > 0
    if (this.gone.has(placement.node)) return false
    if (stopRequested !== null || placement.state === 'placed') return true
    return state === 'starting' && fate(spec.image) !== 'hangs'
  }

  #place({ id, attempt }: Workload, pick: number): boolean {
    const node = this.#open[pick % this.#open.length]
    if (node === undefined) return false
    this.run({ type: 'place', workload: id, attempt: attempt + 1, node, devices: [], executor: 'docker' })
    return true
  }

  #end({ placement }: Workload, how: 'asked' | 'fails'): void {
    if (placement === null) return
    const error = how === 'fails' ? ({ code: 'NONZERO_EXIT', message: 'It ended with exit code 1.' } as const) : null
    const ending = { endedAt: this.at, exitCode: how === 'fails' ? 1 : 0, error }
    this.run({ type: 'report-ended', placement: placement.id, node: placement.node, ...ending })
  }

  /** One that runs dies. */
  kill(pick: number): void {
    const running = this.replicas.filter(({ state }) => state === 'running')
    const one = running[pick % Math.max(1, running.length)]
    if (one !== undefined && !this.gone.has(one.placement?.node ?? ada)) this.#end(one, 'fails')
  }

  /** All that run of one revision die. */
  killOf(revision: number): void {
    for (const one of this.replicas)
      if (one.state === 'running' && one.owner?.revision === revision) this.#end(one, 'fails')
  }

  /** Leads and plays on until nothing happens any more, for so long at most. */
  settle(span: number, tick = 500): void {
    for (const end = this.at + span; this.at < end; this.at += tick) {
      let hasMoved = true
      for (let i = 0; hasMoved && i < 200; i += 1) hasMoved = [this.lead(), this.move(i)].some(Boolean)
    }
  }
}
