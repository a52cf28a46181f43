/** The time that the peers of a simulation live in. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Pace, pacedClock } from '../../daemon/paced-clock.ts'
import type { Instant, Millis } from '../../model/time.ts'

export interface MeshTime {
  readonly pace: Pace
  now(): Instant
  /** Waits so long. Throws when the signal ends it. */
  sleep(wait: Millis, signal: AbortSignal): Promise<void>
  /** Real milliseconds of a span. */
  real(span: Millis): number
}

export function meshTime(speed: number): MeshTime {
  const pace = { from: Date.now(), speed }
  const clock = pacedClock(pace)
  const real = (span: Millis): number => Math.max(0, span) / speed
  return {
    pace,
    now: () => clock.now(),
    real,
    sleep: (wait, signal) => sleep(Math.min(real(wait), longest), undefined, { signal }),
  }
}

/** Longest wait that one timer keeps. */
const longest = 2 ** 31 - 1
