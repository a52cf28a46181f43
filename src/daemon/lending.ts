/** What lending takes of the own mesh and host, and of the network. */
import { lookUp } from '../adapters/system/look-up.ts'
import { ClawError } from '../model/failure.ts'
import type { LendingMode } from '../model/molt-policy.ts'
import { lendingModes } from '../model/molt-policy.ts'
import type { Disk } from '../ports/journal.ts'
import type { Service } from '../ports/service.ts'
import { pauseTask } from '../services/agent/pause.ts'
import type { Bank } from '../services/molt/bank.ts'
import type { DeedBook } from '../services/molt/deeds/deed-book.ts'
import type { LendingDoor } from '../services/molt/lending/lending-door.ts'
import { type LendingHome, LendingService } from '../services/molt/lending/lending-service.ts'
import { RecordBoard } from '../services/molt/lending/record-board.ts'
import type { MoltPlane } from '../services/molt/plane.ts'
import type { Reputations } from '../services/molt/reputation/reputations.ts'
import type { RecordStore } from '../services/records/record-store.ts'
import type { ControlPlane } from './control-plane.ts'
import type { Ground } from './ground.ts'
import type { WorkPlane } from './work-plane.ts'

export function lendingHomeOf(
  { identity, config, disk, clock, log }: Ground,
  { control, vault, membership }: ControlPlane,
  { agent, logs, executors, members, care, engine, images }: WorkPlane,
): LendingHome {
  const self = identity.id
  return {
    ...{ self, control, disk, clock, log: log.child('lending'), hasNetwork: config.molt.guestNetwork === 'bridge' },
    ...{ care, mesh: membership.mesh, engine, images },
    removeTask: async (placement) => {
      const docker = executors.get('docker')
      const task = docker?.status(placement) ?? null
      if (docker === undefined || task === null) return
      if (task.status.state !== 'ended')
        throw new ClawError('VOLUME_BUSY', { volume: placement, users: 'a container that runs' })
      await logs.settle(placement)
      await docker.remove(placement)
    },
    samples: () => new Map((members.view(self).report?.gpus ?? []).map((sample) => [sample.uuid, sample])),
    isolation: async (signal) => {
      const found = await Promise.all(
        Array.from(executors.values(), (one) => one.isolations?.(signal) ?? Promise.resolve([])),
      )
      return found.flat()
    },
    host: {
      read: (placement, query, signal) => logs.read(placement, query, signal),
      exec: (placement, request, signal) => agent.exec(placement, request, signal),
    },
    seal: (subject, value) => vault.seal(subject, value),
    lookUp,
    pause: (placement, isPaused) => pauseTask({ executors, tasks: () => agent.tasks() }, placement, isPaused),
  }
}

interface Market {
  readonly bank: Bank
  readonly records: RecordStore
  readonly deeds: DeedBook
  readonly reputations: Reputations
  /** What is of this network alone. */
  readonly disk: Disk
}

export function lendingOn(
  { verifier }: Ground,
  plane: MoltPlane,
  { bank, records, deeds, reputations, disk }: Market,
  { home, door }: { readonly home: LendingHome; readonly door: LendingDoor },
): Service {
  const { network, signer, rpc, party } = plane
  const mode = (): LendingMode | null => lendingModes.find((one) => one === plane.part()?.mode) ?? null
  const lending = new LendingService({
    plane: {
      ...{ network, signer, verifier, rpc, bank, deeds, board: new RecordBoard(party, records) },
      standingOf: (who, role) => reputations.standingOf(who, role),
      learn: (who, signal) => reputations.learn(who, signal),
      market: () => null,
    },
    ...{ home, mode, leases: disk },
  })
  return {
    name: lending.name,
    async start() {
      await lending.start()
      door.show(lending)
    },
    async stop() {
      door.show(null)
      await lending.stop()
    },
  }
}
