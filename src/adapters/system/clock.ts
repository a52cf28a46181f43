/** The machine's own clocks and timers. */
import type { Instant } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'

/** Node's timers count in 32 bits; a longer wait fires at once. */
const longestTimer = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(wait, run) {
    let timer: NodeJS.Timeout
    const arm = (left: number): void => {
      const step = Math.min(Math.max(0, left), longestTimer)
      timer = setTimeout(() => (left > step ? arm(left - step) : run()), step)
    }
    arm(wait)
    return () => clearTimeout(timer)
  },
}

export interface Pace {
  /** When paced and real time are the same. */
  readonly from: Instant
  /** Paced seconds in a real one. */
  readonly speed: number
}

/** The same clock, slower or faster: whoever shares the pace shares the time. */
export function pacedClock({ from, speed }: Pace): Clock {
  return {
    now: () => Math.round(from + (systemClock.now() - from) * speed),
    elapsed: () => systemClock.elapsed() * speed,
    after: (wait, run) => systemClock.after(wait / speed, run),
  }
}
