/** Where a workload is reached in the overlay. */
import type { Workload } from '../../model/workload.ts'
import { networkOf } from '../../model/workload.ts'
import { addressOf } from '../overlay/addresses.ts'
import type { MeshState } from '../state/types.ts'

/**
 * What has the network of its node is at that node’s address; a container is at its own; what has neither is nowhere, and neither is what is
 * of a node that takes no part any more.
 */
export function addressesOf(
  { overlay }: Pick<MeshState, 'overlay'>,
  { placement, spec, overlayAddress }: Workload,
): readonly string[] {
  if (overlay === null || placement === null || placement.executor === 'simulated') return []
  const node = overlay.nodes.get(placement.node)
  if (node === undefined || node.lanes.length === 0) return []
  if (placement.executor === 'process' || networkOf(spec) === 'host') return [addressOf(overlay.settings, node.slot)]
  return overlayAddress === undefined ? [] : [overlayAddress]
}
