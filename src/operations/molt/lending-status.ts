/** How lending goes on a node, in a few figures. */
import { z } from 'zod'
import { isWithin } from '../../core/molt/market/hours.ts'
import { holdsDevices } from '../../core/molt/market/lease.ts'
import type { Lending } from '../../core/molt/market/lending.ts'
import { earnedIn } from '../../core/molt/market/lent.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeInventory } from '../../model/node.ts'
import type { Isolation } from '../../model/molt-hardware.ts'
import { day } from '../../model/time.ts'
import type { LendingView } from '../../services/molt/lending/types.ts'
import type { OperationContext } from '../context.ts'
import { Money, money } from './molt-lease-view.ts'

export const LendingStatus = z.object({
  offers: z.int().describe('That stand now'),
  offered: z.int().describe('GPUs that they are about'),
  bids: z.int().describe('That nobody has taken yet'),
  leases: z.int().describe('That are agreed on and not closed'),
  lent: z.int().describe('GPUs that these hold'),
  earnedToday: Money.describe('By leases that were closed since midnight, UTC, without the fee'),
  pending: Money.describe('Promised by buyers of leases that are not closed yet'),
  problems: z.array(z.string()).describe('What keeps it from lending'),
})

/** Null where it lends nothing, or is in no network now. */
export function lendingStatus(context: OperationContext): z.infer<typeof LendingStatus> | null {
  const view = viewOf(context)
  const rules = view?.rules() ?? null
  if (view === null || rules === null) return null
  const { clock, control, molt, self } = context
  const now = clock.now()
  const all = view.leases().map(({ lease }) => lease)
  const open = all.filter(({ state }) => state !== 'bid' && state !== 'closed')
  const { paid, fee } = earnedIn(view.history(), molt.plane().network, { from: now - (now % day), to: now + 1 })
  const obstacles = obstaclesOf(rules, {
    available: view.isolation(),
    gpus: control.state.members.get(self)?.inventory?.gpus ?? [],
  })
  return {
    offers: view.offers().length,
    offered: view.offers().reduce((sum, { free }) => sum + free, 0),
    bids: all.filter(({ state }) => state === 'bid').length,
    leases: open.length,
    lent: open.filter(holdsDevices).reduce((sum, { devices }) => sum + devices.length, 0),
    earnedToday: money(paid - fee),
    pending: money(open.reduce((sum, { meter }) => sum + meter.vouched, 0n)),
    problems: [...obstacles, ...(isWithin(rules.blackout, now) ? ['its owner lends nothing at this hour'] : [])],
  }
}

function viewOf({ lending }: OperationContext): LendingView | null {
  try {
    return lending.view()
  } catch (error) {
    if (!ClawError.is(error, 'MOLT_NOT_CONNECTED')) throw error
    return null
  }
}

/** Why it could lend nothing at any hour, in words. */
export function obstaclesOf(
  { isolation }: Pick<Lending, 'isolation'>,
  { available, gpus }: { readonly available: readonly Isolation[] | null } & Pick<NodeInventory, 'gpus'>,
): readonly string[] {
  const isApart = available === null || available.some((one) => isolation.includes(one))
  return [
    ...(isApart ? [] : ['this node has no way to keep guests apart that the policy allows']),
    ...(gpus.length === 0 ? ['this node has no GPUs'] : []),
  ]
}
