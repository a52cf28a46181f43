/** A signal that ends with another one, or when the time is over. */
import type { Millis } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'

/** Ended by the time, not by whoever asked. */
export class TimeIsOver extends Error {
  override readonly name = 'TimeIsOver'
}

export function within(
  clock: Pick<Clock, 'after'>,
  ms: Millis,
  signal: AbortSignal | null,
): { readonly signal: AbortSignal; readonly clear: () => void; readonly end: () => void } {
  const own = new AbortController()
  const end = (): void => own.abort(signal?.reason)
  if (signal?.aborted === true) end()
  signal?.addEventListener('abort', end)
  const stop = clock.after(ms, () => own.abort(new TimeIsOver(`after ${ms} ms`)))
  return {
    signal: own.signal,
    /** Nobody waits for it any more. */
    end,
    clear() {
      stop()
      signal?.removeEventListener('abort', end)
    },
  }
}
