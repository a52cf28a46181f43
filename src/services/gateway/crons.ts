/** Has the jobs and the backups made of the moments that schedules name, when these have come. Each is one command, which counts once. */
import { dueNow, nextDue } from '../../core/cron/due.ts'
import type { Due, Timed } from '../../core/cron/due.ts'
import type { Command, MeshState } from '../../core/state/types.ts'
import { base32Word } from '../../lib/base32.ts'
import { jobId } from '../../model/ids.ts'
import type { BackupSchedule } from '../../model/backup.ts'
import { scheduleKey } from '../../model/backup.ts'
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
  readonly #next = new Map<string, { readonly of: Timed; readonly next: Instant | null }>()

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
    const all = timedIn(control.state)
    const keys = new Set(all.map(({ key }) => key))
    for (const key of this.#next.keys()) if (!keys.has(key)) this.#next.delete(key)
    const now = clock.now()
    const due = all.filter((one) => (this.#nextOf(one) ?? Infinity) <= now)
    await Promise.all(due.map((one) => this.#advance(one, signal)))
  }

  #nextOf({ key, timed }: Entry): Instant | null {
    const known = this.#next.get(key)
    if (known !== undefined && isTimedAlike(known.of, timed)) return known.next
    const next = nextDue(timed, (of, after) => this.#deps.schedules.next(of, after))
    this.#next.set(key, { of: timed, next })
    return next
  }

  /** One after the other: of two moments the later one would end the earlier. */
  async #advance({ key, timed, fire }: Entry, signal: AbortSignal): Promise<void> {
    const { clock, commands, log, metrics, random, schedules } = this.#deps
    for (const due of dueNow(timed, clock.now(), (of, after) => schedules.next(of, after))) {
      if (!(await commands.tryOne(fire(due, base32Word(random.bytes(10))), signal))) return
      if (!due.isRun && due.missed === 0) continue
      metrics.count('claw_gateway_cron_moments_total', { run: String(due.isRun) })
      log.info('a moment of a schedule has come', { schedule: key, ...due })
    }
  }
}

/** Whether the same moment comes next of both. */
const isTimedAlike = (a: Timed, b: Timed): boolean =>
  a.last === b.last &&
  a.schedule === b.schedule &&
  a.timeZone === b.timeZone &&
  a.suspended === b.suspended &&
  a.earlier === b.earlier

interface Entry {
  /** No other has it. */
  readonly key: string
  readonly timed: Timed
  /** The command for a moment; what it makes is called by the word. */
  readonly fire: (due: Due, word: string) => Command
}

const timedIn = ({ crons, backupSchedules }: Pick<MeshState, 'crons' | 'backupSchedules'>): readonly Entry[] => [
  ...Array.from(crons.values(), ofJobs),
  ...Array.from(backupSchedules.values(), ofBackups),
]

const ofJobs = (cron: Cron): Entry => ({
  key: cron.id,
  timed: cron,
  fire: ({ at, isRun, missed }, word) => ({
    ...{ type: 'fire-cron', cron: cron.id, at, missed },
    ...(isRun && { job: jobId(`job-${word}`) }),
  }),
})

const ofBackups = (schedule: BackupSchedule): Entry => ({
  key: scheduleKey(schedule),
  timed: schedule,
  fire: ({ at, isRun, missed }, word) => ({
    ...{ type: 'fire-backup', namespace: schedule.namespace, name: schedule.name, at, missed },
    ...(isRun && { backup: `bak-${word}` }),
  }),
})
