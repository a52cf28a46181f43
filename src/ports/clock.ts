/** Time, as the rest of the program sees it. */
import type { Instant, Millis } from '../model/time.ts'

export type Cancel = () => void

export interface Clock {
  /** Wall-clock time. May jump; use it for what people read and for what is compared between hosts. */
  now(): Instant
  /** Milliseconds since an arbitrary start. Never jumps back; use it for time-outs. */
  elapsed(): Millis
  /** Runs something once, after a while, unless it is cancelled before. */
  after(wait: Millis, run: () => void): Cancel
}
