/** Waiting for another key of the vault, after somebody was removed who had the present one. */
import type { Millis } from '../../model/time.ts'
import { second } from '../../model/time.ts'
import { stateChanges } from '../changes.ts'
import type { OperationContext } from '../context.ts'
import { refresh } from '../find.ts'

/** A new key takes an election at most. Where none comes, as when there is no room for it, the present one has to do. */
const patience: Millis = 5 * second

/** What is sealed before it returns could be opened by whoever was removed, if it ever came to see it. */
export async function vaultRenewed(
  context: Pick<OperationContext, 'control' | 'clock' | 'isSettled'>,
  signal: AbortSignal,
): Promise<void> {
  await refresh(context, signal)
  const { control, clock } = context
  const end = clock.elapsed() + patience
  const changes = stateChanges(control, signal)
  try {
    while (control.state.vault?.isExposed === true && clock.elapsed() < end && !signal.aborted)
      await changes.next(clock, end - clock.elapsed())
  } finally {
    changes.close()
  }
}
