/** Turns what people and scripts write for a workload, in all its accepted spellings, into the one spec. */
import { z } from 'zod'
import { base32Word } from '../../lib/base32.ts'
import { parseMemoryMib } from '../../lib/units.ts'
import { networks } from '../../model/container-profile.ts'
import { ClawError } from '../../model/failure.ts'
import type { PullPolicy } from '../../model/image.ts'
import { isDigest, pullPolicies } from '../../model/image.ts'
import { namespaceName } from '../../model/namespace.ts'
import type { Dependency } from '../../model/workload.ts'
import { priorities, WorkloadSpec, workloadName } from '../../model/workload.ts'
import type { Random } from '../../ports/random.ts'
import { checkpointFields, checkpointOf } from './checkpoint-request.ts'
import { containerFields, executorOf, fenceOf, interactiveOf, wordsOf } from './container-request.ts'
import type { OperationContext } from '../context.ts'
import { processText, span, spanOf } from '../fields.ts'
import { findNode, findWorkload } from '../find.ts'
import { healthFields, healthOf, portsOf } from './health-request.ts'
import { parseInput } from '../input.ts'
import { partsFields, partsOf } from './parts-request.ts'
import { secretFields, secretsOf, withOwnSecrets } from './secret-request.ts'
import { placementFields, placementOf } from './placement-request.ts'

const size = z.union([z.string().max(32), z.int().positive()], {
  error: 'must be a size such as 64Gi, 512m, or MiB as a number',
})

/** A name like another workload's id, or that of one of its attempts, would be taken for it. */
const looksLikeId = /^wl-[a-z0-9]{10}(-\d+)?(\.\d+)?$/i

/** Specs of old logs may hold anything, so this is asked only of what comes in. */
const hasWholeDigest = (image: string): boolean => !image.includes('@') || isDigest(image.slice(image.indexOf('@') + 1))

/** Kubernetes says `IfNotPresent`, Compose `if_not_present`. */
const pullWord = z.preprocess(
  (word) =>
    typeof word === 'string' ? (otherWords[word.toLowerCase().replaceAll('_', '')] ?? word.toLowerCase()) : word,
  z.enum(pullPolicies, { error: 'must be missing, always or never' }),
)
const otherWords: Readonly<Record<string, PullPolicy>> = { ifnotpresent: 'missing' }

export const WorkloadRequest = z.strictObject({
  image: z
    .string()
    .min(1)
    .max(256)
    .refine(hasWholeDigest, 'must have a whole digest behind the @: sha256: and 64 hex digits')
    .describe('Container image, such as pytorch/pytorch:latest, or name@sha256:… for exactly one'),
  name: workloadName
    .refine((name) => !looksLikeId.test(name), 'must not look like the id of a workload')
    .optional()
    .describe('Name; made up from the image when left out'),
  command: z
    .union([processText(32_768), z.array(processText(32_768)).max(256)], {
      error: 'must be words, or one string',
    })
    .optional()
    .describe('Arguments for the container. One string is split at spaces, or given to `sh -c` when it needs a shell'),
  env: z
    .union([z.array(processText(33_024)).max(1_024), z.record(processText(256), processText(32_768))], {
      error: 'must be ["NAME=value"] or {"NAME": "value"}',
    })
    .optional(),
  volumes: z.array(processText(8_200)).max(64).optional().describe('`host:container[:ro]`'),
  gpus: z
    .union([z.int().min(0), z.string().max(256)], { error: 'must be a count, or device=0,1' })
    .optional()
    .describe('How many GPUs, or `device=0,1` for exact ones'),
  gpuType: z.string().max(64).optional().describe('Model or family, such as H100'),
  gpuMemory: size.optional().describe('Least memory of each GPU'),
  gpuMig: z.string().max(32).optional().describe('MIG profile, such as 1g.10gb; whole GPUs are not taken for it'),
  gpuShare: size
    .optional()
    .describe('Only so much of the memory of each GPU, beside other workloads; only on nodes that share their GPUs'),
  minDriver: z.string().max(32).optional().describe('Oldest driver that will do, such as 550.54'),
  minComputeCapability: z.string().max(32).optional().describe('Least CUDA compute capability, such as 8.0'),
  memory: size.optional().describe('Memory limit: 64Gi, 512m, or MiB as a number'),
  cpu: z.number().positive().optional().describe('CPU limit in cores, such as 2.5'),
  shmSize: size.optional().describe('Size of /dev/shm'),
  disk: size.optional().describe('Free disk that the node must have'),
  namespace: namespaceName.optional().describe('Whose work it is; `default` when left out'),
  priority: z
    .union([z.enum(['low', 'normal', 'high']), z.int().min(0).max(1_000)], {
      error: 'must be low, normal, high, or 0 to 1000',
    })
    .optional(),
  timeout: span.optional().describe('Longest run, after which it is stopped: 30m, 24h, or seconds as a number'),
  stopGrace: span.optional().describe('From the request to stop to the kill; 10s when left out'),
  node: z.string().max(128).optional().describe('Name or id of the one node that may run it'),
  nodeSelector: z.record(z.string(), z.string()).optional().describe('Labels that the node must carry'),
  ...containerFields,
  ...placementFields,
  ...checkpointFields,
  ...partsFields,
  ...healthFields,
  ...secretFields,
  network: z
    .enum(networks, { error: 'must be bridge, host or none' })
    .optional()
    .describe(
      '`host` has the network of its node itself, `none` has none at all; `bridge` when left out, but `host` for a gang',
    ),
  executor: z.enum(['docker', 'process', 'simulated']).optional(),
  pull: pullWord.optional().describe('`missing`, which is what happens when left out, `always` or `never`'),
  imagePullPolicy: pullWord.optional().describe('The same as `pull`; Kubernetes’ words will do'),
  detach: z.boolean().optional().describe('Taken for compatibility; submitting never waits for the end'),
})
export type WorkloadRequest = z.output<typeof WorkloadRequest>

