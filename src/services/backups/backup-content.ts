/** What goes into a backup: a volume, from the node that has it, or the state of the mesh. */
import type { Backup } from '../../model/backup.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import { volumeKey } from '../../model/volume.ts'
import type { Rpc } from '../../ports/rpc.ts'
import { readVolume } from '../../wire/volume.ts'
import type { Control } from '../control/types.ts'
import type { VolumeService } from '../volumes/volume-service.ts'

export interface ContentDeps {
  readonly self: NodeId
  readonly control: Pick<Control, 'state' | 'fresh'>
  readonly rpc: Pick<Rpc, 'stream'>
  readonly volumes: Pick<VolumeService, 'read'>
  /** The state of the mesh as a file. */
  readonly meshState: (signal: AbortSignal) => Promise<Uint8Array>
}

/** Of the volume of that name, or of the mesh for null. Throws VOLUME_NOT_FOUND. */
export const contentFor = (
  deps: ContentDeps,
  backup: Backup,
  volume: string | null,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> =>
  volume === null ? ofMesh(deps, signal) : ofVolume(deps, { backup, name: volume }, signal)

async function* ofMesh({ control, meshState }: ContentDeps, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  await control.fresh('linearizable', signal)
  yield await meshState(signal)
}

async function* ofVolume(
  { self, control, rpc, volumes }: ContentDeps,
  { backup, name }: { readonly backup: Backup; readonly name: string },
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const key = volumeKey(backup.namespace, name)
  const volume = control.state.volumes.get(key)
  if (volume === undefined) throw new ClawError('VOLUME_NOT_FOUND', { volume: key })
  const home = volume.node ?? self
  if (home === self) yield* volumes.read(volume, signal)
  else
    for await (const { data } of rpc.stream(home, readVolume, { backup: backup.id, volume: name }, signal)) yield data
}
