/** Has the jobs made of the moments that schedules name, when these have come. Each is one command, which counts once. */
import { dueNow, nextDue } from '../../core/cron/due.ts'
import type { Due } from '../../core/cron/due.ts'
import type { CommandOf } from '../../core/state/types.ts'
import { base32Word } from '../../lib/base32.ts'
import type { CronId } from '../../model/ids.ts'
import { jobId } from '../../model/ids.ts'
import type { Cron } from '../../model/cron.ts'
import type { Instant } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Random } from '../../ports/random.ts'
import type { Schedules } from '../../ports/schedule.ts'
import type { Control } from '../control/types.ts'
import type { LeaderCommands } from './commands.ts'
import type { Duty } from './duty.ts'
import { Loop } from './loop.ts'

export interface CronsDeps {
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly random: Random
  readonly control: Pick<Control, 'state' | 'onChange'>
  readonly commands: LeaderCommands
  readonly schedules: Schedules
}

export class Crons implements Duty {
  readonly name = 'crons'
  readonly #deps: CronsDeps
  readonly #loop: Loop
  /** The first moment of each after its last: asking for it anew every time would take longer than all else. */
  readonly #next = new Map<CronId, { readonly of: Cron; readonly next: Instant | null }>()

  constructor(deps: CronsDeps) {
    this.#deps = deps
    this.#loop = new Loop(deps, { every: 250, pause: 20 }, (signal) => this.#run(signal))
  }

  begin(): void {
    this.#loop.start()
  }

  end(): Promise<void> {
    return this.#loop.stop()
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, control } = this.#deps
    const { crons } = control.state
    for (const id of this.#next.keys()) if (!crons.has(id)) this.#next.delete(id)
    const now = clock.now()
    const due = Array.from(crons.values()).filter((cron) => (this.#nextOf(cron) ?? Infinity) <= now)
    await Promise.all(due.map((cron) => this.#advance(cron, signal)))
  }

  #nextOf(cron: Cron): Instant | null {
    const known = this.#next.get(cron.id)
    if (known !== undefined && isTimedAlike(known.of, cron)) return known.next
    const next = nextDue(cron, (of, after) => this.#deps.schedules.next(of, after))
    this.#next.set(cron.id, { of: cron, next })
    return next
  }

  /** One after the other: of two moments the later one would end the earlier. */
  async #advance(cron: Cron, signal: AbortSignal): Promise<void> {
    const { clock, commands, log, metrics, schedules } = this.#deps
    for (const due of dueNow(cron, clock.now(), (of, after) => schedules.next(of, after))) {
      if (!(await commands.tryOne(this.#commandOf(cron, due), signal))) return
      if (!due.isRun && due.missed === 0) continue
      metrics.count('claw_gateway_cron_moments_total', { run: String(due.isRun) })
      log.info('a moment of a schedule has come', { cron: cron.id, name: cron.name, ...due })
    }
  }

  #commandOf({ id }: Cron, { at, isRun, missed }: Due): CommandOf<'fire-cron'> {
    const job = jobId(`job-${base32Word(this.#deps.random.bytes(10))}`)
    return { type: 'fire-cron', cron: id, at, missed, ...(isRun && { job }) }
  }
}

/** Whether the same moment comes next of both. */
const isTimedAlike = (a: Cron, b: Cron): boolean =>
  a.last === b.last && a.edition === b.edition && a.suspended === b.suspended && a.earlier === b.earlier
