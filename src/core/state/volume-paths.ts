/** What stands behind the names that work mounts: a directory of the host is one, by whatever name, and so is a place in a store of objects. */
import type { WorkloadSpec } from '../../model/workload.ts'
import { bucketText } from '../../model/bucket.ts'
import type { Volume } from '../../model/volume.ts'
import { volumeKey } from '../../model/volume.ts'
import type { MeshState } from './types.ts'

/** Null for what is nowhere but at the engine of a node. */
export const behindVolume = ({ hostPath, s3 }: Pick<Volume, 'hostPath' | 's3'>): string | null =>
  s3 === undefined ? hostPath : bucketText(s3)

/** The work with all that it would see among its mounts: paths of hosts, and stores, that volumes stand for too. The same where there are none. */
export function withVolumePaths({ volumes }: Pick<MeshState, 'volumes'>, spec: WorkloadSpec): WorkloadSpec {
  if (volumes.size === 0) return spec
  const behind = spec.mounts.flatMap((mount) => {
    const volume = volumes.get(volumeKey(spec.namespace, mount.source))
    const path = volume === undefined ? null : behindVolume(volume)
    return path === null ? [] : [{ ...mount, source: path }]
  })
  return behind.length === 0 ? spec : { ...spec, mounts: [...spec.mounts, ...behind] }
}
