/** Waiting for a while, or until a signal ends it. */
import type { Millis } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'

export async function pause(clock: Pick<Clock, 'after'>, span: Millis, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const cancel = clock.after(span, resolve)
  const wake = (): void => resolve()
  signal.addEventListener('abort', wake, { once: true })
  await promise
  signal.removeEventListener('abort', wake)
  cancel()
}
