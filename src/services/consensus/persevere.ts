/** Trying again and again, with longer and longer pauses, until it works or a signal ends it. */
import type { Millis } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'

const firstPause: Millis = 100
const longestPause: Millis = 5_000

export async function persevere(
  clock: Pick<Clock, 'after'>,
  signal: AbortSignal,
  attempt: () => Promise<boolean>,
): Promise<void> {
  for (let span = firstPause; !signal.aborted; span = Math.min(2 * span, longestPause)) {
    await pause(clock, span, signal)
    if (await attempt()) return
  }
}

async function pause(clock: Pick<Clock, 'after'>, span: Millis, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const cancel = clock.after(span, resolve)
  const wake = (): void => resolve()
  signal.addEventListener('abort', wake, { once: true })
  await promise
  signal.removeEventListener('abort', wake)
  cancel()
}
