/** What most duties have to look at again: work or members that changed, and hosts that came or went. */
import type { Millis } from '../../model/time.ts'
import type { Unsubscribe } from '../../ports/rpc.ts'
import type { Control } from '../control/types.ts'
import type { Membership } from '../membership/types.ts'
import type { Loop } from './loop.ts'

export interface Watched {
  readonly control: Pick<Control, 'onChange'>
  readonly membership: Pick<Membership, 'onChange'>
}

/** Every host tells of itself all the time: that much of it is looked at together. */
const unhurried: Millis = 250

/** Wakes the loop for each, until it is called off. */
export function wakeOnChanges(loop: Loop, { control, membership }: Watched): Unsubscribe {
  const offs = [
    control.onChange((changes) => {
      if (changes.some(({ type }) => type === 'workload' || type === 'member' || type === 'namespace')) loop.wake()
    }),
    membership.onChange(() => loop.wake(unhurried)),
  ]
  return () => {
    for (const off of offs) off()
  }
}
