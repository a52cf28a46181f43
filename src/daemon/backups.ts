/** The backups that this host makes and keeps. */
import { directoryStore } from '../adapters/backups/directory-store.ts'
import { pathFor } from '../adapters/docker/mounts.ts'
import { s3Store } from '../adapters/s3/s3-store.ts'
import { contentCipher } from '../adapters/keys/content-cipher.ts'
import type { BackupTarget } from '../model/backup.ts'
import { ClawError } from '../model/failure.ts'
import type { BackupStore } from '../ports/backups.ts'
import { BackupService } from '../services/backups/backup-service.ts'
import { takeBackup } from '../services/control/take-backup.ts'
import type { VolumeService } from '../services/volumes/volume-service.ts'
import { confinementOf } from './confinement.ts'
import type { ControlPlane } from './control-plane.ts'
import type { Ground } from './ground.ts'

export const backupsOf = (
  ground: Ground,
  { control, host, machine, vault }: ControlPlane,
  volumes: VolumeService,
): BackupService =>
  new BackupService({
    ...{ self: ground.identity.id, clock: ground.clock, control, rpc: host.rpc, volumes, vault },
    cipher: contentCipher,
    openStore: (target, namespace, keys) => storeOf(ground, { target, namespace, keys }),
    meshState: (signal) => takeBackup(machine.state, { clock: ground.clock, software: ground.version }, signal),
    log: ground.log.child('backups'),
  })

interface Wanted {
  readonly target: BackupTarget
  readonly namespace: string
  readonly keys: Uint8Array | null
}

/** A directory is one that work of the namespace may mount: whoever may write there may have its backups there. */
async function storeOf({ config }: Ground, { target, namespace, keys }: Wanted): Promise<BackupStore> {
  if (target.type === 's3') return s3Store(target, keys ?? new Uint8Array(), config.stores)
  try {
    return directoryStore(await pathFor(target.path, { namespace }, confinementOf(config)))
  } catch (error) {
    if (!ClawError.is(error, 'CONTAINER_FAILED')) throw error
    throw new ClawError('BACKUP_TARGET', { target: target.path, detail: error.facts.detail }, { cause: error })
  }
}
