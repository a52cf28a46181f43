/** The limits of a namespace as commands take and show them. */
import { formatMib } from '../../../lib/units.ts'
import { ClawError } from '../../../model/failure.ts'
import type { InputOf, OutputOf } from '../../../operations/registry.ts'
import type { Arguments, OptionSpec } from '../line/command.ts'
import { orDash } from '../show/words.ts'

export const limitOptions = {
  'gpu-quota': { kind: 'text', value: 'N', about: 'Most GPUs in use at a time; none for no limit' },
  'cpu-quota': { kind: 'text', value: 'CORES', about: 'Most CPU cores asked for by what has a place' },
  'memory-quota': { kind: 'text', value: 'SIZE', about: 'Most memory asked for by what has a place, such as 512Gi' },
  'workload-quota': { kind: 'text', value: 'N', about: 'Most workloads that have not ended' },
  borrow: {
    kind: 'text',
    value: 'WORD',
    choices: ['yes', 'no'],
    about: 'Whether it may take more than its quota of what is left over',
  },
  'default-gpus': {
    kind: 'text',
    value: 'N',
    about: 'GPUs that a workload gets which names none; none for no default',
  },
  'default-cpu': { kind: 'text', value: 'CORES', about: 'The same of CPU' },
  'default-memory': { kind: 'text', value: 'SIZE', about: 'The same of memory' },
  'default-timeout': { kind: 'text', value: 'TIME', about: 'The same of its time; deployments have none' },
  'max-gpus': { kind: 'text', value: 'N', about: 'Most GPUs that one workload may ask for; none for no such limit' },
  'max-cpu': { kind: 'text', value: 'CORES', about: 'Most CPU, which has to be named then' },
  'max-memory': { kind: 'text', value: 'SIZE', about: 'Most memory, which has to be named then' },
  'max-timeout': { kind: 'text', value: 'TIME', about: 'Most time, which has to be named then' },
  weight: { kind: 'number', value: 'N', about: 'Its share of what is scarce, beside the others; 1 if left out' },
} as const satisfies Readonly<Record<string, OptionSpec>>

type LimitArguments = Arguments<Readonly<Record<never, never>>, typeof limitOptions>

/** Throws INVALID_REQUEST for what is no number. */
export function limitsOf(args: LimitArguments): Omit<InputOf<'namespace.set'>, 'namespace'> {
  return {
    gpus: numberOf(args['gpu-quota'], '--gpu-quota'),
    cpus: numberOf(args['cpu-quota'], '--cpu-quota'),
    memory: args['memory-quota'],
    workloads: numberOf(args['workload-quota'], '--workload-quota'),
    borrow: args.borrow === undefined ? undefined : args.borrow === 'yes',
    weight: args.weight,
    defaults: workLimitsOf(args, 'default'),
    maxima: workLimitsOf(args, 'max'),
  }
}

function workLimitsOf(args: LimitArguments, what: 'default' | 'max') {
  const limits = {
    gpus: numberOf(args[`${what}-gpus`], `--${what}-gpus`),
    cpus: numberOf(args[`${what}-cpu`], `--${what}-cpu`),
    memory: args[`${what}-memory`],
    timeout: args[`${what}-timeout`],
  }
  const said = Object.entries(limits).filter(([, limit]) => limit !== undefined)
  return said.length === 0 ? undefined : (Object.fromEntries(said) as typeof limits)
}

function numberOf(text: string | undefined, option: string): number | 'none' | undefined {
  if (text === undefined || text === 'none') return text
  if (!/^\d+(\.\d+)?$/.test(text))
    throw new ClawError('INVALID_REQUEST', { problem: `${option} ${text} is neither a number nor none` })
  return Number(text)
}

type Namespace = OutputOf<'namespace.info'>

/** `3 of 8`, or `3` where there is no limit. */
export const usedOf = (what: 'gpus' | 'cpus' | 'workloads', { used, quota }: Namespace): string =>
  quota[what] === null ? orDash(used[what]) : `${used[what] ?? 0} of ${quota[what]}`

/** `1 GPU, 4 cores, 16Gi, 3600 s`; null where there is none. A peer of an older build says nothing of it. */
export function workLimitsInWords(limits: Partial<Namespace>['maxima']): string | null {
  if (limits === undefined) return null
  const { gpus, cpus, memoryMib, timeoutSeconds } = limits
  const words = [
    ...(gpus === null ? [] : [`${gpus} GPU(s)`]),
    ...(cpus === null ? [] : [`${cpus} core(s)`]),
    ...(memoryMib === null ? [] : [formatMib(memoryMib)]),
    ...(timeoutSeconds === null ? [] : [`${timeoutSeconds} s`]),
  ]
  return words.length === 0 ? null : words.join(', ')
}

export const memoryUsedOf = ({ used, quota }: Namespace): string =>
  quota.memoryMib === null
    ? formatMib(used.memoryMib ?? 0)
    : `${formatMib(used.memoryMib ?? 0)} of ${formatMib(quota.memoryMib)}`
