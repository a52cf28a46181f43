/** What a file of apiVersion clawbernetes/v1 may say: the fields of a request by their own names, and the groups that such files have them in. */
import { z } from 'zod'
import { taintEffects } from '../model/label.ts'
import { secretName } from '../model/secret.ts'
import { WorkloadRequest } from '../operations/workload/workload-request.ts'
import type { Refusal } from './check.ts'

export const apiVersion = 'clawbernetes/v1'

const { name, namespace, labels, annotations, ...shape } = WorkloadRequest.shape

/** The schema of a field of the request; anything, where this version has no such field and refuses it anyway. */
export const ofRequest = (field: string): z.ZodType => (shape as Readonly<Record<string, z.ZodType>>)[field] ?? z.any()

const size = z.union([z.string().max(32), z.int().positive()], {
  error: 'must be a size such as 64Gi, 512m, or MiB as a number',
})
const span = z.union([z.string().max(32), z.number().min(0)], {
  error: 'must be a span such as 30m, or seconds as a number',
})
const words = z.record(z.string(), z.string())

export const manifestMetadata = z.strictObject({
  name: name.describe('Name; made up from the image when left out'),
  namespace,
  labels,
  annotations,
})

const gpus = z
  .union(
    [
      z.int().min(0),
      z.string().max(256),
      z.strictObject({
        count: z
          .union([z.int().min(0), z.string().max(256)], { error: 'must be a count, or device=0,1' })
          .optional()
          .describe('How many GPUs, or `device=0,1` for exact ones'),
        type: z.string().max(64).optional().describe('Model or family, such as H100; `any` for whatever there is'),
        memory: size.optional().describe('Least memory of each GPU'),
        mig: shape.gpuMig,
        share: shape.gpuShare,
        minDriver: shape.minDriver,
        minComputeCapability: shape.minComputeCapability,
      }),
    ],
    { error: 'must be a count, device=0,1, or a map with count, type, memory' },
  )
  .optional()
  .describe('How many GPUs, or a map that says which')

const resources = z
  .strictObject({
    cpu: z
      .union([z.number().positive(), z.string().regex(/^\d+(\.\d+)?m?$/, 'must be cores, such as 2.5 or 500m')], {
        error: 'must be cores, such as 2.5 or 500m',
      })
      .optional()
      .describe('CPU limit in cores: 2.5, or 500m'),
    memory: size.optional().describe('Memory limit: 64Gi, 512m, or MiB as a number'),
    shmSize: shape.shmSize,
    disk: shape.disk,
  })
  .optional()
  .describe('Limits, and what the node must have')

const secretRef = z.strictObject({
  name: secretName.describe('Name of the secret'),
  version: z.int().min(1).optional().describe('The newest when it starts, when left out'),
})

const env = z
  .union(
    [
      z.array(
        z.union([
          z.string().max(33_024),
          z.strictObject({
            name: z.string().max(256),
            value: z.string().optional(),
            valueFrom: z.strictObject({ secretRef: secretRef.describe('A secret of the mesh') }).optional(),
          }),
        ]),
      ),
      words,
    ],
    { error: 'must be a list of {name, value} or NAME=value, or a map' },
  )
  .optional()
  .describe('Environment: a map, `NAME=value` words, or a list of `{name, value}` and `{name, valueFrom: {secretRef}}`')

const volumes = z
  .array(
    z.union(
      [
        z.string().max(8_200),
        z.strictObject({
          name: z.string().max(128).optional().describe('Only for people'),
          source: z.string().max(4_096).optional().describe('Absolute path on the node, or name of a volume there'),
          type: z.enum(['hostPath', 'volume', 'emptyDir']).optional().describe('Follows from source when left out'),
          medium: z.literal('Memory').optional().describe('Of an emptyDir at /dev/shm'),
          sizeLimit: size.optional().describe('Of an emptyDir in memory: size of /dev/shm'),
          mountPath: z.string().min(1).max(4_096).describe('Where it appears in the container'),
          readOnly: z.boolean().optional().describe('It can only be read'),
        }),
      ],
      { error: 'must be host:container[:ro], or a map with source and mountPath' },
    ),
  )
  .max(64)
  .optional()
  .describe('What is mounted: `host:container[:ro]`, or maps')

