/** Namespaces: whose work it is, what it may take, and what it has taken. */
import { z } from 'zod'
import { accountsOf } from '../../core/queue/share.ts'
import { consumptionPeriod, namespaceOf, spendingOf } from '../../core/state/namespaces.ts'
import type { MeshState } from '../../core/state/types.ts'
import { formatMib, parseMemoryMib } from '../../lib/units.ts'
import { ClawError } from '../../model/failure.ts'
import type { Namespace, Quota, WorkLimits, WorkLimitsPatch } from '../../model/namespace.ts'
import { namespaceName, noQuota, WorkLimitsPatch as Patch } from '../../model/namespace.ts'
import type { Instant } from '../../model/time.ts'
import { carryOut } from '../carry-out.ts'
import type { OperationContext } from '../context.ts'
import { isoOrNull, noInput, span, spanOf } from '../fields.ts'
import { refresh } from '../find.ts'
import { parseInput } from '../input.ts'
import { unary } from '../operation.ts'

const Amounts = z.object({
  gpus: z.number().nullable().describe('A share of one counts as what it is of 80 GiB, at most as one'),
  cpus: z.number().nullable().describe('Cores'),
  memoryMib: z.int().nullable(),
  workloads: z.int().nullable(),
})

const WorkAmounts = z.object({
  gpus: z.int().nullable(),
  cpus: z.number().nullable(),
  memoryMib: z.int().nullable(),
  timeoutSeconds: z.number().nullable(),
})

const NamespaceView = z.object({
  name: z.string(),
  quota: Amounts.describe('What its work may take at a time; null where there is no limit'),
  used: Amounts.describe('What its work takes now; workloads are all that have not ended'),
  defaults: WorkAmounts.describe('What a workload gets that names none'),
  maxima: WorkAmounts.describe('Most that one workload may name; null where there is no such limit'),
  borrow: z.boolean().describe('May take more than its quota of what nobody within theirs has work for'),
  weight: z.int().describe('Twice the weight is twice the share of what is scarce'),
  gpuHours: z.number().describe('GPU-hours of what has ended in the last 30 days'),
  share: z.number().describe('GPU-hours with their age discounted, by weight; whoever has least goes first'),
  createdAt: z.string().nullable().describe('ISO 8601; null of the default, which is always there'),
})
type NamespaceView = z.infer<typeof NamespaceView>

const most = (what: string) =>
  z
    .union([z.int().min(0).max(10_000), z.literal('none')], { error: 'must be a whole number, or none' })
    .optional()
    .describe(what)

/** Of one workload, or of each of its parts. */
const workLimits = z.strictObject({
  gpus: most('Devices; `none` takes the limit away'),
  cpus: z
    .union([z.number().positive().max(1_024), z.literal('none')])
    .optional()
    .describe('Cores'),
  memory: z
    .union([z.string().max(32), z.int().positive()])
    .optional()
    .describe('Memory: 64Gi, MiB as a number, or `none`'),
  timeout: span.optional().describe('Longest run: 24h, seconds as a number, or `none`; deployments have none'),
})

const limits = {
  gpus: most('Most GPUs in use at a time; `none` for no limit'),
  cpus: z
    .union([z.number().min(0).max(10_000), z.literal('none')], { error: 'must be a number of cores, or none' })
    .optional()
    .describe('Most CPU cores asked for by what has a place'),
  memory: z
    .union([z.string().max(32), z.int().min(0)], { error: 'must be a size such as 512Gi, or none' })
    .optional()
    .describe('Most memory asked for by what has a place: 512Gi, MiB as a number, or `none`'),
  workloads: most('Most workloads that have not ended'),
  borrow: z.boolean().optional().describe('Let it take more than its quota of what is left over'),
  weight: z.int().min(1).max(1_000).optional().describe('Its share of what is scarce; 1 when left out'),
  defaults: workLimits.optional().describe('What a workload gets that names none'),
  maxima: workLimits.optional().describe('Most that a workload may name, and has to name then'),
}

