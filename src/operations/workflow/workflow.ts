/** Workflows: steps that need each other, each of them a job, with results that are passed on. */
import { z } from 'zod'
import { jobsOfWorkflow } from '../../core/state/workflows.ts'
import { ClawError } from '../../model/failure.ts'
import { workflowId } from '../../model/ids.ts'
import { defaultNamespace } from '../../model/namespace.ts'
import { hasEnded } from '../../model/workflow.ts'
import { seen } from '../changes.ts'
import { carryOut } from '../carry-out.ts'
import { refresh } from '../find.ts'
import { keyField, kind, telling } from '../kind.ts'
import { filterInput, tail } from '../logs/log-input.ts'
import { LogRead } from '../logs/log-read.ts'
import { stream, unary } from '../operation.ts'
import { beyond, ofRequest } from '../touched.ts'
import { pinned, randomWord } from '../workload/workload-request.ts'
import { stepsOf, ttlOf, WorkflowRequest } from './workflow-request.ts'
import { WorkflowStatus, workflowStatus, WorkflowView, workflowView } from './workflow-view.ts'

const workflows = kind('workflow', {
  what: 'workflow',
  all: (state) => state.workflows.values(),
  missing: (workflow) => new ClawError('WORKFLOW_NOT_FOUND', { workflow }),
})
const named = z.strictObject(workflows.fields)

export const workflowCreate = unary({
  name: 'workflow.create',
  about: 'Have steps done in the order in which they need each other, each as a job, with their results passed on.',
  input: WorkflowRequest.extend({ idempotencyKey: keyField }),
  output: WorkflowStatus,
  secretFields: ['steps'],
  permission: { verb: 'create', resource: 'workflow' },
  namespace: ofRequest,
  needs: ({ steps }) => steps.flatMap(beyond),
  rest: { method: 'POST', path: '/api/workflows' },
  async handler({ idempotencyKey, ...request }, context, { caller, signal }) {
    const { name, namespace = defaultNamespace } = request
    const steps = stepsOf(request).map((step) => ({ ...step, spec: pinned(step.spec, context) }))
    const id = workflowId(`wf-${randomWord(context.random, 10)}`)
    const command = {
      type: 'create-workflow',
      workflow: id,
      ...{ name, namespace, steps, ttlMs: ttlOf(request) },
    } as const
    const { value } = await carryOut('workflow', command, { context, caller, signal, key: idempotencyKey })
    return workflowStatus(workflows.made(value.workflow ?? id, name, context), context)
  },
})

export const workflowStatusOf = unary({
  name: 'workflow.status',
  about: 'Show one workflow: its steps, what they wait for, and what they have handed on.',
  input: named,
  output: WorkflowStatus,
  permission: { verb: 'read', resource: 'workflow' },
  namespace: workflows.namespaceOf,
  rest: { method: 'GET', path: '/api/workflows/:workflow' },
  handler: async (input, context, { signal }) => workflowStatus(await workflows.find(input, context, signal), context),
})

export const workflowList = unary({
  name: 'workflow.list',
  about: 'List the workflows, newest first.',
  input: z.strictObject({ namespace: z.string().max(63).optional().describe('Only those of this namespace') }),
  output: z.array(WorkflowView),
  permission: { verb: 'read', resource: 'workflow' },
  isScoped: true,
  rest: { method: 'GET', path: '/api/workflows' },
  async handler({ namespace }, context, { signal }) {
    await refresh(context, signal)
    return [...context.control.state.workflows.values()]
      .filter((one) => namespace === undefined || one.namespace === namespace)
      .toSorted((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1))
      .map((one) => workflowView(one, context))
  },
})

export const workflowWait = stream({
  name: 'workflow.wait',
  about: 'Tell every change of a workflow until it is over; the last item is the end.',
  input: named,
  output: WorkflowStatus,
  permission: { verb: 'read', resource: 'workflow' },
  namespace: workflows.namespaceOf,
  async *handler(input, context, { signal }) {
    const { id } = await workflows.find(input, context, signal)
    const look = () => {
      const workflow = context.control.state.workflows.get(id)
      if (workflow === undefined) return null
      const view = workflowStatus(workflow, context)
      return { view, shape: { ...view, durationSecs: null }, isLast: hasEnded(workflow) }
    }
    yield* seen(look, context, { signal })
  },
})

export const workflowLogs = stream({
  name: 'workflow.logs',
  about: 'Read the output of the steps of a workflow, one step after the other, many lines an item.',
  input: named.extend({
    step: z.string().max(64).optional().describe('Only of this step'),
    tail: tail.optional(),
    ...filterInput,
  }),
  output: LogRead,
  permission: { verb: 'read', resource: 'workflow' },
  namespace: workflows.namespaceOf,
  async *handler({ step, tail: last, level, search, since, until, context: around, ...input }, context, call) {
    const workflow = await workflows.find(input, context, call.signal)
    if (step !== undefined && !workflow.steps.some(({ name }) => name === step))
      throw new ClawError('INVALID_REQUEST', { problem: `${workflow.name} has no step ${step}` })
    const jobs = jobsOfWorkflow(context.control.state, workflow.id).filter(
      ({ origin }) => step === undefined || (origin?.type === 'workflow' && origin.step === step),
    )
    const filter = { level, search, since, until, context: around }
    for (const { id } of jobs)
      for await (const item of call.open('log.read', { workloads: [id], tail: last, ...filter }, call.signal))
        yield item as z.input<typeof LogRead>
  },
})

const { tell, remove } = telling(workflows, { output: WorkflowStatus, view: workflowStatus })

export const workflowCancel = tell('cancel', {
  about: 'Stop what runs of a workflow, and begin nothing more of it.',
  may: 'stop',
})

export const workflowRetry = tell('retry', {
  about: 'Do again what has not completed of a workflow; what has is not done again.',
  may: 'create',
})

export const workflowDelete = remove({
  about: 'Stop what runs of a workflow, and forget it and its jobs.',
  gone: z.object({ workflowId: z.string(), name: z.string(), deleted: z.boolean(), state: z.string() }),
  viewOfGone: ({ id, name }, state) => ({ workflowId: id, name, deleted: true, state }),
})
