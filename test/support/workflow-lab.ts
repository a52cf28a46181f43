/** A workflow in the real replicated state: the leader begins its steps, and their jobs end as a test says. */
import { decide } from '../../src/core/workflow/decide.ts'
import { decide as decideJob } from '../../src/core/jobs/decide.ts'
import { liveRunsOf } from '../../src/core/state/job-steps.ts'
import type { Command, CommandOf } from '../../src/core/state/types.ts'
import type { JobId } from '../../src/model/ids.ts'
import { jobId, placementId, workflowId, workloadId } from '../../src/model/ids.ts'
import type { StepSpec, Workflow, WorkflowStep } from '../../src/model/workflow.ts'
import type { Book } from './control-samples.ts'
import { ada, meshOf, refusal, spec } from './control-samples.ts'
import { jobSettings } from './job-lab.ts'

export const pipeline = workflowId('wf-pipeline')

export const step = (name: string, parts: Partial<StepSpec> = {}): StepSpec => ({
  ...{ name, needs: [], when: 'success', spec: spec(), forEach: null },
  job: jobSettings({ completions: 1, parallelism: 5, backoffLimit: 0 }),
  ...parts,
})

export class WorkflowLab {
  readonly book: Book = meshOf([ada])
  readonly refused: string | null
  /** Names of steps, in the order in which they began. */
  readonly begun: string[] = []
  at = 100_000
  #made = 0

  constructor(steps: readonly StepSpec[]) {
    const command = { type: 'create-workflow', workflow: pipeline, name: 'pipeline', namespace: 'default' } as const
    this.refused = this.run({ ...command, steps, ttlMs: null })
  }

  get workflow(): Workflow {
    const workflow = this.book.state.workflows.get(pipeline)
    if (workflow === undefined) throw new Error('there is no workflow')
    return workflow
  }

  step(name: string): WorkflowStep {
    const found = this.workflow.steps.find((one) => one.name === name)
    if (found === undefined) throw new Error(`there is no step ${name}`)
    return found
  }

  states(): Record<string, string> {
    return Object.fromEntries(this.workflow.steps.map(({ name, state }) => [name, state]))
  }

  run(command: Command): string | null {
    return refusal(this.book.run(command, { at: this.at }))
  }

  command(): CommandOf<'set-workflow'> | null {
    const decision = decide(this.workflow)
    if (decision === null) return null
    const { start, ...rest } = decision
    const starts = start?.map((name) => ({ step: name, job: jobId(`job-${this.#next()}`) }))
    const { id, version } = this.workflow
    return { type: 'set-workflow', workflow: id, version, ...rest, ...(starts !== undefined && { start: starts }) }
  }

  /** The leader goes on until there is nothing more for it to do. */
  lead(): void {
    for (let command = this.command(); command !== null; command = this.command()) {
      this.begun.push(...(command.start ?? []).map((start) => start.step))
      this.run(command)
    }
  }

  /** Has the job of a step done: `results` are those of its runs, in order; null for one that fails. */
  done(name: string, results: readonly (string | null)[] = ['']): void {
    const job = this.step(name).jobId
    if (job === null) throw new Error(`${name} has not begun`)
    this.#advance(job)
    for (const run of liveRunsOf(this.book.state, job)) {
      const result = results[run.run?.index ?? 0] ?? null
      const placement = placementId(run.id, 1)
      this.run({ type: 'place', workload: run.id, attempt: 1, node: ada, devices: [], executor: 'docker' })
      this.run({ type: 'claim', placement, node: ada })
      const failure = { exitCode: 1, error: { code: 'NONZERO_EXIT', message: 'exit code 1' } } as const
      const end = result === null ? failure : { exitCode: 0, error: null, ...(result !== '' && { result }) }
      this.run({ type: 'report-ended', placement, node: ada, endedAt: this.at, ...end })
    }
    this.#advance(job)
    this.lead()
  }

  #advance(id: JobId): void {
    for (;;) {
      const job = this.book.state.jobs.get(id)
      if (job === undefined) return
      const decision = decideJob({ job, runs: liveRunsOf(this.book.state, id), at: this.at })
      if (decision === null) return
      const { start = [], ...rest } = decision
      const starts = start.map((index) => ({
        workload: workloadId(`wl-${this.#next()}`),
        name: `run-${this.#next()}`,
        index,
      }))
      this.run({ type: 'set-job', job: id, step: job.step, ...rest, start: starts })
    }
  }

  #next(): number {
    this.#made += 1
    return this.#made
  }
}
