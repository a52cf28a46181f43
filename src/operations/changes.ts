/** Waiting for the replicated state to change, without ever missing a change and without keeping a queue. */
import { Bell } from '../lib/bell.ts'
import type { Millis } from '../model/time.ts'
import type { Clock } from '../ports/clock.ts'
import type { Control } from '../services/control/types.ts'

export interface Changes {
  /** Returns after the next change, after `limit`, or when the signal ends, whichever is first. */
  next(clock: Clock, limit?: Millis | null): Promise<void>
  close(): void
}

/**
 * A reader looks at the state, then waits for the next change, then looks again: what changed while it was looking wakes it at once. The
 * state itself is the buffer, so a slow reader costs nothing.
 */
export function stateChanges(control: Pick<Control, 'onChange'>, signal: AbortSignal): Changes {
  const bell = new Bell()
  const unsubscribe = control.onChange(bell.ring)
  signal.addEventListener('abort', bell.ring, { once: true })
  return {
    async next(clock, limit = null) {
      if (signal.aborted) return
      const cancel = limit === null ? () => {} : clock.after(limit, bell.ring)
      await bell.rung()
      cancel()
    },
    close() {
      unsubscribe()
      signal.removeEventListener('abort', bell.ring)
    },
  }
}

/** How something is now. */
export interface Look<View> {
  readonly view: View
  /** What of it has to be another for it to be told again; all of it if left out. */
  readonly shape?: unknown
  /** It is over, so this is told last. */
  readonly isLast: boolean
}

/** How something is now, then after every change that a user would notice, until it is over or there is nothing to look at. */
export async function* seen<View>(
  look: () => Look<View> | null,
  { control, clock }: { readonly control: Pick<Control, 'onChange'>; readonly clock: Clock },
  { signal, every = null }: { readonly signal: AbortSignal; readonly every?: Millis | null },
): AsyncGenerator<View, void> {
  const changes = stateChanges(control, signal)
  try {
    for (let told = ''; !signal.aborted; await changes.next(clock, every)) {
      const now = look()
      if (now === null) return
      const shape = JSON.stringify(now.shape ?? now.view)
      if (shape !== told) yield now.view
      told = shape
      if (now.isLast) return
    }
  } finally {
    changes.close()
  }
}
