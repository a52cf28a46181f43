/** The machine's own clocks and timers. */
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
