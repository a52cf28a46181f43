/** What users ask to have run, and what became of it. */
import { z } from 'zod'
import { Checkpoint } from './checkpoint.ts'
import type { FailureCode } from './failure.ts'
import type { DeploymentId, GroupId, NodeId, PlacementId, WorkloadId } from './ids.ts'
import { pullPolicies } from './image.ts'
import type { RanImage } from './image.ts'
import type { networks } from './container-profile.ts'
import { sandboxes } from './container-profile.ts'
import { labelName, Toleration } from './label.ts'
import { defaultNamespace, namespaceName } from './namespace.ts'
import type { ExecutorKind } from './node.ts'
import { Privilege } from './privilege.ts'
import { Health, WorkloadPorts } from './probe.ts'
import type { Run } from './run.ts'
import { ConfigRef, SecretRef } from './secret.ts'
import type { Instant, Millis } from './time.ts'

/** Priorities are 0 to 1000; the three words are what most people use. */
export const priorities = { low: 250, normal: 500, high: 750 } as const

const envName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must look like NAME')
  .max(256)
/** A Docker name: what `docker run --name` takes, at most 63 characters. */
export const workloadName = z
  .string()
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/, 'must be 1 to 63 of A-Z a-z 0-9 _ . -')
const image = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[^\s:@/][^\s]*[^\s:/@]$|^[^\s:@/]$/, 'must be an image reference such as repo/name:tag')

const selector = z
  .record(labelName, z.string().max(256))
  .refine((labels) => Object.keys(labels).length <= 16, 'at most 16 labels')
const version = z.string().regex(/^\d+(\.\d+){0,3}$/, 'must be a version such as 550.54')

/** `after`: it has started; `afterOk`: it has completed; `afterAny`: it has ended, however that was. */
const Dependency = z.strictObject({
  workload: z.string().min(1).max(128).describe('Id of the other workload'),
  condition: z.enum(['after', 'afterOk', 'afterAny']),
})
export type Dependency = z.infer<typeof Dependency>

/** `on-failure` tries again `maxRetries` times, each after twice the last pause; `always` goes on after success too, and for ever. */
const Restart = z.strictObject({
  policy: z.enum(['on-failure', 'always']),
  maxRetries: z.int().min(0).max(1_000).default(3),
  backoffMs: z.int().min(0).max(3_600_000).default(10_000).describe('Pause before the first retry'),
})
export type Restart = z.infer<typeof Restart>

/** Most parts of a gang: one command places them all. */
const largestGang = 256

const Parts = z
  .strictObject({
    count: z.int().min(1).max(1_000),
    gang: z.boolean().default(false).describe('All start together or none does'),
    ownNodes: z.boolean().default(false).describe('Each part on a node of its own'),
    atOnce: z.int().positive().optional().describe('At most so many of them have a place at a time'),
  })
  .refine(({ count, gang }) => !gang || count <= largestGang, `a gang has at most ${largestGang} parts`)
  .refine(({ gang, atOnce }) => !gang || atOnce === undefined, 'the parts of a gang all run at once')
export type Parts = z.infer<typeof Parts>

