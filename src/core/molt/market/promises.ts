/**
 * Whose the GPUs of a provider are. A bid costs its buyer nothing, so it keeps them from nobody: whoever agrees first gets them. An agreement
 * keeps them until its hold is paid or its time for that is over, and costs nothing until then either; so those of whom nothing is known get
 * one each, and no more than half of the GPUs once one of them has let an agreement lapse.
 */
import type { NodeId } from '../../../model/ids.ts'
import { type Instant, type Millis, minute } from '../../../model/time.ts'
import type { FreeGroup } from './capacity.ts'
import { holdsDevices, type Lease } from './lease.ts'

/** Newcomers have to share for so long after one of them has not paid. */
const lapseMemory: Millis = 10 * minute

/** Whether nobody else may agree on its GPUs. */
export const isPromised = (lease: Lease): boolean => lease.state !== 'bid' && holdsDevices(lease)

/** What counts for the number of leases at a time. */
export const isUnderAgreement = ({ agreement, state }: Lease): boolean => agreement !== null && state !== 'closed'

/** GPUs of the kind of its bid: those that were free when it was made, where they still are. Null when too few are. */
export function devicesFor(
  { signed: { bid }, devices }: Lease,
  groups: readonly FreeGroup[],
): readonly string[] | null {
  const group = groups.find(({ model, memoryMib }) => model === bid.model && memoryMib === bid.memoryMib)
  const free = group?.free ?? []
  const first = devices.filter((device) => free.includes(device))
  const all = [...first, ...free.filter((device) => !first.includes(device))]
  return all.length < bid.gpus ? null : all.slice(0, bid.gpus)
}

/** Whether a buyer of whom nothing is known may have so many GPUs kept for it before it has paid. */
export function mayKeep(
  asked: { readonly buyer: NodeId; readonly gpus: number },
  leases: readonly Lease[],
  host: { readonly gpus: number; readonly isKnown: (buyer: NodeId) => boolean; readonly now: Instant },
): boolean {
  const others = leases.filter(({ want }) => !host.isKnown(want.buyer))
  const unpaid = others.filter(({ state }) => state === 'agreed')
  if (unpaid.some(({ want }) => want.buyer === asked.buyer)) return false
  const hasLapsed = others.some(({ why, since }) => why === 'unfunded' && host.now - since < lapseMemory)
  const most = hasLapsed ? Math.max(1, Math.floor(host.gpus / 2)) : host.gpus
  return unpaid.reduce((sum, { devices }) => sum + devices.length, asked.gpus) <= most
}
