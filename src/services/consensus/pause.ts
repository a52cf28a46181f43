/** Lets everything else that waits go on first. */
import type { Clock } from '../../ports/clock.ts'

export type Pause = () => Promise<void>

/** Throws the reason of the signal when that is aborted meanwhile: long work ends at its next pause. */
export const pauseOf =
  (clock: Pick<Clock, 'after'>, signal: AbortSignal): Pause =>
  async () => {
    await new Promise<void>((resolve) => void clock.after(0, resolve))
    signal.throwIfAborted()
  }
