/** Work on one host as `node.invoke` sees it: containers, whatever the executor makes of them. The mesh still decides and records. */
import { z } from 'zod'
import { linesOf } from '../../lib/log-block.ts'
import { ClawError } from '../../model/failure.ts'
import type { Workload } from '../../model/workload.ts'
import { isTerminal } from '../../model/workload.ts'
import { stateChanges } from '../changes.ts'
import type { OperationContext } from '../context.ts'
import {
  askedNode,
  containerIdOf,
  containerOf,
  nodeAsked,
  ofContainer,
  taskOf,
  whichContainer,
} from './container-ref.ts'
import { idempotencyKey, iso, isoOrNull, time } from '../fields.ts'
import { findWorkload } from '../find.ts'
import type { Call } from '../operation.ts'
import { unary } from '../operation.ts'
import { tailOf } from '../logs/output-text.ts'
import { workloadRun } from './workload.ts'
import { WorkloadRequest } from './workload-request.ts'
import { beyond, ofRequest } from '../touched.ts'

/** Pulling an image may take longer than anyone waits for an answer; the work goes on regardless. */
const longestWait = 60_000
/** Of the time that the caller gives, so much is kept for telling how far it came. */
const toAnswer = 250

export const containerRun = unary({
  name: 'container.run',
  about: 'Run a container on this node, through the mesh, and wait until it runs (or, without detach, has ended).',
  input: WorkloadRequest.extend({ detach: z.boolean().default(true), idempotencyKey: idempotencyKey.optional() }),
  output: z.object({
    containerId: z.string(),
    workloadId: z.string(),
    name: z.string(),
    image: z.string(),
    success: z.boolean(),
    state: z.string(),
    runtime: z.string().nullable().describe('What runs it: docker or process; null while it waits for a place'),
    exitCode: z.int().nullable(),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
  }),
  permission: { verb: 'create', resource: 'workload' },
  namespace: ofRequest,
  needs: beyond,
  where: (_, { self }) => self,
  secretFields: ['env'],
  async handler({ detach, ...request }, context, call) {
    const submitted = await call.invoke('workload.run', { ...request, node: context.self })
    const { id, name, image } = workloadRun.output.parse(submitted)
    const isThere = ({ state }: Workload): boolean => isTerminal(state) || (detach && state === 'running')
    const workload = await settled(findWorkload(context, id), isThere, { context, call })
    const { state, exitCode, error, placement } = workload
    return {
      ...{ workloadId: id, name, image, state, exitCode, error },
      runtime: placement?.executor ?? null,
      containerId: containerIdOf(workload, context),
      success: state === 'completed' || (detach && state === 'running'),
    }
  },
})

interface Around {
  readonly context: OperationContext
  readonly call: Pick<Call, 'signal' | 'endsAt'>
}

/** The workload once it is there, or as it is when that takes too long. */
async function settled(
  { id }: Workload,
  isThere: (workload: Workload) => boolean,
  { context, call: { signal, endsAt } }: Around,
): Promise<Workload> {
  const { control, clock } = context
  const end = Math.min(clock.elapsed() + longestWait, endsAt === null ? Infinity : endsAt - toAnswer)
  const changes = stateChanges(control, signal)
  try {
    for (;;) {
      signal.throwIfAborted()
      const workload = findWorkload(context, id)
      if (isThere(workload) || clock.elapsed() >= end) return workload
      await changes.next(clock, end - clock.elapsed())
    }
  } finally {
    changes.close()
  }
}

export const containerStop = unary({
  name: 'container.stop',
  about: 'Stop a container of this node, and wait until it has.',
  input: z.strictObject({ ...whichContainer, force: z.boolean().default(false).describe('Kill it at once') }),
  output: z.object({
    stopped: z.string().describe('Id of the container'),
    workloadId: z.string(),
    success: z.boolean().describe('False when it has still not ended'),
    state: z.string(),
    runtime: z.string().nullable(),
    exitCode: z.int().nullable(),
  }),
  permission: { verb: 'stop', resource: 'workload' },
  namespace: ofContainer,
  where: nodeAsked,
  async handler({ force, ...wanted }, context, call) {
    const found = containerOf(wanted, context)
    const stopped = containerIdOf(found, context)
    await call.invoke('workload.stop', { workload: found.id, force })
    const hasEnded = ({ state }: Workload): boolean => isTerminal(state)
    const { id, state, placement, exitCode } = await settled(found, hasEnded, { context, call })
    return {
      ...{ stopped, workloadId: id, success: isTerminal(state), state, exitCode },
      runtime: placement?.executor ?? null,
    }
  },
})

/** An answer is one message: older lines are left out when the output is longer. */
const mostCharacters = 262_144
/** Cut now and then only: each time costs a copy. */
const ended = (text: string): string => (text.length > 4 * mostCharacters ? text.slice(-mostCharacters) : text)

export const containerLogs = unary({
  name: 'container.logs',
  about: 'Read the last output of a container of this node.',
  input: z.strictObject({
    ...whichContainer,
    tail: z.int().min(0).max(100_000).default(100),
    follow: z.boolean().optional(),
  }),
  output: z.object({
    logs: z.string().describe('Standard output'),
    stderr: z.string(),
    container: z.string(),
    workloadId: z.string(),
  }),
  permission: { verb: 'read', resource: 'workload' },
  namespace: ofContainer,
  where: nodeAsked,
  async handler({ tail, follow, ...wanted }, context, { signal }) {
    if (follow === true)
      throw new ClawError('INVALID_REQUEST', { problem: 'one answer cannot follow; use `clawbernetes logs -f`' })
    const workload = containerOf(wanted, context)
    const text = { stdout: '', stderr: '' }
    if (workload.placement !== null) {
      const query = { follow: false, tail, from: null, since: null }
      for await (const piece of context.logs.read(workload.placement.id, query, signal))
        for (const line of piece.type === 'lines' ? linesOf(piece.block) : [])
          text[line.stream] = ended(`${text[line.stream]}${line.text}\n`)
    }
    return {
      logs: tailOf(text.stdout.slice(-mostCharacters)),
      stderr: tailOf(text.stderr.slice(-mostCharacters)),
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
  input: z.strictObject({ node: askedNode }),
  output: z.object({ count: z.int(), workloads: z.array(ContainerView) }),
  permission: { verb: 'read', resource: 'workload' },
  isScoped: true,
  where: nodeAsked,
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
  input: z.strictObject(whichContainer),
  output: ContainerView.extend({
    command: z.array(z.string()),
    executor: z.string().nullable(),
    status: z.unknown().describe('What the executor says of it; null when it knows it no more'),
  }),
  permission: { verb: 'read', resource: 'workload' },
  namespace: ofContainer,
  where: nodeAsked,
  handler(wanted, context) {
    const workload = containerOf(wanted, context)
    return Promise.resolve({
      ...containerView(workload, context),
      command: workload.spec.command,
      executor: workload.placement?.executor ?? null,
      status: taskOf(workload, context)?.status ?? null,
    })
  },
})
