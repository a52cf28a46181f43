/** The volumes of this host, and the copies that it keeps of them. */
import { join } from 'node:path'
import { fileCopies } from '../adapters/snapshots/file-copies.ts'
import { objectsOf } from '../adapters/s3/s3-objects.ts'
import type { PlacementId } from '../model/ids.ts'
import type { ExecutorKind } from '../model/node.ts'
import type { Executor } from '../ports/executor.ts'
import { ObjectCopies } from '../services/volumes/object-copies.ts'
import { WorkingCopies } from '../services/volumes/working-copies.ts'
import type { VolumeDeps } from '../services/volumes/volume-service.ts'
import { VolumeService } from '../services/volumes/volume-service.ts'
import type { ControlPlane } from './control-plane.ts'
import type { Ground } from './ground.ts'

interface Needed extends Pick<VolumeDeps, 'engine' | 'objects' | 'working'> {
  readonly executors: ReadonlyMap<ExecutorKind, Executor>
  /** Returns when the output of the placement is kept. */
  readonly settle: (placement: PlacementId) => Promise<void>
}

const gib = 1_073_741_824

export const volumesOf = (
  { identity, config }: Ground,
  { control, membership }: ControlPlane,
  { engine, objects, working, executors, settle }: Needed,
): VolumeService =>
  new VolumeService({
    ...{ self: identity.id, mesh: membership.mesh, control, engine, objects, working },
    removeTask: async (placement) => {
      await settle(placement)
      await executors.get('docker')?.remove(placement)
    },
    copies: fileCopies(join(config.dataDir, 'snapshots')),
    mostBytes: config.volumes.snapshotGib * gib,
  })

/** Copies of what stores of objects hold, for volumes; null without an engine to hold them. */
export const objectCopiesOf = (
  { identity, config, clock, log }: Ground,
  { control, membership, vault }: ControlPlane,
  engine: VolumeDeps['engine'],
): ObjectCopies | null =>
  engine === null
    ? null
    : new ObjectCopies({
        ...{ self: identity.id, mesh: membership.mesh, control, vault, engine, clock },
        open: objectsOf(config.stores.hosts),
        mostBytes: config.volumes.storeGib * gib,
        mostInAll: config.volumes.copiesGib * gib,
        log: log.child('volumes'),
      })

/** The same of volumes that work writes. */
export const workingCopiesOf = (
  { identity, config, clock, log }: Ground,
  { membership, vault }: ControlPlane,
  engine: VolumeDeps['engine'],
): WorkingCopies | null =>
  engine === null
    ? null
    : new WorkingCopies({
        ...{ self: identity.id, mesh: membership.mesh, vault, engine, clock },
        open: objectsOf(config.stores.hosts),
        mostBytes: config.volumes.storeGib * gib,
        log: log.child('volumes'),
      })
