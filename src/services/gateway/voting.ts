/** Keeps 1, 3 or 5 living voters, one change at a time, and has every other member follow the log. */
import { isWorker } from '../../core/access/standing.ts'
import type { Steadiness, SteadySettings } from '../../core/gateway/steadiness.ts'
import { trackSteadiness } from '../../core/gateway/steadiness.ts'
import type { VoterFacts, VoterSettings, VoterStep } from '../../core/gateway/voters.ts'
import { nextVoterStep } from '../../core/gateway/voters.ts'
import type { MeshState } from '../../core/state/types.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Consensus } from '../consensus/types.ts'
import type { Control } from '../control/types.ts'
import type { Duty } from './duty.ts'
import { Loop } from './loop.ts'

export interface VotingDeps {
  readonly self: NodeId
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly control: Pick<Control, 'state' | 'status' | 'onChange'>
  readonly consensus: Pick<Consensus, 'setLearners' | 'changeVoters' | 'transfer'>
  /** Gives a node what it needs to lead: has the keys of the mesh and of the vault sealed to it and committed. */
  readonly sealMeshKey: (node: NodeId, signal: AbortSignal) => Promise<void>
}

export interface VotingSettings extends VoterSettings, SteadySettings {
  readonly every: Millis
}

export class Voting implements Duty {
  readonly name = 'voting'
  readonly #deps: VotingDeps
  readonly #settings: VotingSettings
  readonly #loop: Loop
  #steady: Steadiness = new Map()
  #leadingSince: Millis = 0

  constructor(deps: VotingDeps, settings: VotingSettings) {
    this.#deps = deps
    this.#settings = settings
    this.#loop = new Loop(deps, { every: settings.every, pause: 10 }, (signal) => this.#run(signal))
  }

  begin(): void {
    const { clock, control } = this.#deps
    this.#steady = new Map()
    this.#leadingSince = clock.elapsed()
    this.#setLearners()
    this.#loop.start(() =>
      control.onChange((changes) => {
        if (!changes.some(({ type }) => type === 'member')) return
        this.#setLearners()
        this.#loop.wake()
      }),
    )
  }

  async end(): Promise<void> {
    await this.#loop.stop()
  }

  #setLearners(): void {
    const { control, consensus } = this.#deps
    const { voters } = control.status()
    consensus.setLearners([...control.state.members.keys()].filter((member) => !voters.includes(member)))
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, control, metrics } = this.#deps
    const status = control.status()
    this.#steady = trackSteadiness(this.#steady, status, clock.elapsed(), this.#settings)
    metrics.gauge('claw_gateway_voters', status.voters.length)
    const step = nextVoterStep(this.#facts(), this.#settings)
    if (step === null) return
    await this.#take(step, signal)
    this.#setLearners()
    this.#loop.wake()
  }

  #facts(): VoterFacts {
    const { self, clock, control } = this.#deps
    const { voters, followers } = control.status()
    const now = clock.elapsed()
    return {
      self,
      voters,
      // Whoever leads decides for all, and workers are not trusted with that.
      members: [...control.state.members.values()].filter((member) => !isWorker(member)).map(({ id }) => id),
      followers,
      steadyFor: new Map(Array.from(this.#steady, ([node, since]) => [node, now - since])),
      leadingFor: now - this.#leadingSince,
    }
  }

  async #take(step: VoterStep, signal: AbortSignal): Promise<void> {
    const { control, consensus, log, sealMeshKey } = this.#deps
    switch (step.step) {
      case 'add':
        if (!canLead(control.state, step.node)) await sealMeshKey(step.node, signal)
        // It may have lost the lead, or the node its membership, in the meantime.
        if (signal.aborted || !control.state.members.has(step.node)) return
        log.info('a member becomes a voter', { node: step.node })
        return consensus.changeVoters({ add: step.node, remove: null })
      case 'remove':
        log.info('a voter loses its vote', { node: step.node })
        return consensus.changeVoters({ add: null, remove: step.node })
      case 'transfer':
        log.info('the lead goes to another voter, because this node is no member any more', { to: step.to })
        await consensus.transfer(step.to)
    }
  }
}

const canLead = ({ sealedKeys, vault }: Pick<MeshState, 'sealedKeys' | 'vault'>, node: NodeId): boolean =>
  sealedKeys.has(node) && (vault === null || vault.holders.has(node))
