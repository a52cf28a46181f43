/** Jobs, schedules and workflows in files: of kind Job, CronJob and Workflow, and workflow.toml. */
import { z } from 'zod'
import { isClawError } from '../model/failure.ts'
import { CronRequest, cronSettingsOf } from '../operations/cron/cron-request.ts'
import { JobRequest, jobSettingsOf, runSpecOf } from '../operations/job/job-request.ts'
import { stepsOf, ttlOf, WorkflowRequest } from '../operations/workflow/workflow-request.ts'
import { checked } from './check.ts'
import type { SpecDocument } from './document.ts'
import { fieldsOf } from './manifest.ts'
import { apiVersion, manifestMetadata, manifestRefusals, workloadSpecShape } from './manifest-schema.ts'
import { SpecProblem } from './problem.ts'
import { requestFrom } from './request.ts'
import type { Entry, Tree } from './tree.ts'
import { find } from './tree.ts'

const { gpus, resources, env, volumes, scheduling, constraints, networking } = workloadSpecShape
const groups = { gpus, resources, env, volumes, scheduling, constraints, networking }
const version = z.literal(apiVersion).describe(`\`${apiVersion}\``)

const { name: jobName, namespace, labels, annotations, ...jobShape } = JobRequest.shape

export const JobManifest = z.strictObject({
  apiVersion: version,
  kind: z.literal('Job').describe('`Job`'),
  metadata: manifestMetadata
    .extend({ name: jobName, namespace, labels, annotations })
    .describe('Its name, and what its runs are'),
  spec: z.strictObject({ ...jobShape, ...groups }).describe('What each run does, and how many have to succeed'),
})

const cronShape = CronRequest.omit({ name: true, namespace: true, labels: true, annotations: true }).shape

export const CronManifest = z.strictObject({
  apiVersion: version,
  kind: z.literal('CronJob').describe('`CronJob`'),
  metadata: manifestMetadata
    .extend({ name: CronRequest.shape.name, namespace, labels, annotations })
    .describe('Its name, and what the runs of its jobs are'),
  spec: z.strictObject({ ...cronShape, ...groups }).describe('When jobs are made, and what they do'),
})

const { name: workflowName, namespace: workflowNamespace, ...workflowShape } = WorkflowRequest.shape

export const WorkflowManifest = z.strictObject({
  apiVersion: version,
  kind: z.literal('Workflow').describe('`Workflow`'),
  metadata: z.strictObject({ name: workflowName, namespace: workflowNamespace }).describe('Its name'),
  spec: z.strictObject(workflowShape).describe('Its steps'),
})

const refusals = [
  ...manifestRefusals,
  { path: 'spec.restart', why: 'is not there for jobs, which try again by themselves: use backoffLimit' },
  { path: 'spec.constraints.retries', why: 'is not there for jobs, which try again by themselves: use backoffLimit' },
  { path: 'spec.replicas', why: 'is not there for jobs: say how many with completions' },
  { path: 'spec.array', why: 'is not there for jobs: say how many with completions' },
]

/** Throws SpecProblem. */
export function jobManifest(tree: Tree): SpecDocument {
  const manifest = checked(JobManifest, tree, { refusals })
  const examine = (request: object): void => {
    const asked = JobRequest.parse(request)
    runSpecOf(asked)
    jobSettingsOf(asked)
  }
  const request = requestFrom(fieldsOf(manifest, tree, 'placement'), tree, { schema: JobRequest, examine })
  return { kind: 'job', request, at: tree.at, needs: [] }
}

/** Throws SpecProblem. Whether the schedule can be followed is said by the peer that gets it. */
export function cronManifest(tree: Tree): SpecDocument {
  const manifest = checked(CronManifest, tree, { refusals })
  const examine = (request: object): void => {
    const asked = CronRequest.parse(request)
    runSpecOf(asked)
    cronSettingsOf(asked)
    jobSettingsOf(asked)
  }
  const request = requestFrom(fieldsOf(manifest, tree, 'placement'), tree, { schema: CronRequest, examine })
  return { kind: 'cron', request, at: tree.at, needs: [] }
}

/** Throws SpecProblem. */
export function workflowManifest(tree: Tree): SpecDocument {
  const { metadata, spec } = checked(WorkflowManifest, tree)
  return workflowOf({ ...metadata, ...spec }, tree)
}

/** A file that is the request of `workflow.create` itself, or has it in a table [workflow]. Throws SpecProblem. */
export function ownWorkflow(tree: Tree): SpecDocument {
  const own = inCamelCase(find(tree, ['workflow']) ?? tree)
  return workflowOf(checked(WorkflowRequest, own), own)
}

export const isWorkflow = (tree: Tree): boolean =>
  find(tree, ['steps'])?.kind === 'list' || find(tree, ['workflow', 'steps'])?.kind === 'list'

function workflowOf(request: z.input<typeof WorkflowRequest>, tree: Tree): SpecDocument {
  try {
    const asked = WorkflowRequest.parse(request)
    stepsOf(asked)
    ttlOf(asked)
  } catch (error) {
    if (!isClawError(error)) throw error
    throw new SpecProblem({
      at: (find(tree, ['spec', 'steps']) ?? find(tree, ['steps']) ?? tree).at,
      text: error.message,
    })
  }
  return { kind: 'workflow', request, at: tree.at, needs: [] }
}

const camel = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

/** Keys of the workflow and of its steps may be written `time_out`; what is below them is the user's own. */
function inCamelCase(tree: Tree, depth = 0): Tree {
  if (tree.kind === 'list') return { ...tree, items: tree.items.map((item) => inCamelCase(item, depth)) }
  if (tree.kind !== 'map') return tree
  const entries = new Map<string, Entry>()
  for (const [key, { at, value }] of tree.entries) {
    const isSteps = depth === 0 && key === 'steps'
    entries.set(camel(key), { at, value: isSteps ? inCamelCase(value, 1) : value })
  }
  return { ...tree, entries }
}