/** Throws INVALID_REQUEST with the first thing that is wrong. */
export function specOf(request: WorkloadRequest): WorkloadSpec {
  const { priority, timeout, stopGrace, memory, shmSize, disk } = request
  const spec = {
    image: request.image,
    command: wordsOf(request.command),
    entrypoint: request.entrypoint === undefined ? undefined : wordsOf(request.entrypoint),
    ...{ workdir: request.workdir, user: request.user, annotations: request.annotations },
    ...interactiveOf(request),
    ...fenceOf(request),
    env: envOf(request.env),
    ...secretsOf(request, envOf(request.env)),
    mounts: (request.volumes ?? []).map(mountOf),
    gpus: gpusOf(request),
    memoryMib: memory === undefined ? undefined : mibOf(memory, 'memory'),
    cpus: request.cpu,
    shmMib: shmSize === undefined ? undefined : mibOf(shmSize, 'shmSize'),
    diskMib: disk === undefined ? undefined : mibOf(disk, 'disk'),
    priority: typeof priority === 'string' ? priorities[priority] : priority,
    timeoutMs: timeout === undefined ? undefined : spanOf(timeout, 'timeout'),
    stopGraceMs: stopGrace === undefined ? undefined : spanOf(stopGrace, 'stopGrace', 0),
    namespace: request.namespace,
    node: request.node,
    nodeSelector: request.nodeSelector,
    executor: executorOf(request, request.executor) ?? (isFencedIn(request) ? 'docker' : undefined),
    ...placementOf(request),
    checkpoint: checkpointOf(request),
    pull: pullOf(request),
    parts: partsOf(request),
    ports: portsOf(request),
    health: healthOf(request),
  }
  return parseInput(WorkloadSpec, withoutUndefined(spec))
}

/**
 * As it goes into the state: what names only this peer, or nobody else should see, is not in it. Nodes may be renamed, and names of workloads used again; ids stay. What was pinned before stays as it is: it may be forgotten by now.
 * Throws NODE_NOT_FOUND, WORKLOAD_NOT_FOUND, and SECRETS_UNAVAILABLE when a value cannot be sealed yet.
 */
