/** Work on one host as `node.invoke` sees it: containers, whatever the executor makes of them. The mesh still decides and records. */
import { z } from 'zod'
import { linesOf } from '../lib/log-block.ts'
import { ClawError } from '../model/failure.ts'
import type { NodeId } from '../model/ids.ts'
import type { Workload } from '../model/workload.ts'
import { isTerminal } from '../model/workload.ts'
import type { TaskStatus } from '../ports/executor.ts'
import { Bell } from './bell.ts'
import type { OperationContext } from './context.ts'
import { iso, isoOrNull, nodeRef, time } from './fields.ts'
import { findNode, findWorkload } from './find.ts'
import { unary } from './operation.ts'
import { workloadRun } from './workload.ts'
import { WorkloadRequest } from './workload-request.ts'

const node = nodeRef.optional().describe('Another node to ask; this one when left out')
const where = (
  { node: wanted }: { readonly node?: string | undefined },
  { control, self }: OperationContext,
): NodeId => (wanted === undefined ? self : findNode(control.state, wanted))

export const which = {
  node,
  containerId: z.string().min(1).max(128).optional().describe('Id of the container or of the workload'),
  workloadId: z.string().min(1).max(128).optional(),
  name: z.string().min(1).max(128).optional(),
}

interface Which {
  readonly containerId?: string | undefined
  readonly workloadId?: string | undefined
  readonly name?: string | undefined
}

export function workloadOf({ containerId, workloadId, name }: Which, context: OperationContext): Workload {
  const wanted = containerId ?? workloadId ?? name
  if (wanted === undefined) throw new ClawError('INVALID_REQUEST', { problem: 'containerId or name is needed' })
  return findWorkload(context, wanted)
}

const taskOf = (workload: Workload, { agent }: OperationContext): TaskStatus | undefined =>
  agent.tasks().find(({ placement }) => placement === workload.placement?.id)

export const containerIdOf = (workload: Workload, context: OperationContext): string =>
  taskOf(workload, context)?.handle ?? workload.id

/** Pulling an image may take longer than anyone waits for an answer; the work goes on regardless. */
const startPatience = 60_000

export const containerRun = unary({
  name: 'container.run',
  about: 'Run a container on this node, through the mesh, and wait until it runs (or, without detach, has ended).',
  input: WorkloadRequest.extend({ detach: z.boolean().default(true) }),
  output: z.object({
    containerId: z.string(),
    workloadId: z.string(),
    name: z.string(),
    image: z.string(),
    success: z.boolean(),
    state: z.string(),
    exitCode: z.int().nullable(),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
  }),
  permission: { verb: 'create', resource: 'workload' },
  async handler({ detach, ...request }, context, call) {
    const submitted = await call.invoke('workload.run', { ...request, node: context.self })
    const { id, name, image } = workloadRun.output.parse(submitted)
    const workload = await settled(findWorkload(context, id), detach, context, call.signal)
    const { state, exitCode, error } = workload
    return {
      ...{ workloadId: id, name, image, state, exitCode, error },
      containerId: containerIdOf(workload, context),
      success: error === null,
    }
  },
})

/** The workload once it runs or has ended, or as it is when that takes too long. */
async function settled(
  { id }: Workload,
  detach: boolean,
  context: OperationContext,
  signal: AbortSignal,
): Promise<Workload> {
  const { control, clock } = context
  const end = clock.elapsed() + startPatience
  const bell = new Bell(control, signal)
  try {
    for (;;) {
      signal.throwIfAborted()
      const workload = findWorkload(context, id)
      const isThere = isTerminal(workload.state) || (detach && workload.state === 'running')
      if (isThere || clock.elapsed() >= end) return workload
      await bell.wait(clock, end - clock.elapsed())
    }
  } finally {
    bell.close()
  }
}

export const containerStop = unary({
  name: 'container.stop',
  about: 'Stop a container of this node.',
  input: z.strictObject({ ...which, force: z.boolean().default(false) }),
  output: z.object({ stopped: z.string(), workloadId: z.string(), success: z.boolean() }),
  permission: { verb: 'stop', resource: 'workload' },
  where,
  async handler({ force, ...wanted }, context, call) {
    const workload = workloadOf(wanted, context)
    await call.invoke('workload.stop', { workload: workload.id, force })
    return { stopped: containerIdOf(workload, context), workloadId: workload.id, success: true }
  },
})

/** An answer is one message: older lines are left out when the output is longer. */
const mostCharacters = 262_144

