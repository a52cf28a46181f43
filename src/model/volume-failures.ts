/** What can go wrong with volumes. */
import { failure } from './failure-row.ts'

export const volumeFailures = {
  VOLUME_NOT_FOUND: failure(
    'not-found',
    ({ volume }: { volume: string }) => `There is no volume ${volume}.`,
    'List them with `clawbernetes volume list`.',
  ),
  VOLUME_EXISTS: failure(
    'conflict',
    ({ volume }: { volume: string }) => `There is a volume ${volume} already.`,
    'Choose another name, or delete that one.',
  ),
  VOLUME_BUSY: failure(
    'conflict',
    ({ volume, users }: { volume: string; users: string }) => `The volume ${volume} is in use by ${users}.`,
    'Stop what uses it first.',
  ),
  VOLUME_ELSEWHERE: failure(
    'conflict',
    ({ volume, node }: { volume: string; node: string }) => `The data of the volume ${volume} is on ${node}.`,
    'Let the mesh choose the node, or name that one.',
  ),
  VOLUME_COPY_CUT: failure(
    'conflict',
    ({ detail }: { detail: string }) => `The copy of the volume is not whole: ${detail}.`,
    'Try again while nothing cuts its files short, or stop what writes to it first.',
  ),
  VOLUME_SOURCE: failure(
    'unavailable',
    ({ volume, detail }: { volume: string; detail: string }) =>
      `What is in the volume ${volume} cannot be fetched: ${detail}.`,
    'Look at its store: whether it is there, lets its keys read, and whether this host may speak to it (setting stores.hosts).',
  ),
  VOLUME_TARGET: failure(
    'unavailable',
    ({ volume, detail }: { volume: string; detail: string }) =>
      `What is in the volume ${volume} cannot be put into its store: ${detail}.`,
    'Look at its store: whether it is there, and lets its keys write. What has been put there stays; the next push goes on from it.',
  ),
  VOLUME_STORE_CHANGED: failure(
    'conflict',
    ({ volume, objects, count }: { volume: string; objects: string; count: number }) =>
      `What the store holds of the volume ${volume} was changed there as well as here (${count}): ${objects}.`,
    'Look at both; `--force` has what is here take the place of what is there.',
  ),
  VOLUME_NO_ROOM: failure(
    'unavailable',
    ({ volume, bytes, limit }: { volume: string; bytes: number; limit: number }) =>
      `There is no room for a copy of the volume ${volume}, which takes ${bytes} bytes: copies that are in use take the rest of ${limit}.`,
    'Wait until work has ended that uses others, or raise the setting volumes.copiesGib of the node.',
  ),
  SNAPSHOT_NOT_FOUND: failure(
    'not-found',
    ({ snapshot, volume }: { snapshot: string; volume: string }) => `The volume ${volume} has no snapshot ${snapshot}.`,
    'List them with `clawbernetes volume info`.',
  ),
}
