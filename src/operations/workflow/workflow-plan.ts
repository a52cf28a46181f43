/** What a workflow would be, without making it. */
import { z } from 'zod'
import { stepsObstacle } from '../../core/state/workflows.ts'
import { needsOf, stagesOf } from '../../core/workflow/order.ts'
import { referencesIn } from '../../core/workflow/templates.ts'
import { templatesIn } from '../../core/workflow/uses.ts'
import { failureFrom } from '../../model/failure.ts'
import { workflowId } from '../../model/ids.ts'
import { defaultNamespace } from '../../model/namespace.ts'
import type { StepSpec } from '../../model/workflow.ts'
import { refresh } from '../find.ts'
import { unary } from '../operation.ts'
import { requirePrivileges } from '../privileges.ts'
import { beyond, ofRequest } from '../touched.ts'
import { pinned } from '../workload/workload-request.ts'
import { stepsOf, ttlOf, WorkflowRequest } from './workflow-request.ts'

const UseView = z.object({
  place: z.string().describe('A word of the command, as `command[1]`, or a variable, as `env.MODEL`'),
  text: z.string(),
  steps: z.array(z.string()).describe('Whose results stand in it'),
})

export const workflowValidate = unary({
  name: 'workflow.validate',
  about:
    'Check a workflow, and say in which order its steps would be done and what each would be told. Nothing is made.',
  input: WorkflowRequest,
  output: z.object({
    name: z.string(),
    namespace: z.string(),
    stages: z.array(z.array(z.string())).describe('Steps that may run at the same time, one stage after the other'),
    steps: z.array(
      z.object({
        name: z.string(),
        needs: z.array(z.string()).describe('With the step that it goes through'),
        when: z.string(),
        forEach: z.string().nullable(),
        image: z.string(),
        command: z.array(z.string()),
        completions: z.int().nullable().describe('Null where that depends on a result'),
        uses: z.array(UseView).describe('Where it is told what others have come to'),
      }),
    ),
  }),
  permission: { verb: 'read', resource: 'workflow' },
  namespace: ofRequest,
  needs: ({ steps }) => steps.flatMap(beyond),
  secretFields: ['steps'],
  rest: { method: 'POST', path: '/api/workflows/validate' },
  async handler(request, context, { may, signal }) {
    await refresh(context, signal)
    const { state } = context.control
    const { name, namespace = defaultNamespace } = request
    const steps = stepsOf(request).map((step) => ({ ...step, spec: pinned(step.spec, context) }))
    const whole = { name, namespace, steps, ttlMs: ttlOf(request) }
    const command = { type: 'create-workflow', workflow: workflowId('wf-not-made'), ...whole } as const
    requirePrivileges(may, command, state)
    const obstacle = stepsObstacle({ state }, command)
    if (obstacle?.ok === false) throw failureFrom(obstacle.failure)
    const stages = stagesOf(steps).map((stage) => stage.map((step) => step.name))
    return { name, namespace, stages, steps: steps.map(stepView) }
  },
})

const stepView = (step: StepSpec) => ({
  ...{ name: step.name, needs: [...needsOf(step)], when: step.when, forEach: step.forEach },
  ...{ image: step.spec.image, command: step.spec.command },
  completions: step.forEach === null ? step.job.completions : null,
  uses: templatesIn(step.spec).map(({ place, text }) => ({
    ...{ place, text },
    steps: [...new Set(referencesIn(text).map((reference) => reference.step))],
  })),
})
