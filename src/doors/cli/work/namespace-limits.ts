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
  }
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

export const memoryUsedOf = ({ used, quota }: Namespace): string =>
  quota.memoryMib === null
    ? formatMib(used.memoryMib ?? 0)
    : `${formatMib(used.memoryMib ?? 0)} of ${formatMib(quota.memoryMib)}`
