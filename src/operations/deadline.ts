/** Gives up after a while, without a real timer. */
import { ClawError } from '../model/failure.ts'
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

export interface Deadline {
  readonly span: Millis
  /** What would not be done in time. */
  readonly what: string
}

export interface Limits {
  readonly signal: AbortSignal
  /** On the steady clock. */
  readonly endsAt: Millis
}

/** The same, but throws DEADLINE_EXCEEDED at the end of the span, and what `signal` ends with, whether or not what runs has noticed. */
export async function withDeadline<T>(
  clock: Clock,
  { span, what }: Deadline,
  signal: AbortSignal,
  run: (limits: Limits) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted()
  const over = new AbortController()
  const limited = AbortSignal.any([signal, over.signal])
  const cancel = clock.after(span, () => {
    over.abort(new ClawError('DEADLINE_EXCEEDED', { what, ms: span }))
  })
  const ended = Promise.withResolvers<never>()
  const onEnd = (): void => {
    ended.reject(limited.reason as Error)
  }
  limited.addEventListener('abort', onEnd, { once: true })
  try {
    return await Promise.race([run({ signal: limited, endsAt: clock.elapsed() + span }), ended.promise])
  } finally {
    cancel()
    limited.removeEventListener('abort', onEnd)
  }
}