export function pinned(
  spec: WorkloadSpec,
  context: Pick<OperationContext, 'control' | 'agent' | 'vault'>,
  before?: WorkloadSpec,
): WorkloadSpec {
  const { node, dependencies } = spec
  const old = new Set(before?.dependencies?.map(({ workload }) => workload))
  const known = (one: Dependency): Dependency =>
    old.has(one.workload) ? one : { ...one, workload: findWorkload(context, one.workload).id }
  return {
    ...withOwnSecrets(spec, context.vault),
    ...(node === undefined || node === before?.node ? {} : { node: findNode(context.control.state, node) }),
    ...(dependencies === undefined ? {} : { dependencies: dependencies.map(known) }),
  }
}

/** In a way that only containers can be. */
const isFencedIn = ({ isolation, sandbox }: WorkloadRequest): boolean => isolation === 'guest' || sandbox !== undefined

const invalid = (problem: string): ClawError => new ClawError('INVALID_REQUEST', { problem })

function envOf(env: WorkloadRequest['env']): Record<string, string> {
  if (!Array.isArray(env)) return env ?? {}
  return Object.fromEntries(
    env.map((pair, index) => {
      const cut = pair.indexOf('=')
      // It may be a value whose name was forgotten, so it is not repeated.
      if (cut < 1) throw invalid(`env ${index + 1} is not NAME=value`)
      return [pair.slice(0, cut), pair.slice(cut + 1)]
    }),
  )
}

function mountOf(text: string): WorkloadSpec['mounts'][number] {
  const [source = '', target = '', mode = 'rw', ...rest] = text.split(':')
  if (source === '' || !target.startsWith('/') || rest.length > 0 || !['ro', 'rw'].includes(mode))
    throw invalid(`volume “${text.slice(0, 128)}” is not host:container or host:container:ro`)
  return { source, target, readOnly: mode === 'ro' }
}

function pullOf({ pull, imagePullPolicy }: WorkloadRequest): PullPolicy | undefined {
  if (pull !== undefined && imagePullPolicy !== undefined && pull !== imagePullPolicy)
    throw invalid('pull and imagePullPolicy say different things')
  const word = pull ?? imagePullPolicy
  return word === 'missing' ? undefined : word
}

/** `4` is a count; `device=0,1` and `0,1` name devices. Whoever says what kind it must be wants one. */
function gpusOf(request: WorkloadRequest): object {
  const { gpus, gpuType, gpuMemory, gpuMig, gpuShare, minDriver, minComputeCapability } = request
  const memoryMib = gpuMemory === undefined ? undefined : mibOf(gpuMemory, 'gpuMemory')
  const share = gpuShare === undefined ? undefined : mibOf(gpuShare, 'gpuShare')
  const common = withoutUndefined({ model: gpuType, memoryMib, mig: gpuMig, share, minDriver, minComputeCapability })
  if (gpus === undefined) return { ...common, count: Object.keys(common).length === 0 ? 0 : 1 }
  const text = String(gpus).trim()
  // None, said outright, is something else than nothing said: for that a namespace may have a default.
  if (/^0+$/.test(text)) return { ...common, count: 0, devices: [] }
  if (/^\d+$/.test(text)) return { ...common, count: Number(text) }
  const list = /^(?:devices?=)?(\d+(?:,\d+)*)$/.exec(text)?.[1]
  if (list === undefined) throw invalid(`gpus “${text.slice(0, 64)}” is neither a count nor device=0,1`)
  const devices = [...new Set(list.split(',').map(Number))]
  return { ...common, count: devices.length, devices }
}

function mibOf(size: string | number, what: string): number {
  const mib = typeof size === 'number' ? size : parseMemoryMib(size)
  if (mib === null || mib <= 0) throw invalid(`${what} “${size}” is no size: write 64Gi, 512m, or MiB as a number`)
  return mib
}

const withoutUndefined = (record: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined))

/** Of so many letters and digits. */
export const randomWord = (random: Random, length: number): string => base32Word(random.bytes(length))

/** `nginx-x7k2` for `docker.io/library/nginx:latest`. */
export function nameFor(image: string, random: Random): string {
  const last = image.split('/').at(-1) ?? ''
  const base = (/^[a-zA-Z0-9][a-zA-Z0-9_.-]*/.exec(last.split(/[:@]/)[0] ?? '')?.[0] ?? 'work').slice(0, 40)
  return `${base}-${randomWord(random, 4)}`
}
