/** Brings deployments to what is wanted of them, one step after the other: replicas come and go, and requests are shifted. */
import type { Silence } from '../../core/gateway/lease.ts'
import { executionLease, trackSilence } from '../../core/gateway/lease.ts'
import type { Reach } from '../../core/rollout/census.ts'
import { isSentAwayIn, takeCensus } from '../../core/rollout/census.ts'
import { decide } from '../../core/rollout/decide.ts'
import type { Decision, Measurement, RolloutSettings } from '../../core/rollout/types.ts'
import { workloadsAt } from '../../core/state/holdings.ts'
import { replicasOf } from '../../core/state/replicas.ts'
import type { Command, CommandOf } from '../../core/state/types.ts'
import { base32Word } from '../../lib/base32.ts'
import type { Deployment } from '../../model/deployment.ts'
import type { DeploymentId, NodeId } from '../../model/ids.ts'
import { workloadId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Random } from '../../ports/random.ts'
import type { Control } from '../control/types.ts'
import type { Membership } from '../membership/types.ts'
import type { LeaderCommands } from './commands.ts'
import type { Duty } from './duty.ts'
import { Loop } from './loop.ts'

/** What all peers' service proxies have seen of one revision over the last so long; null when that cannot be known. */
export type Measure = (
  deployment: DeploymentId,
  revision: number,
  span: Millis,
  signal: AbortSignal,
) => Promise<Measurement | null>

export interface RolloutsDeps {
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly random: Random
  readonly control: Pick<Control, 'state' | 'onChange'>
  readonly membership: Pick<Membership, 'view' | 'onChange'>
  readonly commands: LeaderCommands
  /** Left out where nobody measures: the gates then never fail. */
  readonly measure?: Measure | undefined
}

export class Rollouts implements Duty {
  readonly name = 'rollouts'
  readonly #deps: RolloutsDeps
  readonly #settings: RolloutSettings
  readonly #loop: Loop
  #silence: Silence = new Map()

  constructor(deps: RolloutsDeps, settings: RolloutSettings) {
    this.#deps = deps
    this.#settings = settings
    this.#loop = new Loop(deps, { every: 500, pause: 20 }, (signal) => this.#run(signal))
  }

  begin(): void {
    this.#silence = new Map()
    this.#loop.start(() => this.#subscribe())
  }

  end(): Promise<void> {
    return this.#loop.stop()
  }

  #subscribe(): () => void {
    const { control, membership } = this.#deps
    const offs = [
      control.onChange((changes) => {
        const { workloads } = control.state
        const isOurs = changes.some(
          (change) =>
            change.type === 'deployment' ||
            (change.type === 'member' &&
              workloadsAt(control.state, change.node).some(({ owner }) => owner !== undefined)) ||
            (change.type === 'workload' && workloads.get(change.workload)?.owner !== undefined),
        )
        if (isOurs) this.#loop.wake()
      }),
      membership.onChange(() => {
        if (control.state.deployments.size > 0) this.#loop.wake(250)
      }),
    ]
    return () => {
      for (const off of offs) off()
    }
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { control, clock, membership } = this.#deps
    const { state } = control
    if (state.deployments.size === 0) return
    const now = clock.elapsed()
    this.#silence = trackSilence(this.#silence, state.members.keys(), (node) => membership.view(node).liveness, now)
    await Promise.all(Array.from(state.deployments.values(), (deployment) => this.#advance(deployment, now, signal)))
  }

  async #advance(before: Deployment, now: Millis, signal: AbortSignal): Promise<void> {
    const { clock, commands, control, log, metrics } = this.#deps
    const measured = await this.#measured(before, signal)
    // What was measured took its time.
    const deployment = control.state.deployments.get(before.id)
    if (deployment === undefined || signal.aborted) return
    const at = clock.now()
    const reach = (node: NodeId): Reach => this.#reach(node, now)
    const isSentAway = isSentAwayIn(control.state)
    const census = takeCensus(deployment, replicasOf(control.state, deployment.id), { reach, isSentAway, at })
    const decision = decide({ deployment, census, at, measured, settings: this.#settings })
    if (decision === null) return
    for (const { type, message } of decision.notes ?? []) log.info(message, { type, deployment: deployment.id })
    if (await commands.tryOne(this.#commandOf(deployment, decision), signal))
      metrics.count('claw_gateway_rollout_steps_total', {})
  }

  #reach(node: NodeId, now: Millis): Reach {
    if (!this.#deps.control.state.members.has(node)) return 'gone'
    const silence = this.#silence.get(node)
    if (silence === undefined) return 'here'
    return silence.how === 'lost' || now - silence.since > executionLease ? 'gone' : 'silent'
  }

  /** Of the target, while it is being rolled out and has to pass gates. */
  async #measured(deployment: Deployment, signal: AbortSignal): Promise<Measurement | null> {
    const { id, target, gates, rollout } = deployment
    const { measure } = this.#deps
    if (gates === null || rollout === null || measure === undefined) return null
    return measure(id, target, gates.forMs, signal)
  }

  #commandOf({ id, name, step }: Deployment, { start = [], ...rest }: Decision): Command {
    const starts = start.flatMap(({ revision, count }) =>
      Array.from({ length: count }, () => this.#newReplica(name, revision)),
    )
    return { type: 'set-rollout', deployment: id, step, ...rest, ...(starts.length > 0 && { start: starts }) }
  }

  #newReplica(name: string, revision: number): NonNullable<CommandOf<'set-rollout'>['start']>[number] {
    const word = (length: number): string => base32Word(this.#deps.random.bytes(length))
    return { workload: workloadId(`wl-${word(10)}`), name: `${name}-r${revision}-${word(5)}`, revision }
  }
}
