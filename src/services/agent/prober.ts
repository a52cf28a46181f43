/** Has the probes of what runs here asked when they are due, and keeps what they say. */
import type { Attended } from '../../core/agent/attended.ts'
import type { Answer, HealthState, Opinion } from '../../core/agent/health.ts'
import { answered, asked, beginHealth, schedule } from '../../core/agent/health.ts'
import type { PlacementId } from '../../model/ids.ts'
import type { Health, Probe, ProbeKind } from '../../model/probe.ts'
import type { Instant, Millis } from '../../model/time.ts'
import type { Cancel, Clock } from '../../ports/clock.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Checked } from './check.ts'

export interface ProberDeps {
  readonly clock: Clock
  readonly metrics: Metrics
  /** Ends within the probe's time-out, as far as this process is awake. */
  readonly check: (placement: PlacementId, probe: Probe) => Promise<Checked>
  /** What is thought of some placement has changed. */
  readonly onChange: () => void
}

interface Question {
  readonly placement: PlacementId
  readonly kind: ProbeKind
  readonly askedAt: Millis
}

/** Checks at a time. The others wait, and nothing is held against them for that. */
const atOnce = 32
/** So often this process looks whether it is held up, while somebody is asked. */
const beatEvery: Millis = 100
/** Held up for this part of the time-out, and a late answer says nothing. */
const excuse = 0.2

export class Prober {
  readonly #deps: ProberDeps
  readonly #states = new Map<PlacementId, HealthState & { readonly health: Health }>()
  readonly #running = new Map<string, Promise<void>>()
  #wake: Cancel = () => {}
  #beat: Cancel | null = null
  #beatDue: Millis = 0
  /** For how long this process has been held up in all. */
  #heldUp: Millis = 0
  #isStopped = false

  constructor(deps: ProberDeps) {
    this.#deps = deps
  }

  /** From now on these are asked, and no others. Who is known already is asked as before. */
  attend(wanted: ReadonlyMap<PlacementId, Attended>): void {
    for (const placement of this.#states.keys()) if (!wanted.has(placement)) this.#states.delete(placement)
    for (const [placement, { health, startedAt, known }] of wanted) {
      if (this.#states.has(placement)) continue
      const state = beginHealth(health, { ...known, startedAt }, this.#moment())
      this.#states.set(placement, { ...state, health })
    }
    this.#look()
  }

  opinions(): ReadonlyMap<PlacementId, Opinion> {
    return new Map([...this.#states].map(([placement, { opinion }]) => [placement, opinion]))
  }

  /** Whoever carries the checks out ends them. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#states.clear()
    this.#wake()
    this.#beat?.()
    await Promise.all(this.#running.values())
  }

  /** Asks what is due, the longest due first, and comes back for the next. */
  #look(): void {
    if (this.#isStopped) return
    const { clock } = this.#deps
    this.#wake()
    const now = clock.elapsed()
    const all = [...this.#states].flatMap(([placement, state]) =>
      schedule(state).map(({ kind, at }) => ({ placement, kind, at })),
    )
    const due = all.filter(({ at }) => at <= now).toSorted((a, b) => a.at - b.at)
    for (const { placement, kind } of due.slice(0, atOnce - this.#running.size)) this.#ask(placement, kind, now)
    const next = Math.min(...all.filter(({ at }) => at > now).map(({ at }) => at))
    this.#wake = Number.isFinite(next) ? clock.after(next - now, () => this.#look()) : () => {}
  }

  #ask(placement: PlacementId, kind: ProbeKind, askedAt: Millis): void {
    const state = this.#states.get(placement)
    const probe = state?.health[kind]
    if (state === undefined || probe === undefined) return
    this.#states.set(placement, { ...asked(state, kind), health: state.health })
    const key = `${placement} ${kind}`
    this.#running.set(key, this.#check({ placement, kind, askedAt }, probe, key))
  }

  async #check(question: Question, probe: Probe, key: string): Promise<void> {
    this.#watchPace()
    const heldUpBefore = this.#heldUp
    try {
      const { answer, isLate } = await this.#deps.check(question.placement, probe)
      const heldUp = this.#heldUp + this.#lateness() - heldUpBefore
      const isExcused = isLate && heldUp > probe.timeoutMs * excuse
      this.#take(question, isExcused ? { verdict: 'unclear' } : answer)
    } finally {
      this.#running.delete(key)
      this.#look()
    }
  }

  /** An answer for what is attended no more, or anew, is for nobody. */
  #take({ placement, kind, askedAt }: Question, answer: Answer): void {
    const state = this.#states.get(placement)
    if (state?.probes.get(kind)?.isAsked !== true) return
    this.#deps.metrics.count('claw_agent_checks_total', { probe: kind, verdict: answer.verdict })
    const after = answered(state, state.health, { kind, answer, askedAt, at: this.#moment() })
    this.#states.set(placement, { ...after, health: state.health })
    if (after.opinion !== state.opinion) this.#deps.onChange()
  }

  /** A beat that comes late says that whatever was waited for may have been there in time. */
  #watchPace(): void {
    if (this.#beat !== null) return
    const { clock } = this.#deps
    this.#beatDue = clock.elapsed() + beatEvery
    this.#beat = clock.after(beatEvery, () => {
      this.#heldUp += this.#lateness()
      this.#beat = null
      if (this.#running.size > 0 && !this.#isStopped) this.#watchPace()
    })
  }

  #lateness(): Millis {
    return this.#beat === null ? 0 : Math.max(0, this.#deps.clock.elapsed() - this.#beatDue)
  }

  #moment(): { now: Instant; elapsed: Millis } {
    const { clock } = this.#deps
    return { now: clock.now(), elapsed: clock.elapsed() }
  }
}
