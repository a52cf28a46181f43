/** Watches how late the event loop is. Consensus shares it with everything else, see docs/decisions/0008. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Millis } from '../model/time.ts'
import type { Cancel, Clock } from '../ports/clock.ts'
import type { Metrics } from '../ports/metrics.ts'
import type { Service } from '../ports/service.ts'

type Delay = ReturnType<typeof monitorEventLoopDelay>

export interface EventLoopDeps {
  readonly clock: Clock
  readonly metrics: Metrics
}

/** How often the loop is asked to be on time. Delays shorter than this may be missed; asking more often costs an idle host too much. */
const resolution: Millis = 50
/** Each figure is of the time since the last one. */
const reportEvery: Millis = 10_000

const figures: Readonly<Record<string, (delay: Delay) => number>> = {
  p50: (delay) => delay.percentile(50),
  p99: (delay) => delay.percentile(99),
  max: ({ max }) => max,
}

export class EventLoopService implements Service {
  readonly name = 'event-loop'
  readonly #deps: EventLoopDeps
  #delay: Delay | null = null
  #alarm: Cancel = () => {}

  constructor(deps: EventLoopDeps) {
    this.#deps = deps
  }

  start(): Promise<void> {
    this.#delay = monitorEventLoopDelay({ resolution })
    this.#delay.enable()
    this.#reportLater(this.#delay)
    return Promise.resolve()
  }

  stop(): Promise<void> {
    this.#alarm()
    this.#delay?.disable()
    return Promise.resolve()
  }

  #reportLater(delay: Delay): void {
    this.#alarm = this.#deps.clock.after(reportEvery, () => {
      for (const [quantile, read] of Object.entries(figures))
        this.#deps.metrics.gauge('claw_daemon_eventloop_delay_ms', lateness(read(delay)), { quantile })
      delay.reset()
      this.#reportLater(delay)
    })
  }
}

/** What is measured, in nanoseconds, is the time between two beats. */
const lateness = (nanoseconds: number): Millis => Math.max(0, nanoseconds / 1e6 - resolution)
