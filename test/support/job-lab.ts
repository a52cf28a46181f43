/** A job in the real replicated state, its runs played: they are placed, end well or badly, are stopped and lost as a test says. */
import { decide } from '../../src/core/jobs/decide.ts'
import { liveRunsOf, runsOf } from '../../src/core/state/job-steps.ts'
import type { Command, CommandOf } from '../../src/core/state/types.ts'
import { jobId, placementId, workloadId } from '../../src/model/ids.ts'
import type { CronSettings } from '../../src/model/cron.ts'
import type { Job, JobSettings } from '../../src/model/job.ts'
import type { Workload } from '../../src/model/workload.ts'
import type { Book } from './control-samples.ts'
import { ada, bob, meshOf, refusal, spec } from './control-samples.ts'

export const render = jobId('job-render')

export const jobSettings = (parts: Partial<JobSettings> = {}): JobSettings => ({
  ...{ completions: 3, parallelism: 2, backoffLimit: 3, backoffMs: 0, deadlineMs: null, ttlMs: null, items: null },
  ...parts,
})

/** Of a schedule. */
export const nightly: CronSettings = {
  ...{ schedule: '0 3 * * *', timeZone: 'UTC', concurrency: 'allow', missed: 'skip' },
  ...{ startingDeadlineMs: 60_000, keepCompleted: 3, keepFailed: 1 },
}

export const createJob = (parts: Partial<JobSettings> = {}): CommandOf<'create-job'> => ({
  ...{ type: 'create-job', job: render, name: 'render', spec: spec() },
  settings: jobSettings(parts),
})

export class JobLab {
  readonly book: Book = meshOf([ada, bob])
  /** How often each index has succeeded. */
  readonly successes = new Map<number, number>()
  at = 100_000
  /** Most that ran at a time. */
  most = 0
  #made = 0

  constructor(parts: Partial<JobSettings> = {}) {
    this.run(createJob(parts))
  }

  get job(): Job | undefined {
    return this.book.state.jobs.get(render)
  }

  get live(): readonly Workload[] {
    return liveRunsOf(this.book.state, render)
  }

  get runs(): readonly Workload[] {
    return runsOf(this.book.state, render)
  }

  run(command: Command): string | null {
    const refused = refusal(this.book.run(command, { at: this.at }))
    this.most = Math.max(this.most, this.live.length)
    return refused
  }

  /** What the leader would do now; null when there is nothing to do. */
  command(): CommandOf<'set-job'> | null {
    const { job } = this
    const decision = job === undefined ? null : decide({ job, runs: this.live, at: this.at })
    if (job === undefined || decision === null) return null
    const { start, ...rest } = decision
    const starts = start?.map((index) => {
      this.#made += 1
      return { workload: workloadId(`wl-${this.#made}`), name: `render-${index}-${this.#made}`, index }
    })
    return { type: 'set-job', job: render, step: job.step, ...rest, ...(starts !== undefined && { start: starts }) }
  }

  /** Until there is nothing more to do. */
  lead(): void {
    for (let command = this.command(); command !== null; command = this.command()) this.run(command)
  }

  /** Brings a run to its end: on a node, as every run does. */
  end(run: Workload, exitCode: number, result?: string): void {
    const placement = this.placed(run)
    const error = exitCode === 0 ? null : ({ code: 'NONZERO_EXIT', message: `exit code ${exitCode}` } as const)
    const said = { endedAt: this.at, exitCode, error, ...(result !== undefined && { result }) }
    const refused = this.run({ type: 'report-ended', placement, node: ada, ...said })
    const index = run.run?.index ?? -1
    const isStopped = this.book.state.workloads.get(run.id)?.state !== 'completed'
    if (refused === null && exitCode === 0 && !isStopped)
      this.successes.set(index, (this.successes.get(index) ?? 0) + 1)
  }

  placed({ id, attempt, placement }: Workload): ReturnType<typeof placementId> {
    if (placement !== null) return placement.id
    this.run({ type: 'place', workload: id, attempt: attempt + 1, node: ada, devices: [], executor: 'docker' })
    const placed = placementId(id, attempt + 1)
    this.run({ type: 'claim', placement: placed, node: ada })
    this.run({ type: 'report-running', placement: placed, node: ada, startedAt: this.at })
    return placed
  }
}
