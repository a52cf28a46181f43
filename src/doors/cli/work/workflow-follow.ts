/** Following a workflow until it is over, and how it reads. */
import { ClawError } from '../../../model/failure.ts'
import type { OutputOf } from '../../../operations/registry.ts'
import type { Session } from '../line/command.ts'
import type { Api } from '../peer/api.ts'
import { notedChanges } from './noted-changes.ts'
import { facts, orDash } from '../show/words.ts'

export type WorkflowStatus = OutputOf<'workflow.status'>

/** `nightly: running, 2/4 steps: fetch completed, train running`. */
export function workflowProgress({ name, state, progress, steps }: WorkflowStatus): string {
  const told = steps.filter((step) => step.state !== 'waiting').map((step) => `${step.name} ${step.state}`)
  return `${name}: ${state}, ${progress} steps${told.length === 0 ? '' : `: ${told.join(', ')}`}`
}

/** Tells how it gets on, and gives the status at its end; null when it is gone. */
export const followedWorkflow = (id: string, api: Api, session: Session): Promise<WorkflowStatus | null> =>
  notedChanges(api.stream('workflow.wait', { workflow: id }, session.signal), workflowProgress, session)

/** Throws WORKFLOW_FAILED for one that has not completed. */
export function expectAllDone(status: WorkflowStatus | null): void {
  if (status === null || status.state === 'completed') return
  throw new ClawError('WORKFLOW_FAILED', { name: status.name, reason: status.reason ?? `it is ${status.state}` })
}

/** All of a status, for people. */
export function workflowLines(status: WorkflowStatus): readonly string[] {
  return [
    ...facts([
      ['Id', status.workflowId],
      ['Name', status.name],
      ['Namespace', status.namespace],
      ['State', status.state],
      ...(status.reason === null ? [] : [['Reason', status.reason] as const]),
      ['Steps', status.progress],
      ['Tried', `${status.round} time(s)`],
      ['Created', status.createdAt],
      ['Ended', orDash(status.endedAt)],
      ['Duration', `${Math.round(status.durationSecs)} s`],
    ]),
    '',
    ...status.steps.flatMap((step) => [stepLine(step), ...step.passed.map(passedLine)]),
  ]
}

function stepLine({ name, state, needs, completions, result, reason }: WorkflowStatus['steps'][number]): string {
  const after = needs.length === 0 ? '' : `  after ${needs.join(', ')}`
  const count = completions === null ? '' : `  ${completions}`
  const said = result === null ? '' : `  result: ${result.split('\n')[0]?.slice(0, 80) ?? ''}`
  return `  ${name}  ${state}${count}${after}${said}${reason === null ? '' : `  ${reason}`}`
}

/** `      command[1] = /data/7  ({{steps.fetch.result}})`. */
const passedLine = ({ place, from, value }: WorkflowStatus['steps'][number]['passed'][number]): string =>
  `      ${place} = ${value.split('\n')[0]?.slice(0, 80) ?? ''}  (${from})`
