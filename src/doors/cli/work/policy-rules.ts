/** The rules of a policy as commands take and show them. */
import { ClawError } from '../../../model/failure.ts'
import type { InputOf, OutputOf } from '../../../operations/registry.ts'
import type { Arguments, OptionSpec, Session } from '../line/command.ts'
import { pairsOf } from '../line/pairs.ts'

export const ruleOptions = {
  'in-namespace': { kind: 'list', value: 'NAME', about: 'For the work of this namespace; for all if left out' },
  mode: {
    kind: 'text',
    value: 'WORD',
    choices: ['enforce', 'warn'],
    about: 'Refuse (enforce, as when left out), or only say so (warn)',
  },
  about: { kind: 'text', value: 'TEXT', about: 'What it is for' },
  'allow-image': { kind: 'list', value: 'PATTERN', about: 'Only images like this: ghcr.io/team/*, nginx:1.*' },
  'deny-image': { kind: 'list', value: 'PATTERN', about: 'No images like this: *:latest' },
  'allow-registry': { kind: 'list', value: 'PATTERN', about: 'Only images of this registry: ghcr.io' },
  'deny-registry': { kind: 'list', value: 'PATTERN', about: 'No images of this registry' },
  'require-digest': { kind: 'flag', about: 'Images are named by their digest' },
  'require-limit': { kind: 'list', value: 'WORD', about: 'cpu, memory or timeout has to be named' },
  'forbid-mount': { kind: 'list', value: 'PATTERN', about: 'No mount of this path or volume; * for all' },
  'require-label': { kind: 'list', value: 'K=PATTERN', about: 'The workload carries this label' },
  'require-annotation': { kind: 'list', value: 'K=PATTERN', about: 'It carries this annotation' },
  'forbid-privilege': { kind: 'list', value: 'PATTERN', about: 'privileged, host-network, cap-*, or * for all' },
  'max-gpus': { kind: 'number', value: 'N', about: 'Most GPUs of a workload with all its parts, or of a deployment' },
  'max-replicas': { kind: 'number', value: 'N', about: 'Most parts of a workload, and replicas of a deployment' },
  'max-priority': { kind: 'number', value: 'N', about: 'Highest priority, 0 to 1000' },
  'allow-executor': { kind: 'list', value: 'KIND', about: 'Only this executor, which has to be named' },
} as const satisfies Readonly<Record<string, OptionSpec>>

type RuleArguments = Arguments<Readonly<Record<never, never>>, typeof ruleOptions>
type Rules = InputOf<'policy.create'>['rules']

/** Only what is said. */
export function rulesOf(args: RuleArguments): Rules {
  const list = (words: readonly string[]): string[] | undefined => (words.length === 0 ? undefined : [...words])
  const pairs = (words: readonly string[], option: string) => (words.length === 0 ? undefined : pairsOf(words, option))
  const rules: { readonly [Rule in keyof Rules]: Rules[Rule] | undefined } = {
    allowImages: list(args['allow-image']),
    denyImages: list(args['deny-image']),
    allowRegistries: list(args['allow-registry']),
    denyRegistries: list(args['deny-registry']),
    requireDigest: args['require-digest'] ? true : undefined,
    requireLimits: list(args['require-limit']) as Rules['requireLimits'],
    forbidMounts: list(args['forbid-mount']),
    requireLabels: pairs(args['require-label'], '--require-label'),
    requireAnnotations: pairs(args['require-annotation'], '--require-annotation'),
    forbidPrivileges: list(args['forbid-privilege']),
    maxGpus: args['max-gpus'],
    maxReplicas: args['max-replicas'],
    maxPriority: args['max-priority'],
    executors: list(args['allow-executor']) as Rules['executors'],
  }
  return Object.fromEntries(Object.entries(rules).filter(([, rule]) => rule !== undefined))
}

/** What is said beside the rules. */
export const headOf = (args: RuleArguments) => ({
  ...(args['in-namespace'].length > 0 && { namespaces: [...args['in-namespace']] }),
  ...(args.mode !== undefined && { mode: args.mode as 'enforce' | 'warn' }),
  ...(args.about !== undefined && { about: args.about }),
})

/** Throws SPEC_INVALID, and INVALID_REQUEST for a file that cannot be read. */
export async function policyFrom(file: string, session: Pick<Session, 'host'>): Promise<InputOf<'policy.create'>> {
  const { formatOf, textOf } = await import('./spec-file.ts')
  const { parsePolicy } = await import('../../../specs/policy.ts')
  const text = await textOf(file, session)
  return parsePolicy(text, file === '-' ? 'standard input' : file, formatOf(file, text))
}

/** Throws INVALID_REQUEST where nothing is said. */
export function requireRules<T extends object>(rules: T): T {
  if (Object.keys(rules).length > 0) return rules
  throw new ClawError('INVALID_REQUEST', {
    problem: 'no rule is said: write such as --require-limit memory, or --file FILE',
  })
}

/** `allowImages nginx:1.*; maxGpus 8`. */
export const rulesInWords = (rules: OutputOf<'policy.info'>['rules']): string =>
  Object.entries(rules)
    .map(([rule, value]) => (value === true ? rule : `${rule} ${wordsOf(value)}`))
    .join('; ')

const wordsOf = (value: unknown): string =>
  Array.isArray(value)
    ? value.join(', ')
    : typeof value === 'object' && value !== null
      ? Object.entries(value)
          .map(([name, pattern]) => `${name}=${String(pattern)}`)
          .join(', ')
      : String(value)
