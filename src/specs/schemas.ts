/** The schemas of all files, by the name that `schema` and `explain` know them by. */
import { z } from 'zod'
import { WorkflowRequest } from '../operations/workflow/workflow-request.ts'
import { WorkloadRequest } from '../operations/workload/workload-request.ts'
import { MoltJobRequest } from '../model/molt-job-request.ts'
import { CronManifest, JobManifest, WorkflowManifest } from './timed.ts'
import { ComposeFile } from './compose-schema.ts'
import { DeploymentFile, DeploymentManifest } from './deployment.ts'
import { WorkloadManifest } from './manifest-schema.ts'
import { WorkloadToml } from './workload-toml.ts'

export interface FileSchema {
  readonly title: string
  readonly schema: z.ZodObject
}

export const fileSchemas = {
  workload: { title: 'Workload of clawbernetes/v1: workload.yaml', schema: WorkloadManifest },
  deployment: { title: 'Deployment of clawbernetes/v1', schema: DeploymentManifest },
  job: { title: 'Job of clawbernetes/v1', schema: JobManifest },
  cron: { title: 'CronJob of clawbernetes/v1', schema: CronManifest },
  workflow: { title: 'Workflow of clawbernetes/v1: workflow.yaml', schema: WorkflowManifest },
  'workflow-request': { title: 'The request of workflow.create: workflow.toml', schema: WorkflowRequest },
  'workload-toml': { title: 'workload.toml', schema: WorkloadToml },
  compose: { title: 'Compose files, as far as they are understood here', schema: ComposeFile },
  request: { title: 'The request of workload.run, as node invoke takes it', schema: WorkloadRequest },
  'deployment-request': { title: 'The request of deploy.create, and how it is reached', schema: DeploymentFile },
  'molt-job': { title: 'Work for strangers: the job.toml of molt submit', schema: MoltJobRequest },
} as const satisfies Readonly<Record<string, FileSchema>>

export type SchemaName = keyof typeof fileSchemas

export const schemaNames = Object.keys(fileSchemas) as readonly SchemaName[]

/** JSON Schema, for editors. */
export function jsonSchema(name: SchemaName): Readonly<Record<string, unknown>> {
  const { title, schema } = fileSchemas[name]
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Record<
    string,
    unknown
  >
  const json = { $schema, title, ...rest }
  return name === 'compose' ? withExtensions(json) : json
}

/** `x-…` may stand in any Compose file. */
const withExtensions = (json: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => ({
  ...json,
  patternProperties: { '^x-': {} },
})