/** A workload as submitted, in one spelling, with every unit fixed. Doors translate their own spellings into it. */
export const WorkloadSpec = z.strictObject({
  image,
  command: z
    .array(z.string().max(32_768))
    .max(256)
    .default([])
    .describe('Arguments for the container; empty runs the image’s own'),
  entrypoint: z
    .array(z.string().max(32_768))
    .min(1)
    .max(256)
    .optional()
    .describe('What runs instead of the entrypoint of the image, before the command'),
  workdir: z
    .string()
    .startsWith('/', 'must be an absolute path')
    .max(4_096)
    .optional()
    .describe('Directory in the container that it starts in'),
  user: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,63})?$/, 'must be a user, or user:group')
    .optional()
    .describe('User in the container: a name, an id, or user:group'),
  annotations: z
    .record(z.string().min(1).max(128), z.string().max(1_024))
    .refine((notes) => Object.keys(notes).length <= 32, 'at most 32 annotations')
    .optional()
    .describe('Notes of whoever submitted it; they mean nothing to the mesh'),
  env: z.record(envName, z.string().max(32_768)).default({}).describe('Environment variables'),
  secrets: z.array(SecretRef).max(64).optional().describe('Secrets, as variables or as files in memory'),
  configs: z.array(ConfigRef).max(32).optional().describe('Config maps, as variables or as folders of files'),
  plainEnv: z
    .array(z.string().min(1).max(256))
    .max(256)
    .optional()
    .describe('Variables that become no secrets, whatever they are called; * for all'),
  mounts: z
    .array(
      z.strictObject({
        source: z.string().min(1).max(4_096),
        target: z.string().startsWith('/').max(4_096),
        readOnly: z.boolean().default(false),
      }),
    )
    .max(64)
    .default([])
    .describe('Host paths or volumes and where they appear in the container'),
  gpus: z
    .strictObject({
      count: z.int().min(0).max(64).default(0).describe('How many devices'),
      model: z.string().max(64).optional().describe('Model or family, such as H100; any if left out'),
      memoryMib: z.int().positive().optional().describe('Least memory of each device, MiB'),
      devices: z
        .array(z.int().min(0))
        .max(64)
        .optional()
        .describe('Exact device indexes; count follows from it. Empty: none at all, whatever its namespace gives'),
      mig: z.string().max(32).optional().describe('MIG profile, such as 1g.10gb; whole GPUs are not taken for it'),
      share: z
        .int()
        .positive()
        .max(16_777_216)
        .optional()
        .describe('Only so much of the memory of each device, MiB, beside others; only on nodes that share their GPUs'),
      minDriver: version.optional().describe('Oldest driver that will do, such as 550.54'),
      minComputeCapability: version.optional().describe('Least CUDA compute capability, such as 8.0'),
    })
    .refine(({ share, mig }) => share === undefined || mig === undefined, 'a MIG instance is not shared')
    .refine(
      ({ share, count, devices }) => share === undefined || (devices?.length ?? count) > 0,
      'a share needs a GPU to be of',
    )
    .prefault({}),
  memoryMib: z.int().min(6).max(1_048_576).optional().describe('Memory limit, MiB'),
  cpus: z.number().positive().max(1_024).optional().describe('CPU limit, in cores'),
  shmMib: z.int().positive().max(1_048_576).optional().describe('Size of /dev/shm, MiB'),
  diskMib: z.int().positive().optional().describe('Free disk that the node must have, MiB'),
  namespace: namespaceName.default(defaultNamespace).describe('Whose work it is'),
  priority: z.int().min(0).max(1_000).default(priorities.normal),
  timeoutMs: z
    .int()
    .positive()
    .max(365 * 86_400_000)
    .optional()
    .describe('Longest run, after which it is stopped'),
  stopGraceMs: z.int().min(0).max(3_600_000).default(10_000).describe('From SIGTERM to SIGKILL'),
  node: z.string().max(128).optional().describe('Name or id of the one node that may run it'),
  nodeSelector: z.record(labelName, z.string().max(256)).default({}).describe('Labels that the node must carry'),
  executor: z.enum(['docker', 'process', 'simulated']).optional(),
  labels: selector.optional().describe('What the workload is; others can ask to be near or apart from it'),
  tolerations: z.array(Toleration).max(32).optional().describe('Taints of nodes that do not keep it away'),
  near: z.array(selector).max(8).optional().describe('Only nodes that run work with these labels, for each of them'),
  apart: z.array(selector).max(8).optional().describe('Only nodes that run no work with these labels'),
  strategy: z
    .enum(['pack', 'spread'])
    .optional()
    .describe('Fill nodes one after the other, which is what happens when left out, or share the load out'),
  dependencies: z.array(Dependency).max(64).optional().describe('Other workloads that have to be so far first'),
  restart: Restart.optional().describe('What happens when it ends; it stays ended when left out'),
  onPartition: z
    .enum(['continue', 'stop', 'replace'])
    .optional()
    .describe('What happens when its node is cut off: see the guide; `continue` when left out'),
  checkpoint: Checkpoint.optional().describe('How it is told to save what it has done so far'),
  parts: Parts.optional().describe('Several of the same, each with a number of its own; one when left out'),
  network: z
    .enum(['bridge', 'host'])
    .optional()
    .describe('`host` has the network of its node itself; `bridge` when left out, but `host` for a gang'),
  offline: z.literal(true).optional().describe('It has no network at all'),
  ports: WorkloadPorts.optional().describe('Where it listens; the first is told as PORT'),
  health: Health.optional().describe('How it is asked whether it is well'),
  readOnly: z.boolean().optional().describe('It writes only to what is mounted'),
  tmpfs: z
    .array(
      z.strictObject({
        target: z.string().startsWith('/').max(4_096),
        sizeMib: z.int().positive().max(1_048_576),
      }),
    )
    .max(16)
    .optional()
    .describe('Folders in memory, which count as its memory'),
  privileges: z.array(Privilege).max(48).optional().describe('What it has beyond what every container has'),
  isolation: z.literal('guest').optional().describe('Fenced in as work of strangers is'),
  sandbox: z.enum(sandboxes).optional().describe('A kernel of its own, from a runtime that its node must have'),
  stdin: z.boolean().optional().describe('Its standard input stays open, for whoever attaches'),
  stdinOnce: z.boolean().optional().describe('Its standard input ends as soon as somebody who is attached ends theirs'),
  tty: z.boolean().optional().describe('It has a terminal; both of its outputs are one then'),
  pull: z
    .enum(pullPolicies)
    .optional()
    .describe(
      'Whether its node takes the image although it has it (`always`) or not at all (`never`); `missing` when left out',
    ),
})
export type WorkloadSpec = z.infer<typeof WorkloadSpec>

