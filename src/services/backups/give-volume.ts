/** Gives what is in a volume to the node that makes a backup of it, and to nobody else. */
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import { volumeKey } from '../../model/volume.ts'
import type { VolumePiece } from '../../wire/volume.ts'
import { pieceBytes } from '../../wire/volume.ts'
import type { Control } from '../control/types.ts'
import type { VolumeService } from '../volumes/volume-service.ts'

interface GiveDeps {
  readonly self: NodeId
  readonly control: Pick<Control, 'state' | 'fresh'>
  readonly volumes: Pick<VolumeService, 'read'>
}

interface Asked {
  readonly backup: string
  readonly volume: string
}

/** Throws PERMISSION_DENIED for what does not stand in the state, even after this node has heard what there is to hear. */
export async function* giveVolume(
  { self, control, volumes }: GiveDeps,
  asked: Asked,
  { from, signal }: { readonly from: NodeId; readonly signal: AbortSignal },
): AsyncGenerator<VolumePiece> {
  // Who asks may have heard of it first, and of its end last.
  await control.fresh('linearizable', signal)
  const backup = control.state.backups.get(asked.backup)
  const isMeant = backup?.state === 'running' && backup.target.node === from && backup.volumes.includes(asked.volume)
  if (!isMeant)
    throw new ClawError('PERMISSION_DENIED', { action: `read the volume ${asked.volume} for ${asked.backup}` })
  const key = volumeKey(backup.namespace, asked.volume)
  const volume = control.state.volumes.get(key)
  if (volume?.node !== self) throw new ClawError('VOLUME_NOT_FOUND', { volume: key })
  for await (const chunk of volumes.read(volume, signal))
    for (let at = 0; at < chunk.length; at += pieceBytes) yield { data: chunk.subarray(at, at + pieceBytes) }
}
