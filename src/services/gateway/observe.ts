/** What the membership plane says of a node, in the scheduler's terms. */
import type { Observed } from '../../core/scheduler/types.ts'
import { thermal } from '../../model/gpu-health.ts'
import type { GpuSample } from '../../model/gpu.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Membership } from '../membership/types.ts'

export const observer =
  (membership: Pick<Membership, 'view'>) =>
  (node: NodeId): Observed => {
    const { liveness, report } = membership.view(node)
    const gpus = report?.gpus ?? []
    const uuids = (wanted: (sample: GpuSample) => boolean): ReadonlySet<string> =>
      new Set(gpus.filter(wanted).map(({ uuid }) => uuid))
    return {
      liveness,
      failed: uuids(({ health }) => health === 'failed'),
      hot: uuids(({ throttle }) => throttle.includes(thermal)),
      diskFreeMib: report?.host.diskFreeMib ?? null,
      ...(report?.isOutdated === true && { isOutdated: true }),
    }
  }