const toleration = z.union(
  [
    z.string().min(1).max(1_024),
    z.strictObject({
      key: z.string(),
      operator: z.enum(['Equal', 'Exists']).optional().describe('Exists tolerates every value'),
      value: z.string().optional(),
      effect: z.enum(taintEffects).optional(),
    }),
  ],
  { error: 'must be "key=value:NoSchedule" or a map with key, operator, value, effect' },
)

const scheduling = z
  .strictObject({
    priority: shape.priority.describe('`low`, `normal`, `high`, or 0 to 1000'),
    node: shape.node,
    nodeSelector: shape.nodeSelector,
    tolerations: z.array(toleration).max(32).optional().describe('Taints that do not keep it away'),
    near: shape.near,
    apart: shape.apart,
    placement: shape.strategy,
  })
  .optional()
  .describe('Which nodes it may go to, and when its turn is')

const restartPolicies = ['Never', 'OnFailure', 'Always', 'no', 'on-failure', 'always'] as const

const constraints = z
  .strictObject({
    timeout: span.optional().describe('Longest run, after which it is stopped: 30m, 24h, or seconds as a number'),
    stopGrace: shape.stopGrace,
    retries: z.int().min(0).max(1_000).optional().describe('How often it is started again when it fails'),
    retryDelay: span.optional().describe('Pause before the first retry, then doubled'),
    restartPolicy: z.enum(restartPolicies).optional().describe('`Never`, `OnFailure` or `Always`'),
    checkpointing: z
      .strictObject({
        enabled: z.boolean().optional().describe('`false` for none'),
        interval: span.optional().describe('How often it is told to save: 10s or more'),
        path: z.string().max(4_096).optional().describe('Where it saves, told as CLAW_CHECKPOINT_PATH'),
        signal: z.string().min(1).max(16).optional().describe('What tells it to save, such as USR1'),
        save: span.optional().describe('How long it may save before it is stopped'),
      })
      .optional()
      .describe('How it is told to save what it has done so far'),
  })
  .optional()
  .describe('How long it may run, and what happens when it ends')

const networking = z
  .strictObject({
    ports: ofRequest('ports').optional(),
    mode: shape.network,
    distributed: z
      .strictObject({
        enabled: z.boolean().optional().describe('`false` for none'),
        worldSize: z.int().min(1).max(256).optional().describe('How many parts start together and know of each other'),
      })
      .optional()
      .describe('Several parts that start together, for torchrun and its kind'),
  })
  .optional()
  .describe('Ports, and parts that talk to each other')

/** What stands below `spec`: each group, or each field by its own name. */
export const workloadSpecShape = {
  ...shape,
  ...{ gpus, resources, env, volumes, scheduling, constraints, networking },
}

export const WorkloadManifest = z.strictObject({
  apiVersion: z.literal(apiVersion).describe(`\`${apiVersion}\``),
  kind: z.literal('Workload').describe('`Workload`'),
  metadata: manifestMetadata.optional().describe('Its name, and what it is'),
  spec: z.strictObject(workloadSpecShape).describe('What runs, with what, and where'),
})
export type WorkloadManifest = z.input<typeof WorkloadManifest>

/** What such files say elsewhere and here not. */
export const manifestRefusals: readonly Refusal[] = [
  { path: 'spec.hooks', why: 'is not there: run what comes before or after as workloads of their own, with afterOk' },
  {
    path: 'spec.env.*.valueFrom.configMapKeyRef',
    why: 'is not there: configs gives every key of a config map as a variable',
  },
  { path: 'spec.env.*.valueFrom.secretKeyRef', why: 'is called secretRef here: a secret of the mesh has no keys' },
  {
    path: 'spec.networking.distributed.masterPort',
    why: 'is not yours to choose: the mesh finds a free port and tells every part as MASTER_PORT',
  },
  { path: 'spec.name', why: 'belongs in metadata' },
  { path: 'spec.namespace', why: 'belongs in metadata' },
  { path: 'spec.labels', why: 'belongs in metadata' },
  { path: 'spec.annotations', why: 'belongs in metadata' },
]