/** The parts of a gang talk to each other, which no port that was published beforehand would allow. */
export const networkOf = ({
  network,
  parts,
  offline,
}: Pick<WorkloadSpec, 'network' | 'parts' | 'offline'>): (typeof networks)[number] =>
  offline === true ? 'none' : (network ?? (parts?.gang === true ? 'host' : 'bridge'))

/** What it has beyond what every container has, in the order of its spec. The network of its node is among it, also where a gang has it without a word. */
export const privilegesOf = (
  spec: Pick<WorkloadSpec, 'network' | 'parts' | 'offline' | 'privileges'>,
): readonly string[] => [...(networkOf(spec) === 'host' ? ['host-network'] : []), ...(spec.privileges ?? [])]

/** How many devices it asks for, whether it counts or names them. */
export const deviceCount = ({ gpus }: Pick<WorkloadSpec, 'gpus'>): number => gpus.devices?.length ?? gpus.count

/** pending → starting → running → completed | failed; stopping → stopped; any state before running may end in failed or stopped. */
export type WorkloadState = 'pending' | 'starting' | 'running' | 'stopping' | 'completed' | 'failed' | 'stopped'

export const terminalStates: readonly WorkloadState[] = ['completed', 'failed', 'stopped']
export const isTerminal = (state: WorkloadState): boolean => terminalStates.includes(state)

/** An expected failure as data: what ends up in `workload info` and in replies. */
export interface WorkloadError {
  readonly code: FailureCode
  readonly message: string
}

/** placed by the leader → claimed by the node, or rejected → ended. A superseded placement can no longer be claimed. */
export interface Placement {
  readonly id: PlacementId
  readonly workload: WorkloadId
  readonly attempt: number
  readonly node: NodeId
  /** Uuids of the devices given. */
  readonly devices: readonly string[]
  readonly executor: ExecutorKind
  /** Raft term in which it was decided. */
  readonly term: number
  readonly state: 'placed' | 'claimed'
  readonly at: Instant
  /** Port on its node at which its gang meets; only the first part has one. */
  readonly port: number | null
}

/** Which of those that were submitted together it is. */
export interface Part {
  readonly group: GroupId
  /** From 0: the rank in a gang, the index in an array. */
  readonly index: number
}

/** Which deployment a workload is a replica of. */
export interface Owner {
  readonly deployment: DeploymentId
  readonly revision: number
  /** Since when it gets no more requests, because it is to go. */
  readonly drainingSince?: Instant
  /** Since when it may be given requests, without a break, by the clock of whoever led then. Says nothing while it is not ready. */
  readonly readySince?: Instant
}

