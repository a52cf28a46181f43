/** Workflows: steps that need each other, each of them a job, with results that are passed on. */
import { z } from 'zod'
import type { Command } from '../../core/state/types.ts'
import { jobsOfWorkflow } from '../../core/state/workflows.ts'
import { ClawError } from '../../model/failure.ts'
import { workflowId } from '../../model/ids.ts'
import { defaultNamespace } from '../../model/namespace.ts'
import type { Workflow } from '../../model/workflow.ts'
import { hasEnded } from '../../model/workflow.ts'
import { Bell } from '../bell.ts'
import { carryOut } from '../carry-out.ts'
import type { OperationContext } from '../context.ts'
import { refresh } from '../find.ts'
import { found, keyField, namespaceField, reasonField } from '../job/find-job.ts'
import { filterInput, tail } from '../logs/log-input.ts'
import { LogRead } from '../logs/log-read.ts'
import type { Call } from '../operation.ts'
import { stream, unary } from '../operation.ts'
import { beyond, ofRequest } from '../touched.ts'
import { pinned, randomWord } from '../workload/workload-request.ts'
import { stepsOf, ttlOf, WorkflowRequest } from './workflow-request.ts'
import { WorkflowStatus, workflowStatus, WorkflowView, workflowView } from './workflow-view.ts'

const ref = z.string().min(1).max(128).optional()
/** One of them names it. */
const named = z.strictObject({
  workflow: ref.describe('Name or id of the workflow'),
  workflowId: ref.describe('The same'),
  name: ref.describe('The same'),
  namespace: namespaceField,
})
type Reference = z.output<typeof named>
const told = named.extend({ reason: reasonField })

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
    return workflowStatus(known(context.control.state.workflows.get(value.workflow ?? id), name), context)
  },
})

export const workflowStatusOf = unary({
  name: 'workflow.status',
  about: 'Show one workflow: its steps, what they wait for, and what they have handed on.',
  input: named,
  output: WorkflowStatus,
  permission: { verb: 'read', resource: 'workflow' },
  namespace: ofWorkflow,
  rest: { method: 'GET', path: '/api/workflows/:workflow' },
  handler: async (input, context, { signal }) => workflowStatus(await findWorkflow(input, context, signal), context),
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
  namespace: ofWorkflow,
  async *handler(input, context, { signal }) {
    const { id } = await findWorkflow(input, context, signal)
    const bell = new Bell(context.control, signal)
    try {
      for (let told = ''; !signal.aborted; await bell.wait(context.clock)) {
        const workflow = context.control.state.workflows.get(id)
        if (workflow === undefined) return
        const status = workflowStatus(workflow, context)
        const shape = JSON.stringify({ ...status, durationSecs: null })
        if (shape !== told) yield status
        told = shape
        if (hasEnded(workflow)) return
      }
    } finally {
      bell.close()
    }
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
  namespace: ofWorkflow,
  async *handler({ step, tail: last, level, search, since, until, context: around, ...input }, context, call) {
    const workflow = await findWorkflow(input, context, call.signal)
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

export const workflowCancel = unary({
  name: 'workflow.cancel',
  about: 'Stop what runs of a workflow, and begin nothing more of it.',
  input: told,
  output: WorkflowStatus,
  permission: { verb: 'stop', resource: 'workflow' },
  namespace: ofWorkflow,
  rest: { method: 'POST', path: '/api/workflows/:workflow/cancel' },
  handler: (input, context, call) => change('cancel-workflow', input, { context, call }),
})

export const workflowRetry = unary({
  name: 'workflow.retry',
  about: 'Do again what has not completed of a workflow; what has is not done again.',
  input: told,
  output: WorkflowStatus,
  permission: { verb: 'create', resource: 'workflow' },
  namespace: ofWorkflow,
  rest: { method: 'POST', path: '/api/workflows/:workflow/retry' },
  handler: (input, context, call) => change('retry-workflow', input, { context, call }),
})

export const workflowDelete = unary({
  name: 'workflow.delete',
  about: 'Stop what runs of a workflow, and forget it and its jobs.',
  input: told,
  output: z.object({ workflowId: z.string(), name: z.string(), deleted: z.boolean(), state: z.string() }),
  permission: { verb: 'stop', resource: 'workflow' },
  namespace: ofWorkflow,
  rest: { method: 'DELETE', path: '/api/workflows/:workflow' },
  async handler({ reason, ...input }, context, { caller, signal }) {
    const { id, name } = await findWorkflow(input, context, signal)
    const command = { type: 'delete-workflow', workflow: id, ...(reason !== undefined && { reason }) } as const
    await carryOut('workflow', command, { context, caller, signal })
    const isGone = !context.control.state.workflows.has(id)
    return { workflowId: id, name, deleted: true, state: isGone ? 'deleted' : 'deleting' }
  },
})

interface Around {
  readonly context: OperationContext
  readonly call: Pick<Call, 'caller' | 'signal'>
}

async function change(
  type: 'cancel-workflow' | 'retry-workflow',
  { reason, ...input }: z.output<typeof told>,
  { context, call: { caller, signal } }: Around,
): Promise<WorkflowStatus> {
  const workflow = await findWorkflow(input, context, signal)
  const command: Command = { type, workflow: workflow.id, ...(reason !== undefined && { reason }) }
  await carryOut('workflow', command, { context, caller, signal })
  return workflowStatus(context.control.state.workflows.get(workflow.id) ?? workflow, context)
}

/** Throws WORKFLOW_NOT_FOUND. */
async function findWorkflow(input: Reference, context: OperationContext, signal: AbortSignal): Promise<Workflow> {
  await refresh(context, signal)
  return workflowIn(input, context)
}

function workflowIn(input: Reference, { control }: OperationContext): Workflow {
  const wanted = input.workflow ?? input.workflowId ?? input.name
  if (wanted === undefined) throw new ClawError('INVALID_REQUEST', { problem: 'no workflow is named' })
  return known(found(control.state.workflows.values(), { wanted, namespace: input.namespace }), wanted)
}

/** Throws WORKFLOW_NOT_FOUND. */
function ofWorkflow(input: Reference, context: OperationContext): string {
  return workflowIn(input, context).namespace
}

function known(workflow: Workflow | undefined, wanted: string): Workflow {
  if (workflow === undefined) throw new ClawError('WORKFLOW_NOT_FOUND', { workflow: wanted })
  return workflow
}
