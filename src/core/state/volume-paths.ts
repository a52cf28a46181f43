/** What stands behind the names that work mounts: a directory of the host is one, by whatever name. */
import type { WorkloadSpec } from '../../model/workload.ts'
import { volumeKey } from '../../model/volume.ts'
import type { MeshState } from './types.ts'

/** The work with all paths of hosts that it would see among its mounts: those that volumes stand for too. The same where there are none. */
export function withVolumePaths({ volumes }: Pick<MeshState, 'volumes'>, spec: WorkloadSpec): WorkloadSpec {
  if (volumes.size === 0) return spec
  const behind = spec.mounts.flatMap((mount) => {
    const path = volumes.get(volumeKey(spec.namespace, mount.source))?.hostPath ?? null
    return path === null ? [] : [{ ...mount, source: path }]
  })
  return behind.length === 0 ? spec : { ...spec, mounts: [...spec.mounts, ...behind] }
}
