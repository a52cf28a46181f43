/** The gateway: what this peer does for the mesh while it leads, and not a moment longer. */
import { defaultVoting } from '../../core/gateway/voters.ts'
import { defaultReserving } from '../../core/queue/reserve.ts'
import { defaultScheduling } from '../../core/scheduler/types.ts'
import type { RolloutSettings } from '../../core/rollout/types.ts'
import { defaultRollouts } from '../../core/rollout/types.ts'
import { supported } from '../../core/state/versions.ts'
import type { VersionRange } from '../../model/version.ts'
import type { NodeId } from '../../model/ids.ts'
import { day, minute, second } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Random } from '../../ports/random.ts'
import type { Schedules } from '../../ports/schedule.ts'
import type { Unsubscribe } from '../../ports/rpc.ts'
import type { Service } from '../../ports/service.ts'
import type { Consensus } from '../consensus/types.ts'
import type { GatewayStatus, LeaderControl } from '../control/types.ts'
import type { Membership } from '../membership/types.ts'
import { LeaderCommands } from './commands.ts'
import { Crons } from './crons.ts'
import type { Duty } from './duty.ts'
import { handOver } from './hand-over.ts'
import { Jobs } from './jobs.ts'
import { Raising } from './raising.ts'
import type { PruningSettings } from './record-keeping.ts'
import { LivenessRecorder, Pruning } from './record-keeping.ts'
import type { Measure } from './rollouts.ts'
import { Rollouts } from './rollouts.ts'
import type { SchedulingSettings } from './scheduling.ts'
import { Scheduling } from './scheduling.ts'
import type { UpkeepSettings } from './upkeep.ts'
import { Upkeep } from './upkeep.ts'
import type { VaultKeepingDeps } from '../vault/vault-keeping.ts'
import { VaultKeeping } from '../vault/vault-keeping.ts'
import { SecretRotation } from '../vault/secret-rotation.ts'
import type { VaultService } from '../vault/vault-service.ts'
import type { VotingDeps, VotingSettings } from './voting.ts'
import { Voting } from './voting.ts'
import { Workflows } from './workflows.ts'

export interface GatewayDeps {
  readonly self: NodeId
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly random: Random
  readonly schedules: Schedules
  readonly control: LeaderControl
  readonly consensus: Pick<Consensus, 'setLearners' | 'changeVoters' | 'transfer'>
  readonly membership: Membership
  readonly sealMeshKey: VotingDeps['sealMeshKey']
  /** What the service proxies have seen, for the gates of deployments. */
  readonly measure?: Measure
  /** Secrets of the mesh; it keeps none where this is left out. */
  readonly vault?: { readonly service: VaultService; readonly keys: VaultKeepingDeps['keys'] }
  /** The state versions that this build applies; a test may have it be an older one. */
  readonly applies?: VersionRange
}

export interface GatewaySettings {
  readonly scheduling: SchedulingSettings
  readonly voting: VotingSettings
  readonly upkeep: UpkeepSettings
  readonly pruning: PruningSettings
  readonly rollouts: RolloutSettings
}

export const defaultGateway: GatewaySettings = {
  scheduling: {
    ...defaultScheduling,
    ...defaultReserving,
    maxPlacements: 512,
    claimWithin: 10 * second,
    provideEvery: second,
  },
  voting: { ...defaultVoting, answersWithin: 2 * second, lag: 100, every: 500 },
  upkeep: { mostOfANode: 32 },
  pruning: { keepFor: 7 * day, keepAtMost: 5_000, batch: 500, every: minute },
  rollouts: defaultRollouts,
}

export class GatewayService implements Service {
  readonly name = 'gateway'
  readonly #deps: GatewayDeps
  readonly #duties: readonly Duty[]
  #unsubscribe: Unsubscribe = () => {}
  #isLeading = false
  /** Beginnings and ends, one after the other. */
  #turn: Promise<void> = Promise.resolve()

  constructor(deps: GatewayDeps, settings: GatewaySettings = defaultGateway) {
    this.#deps = deps
    const parts = { ...deps, commands: new LeaderCommands(deps) }
    this.#duties = [
      new Voting(parts, settings.voting),
      new Scheduling(parts, settings.scheduling),
      new Upkeep(parts, settings.upkeep),
      new LivenessRecorder(parts),
      new Rollouts(parts, settings.rollouts),
      new Jobs(parts),
      new Crons(parts),
      new Workflows(parts),
      new Pruning(parts, settings.pruning),
      new Raising({ ...parts, applies: deps.applies ?? supported }),
      ...(deps.vault === undefined ? [] : vaultDuties(parts, deps.vault)),
    ]
  }

  start(): Promise<void> {
    const { control } = this.#deps
    this.#unsubscribe = control.onRole((status) => this.#follow(status))
    this.#follow(control.status())
    return Promise.resolve()
  }

  async stop(): Promise<void> {
    this.#unsubscribe()
    this.#lead(false)
    await this.#turn
    await handOver(this.#deps)
  }

  #follow({ role, term }: GatewayStatus): void {
    if (this.#isLeading !== (role === 'leader')) this.#deps.log.info('the lead has changed', { role, term })
    this.#lead(role === 'leader')
  }

  #lead(isLeading: boolean): void {
    if (isLeading === this.#isLeading) return
    this.#isLeading = isLeading
    this.#turn = this.#turn.then(async () => {
      if (!isLeading) await Promise.all(this.#duties.map((duty) => duty.end()))
      else if (this.#isLeading) for (const duty of this.#duties) duty.begin()
    })
  }
}

const vaultDuties = (
  parts: GatewayDeps & { readonly commands: LeaderCommands },
  { service, keys }: NonNullable<GatewayDeps['vault']>,
): readonly Duty[] => [
  new VaultKeeping({ ...parts, keys, holder: service.holder }),
  new SecretRotation({ ...parts, vault: service }),
]
