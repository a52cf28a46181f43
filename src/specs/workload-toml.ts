/** workload.toml: a table [workload] with the fields of a request in snake_case, its tables resources, env, health and scaling, and what makes a deployment of it. */
import { z } from 'zod'
import { DeploymentRequest } from '../operations/deployment/deployment-request.ts'
import { IngressSections } from '../operations/ingress/ingress-request.ts'
import { WorkloadRequest } from '../operations/workload/workload-request.ts'
import { checked } from './check.ts'
import { ingressRefusals } from './deployment.ts'
import { modelOf } from './manifest.ts'
import { SpecProblem } from './problem.ts'
import type { Field } from './request.ts'
import { field } from './request.ts'
import type { Entry, Tree } from './tree.ts'

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
const camel = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

const { env, health, ...shape } = WorkloadRequest.shape as Readonly<Record<string, z.ZodType>>

const scaling = z
  .strictObject({
    min_replicas: z.int().min(1).max(1_000).optional().describe('How many replicas there are'),
    max_replicas: z.int().min(1).max(1_000).optional().describe('For the autoscaler, which is not there yet'),
    target_gpu_utilization: z
      .number()
      .min(1)
      .max(100)
      .optional()
      .describe('For the autoscaler, which is not there yet'),
  })
  .optional()
  .describe('How many replicas a deployment has')
export type Scaling = NonNullable<z.input<typeof scaling>>

const size = z.union([z.string().max(32), z.int().positive()], {
  error: 'must be a size such as 64Gi, 512m, or MiB as a number',
})

const resources = z
  .strictObject({
    gpus: WorkloadRequest.shape.gpus,
    gpu_type: z.string().max(64).optional().describe('Model or family, such as H100; `any` for whatever there is'),
    gpu_memory_mib: z.int().positive().optional().describe('Least memory of each GPU, MiB'),
    memory_mib: z.int().positive().optional().describe('Memory limit, MiB'),
    memory: size.optional().describe('Memory limit: 64Gi, 512m, or MiB as a number'),
    cpu: z.number().positive().optional().describe('CPU limit in cores, such as 2.5'),
    shm_size: size.optional().describe('Size of /dev/shm'),
    disk: size.optional().describe('Free disk that the node must have'),
    prefer_nvlink: z
      .boolean()
      .optional()
      .describe('GPUs that are close to each other: the mesh always takes the closest that are free'),
  })
  .optional()
  .describe('What it takes of its node')

const own = Object.fromEntries(
  Object.entries(shape).map(([name, schema]) => [name === 'image' ? name : snake(name), schema]),
)

const healthTable = (
  health === undefined
    ? z.strictObject({
        check_interval_secs: z.number().positive().optional(),
        startup_timeout_secs: z.number().positive().optional(),
      })
    : inSnake(health)
)
  .optional()
  .describe('How it is asked whether it is well')

export const WorkloadToml = z.strictObject({
  workload: z
    .strictObject({
      ...own,
      image: WorkloadRequest.shape.image,
      resources,
      env: (env ?? z.any()).describe('Environment variables'),
      health: healthTable,
      scaling,
      service: DeploymentRequest.shape.service,
      ingress: IngressSections.optional(),
    })
    .describe('What runs'),
})

/** The same schema with its keys in snake_case; only the outermost, which is all that there is to rename. */
function inSnake(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional) return inSnake(schema.unwrap() as z.ZodType)
  if (!(schema instanceof z.ZodObject)) return schema
  return z.strictObject(
    Object.fromEntries(Object.entries(schema.shape).map(([name, inner]) => [snake(name), inner as z.ZodType])),
  )
}

/** The tables whose keys are ours as well, and not the user's own names. */
const tables = ['resources', 'health', 'scaling']

/** Keys may be written `gpu_type` or `gpuType`. */
function inSnakeCase(tree: Tree, isOurs: (key: string) => boolean): Tree {
  if (tree.kind !== 'map') return tree
  const entries = new Map<string, Entry>()
  for (const [key, { at, value }] of tree.entries) {
    const name = snake(key)
    if (entries.has(name)) throw new SpecProblem({ at, text: `${name} stands here for the second time` })
    entries.set(name, { at, value: isOurs(name) ? inSnakeCase(value, (inner) => tables.includes(inner)) : value })
  }
  return { ...tree, entries }
}

export interface WorkloadTable {
  /** The file with its keys in snake_case: what the paths of the fields lead into. */
  readonly tree: Tree
  readonly fields: readonly Field[]
  readonly scaling: Scaling | null
  /** What only a deployment has; none for what is a workload. */
  readonly ofDeployment: readonly Field[]
}

/** Throws SpecProblem. */
export function workloadTable(file: Tree): WorkloadTable {
  const tree = inSnakeCase(file, () => true)
  const { workload } = checked(WorkloadToml, tree, { refusals: ingressRefusals('workload.ingress') })
  const { resources: limits, scaling: scale, service, ingress, ...rest } = workload
  return {
    tree,
    scaling: scale ?? null,
    ofDeployment: [
      field('service', service, 'workload', 'service'),
      field('ingress', ingress, 'workload', 'ingress'),
    ].filter(({ value }) => value !== undefined),
    fields: [
      ...Object.entries(rest).map(([name, value]) =>
        field(camel(name), name === 'health' ? inCamel(value) : value, 'workload', name),
      ),
      ...resourceFields(limits),
    ],
  }
}

const inCamel = (value: unknown): unknown =>
  typeof value === 'object' && value !== null
    ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [camel(name), inner as unknown]))
    : value

function resourceFields(limits: z.input<typeof resources>): readonly Field[] {
  if (limits === undefined) return []
  const path = ['workload', 'resources'] as const
  return [
    field('gpus', limits.gpus, ...path, 'gpus'),
    field('gpuType', modelOf(limits.gpu_type), ...path, 'gpu_type'),
    field('gpuMemory', limits.gpu_memory_mib, ...path, 'gpu_memory_mib'),
    field('memory', limits.memory_mib, ...path, 'memory_mib'),
    field('memory', limits.memory, ...path, 'memory'),
    field('cpu', limits.cpu, ...path, 'cpu'),
    field('shmSize', limits.shm_size, ...path, 'shm_size'),
    field('disk', limits.disk, ...path, 'disk'),
  ]
}
