/** Workflows, and the commands on them, as they stand in the log and in snapshots. */
import { z } from 'zod'
import { namespaceName } from '../../model/namespace.ts'
import { day } from '../../model/time.ts'
import type { Workflow } from '../../model/workflow.ts'
import {
  mostSteps,
  stepName,
  StepSpec,
  stepStates,
  workflowEnds,
  workflowName,
  workflowStates,
} from '../../model/workflow.ts'
import { JobIdSchema, WorkflowIdSchema } from './job-schemas.ts'
import * as shape from './schemas.ts'
import { limits } from './state.ts'

const type = <T extends string>(name: T): { readonly type: z.ZodLiteral<T> } => ({ type: z.literal(name) })
const told = { workflow: WorkflowIdSchema, reason: shape.reason.exactOptional() }
const ttlMs = z
  .int()
  .min(0)
  .max(365 * day)
  .nullable()

const some = <T extends z.ZodType>(item: T): z.ZodExactOptional<z.ZodArray<T>> =>
  z.array(item).max(mostSteps).exactOptional()

/** Of every command in this file. */
export const workflowCommands = [
  z.strictObject({
    ...type('create-workflow'),
    workflow: WorkflowIdSchema,
    name: workflowName,
    namespace: namespaceName,
    steps: z.array(StepSpec).min(1).max(mostSteps),
    ttlMs,
  }),
  z.strictObject({ ...type('cancel-workflow'), ...told }),
  z.strictObject({ ...type('retry-workflow'), ...told }),
  z.strictObject({ ...type('delete-workflow'), ...told }),
  z.strictObject({ ...type('forget-workflows'), workflows: z.array(WorkflowIdSchema).max(1_000) }),
  z.strictObject({
    ...type('set-workflow'),
    workflow: WorkflowIdSchema,
    version: shape.count,
    start: some(z.strictObject({ step: stepName, job: JobIdSchema })),
    skip: some(z.strictObject({ step: stepName, reason: shape.reason })),
    end: z.enum(workflowEnds).exactOptional(),
    gone: z.literal(true).exactOptional(),
  }),
] as const

const Step = StepSpec.extend({
  state: z.enum(stepStates),
  reason: z.string().nullable(),
  jobId: JobIdSchema.nullable(),
  startedAt: shape.instant.nullable(),
  endedAt: shape.instant.nullable(),
  result: z.string().nullable(),
  exitCode: z.int().nullable().exactOptional(),
})

/** A workflow as it stands in snapshots. */
export const WorkflowSchema = z.strictObject({
  id: WorkflowIdSchema,
  name: workflowName,
  namespace: z.string(),
  steps: z.array(Step).max(mostSteps),
  state: z.enum(workflowStates),
  reason: z.string().nullable(),
  round: shape.count,
  ttlMs,
  createdAt: shape.instant,
  createdBy: z.string(),
  endedAt: shape.instant.nullable(),
  version: shape.count,
  updatedAt: shape.instant,
  events: z.array(z.strictObject({ at: shape.instant, type: shape.word, message: z.string() })).max(limits.notes),
}) satisfies z.ZodType<Workflow>