const named = z.strictObject({ namespace: namespaceName })

export const namespaceCreate = unary({
  name: 'namespace.create',
  about: 'Make a namespace, with limits or without.',
  input: named.extend(limits),
  output: NamespaceView,
  permission: { verb: 'create', resource: 'namespace' },
  rest: { method: 'POST', path: '/api/namespaces' },
  async handler({ namespace: name, borrow = false, weight = 1, defaults, maxima, ...asked }, context, call) {
    const { caller, signal } = call
    const quota = { ...noQuota, ...quotaOf(asked) }
    const command = {
      type: 'create-namespace',
      name,
      quota,
      weight,
      borrow,
      ...limitsOf({ defaults, maxima }),
    } as const
    await carryOut('namespace', command, { context, caller, signal })
    return viewOf(name, context)
  },
})

export const namespaceSet = unary({
  name: 'namespace.set',
  about: 'Change limits of a namespace. What is not named stays; what runs goes on.',
  input: named.extend(limits),
  output: NamespaceView,
  permission: { verb: 'change', resource: 'namespace' },
  rest: { method: 'PATCH', path: '/api/namespaces/:namespace' },
  async handler({ namespace: name, borrow, weight, defaults, maxima, ...asked }, context, { caller, signal }) {
    const command = {
      ...limitsOf({ defaults, maxima }),
      ...{ type: 'update-namespace' as const, name, quota: quotaOf(asked) },
      ...(borrow === undefined ? {} : { borrow }),
      ...(weight === undefined ? {} : { weight }),
    }
    await carryOut('namespace', command, { context, caller, signal })
    return viewOf(name, context)
  },
})

export const namespaceDelete = unary({
  name: 'namespace.delete',
  about: 'Take a namespace away that has no work any more.',
  input: named,
  output: z.object({ name: z.string(), deleted: z.boolean() }),
  permission: { verb: 'remove', resource: 'namespace' },
  rest: { method: 'DELETE', path: '/api/namespaces/:namespace' },
  async handler({ namespace: name }, context, { caller, signal }) {
    await carryOut('namespace', { type: 'remove-namespace', name }, { context, caller, signal })
    return { name, deleted: true }
  },
})

export const namespaceList = unary({
  name: 'namespace.list',
  about: 'List the namespaces: what they may take, and what they take.',
  input: noInput,
  output: z.array(NamespaceView),
  permission: { verb: 'read', resource: 'namespace' },
  isScoped: true,
  rest: { method: 'GET', path: '/api/namespaces' },
  async handler(_, context, { sees, signal }) {
    await refresh(context, signal)
    const accounts = accountsNow(context)
    return [...accounts.keys()]
      .filter(sees)
      .toSorted()
      .map((name) => viewOf(name, context, accounts))
  },
})

export const namespaceInfo = unary({
  name: 'namespace.info',
  about: 'Show one namespace: what it may take, what it takes, and what it has had.',
  input: named,
  output: NamespaceView,
  permission: { verb: 'read', resource: 'namespace' },
  namespace: ({ namespace }) => namespace,
  rest: { method: 'GET', path: '/api/namespaces/:namespace' },
  async handler({ namespace }, context, { signal }) {
    await refresh(context, signal)
    return viewOf(namespace, context)
  },
})

const accountsNow = ({ control, everything = control, clock }: OperationContext) =>
  accountsOf(everything.state, everything.state.members.keys(), clock.now())

/** Throws NAMESPACE_NOT_FOUND. */
function viewOf(name: string, context: OperationContext, accounts = accountsNow(context)): NamespaceView {
  const { control, clock } = context
  const namespace = namespaceOf(control.state, name)
  if (namespace === null) throw new ClawError('NAMESPACE_NOT_FOUND', { namespace: name })
  const { gpuMillis, cpuMillis, memoryMib, workloads } = spendingOf(control.state, name)
  const share = accounts.get(name)?.share ?? 0
  return {
    name,
    quota: amountsOf(namespace),
    used: { gpus: gpuMillis / 1_000, cpus: cpuMillis / 1_000, memoryMib, workloads },
    defaults: workAmountsOf(namespace.defaults),
    maxima: workAmountsOf(namespace.maxima),
    borrow: namespace.borrow,
    weight: namespace.weight,
    gpuHours: rounded(gpuSeconds(control.state, name, clock.now()) / 3_600),
    share: rounded(share / 3_600),
    createdAt: control.state.namespaces.has(name) && namespace.createdAt > 0 ? isoOrNull(namespace.createdAt) : null,
  }
}

