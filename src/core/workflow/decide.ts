/**
 * The next step of a workflow: its steps as they are go in; which of them begin or never will, and whether the whole is over, comes out; null
 * when there is nothing to do. It remembers nothing: whoever leads next goes on where the last one was.
 */
import type { Workflow, WorkflowEnd, WorkflowStep } from '../../model/workflow.ts'
import { hasEnded, isSettled } from '../../model/workflow.ts'
import { before, needsOf } from './order.ts'

export interface WorkflowDecision {
  /** Steps, by name. */
  readonly start?: readonly string[]
  readonly skip?: readonly { readonly step: string; readonly reason: string }[]
  readonly end?: WorkflowEnd
  /** Nothing of it runs any more: it is forgotten. */
  readonly gone?: true
}

export function decide(workflow: Workflow): WorkflowDecision | null {
  const { state, steps } = workflow
  if (hasEnded(workflow)) return null
  const isIdle = steps.every(({ state: is }) => is !== 'running')
  if (state === 'deleting') return isIdle ? { gone: true } : null
  if (state === 'cancelling') return isIdle ? { end: 'cancelled' } : null
  if (steps.every(isSettled)) return { end: endOf(steps) }
  const verdicts = steps.flatMap((step) => verdictOn(step, steps) ?? [])
  const start = verdicts.flatMap((verdict) => ('start' in verdict ? [verdict.start] : []))
  const skip = verdicts.flatMap((verdict) => ('skip' in verdict ? [verdict.skip] : []))
  if (start.length + skip.length === 0) return null
  return { ...(start.length > 0 && { start }), ...(skip.length > 0 && { skip }) }
}

/** What was stopped alone did not get done what it was for. */
const endOf = (steps: readonly WorkflowStep[]): WorkflowEnd =>
  steps.some(({ state }) => state === 'failed' || state === 'stopped') ? 'failed' : 'completed'

type Verdict = { readonly start: string } | { readonly skip: { readonly step: string; readonly reason: string } }

/** Null while it is not known yet, or not a question any more. */
function verdictOn(step: WorkflowStep, steps: readonly WorkflowStep[]): Verdict | null {
  const { name, when, state } = step
  if (state !== 'waiting') return null
  const wanted = needsOf(step)
  const needs = steps.filter((other) => wanted.includes(other.name))
  if (!needs.every(isSettled)) return null
  const unmet = needs.find((need) => need.state !== 'completed')
  switch (when) {
    case 'always':
      return { start: name }
    case 'success':
      return unmet === undefined
        ? { start: name }
        : {
            skip: {
              step: name,
              reason: `${unmet.name} ${unmet.state === 'skipped' ? 'was skipped' : 'has not completed'}`,
            },
          }
    case 'failure':
      return before(step, steps).some((one) => one.state === 'failed' || one.state === 'stopped')
        ? { start: name }
        : { skip: { step: name, reason: 'nothing before it has failed' } }
  }
}
