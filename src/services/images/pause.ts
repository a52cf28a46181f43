/** Waiting by the clock of the ports. */
import type { Clock } from '../../ports/clock.ts'
import type { Millis } from '../../model/time.ts'

/** Throws the signal's reason. */
export async function pause(clock: Clock, ms: Millis, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const cancel = clock.after(ms, resolve)
  const giveUp = (): void => reject(signal.reason as Error)
  signal.addEventListener('abort', giveUp, { once: true })
  try {
    await promise
  } finally {
    cancel()
    signal.removeEventListener('abort', giveUp)
  }
}
