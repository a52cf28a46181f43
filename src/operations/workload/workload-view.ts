/** A workload as users see it. */
import { hiddenValue, isSecretive } from '../../core/vault/names.ts'
import { z } from 'zod'
import { addressesOf } from '../../core/naming/addresses.ts'
import { groupName } from '../../core/state/groups.ts'
import type { MeshState } from '../../core/state/types.ts'
import { pullPolicies } from '../../model/image.ts'
import { nodeId } from '../../model/ids.ts'
import type { Attempt, Workload } from '../../model/workload.ts'
import { probeKinds } from '../../model/probe.ts'
import { deviceCount, isReady, privilegesOf } from '../../model/workload.ts'
import type { OperationContext } from '../context.ts'
import { iso, isoOrNull, workloadState } from '../fields.ts'
import { nameOf } from '../node/node-view.ts'

const moment = z.string().nullable().describe('ISO 8601')

export const WorkloadView = z.object({
  id: z.string(),
  name: z.string(),
  state: workloadState,
  part: z
    .object({
      group: z.string().describe('Id of the group'),
      name: z.string().describe('Name of the group'),
      index: z.int().describe('From 0; the rank in a gang'),
      count: z.int(),
      gang: z.boolean(),
    })
    .nullable()
    .describe('Which of those that were submitted together it is; null when it was submitted alone'),
  node: z.string().nullable().describe('Name of the node that has it'),
  nodeId: z.string().nullable(),
  attempt: z.int().describe('Counts placements; 0 before the first'),
  devices: z.array(z.string()).describe('Uuids of the GPUs it was given'),
  exitCode: z.int().nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  reason: z.string().nullable().describe('Why it is pending'),
  progress: z.string().nullable().describe('What its node is busy with while it starts'),
  image: z.string(),
  imageId: z.string().nullable().describe('What really runs or ran: the hash of the image; null before it runs'),
  imageDigest: z.string().nullable().describe('Under which digest a registry gave it out; null when it came from none'),
  pull: z.enum(pullPolicies),
  command: z.array(z.string()),
  entrypoint: z.array(z.string()).nullable().describe('What runs instead of that of the image; null for its own'),
  workdir: z.string().nullable(),
  user: z.string().nullable(),
  annotations: z.record(z.string(), z.string()),
  env: z.record(z.string(), z.string()).describe('Values of secrets are left out'),
  secrets: z
    .array(
      z.object({
        env: z.string().nullable().describe('Variable that holds it'),
        path: z.string().nullable().describe('File that holds it'),
        secret: z.string(),
        version: z.int().nullable().describe('Null for the newest when it starts'),
        used: z.int().nullable().describe('Which version it was given last'),
      }),
    )
    .describe('Secrets of the mesh that it is given'),
  configs: z.array(z.object({ config: z.string(), path: z.string().nullable() })),
  mounts: z.array(z.object({ source: z.string(), target: z.string(), readOnly: z.boolean() })),
  gpus: z.int(),
  gpuModel: z.string().nullable(),
  gpuShareMib: z
    .int()
    .nullable()
    .describe('How much memory of each GPU it shares with others; null when they are whole'),
  memoryMib: z.int().nullable(),
  cpus: z.number().nullable(),
  namespace: z.string(),
  privileges: z.array(z.string()).describe('What it has beyond ordinary work, such as host-network'),
  isolation: z.enum(['own', 'guest']).describe('`guest`: fenced in as work of strangers is'),
  readOnly: z.boolean().describe('It writes only to what is mounted'),
  tmpfs: z.array(z.object({ target: z.string(), sizeMib: z.int() })).describe('Folders in memory'),
  warnings: z.array(z.string()).describe('What is allowed and could be better, such as that it runs as root'),
  labels: z.record(z.string(), z.string()),
  priority: z.int(),
  timeoutSeconds: z.number().nullable(),
  executor: z.string().nullable(),
  submittedBy: z.string(),
  submittedAt: z.string(),
  startedAt: moment,
  endedAt: moment,
  checkpoint: z
    .object({
      signal: z.string().describe('What tells it to save'),
      path: z.string().nullable(),
      intervalSeconds: z.number().nullable(),
      saveSeconds: z.number().describe('How long it may save before it is stopped when it leaves its node'),
      lastAt: moment.describe('ISO 8601; when the present attempt was last told to'),
    })
    .nullable()
    .describe('How it is told to save what it has done so far'),
  ports: z
    .array(z.object({ name: z.string().nullable(), port: z.int(), protocol: z.enum(['http', 'tcp']) }))
    .describe('The ports that it declares'),
  ready: z.boolean().nullable().describe('Whether it may be given traffic; null when it does not run'),
  overlayAddress: z
    .string()
    .nullable()
    .describe('Where it is reached in the overlay; null where it is not in it, or does not run'),
  unreadyReason: z.string().nullable().describe('Which of its probes says why not'),
  readySince: moment.describe('ISO 8601; since when its probes say so'),
  probes: z.array(z.enum(probeKinds)).describe('How it is asked whether it is well'),
  stopReason: z.string().nullable().describe('Why it was asked to stop, in the words of whoever did'),
  retries: z.int().describe('How often it was started again because it had ended'),
  nextTryAt: moment.describe('ISO 8601; it is not placed before then'),
  eviction: z
    .object({ reason: z.string(), since: z.string() })
    .nullable()
    .describe('Set while its node is to stop it so that it can be placed again'),
  history: z
    .array(
      z.object({
        attempt: z.int(),
        node: z.string(),
        startedAt: moment,
        endedAt: z.string(),
        exitCode: z.int().nullable(),
        error: z.object({ code: z.string(), message: z.string() }).nullable(),
        reason: z.string().describe('Why it went on after this attempt'),
      }),
    )
    .describe('The last attempts that are over, oldest first, without the present one'),
  rejections: z.array(z.object({ node: z.string(), attempt: z.int(), reason: z.string(), at: z.string() })),
})
export type WorkloadView = z.infer<typeof WorkloadView>

