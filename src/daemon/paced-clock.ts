/** A clock for daemons that share a machine with too many others: all of them live more slowly, and none is late. */
export { type Pace, pacedClock } from '../adapters/system/clock.ts'
