/** Waiting that can be given up. */
import type { Millis } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'

/** Why a signal was aborted, as something that can be thrown. */
export const reasonOf = (signal: AbortSignal): Error =>
  signal.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal.reason })

/** What the promise gives, or null as soon as the signal is aborted. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | null> {
  let stop = (): void => {}
  const aborted = new Promise<null>((resolve) => {
    stop = () => resolve(null)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop)
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

export interface DeadlineInit {
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly ms: Millis
  readonly late: () => Error
}

/** A signal that is aborted with the given one, or with `late()` after the time. Clear it when the work is done. */
export function deadline({ clock, signal, ms, late }: DeadlineInit): {
  readonly signal: AbortSignal
  readonly clear: () => void
} {
  const both = new AbortController()
  const onAbort = (): void => both.abort(reasonOf(signal))
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort)
  const stopTimer = clock.after(ms, () => both.abort(late()))
  return {
    signal: both.signal,
    clear: () => {
      stopTimer()
      signal.removeEventListener('abort', onAbort)
    },
  }
}
