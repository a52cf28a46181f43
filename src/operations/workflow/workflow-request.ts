/** How people write a workflow, and what the mesh makes of it. */
import { z } from 'zod'
import { circleIn } from '../../core/workflow/order.ts'
import { problemOfUses } from '../../core/workflow/uses.ts'
import { closest } from '../../lib/closest.ts'
import { ClawError } from '../../model/failure.ts'
import { mostParallel } from '../../model/job.ts'
import { defaultNamespace, namespaceName } from '../../model/namespace.ts'
import type { StepSpec } from '../../model/workflow.ts'
import { mostSteps, stepConditions, stepName, workflowName } from '../../model/workflow.ts'
import { span, spanOf } from '../fields.ts'
import { jobFields, jobSettingsOf, ownName, runSpecOf } from '../job/job-request.ts'

const workFields = z.strictObject(jobFields).omit({ namespace: true, items: true }).shape

const StepRequest = z.strictObject({
  ...workFields,
  name: stepName.describe('Name of the step, at most 18 characters'),
  needs: z
    .array(stepName)
    .max(mostSteps)
    .optional()
    .describe(
      'Steps that have to end first; their results are told as CLAW_RESULT_NAME, and where {{steps.NAME.result}} stands',
    ),
  when: z
    .enum(stepConditions, { error: 'must be success, failure or always' })
    .optional()
    .describe(
      'It begins when all that it needs has completed (`success`, as when left out), one before it has failed (`failure`), or in any case (`always`)',
    ),
  forEach: z
    .union([jobFields.items.unwrap(), z.string().max(64)], {
      error: 'must be a list, or the name of a step that hands on a list',
    })
    .optional()
    .describe('One run for each, told as CLAW_ITEM: a list, or the step whose result is one, as JSON or lines'),
})
type StepRequest = z.output<typeof StepRequest>

/** A workflow as it is asked for. */
export const WorkflowRequest = z.strictObject({
  name: ownName(workflowName, 'workflow').describe('Name, at most 28 characters'),
  namespace: namespaceName.optional().describe('Whose work it is; `default` when left out'),
  steps: z.array(StepRequest).min(1).max(mostSteps).describe('What is to be done'),
  ttl: span.optional().describe('It is forgotten so long after its end; never by itself when left out'),
})
type WorkflowRequest = z.output<typeof WorkflowRequest>

/** Throws INVALID_REQUEST with the first thing that is wrong, WORKFLOW_CYCLE, and WORKFLOW_REFERENCE. */
export function stepsOf({ steps: asked, namespace = defaultNamespace }: WorkflowRequest): readonly StepSpec[] {
  const steps = asked.map((step) => stepOf(step, namespace))
  const names = steps.map(({ name }) => name)
  for (const { name, needs, forEach } of steps)
    for (const need of forEach === null ? needs : [...needs, forEach]) {
      if (names.includes(need)) continue
      const near = closest(need, names)
      throw invalid(
        `the step ${name} needs ${need}, which is none of the steps${near === null ? '' : `; did you mean ${near}?`}`,
      )
    }
  const circle = circleIn(steps)
  if (circle !== null) throw new ClawError('WORKFLOW_CYCLE', { circle: circle.join(' → ') })
  // Before values are sealed: a template in one of them would be found by nobody.
  const use = problemOfUses(steps)
  if (use !== null) throw new ClawError('WORKFLOW_REFERENCE', use)
  return steps
}

function stepOf({ name, needs = [], when = 'success', forEach, ...work }: StepRequest, namespace: string): StepSpec {
  const list = Array.isArray(forEach) ? forEach : undefined
  // For each of several at once, unless it is said how many at a time.
  const parallelism = work.parallelism ?? (forEach === undefined ? 1 : (list?.length ?? mostParallel))
  const request = { ...work, namespace, parallelism }
  return {
    ...{ name, needs, when },
    spec: runSpecOf(request),
    job: jobSettingsOf({ ...request, ...(list !== undefined && { items: list }) }),
    forEach: typeof forEach === 'string' ? stepNamedIn(forEach, name) : null,
  }
}

/** `fetch`, or `steps.fetch.result` as templates elsewhere write it. */
function stepNamedIn(text: string, step: string): string {
  const name = /^\{\{\s*steps\.([A-Za-z0-9_-]+)\.result\s*\}\}$|^steps\.([A-Za-z0-9_-]+)(?:\.result)?$/.exec(text)
  const wanted = name?.[1] ?? name?.[2] ?? text
  if (!stepName.safeParse(wanted).success) throw invalid(`forEach of the step ${step} names no step: ${text}`)
  return wanted
}

export const ttlOf = ({ ttl }: Pick<WorkflowRequest, 'ttl'>): number | null =>
  ttl === undefined ? null : Math.round(spanOf(ttl, 'ttl', 0))

const invalid = (problem: string): ClawError => new ClawError('INVALID_REQUEST', { problem })