export const containerLogs = unary({
  name: 'container.logs',
  about: 'Read the last output of a container of this node.',
  input: z.strictObject({ ...which, tail: z.int().min(0).max(100_000).default(100), follow: z.boolean().optional() }),
  output: z.object({
    logs: z.string().describe('Standard output'),
    stderr: z.string(),
    container: z.string(),
    workloadId: z.string(),
  }),
  permission: { verb: 'read', resource: 'workload' },
  where,
  async handler({ tail, follow, ...wanted }, context, { signal }) {
    if (follow === true)
      throw new ClawError('INVALID_REQUEST', { problem: 'one answer cannot follow; use `clawbernetes logs -f`' })
    const workload = workloadOf(wanted, context)
    const text = { stdout: '', stderr: '' }
    if (workload.placement !== null) {
      const query = { follow: false, tail, from: null, since: null }
      for await (const piece of context.logs.read(workload.placement.id, query, signal))
        for (const line of piece.type === 'lines' ? linesOf(piece.block) : [])
          text[line.stream] = `${text[line.stream]}${line.text}\n`.slice(-mostCharacters)
    }
    return {
      logs: text.stdout,
      stderr: text.stderr,
      container: containerIdOf(workload, context),
      workloadId: workload.id,
    }
  },
})

const ContainerView = z.object({
  containerId: z.string(),
  workloadId: z.string(),
  name: z.string(),
  image: z.string(),
  state: z.string(),
  gpus: z.array(z.string()).describe('Uuids of its GPUs'),
  exitCode: z.int().nullable(),
  createdAt: time,
  startedAt: z.string().nullable(),
  labels: z.record(z.string(), z.string()),
})

function containerView(workload: Workload, context: OperationContext): z.infer<typeof ContainerView> {
  const { id, name, spec, state, placement, exitCode, submittedAt, startedAt, attempt } = workload
  return {
    containerId: containerIdOf(workload, context),
    workloadId: id,
    ...{ name, image: spec.image, state, exitCode },
    gpus: [...(placement?.devices ?? [])],
    createdAt: iso(placement?.at ?? submittedAt),
    startedAt: isoOrNull(startedAt),
    labels: { 'managed-by': 'clawbernetes', 'workload-id': id, attempt: String(placement?.attempt ?? attempt) },
  }
}

export const containerList = unary({
  name: 'container.list',
  about: 'List the containers of this node that Clawbernetes manages.',
  input: z.strictObject({ node }),
  output: z.object({ count: z.int(), workloads: z.array(ContainerView) }),
  permission: { verb: 'read', resource: 'workload' },
  where,
  handler(_, context) {
    const { control, self, agent } = context
    const known = new Set(agent.tasks().map(({ placement }) => placement))
    const workloads = [...control.state.workloads.values()]
      .filter(({ placement, state }) => placement?.node === self && (known.has(placement.id) || !isTerminal(state)))
      .map((workload) => containerView(workload, context))
    return Promise.resolve({ count: workloads.length, workloads })
  },
})

export const containerInspect = unary({
  name: 'container.inspect',
  about: 'Show one container of this node.',
  input: z.strictObject(which),
  output: ContainerView.extend({
    command: z.array(z.string()),
    executor: z.string().nullable(),
    status: z.unknown().describe('What the executor says of it; null when it knows it no more'),
  }),
  permission: { verb: 'read', resource: 'workload' },
  where,
  handler(wanted, context) {
    const workload = workloadOf(wanted, context)
    return Promise.resolve({
      ...containerView(workload, context),
      command: workload.spec.command,
      executor: workload.placement?.executor ?? null,
      status: taskOf(workload, context)?.status ?? null,
    })
  },
})

export const containerStats = unary({
  name: 'container.stats',
  about: 'Measure what a container of this node uses now.',
  input: z.strictObject(which),
  output: z.object({
    containerId: z.string(),
    cpuPercent: z.number(),
    memoryUsedMib: z.number(),
    memoryLimitMib: z.number().nullable(),
    networkRxBytes: z.number(),
    networkTxBytes: z.number(),
    blockReadBytes: z.number(),
    blockWriteBytes: z.number(),
    pids: z.number(),
  }),
  permission: { verb: 'read', resource: 'workload' },
  where,
  async handler(wanted, context, { signal }) {
    const workload = workloadOf(wanted, context)
    if (workload.placement === null) throw new ClawError('WORKLOAD_NOT_FOUND', { workload: workload.name })
    const stats = await context.agent.stats(workload.placement.id, signal)
    return { containerId: containerIdOf(workload, context), ...stats }
  },
})
