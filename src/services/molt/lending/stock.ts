/** What a node has to lend now, by what its mesh says and what it has agreed on. */
import type { FreeGroup } from '../../../core/molt/market/capacity.ts'
import { lendable } from '../../../core/molt/market/capacity.ts'
import type { Lending } from '../../../core/molt/market/lending.ts'
import { ownCapacity, type OwnSide } from '../../../core/molt/market/own-devices.ts'
import { isPromised } from '../../../core/molt/market/promises.ts'
import type { NodeId } from '../../../model/ids.ts'
import { type Instant, second } from '../../../model/time.ts'
import type { Control } from '../../control/types.ts'
import type { LeaseStore } from './lease-store.ts'

interface Stock {
  readonly self: NodeId
  readonly control: Pick<Control, 'state'>
  readonly samples: () => OwnSide['samples']
  readonly care: { unclean(): OwnSide['unclean'] }
  readonly store: Pick<LeaseStore, 'all'>
}

/** Work that gives way has as long to end. */
const yieldGrace = 30 * second

export function freeGroups(
  { self, control, samples, care, store }: Stock,
  { share, priority, now }: Pick<Lending, 'share'> & { readonly priority: number; readonly now: Instant },
): readonly FreeGroup[] {
  const promised = new Set(
    store
      .all()
      .filter(isPromised)
      .flatMap(({ devices }) => devices),
  )
  const own = { node: self, promised, samples: samples(), unclean: care.unclean(), priority }
  const capacity = ownCapacity(control.state, own)
  return lendable(capacity, share, { now, grace: yieldGrace })
}