type Context = Pick<OperationContext, 'control' | 'explain'>

export function workloadView(workload: Workload, context: Context): WorkloadView {
  const { control, explain } = context
  const { spec, placement, usedSecrets: used = {} } = workload
  return {
    id: workload.id,
    name: workload.name,
    state: workload.state,
    part: partView(workload),
    node: placement === null ? null : nameOf(control.state, placement.node),
    nodeId: placement?.node ?? null,
    attempt: workload.placement?.attempt ?? workload.attempt,
    devices: [...(placement?.devices ?? [])],
    exitCode: workload.exitCode,
    error: workload.error,
    reason: workload.state === 'pending' ? explain(named(workload, control.state)) : null,
    progress: workload.state === 'starting' ? workload.progress : null,
    image: spec.image,
    imageId: workload.ran?.id ?? null,
    imageDigest: workload.ran?.digest ?? null,
    pull: spec.pull ?? 'missing',
    command: spec.command,
    entrypoint: spec.entrypoint ?? null,
    ...{ workdir: spec.workdir ?? null, user: spec.user ?? null, annotations: spec.annotations ?? {} },
    env: { ...withoutSecrets(spec.env), ...secretVariables(spec) },
    secrets: (spec.secrets ?? []).flatMap(({ env = null, path = null, secret, version }) =>
      secret === undefined ? [] : [{ env, path, secret, version: version ?? null, used: used[secret] ?? null }],
    ),
    configs: (spec.configs ?? []).map(({ config, path = null }) => ({ config, path })),
    mounts: spec.mounts,
    gpus: deviceCount(spec),
    gpuModel: spec.gpus.model ?? null,
    gpuShareMib: spec.gpus.share ?? null,
    memoryMib: spec.memoryMib ?? null,
    cpus: spec.cpus ?? null,
    namespace: spec.namespace,
    ...fenceView(workload),
    labels: spec.labels ?? {},
    priority: spec.priority,
    timeoutSeconds: spec.timeoutMs === undefined ? null : spec.timeoutMs / 1_000,
    executor: placement?.executor ?? null,
    submittedBy: workload.submittedBy,
    submittedAt: iso(workload.submittedAt),
    startedAt: isoOrNull(workload.startedAt),
    endedAt: isoOrNull(workload.endedAt),
    checkpoint: checkpointView(workload),
    ...healthView(workload),
    overlayAddress: overlayAddressOf(workload, control.state),
    stopReason: workload.stopRequested?.reason ?? null,
    retries: workload.retries,
    nextTryAt: workload.state === 'pending' ? isoOrNull(workload.notBefore) : null,
    eviction: evictionView(workload),
    history: workload.history.map((attempt) => attemptView(attempt, context)),
    rejections: workload.rejections.map(({ node, attempt, reason, at }) => ({
      ...{ attempt, reason },
      node: nameOf(control.state, node),
      at: iso(at),
    })),
  }
}

