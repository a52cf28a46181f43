/** Changes that an operator has signed are carried out by the peer that leads: it checks the signature and commits what follows, itself. */
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import { changePatience } from '../carry-out.ts'
import type { OperationContext } from '../context.ts'
import { within } from '../deadline.ts'
import type { Operation } from '../operation.ts'

const changing: readonly string[] = ['create', 'stop', 'change', 'remove', 'spend']

/** Does it only change what the mesh has decided together, whichever peer it is asked of? */
export const isSettledByLeader = ({ kind, where, isLocal, permission }: Operation): boolean =>
  kind === 'unary' && where === undefined && isLocal !== true && changing.includes(permission.verb)

const firstPause: Millis = 50
const longestPause: Millis = 500

/** Asks whoever leads, again where somebody else has come to lead meanwhile: what is asked has to be harmless to repeat. Throws NO_LEADER. */
export function atLeader<T>(
  { control, clock }: Pick<OperationContext, 'control' | 'clock'>,
  signal: AbortSignal,
  ask: (leader: NodeId, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return within(clock, changePatience, signal, async (limited) => {
    for (let pause = firstPause; ; pause = Math.min(2 * pause, longestPause)) {
      try {
        const { leader } = control.status()
        if (leader === null) throw new ClawError('NO_LEADER', { detail: 'this peer knows of none' })
        return await ask(leader, limited)
      } catch (error) {
        if (limited.aborted || !passing.some((code) => ClawError.is(error, code))) throw error
        await new Promise<void>((resolve) => clock.after(pause, resolve))
        if (limited.aborted) throw error
      }
    }
  })
}

const passing = ['NO_LEADER', 'NODE_UNREACHABLE'] as const

/** Throws NO_LEADER: whoever asks goes on to the one that leads now. */
export function requireLead({ control }: Pick<OperationContext, 'control'>): void {
  if (control.status().role !== 'leader') throw new ClawError('NO_LEADER', { detail: 'the peer asked does not lead' })
}