const amountsOf = ({ quota: { gpus, cpuMillis, memoryMib, workloads } }: Namespace): NamespaceView['quota'] => ({
  ...{ gpus, memoryMib, workloads },
  cpus: cpuMillis === null ? null : cpuMillis / 1_000,
})

const workAmountsOf = ({ gpus, cpuMillis, memoryMib, timeoutMs }: WorkLimits = {}): NamespaceView['maxima'] => ({
  gpus: gpus ?? null,
  cpus: cpuMillis === undefined ? null : cpuMillis / 1_000,
  memoryMib: memoryMib ?? null,
  timeoutSeconds: timeoutMs === undefined ? null : timeoutMs / 1_000,
})

const rounded = (hours: number): number => Math.round(hours * 1_000) / 1_000

/** Of placements that have ended, in the last 30 days. */
function gpuSeconds({ consumed }: MeshState, name: string, at: Instant): number {
  const oldest = (at - 30 * 86_400_000) / consumptionPeriod
  return (consumed.get(name) ?? []).reduce((sum, [period, amount]) => (period >= oldest ? sum + amount : sum), 0)
}

interface Asked {
  readonly gpus?: number | 'none' | undefined
  readonly cpus?: number | 'none' | undefined
  readonly memory?: string | number | undefined
  readonly workloads?: number | 'none' | undefined
}

/** Only what is named. Throws INVALID_REQUEST for a size that cannot be read. */
function quotaOf({ gpus, cpus, memory, workloads }: Asked): Partial<Quota> {
  const orNone = (most: number | 'none'): number | null => (most === 'none' ? null : most)
  return {
    ...(gpus === undefined ? {} : { gpus: orNone(gpus) }),
    ...(cpus === undefined ? {} : { cpuMillis: cpus === 'none' ? null : Math.round(cpus * 1_000) }),
    ...(memory === undefined ? {} : { memoryMib: memory === 'none' ? null : mibOf(memory) }),
    ...(workloads === undefined ? {} : { workloads: orNone(workloads) }),
  }
}

type AskedLimits = z.output<typeof workLimits> | undefined

/** Only what is named. Throws INVALID_REQUEST for what is no size and no span of time. */
function limitsOf({ defaults, maxima }: { readonly defaults: AskedLimits; readonly maxima: AskedLimits }) {
  return {
    ...(defaults !== undefined && { defaults: workLimitsOf(defaults) }),
    ...(maxima !== undefined && { maxima: workLimitsOf(maxima) }),
  }
}

function workLimitsOf({ gpus, cpus, memory, timeout }: NonNullable<AskedLimits>): WorkLimitsPatch {
  const patch = {
    ...(gpus !== undefined && { gpus: gpus === 'none' ? null : gpus }),
    ...(cpus !== undefined && { cpuMillis: cpus === 'none' ? null : Math.round(cpus * 1_000) }),
    ...(memory !== undefined && { memoryMib: memory === 'none' ? null : mibOf(memory) }),
    ...(timeout !== undefined && { timeoutMs: timeout === 'none' ? null : Math.round(spanOf(timeout, 'timeout')) }),
  }
  return parseInput(Patch, patch)
}

function mibOf(memory: string | number): number {
  const mib = typeof memory === 'number' ? memory : parseMemoryMib(memory)
  if (mib === null)
    throw new ClawError('INVALID_REQUEST', {
      problem: `memory “${memory}” is no size: write 512Gi, ${formatMib(65_536)}, MiB as a number, or none`,
    })
  return mib
}
