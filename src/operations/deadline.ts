/** Gives up after a while, without a real timer. */
import type { Millis } from '../model/time.ts'
import type { Clock } from '../ports/clock.ts'

/** Runs something with a signal that ends when `signal` does, or after `span`. */
export async function within<T>(
  clock: Clock,
  span: Millis,
  signal: AbortSignal,
  run: (limited: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController()
  const cancel = clock.after(span, () => {
    late.abort()
  })
  try {
    return await run(AbortSignal.any([signal, late.signal]))
  } finally {
    cancel()
  }
}
