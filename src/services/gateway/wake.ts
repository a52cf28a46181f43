/** What most duties have to look at again: work or members that changed, and hosts that came or went. */
import type { Unsubscribe } from '../../ports/rpc.ts'
import type { Control } from '../control/types.ts'
import type { Membership } from '../membership/types.ts'
import type { Loop } from './loop.ts'

export interface Watched {
  readonly control: Pick<Control, 'onChange'>
  readonly membership: Pick<Membership, 'onChange'>
}

/** Wakes the loop for each, until it is called off. */
export function wakeOnChanges(loop: Loop, { control, membership }: Watched): Unsubscribe {
  const offs = [
    control.onChange((changes) => {
      if (changes.some(({ type }) => type === 'workload' || type === 'member')) loop.wake()
    }),
    membership.onChange(() => loop.wake()),
  ]
  return () => {
    for (const off of offs) off()
  }
}
