/** Runs the reconciler's actions: one at a time in each lane of each placement, and not the same again at once. */
import type { AgentAction } from '../../core/agent/action.ts'
import { laneOf } from '../../core/agent/action.ts'
import type { Instant, Millis } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'

/** Before an action that changed nothing in the view is tried again. */
const pause: Millis = 1_000
/** Progress of one placement is told no more often: every time is an entry of the replicated log. */
const progressPause: Millis = 3_000

export interface LanesDeps {
  readonly clock: Pick<Clock, 'elapsed'>
  readonly perform: (action: AgentAction) => Promise<void>
  /** An action is done, in whatever way: look again. */
  readonly onDone: () => void
}

interface Done {
  readonly key: string
  readonly until: Instant
}

export class Lanes {
  readonly #deps: LanesDeps
  readonly #running = new Map<string, Promise<void>>()
  readonly #done = new Map<string, Done>()

  constructor(deps: LanesDeps) {
    this.#deps = deps
  }

  /** Starts an action unless its lane is busy, or has just done the same. */
  offer(action: AgentAction): void {
    const now = this.#deps.clock.elapsed()
    const lane = `${action.placement} ${laneOf(action)}`
    const done = this.#done.get(lane)
    if (this.#running.has(lane) || (done?.key === keyOf(action) && now < done.until)) return
    this.#running.set(lane, this.#run(lane, action))
  }

  /** Forgets what was done long ago. */
  tidy(): void {
    const now = this.#deps.clock.elapsed()
    for (const [lane, { until }] of this.#done) if (until < now) this.#done.delete(lane)
  }

  /** Waits for everything that runs. */
  async idle(): Promise<void> {
    await Promise.all(this.#running.values())
  }

  async #run(lane: string, action: AgentAction): Promise<void> {
    try {
      await this.#deps.perform(action)
    } finally {
      const wait = isProgress(action) ? progressPause : pause
      this.#done.set(lane, { key: keyOf(action), until: this.#deps.clock.elapsed() + wait })
      this.#running.delete(lane)
      this.#deps.onDone()
    }
  }
}

const isProgress = (action: AgentAction): boolean => action.do === 'report' && action.report.type === 'starting'

const keyOf = (action: AgentAction): string => (isProgress(action) ? 'progress' : JSON.stringify(action))