/** The same workload with the name of the one node that may run it, so that what the scheduler says of it can be read. */
export const named = (workload: Workload, state: MeshState): Workload =>
  workload.spec.node === undefined
    ? workload
    : { ...workload, spec: { ...workload.spec, node: nameOf(state, nodeId(workload.spec.node)) } }

const partView = ({ part, name, spec }: Workload): WorkloadView['part'] =>
  part === null
    ? null
    : {
        ...part,
        name: groupName({ name, part }) ?? name,
        count: spec.parts?.count ?? 1,
        gang: spec.parts?.gang ?? false,
      }

const checkpointView = ({ spec, lastCheckpoint }: Workload): WorkloadView['checkpoint'] =>
  spec.checkpoint === undefined
    ? null
    : {
        signal: spec.checkpoint.signal,
        path: spec.checkpoint.path ?? null,
        intervalSeconds: spec.checkpoint.intervalMs === undefined ? null : spec.checkpoint.intervalMs / 1_000,
        saveSeconds: (spec.checkpoint.saveMs ?? spec.stopGraceMs) / 1_000,
        lastAt: isoOrNull(lastCheckpoint),
      }

const fenceView = ({
  spec,
  ran,
}: Workload): Pick<WorkloadView, 'privileges' | 'isolation' | 'readOnly' | 'tmpfs' | 'warnings'> => ({
  privileges: [...privilegesOf(spec)],
  isolation: spec.isolation ?? 'own',
  readOnly: spec.readOnly === true || spec.isolation === 'guest',
  tmpfs: spec.tmpfs ?? [],
  warnings: ran?.root === true ? ['it runs as root of its container: name another with --user, or in the image'] : [],
})

function healthView(
  workload: Workload,
): Pick<WorkloadView, 'ports' | 'ready' | 'unreadyReason' | 'readySince' | 'probes'> {
  const { spec, state, unreadyReason, readySince } = workload
  const isRunning = state === 'running'
  const ready = isRunning ? isReady(workload) : null
  return {
    ports: (spec.ports ?? []).map(({ name = null, port, protocol }) => ({ name, port, protocol })),
    ready,
    unreadyReason: ready === false ? (unreadyReason ?? 'its probes have not succeeded yet') : null,
    readySince: isRunning ? isoOrNull(readySince ?? null) : null,
    probes: probeKinds.filter((kind) => spec.health?.[kind] !== undefined),
  }
}

const overlayAddressOf = (workload: Workload, state: MeshState): string | null =>
  ['running', 'stopping'].includes(workload.state) ? (addressesOf(state, workload)[0] ?? null) : null

const evictionView = ({ eviction }: Workload): WorkloadView['eviction'] =>
  eviction === null ? null : { reason: eviction.reason, since: iso(eviction.at) }

const attemptView = (
  { attempt, node, startedAt, endedAt, exitCode, error, reason }: Attempt,
  { control }: Context,
): WorkloadView['history'][number] => ({
  ...{ attempt, exitCode, error, reason },
  node: nameOf(control.state, node),
  startedAt: isoOrNull(startedAt),
  endedAt: iso(endedAt),
})

const withoutSecrets = (env: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(env).map(([name, value]) => [name, isSecretive(name) ? '[hidden]' : value]))

/** Whatever they hold, and wherever that comes from. */
const secretVariables = ({ secrets = [] }: Workload['spec']): Record<string, string> =>
  Object.fromEntries(secrets.flatMap(({ env }) => (env === undefined ? [] : [[env, hiddenValue]])))
