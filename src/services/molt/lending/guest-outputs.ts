/** What the buyer of an agreement is given of what its work has left. */
import { type Lease, outputsUntil } from '../../../core/molt/market/lease.ts'
import { ClawError } from '../../../model/failure.ts'
import type { LeasePiece, OutputsRequest } from '../../../wire/molt-data.ts'
import type { GuestData } from './guest-data.ts'

/** Throws LEASE_DATA_GONE, and what `GuestData.outputs` throws. */
export async function* leaseOutputs(
  data: Pick<GuestData, 'outputs'>,
  lease: Lease,
  asked: OutputsRequest,
  signal: AbortSignal,
): AsyncGenerator<LeasePiece> {
  const obstacle = obstacleOf(lease)
  if (obstacle !== null) throw new ClawError('LEASE_DATA_GONE', { agreement: asked.agreement, why: obstacle })
  yield* data.outputs(lease, asked, signal)
}

function obstacleOf(lease: Lease): string | null {
  const { state, isStopped, agreement, data } = lease
  if ((agreement?.terms.data?.outputs ?? 0) === 0) return 'it was not agreed that anything is kept'
  if (!['closing', 'closed'].includes(state) || !isStopped) return 'its work is not over'
  if (data?.isFetched === true) return 'it was fetched, and is gone since'
  return outputsUntil(lease) === null ? 'it was kept for as long as was agreed, or its work has never run' : null
}
