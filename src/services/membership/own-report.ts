/** Looks at the node every now and then, and reports when there is something to say. */
import type { PublishSettings } from '../../core/membership/publish-rule.ts'
import { publishAt } from '../../core/membership/publish-rule.ts'
import type { NodeId } from '../../model/ids.ts'
import type { NodeReport, ReportContent } from '../../model/report.ts'
import type { Millis } from '../../model/time.ts'
import type { Cancel, Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'

export interface OwnReportDeps {
  readonly clock: Clock
  readonly log: Log
  readonly self: NodeId
  readonly sample: () => Promise<ReportContent>
  readonly memberCount: () => number
  readonly publish: (report: NodeReport) => void
}

export class OwnReport {
  readonly #deps: OwnReportDeps
  readonly #settings: PublishSettings & { readonly sampleEvery: Millis }
  #incarnation = 0
  #sequence = 0
  #last: { readonly content: ReportContent; readonly at: Millis } | null = null
  #alarm: Cancel = () => {}
  #isLooking = false
  #isRunning = false

  constructor(deps: OwnReportDeps, settings: PublishSettings & { readonly sampleEvery: Millis }) {
    this.#deps = deps
    this.#settings = settings
  }

  start(incarnation: number): void {
    this.#incarnation = incarnation
    this.#isRunning = true
    this.refresh()
  }

  stop(): void {
    this.#isRunning = false
    this.#alarm()
  }

  /** Something has changed that others should know: look now instead of later. */
  refresh(): void {
    this.#lookIn(0)
  }

  #lookIn(wait: Millis): void {
    this.#alarm()
    if (!this.#isRunning) return
    this.#alarm = this.#deps.clock.after(wait, () => {
      if (this.#isLooking) return
      this.#isLooking = true
      this.#look().then(
        (next) => {
          this.#isLooking = false
          this.#lookIn(next)
        },
        // A sample never fails for what hardware does, so this is a bug: it must not pass unseen.
        (error: unknown) => {
          this.#isLooking = false
          this.#deps.log.error('node could not be sampled', { error })
          this.#lookIn(this.#settings.sampleEvery)
        },
      )
    })
  }

  /** Returns after which time to look again. */
  async #look(): Promise<Millis> {
    const { clock, sample, memberCount } = this.#deps
    const content = await sample()
    const wait = publishAt(this.#last, content, memberCount(), this.#settings) - clock.elapsed()
    if (wait > 0 || !this.#isRunning) return Math.min(Math.max(wait, 0), this.#settings.sampleEvery)
    this.#last = { content, at: clock.elapsed() }
    this.#sequence += 1
    this.#deps.publish({
      ...content,
      node: this.#deps.self,
      incarnation: this.#incarnation,
      sequence: this.#sequence,
      at: clock.now(),
    })
    return this.#settings.sampleEvery
  }
}
