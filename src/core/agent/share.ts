/** What a workload is told that has a share of its devices. */
import type { WorkloadSpec } from '../../model/workload.ts'

/** CUDA shows it all of a device's memory, so it has to be told how much of that is its own. */
export const shareEnvironment = ({ gpus: { share } }: Pick<WorkloadSpec, 'gpus'>): Readonly<Record<string, string>> =>
  share === undefined ? {} : { CLAW_GPU_SHARE_MIB: String(share) }
