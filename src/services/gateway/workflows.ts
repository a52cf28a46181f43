/** Has the steps of workflows begin when those that they need are so far, and forgets workflows that have been over long enough. */
import { decide } from '../../core/workflow/decide.ts'
import type { WorkflowDecision } from '../../core/workflow/decide.ts'
import { workflowsToForget } from '../../core/workflow/forget.ts'
import type { CommandOf } from '../../core/state/types.ts'
import { base32Word } from '../../lib/base32.ts'
import { jobId } from '../../model/ids.ts'
import type { Workflow } from '../../model/workflow.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Random } from '../../ports/random.ts'
import type { Control } from '../control/types.ts'
import type { LeaderCommands } from './commands.ts'
import type { Duty } from './duty.ts'
import { Loop } from './loop.ts'

export interface WorkflowsDeps {
  readonly clock: Clock
  readonly log: Log
  readonly random: Random
  readonly control: Pick<Control, 'state' | 'onChange'>
  readonly commands: LeaderCommands
}

export class Workflows implements Duty {
  readonly name = 'workflows'
  readonly #deps: WorkflowsDeps
  readonly #loop: Loop

  constructor(deps: WorkflowsDeps) {
    this.#deps = deps
    this.#loop = new Loop(deps, { every: 1_000, pause: 20 }, (signal) => this.#run(signal))
  }

  begin(): void {
    this.#loop.start(() =>
      this.#deps.control.onChange((changes) => {
        if (changes.some(({ type }) => type === 'workflow')) this.#loop.wake()
      }),
    )
  }

  end(): Promise<void> {
    return this.#loop.stop()
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, commands, control } = this.#deps
    const { state } = control
    if (state.workflows.size === 0) return
    const commanded = Array.from(state.workflows.values(), (workflow) => {
      const decision = decide(workflow)
      return decision === null ? [] : [this.#commandOf(workflow, decision)]
    }).flat()
    await Promise.all(commanded.map((command) => commands.tryOne(command, signal)))
    const workflows = workflowsToForget(state, clock.now())
    if (workflows.length > 0) await commands.tryOne({ type: 'forget-workflows', workflows }, signal)
  }

  #commandOf({ id, version }: Workflow, { start, ...rest }: WorkflowDecision): CommandOf<'set-workflow'> {
    const starts = start?.map((step) => ({ step, job: jobId(`job-${base32Word(this.#deps.random.bytes(10))}`) }))
    return { type: 'set-workflow', workflow: id, version, ...rest, ...(starts !== undefined && { start: starts }) }
  }
}
