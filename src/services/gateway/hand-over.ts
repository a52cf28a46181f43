/** Gives the lead to another voter before this peer goes, so that the mesh need not find out first that it is gone. */
import { heirs } from '../../core/gateway/heirs.ts'
import type { Millis } from '../../model/time.ts'
import { second } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Consensus } from '../consensus/types.ts'
import type { Control } from '../control/types.ts'

export interface HandOverDeps {
  readonly clock: Clock
  readonly log: Log
  readonly control: Pick<Control, 'status'>
  readonly consensus: Pick<Consensus, 'transfer'>
}

/** Longer than that, an election would not have taken either. */
const patience: Millis = 2 * second

/** Does nothing on a peer that does not lead, or that leads alone. */
export async function handOver({ clock, log, control, consensus }: HandOverDeps): Promise<void> {
  const status = control.status()
  const [to] = heirs(status)
  if (status.role !== 'leader' || to === undefined) return
  const late = Promise.withResolvers<boolean>()
  const cancel = clock.after(patience, () => late.resolve(false))
  const started = clock.elapsed()
  const worked = await Promise.race([consensus.transfer(to), late.promise])
  cancel()
  const ms = Math.round(clock.elapsed() - started)
  if (worked) log.info('handed the lead over before stopping', { to, ms })
  else log.warn('could not hand the lead over before stopping', { to, ms })
}
