/** Brings jobs to their ends, one step after the other: runs are started and stopped, and what is over long enough is forgotten. */
import { decide } from '../../core/jobs/decide.ts'
import type { JobDecision } from '../../core/jobs/decide.ts'
import { jobsToForget } from '../../core/jobs/forget.ts'
import { liveRunsOf } from '../../core/state/job-steps.ts'
import type { CommandOf } from '../../core/state/types.ts'
import { base32Word } from '../../lib/base32.ts'
import { workloadId } from '../../model/ids.ts'
import type { Job } from '../../model/job.ts'
import { isOver } from '../../model/job.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Random } from '../../ports/random.ts'
import type { Control } from '../control/types.ts'
import type { LeaderCommands } from './commands.ts'
import type { Duty } from './duty.ts'
import { Loop } from './loop.ts'

export interface JobsDeps {
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly random: Random
  readonly control: Pick<Control, 'state' | 'onChange'>
  readonly commands: LeaderCommands
}

export class Jobs implements Duty {
  readonly name = 'jobs'
  readonly #deps: JobsDeps
  readonly #loop: Loop

  constructor(deps: JobsDeps) {
    this.#deps = deps
    this.#loop = new Loop(deps, { every: 500, pause: 20 }, (signal) => this.#run(signal))
  }

  begin(): void {
    this.#loop.start(() =>
      this.#deps.control.onChange((changes) => {
        if (changes.some(({ type }) => type === 'job')) this.#loop.wake()
      }),
    )
  }

  end(): Promise<void> {
    return this.#loop.stop()
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, commands, control } = this.#deps
    const { state } = control
    if (state.jobs.size === 0) return
    const live = [...state.jobs.values()].filter((job) => !isOver(job))
    await Promise.all(live.map((job) => this.#advance(job, signal)))
    const jobs = jobsToForget(state, clock.now())
    if (jobs.length > 0) await commands.tryOne({ type: 'forget-jobs', jobs }, signal)
  }

  async #advance(job: Job, signal: AbortSignal): Promise<void> {
    const { clock, commands, control, log, metrics } = this.#deps
    const decision = decide({ job, runs: liveRunsOf(control.state, job.id), at: clock.now() })
    if (decision === null) return
    if (decision.end !== undefined) log.info('a job is over', { job: job.id, name: job.name, ...decision.end })
    if (await commands.tryOne(this.#commandOf(job, decision), signal)) metrics.count('claw_gateway_job_steps_total', {})
  }

  #commandOf({ id, name, step }: Job, { start, ...rest }: JobDecision): CommandOf<'set-job'> {
    const starts = start?.map((index) => ({
      workload: workloadId(`wl-${this.#word(10)}`),
      name: `${name}-${index}-${this.#word(4)}`,
      index,
    }))
    return { type: 'set-job', job: id, step, ...rest, ...(starts !== undefined && { start: starts }) }
  }

  #word(length: number): string {
    return base32Word(this.#deps.random.bytes(length))
  }
}