export interface StopRequest {
  readonly at: Instant
  readonly by: string
  readonly force: boolean
  /** Why it fails with its gang; null when somebody asked for its end. */
  readonly because: string | null
  /** In the words of whoever asked; not there when nothing was said. */
  readonly reason?: string
}

export interface Eviction {
  readonly at: Instant
  readonly by: string
  /** In words that follow the workload's name, such as `makes room for train-b`. */
  readonly reason: string
  /** From SIGTERM to SIGKILL. */
  readonly grace: Millis
  /** Where it should go instead, if it fits there. */
  readonly target: NodeId | null
  /** It should not go back to where it was for a while, even if there is room. */
  readonly avoid: boolean
}

/** An attempt that is over while the workload is not. */
export interface Attempt {
  readonly attempt: number
  readonly node: NodeId
  readonly startedAt: Instant | null
  readonly endedAt: Instant
  readonly exitCode: number | null
  readonly error: WorkloadError | null
  /** Why the workload went on after it: `evicted: node-3 is drained`, `retry 1 of 3`, `its node was lost`. */
  readonly reason: string
}

export interface Workload {
  readonly id: WorkloadId
  readonly name: string
  readonly spec: WorkloadSpec
  /** Null when it was submitted alone. */
  readonly part: Part | null
  /** Not there when it belongs to no deployment. */
  readonly owner?: Owner
  /** Not there when it is no run of a job. */
  readonly run?: Run
  /** What it has handed on, as a run of a job. */
  readonly result?: string
  readonly submittedBy: string
  readonly submittedAt: Instant
  readonly state: WorkloadState
  /** 0 before the first placement, then counts placements. */
  readonly attempt: number
  /** The current placement, and after the end the last one. */
  readonly placement: Placement | null
  /** What the node is busy with while starting, such as `pulling image`. */
  readonly progress: string | null
  readonly startedAt: Instant | null
  /** What the present attempt runs, or the last one ran, once that is known. */
  readonly ran?: RanImage
  /** At which address of the overlay the present attempt is, or the last one was. Not there where it has none. */
  readonly overlayAddress?: string
  /** When the present attempt was last told to save, by its node's clock. Null before, and when it has no place. */
  readonly lastCheckpoint: Instant | null
  readonly endedAt: Instant | null
  readonly exitCode: number | null
  readonly error: WorkloadError | null
  /** Set by the first request to stop it. */
  readonly stopRequested: StopRequest | null
  /** Set while its node is to stop it so that it can be placed again, somewhere else if possible. */
  readonly eviction: Eviction | null
  /** How often it was started again because it had ended. */
  readonly retries: number
  /** It is not placed before then. Null when it need not wait. */
  readonly notBefore: Instant | null
  /** The node that it should go to next if it fits there. */
  readonly preferredNode: NodeId | null
  /** The last few attempts that are over, oldest first. The present one, and the one that ended it, are not among them. */
  readonly history: readonly Attempt[]
  /** The last few nodes that refused a placement, newest last. */
  readonly rejections: readonly {
    readonly node: NodeId
    readonly attempt: number
    readonly reason: string
    readonly at: Instant
  }[]
  /** What its probes say of the present attempt. Not there before they have said something. */
  readonly ready?: boolean
  /** Which probe says why not, in words. */
  readonly unreadyReason?: string
  /** Since when, by its node's clock. */
  readonly readySince?: Instant
  /** By name, which versions of secrets it was given last. Not there before it was given any. */
  readonly usedSecrets?: Readonly<Record<string, number>>
}

/** Whether it may be given traffic. Who is asked nothing is ready as soon as it runs. */
export function isReady({ state, spec, ready }: Pick<Workload, 'state' | 'spec' | 'ready'>): boolean {
  const isAsked = spec.health?.startup !== undefined || spec.health?.readiness !== undefined
  return state === 'running' && (isAsked ? ready === true : ready !== false)
}

/** It may be given requests: it is ready, and is not about to go. */
export const takesRequests = (workload: Workload): boolean =>
  isReady(workload) && workload.owner?.drainingSince === undefined
