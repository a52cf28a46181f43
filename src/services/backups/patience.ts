/** How long a store may hold up the backups of a node: work that shows no sign of life any more is given up, whether or not it has noticed. */
import { abortable } from '../../lib/abortable.ts'
import type { ClawError } from '../../model/failure.ts'
import type { Millis } from '../../model/time.ts'
import { second } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'

interface Patience {
  readonly clock: Pick<Clock, 'after'>
  /** From one sign of life to the next. */
  readonly span: Millis
  /** What it ends with when there was none. */
  readonly late: () => ClawError
}

/** How long what was called off may take to clear up after itself. */
export const clearingPatience: Millis = 30 * second
const noticing: Millis = 1.5 * clearingPatience

/**
 * Runs it until it is done, called off, or has shown no sign of life for so long; `alive` is such a sign. What was called off is given some time to
 * notice, so that nothing of it comes after whatever is done next. After that nobody waits for it.
 */
export async function whileAlive<T>(
  { clock, span, late }: Patience,
  signal: AbortSignal,
  work: (limited: AbortSignal, alive: () => void) => Promise<T>,
): Promise<T> {
  const silent = new AbortController()
  const giveUp = (): void => silent.abort(late())
  let cancel = clock.after(span, giveUp)
  const alive = (): void => {
    cancel()
    cancel = clock.after(span, giveUp)
  }
  const limited = AbortSignal.any([signal, silent.signal])
  const running = work(limited, alive)
  running.catch(() => 'looked at below, unless nobody waits any more')
  try {
    return await abortable(running, limited)
  } catch (error) {
    if (!limited.aborted) throw error
    return await noticed(clock, running, limited)
  } finally {
    cancel()
  }
}

/** What it comes to after all; what it was called off with when that takes too long. */
async function noticed<T>(clock: Pick<Clock, 'after'>, running: Promise<T>, limited: AbortSignal): Promise<T> {
  const enough = new AbortController()
  const cancel = clock.after(noticing, () => enough.abort(limited.reason))
  try {
    return await abortable(running, enough.signal)
  } catch {
    throw limited.reason
  } finally {
    cancel()
  }
}
