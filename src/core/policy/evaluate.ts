/** Whether work keeps to the policies of its namespace. Pure, so that every peer, a dry run and the check of a policy that is not there yet all say the same. */
import { matchesGlob } from '../../lib/glob.ts'
import type { Policy, PolicyRules, Violation } from '../../model/policy.ts'
import type { WorkloadSpec } from '../../model/workload.ts'
import { deviceCount, privilegesOf } from '../../model/workload.ts'
import { guestFindings } from './guest.ts'
import { imageNames } from './image-names.ts'
import { touches } from './mounted-places.ts'

export interface Asked {
  readonly spec: WorkloadSpec
  /** Parts of a workload, or replicas of a deployment. */
  readonly replicas: number
  /** It is not to end by itself, so nobody asks how long it may run. */
  readonly isLasting?: boolean
}

export type Finding = Omit<Violation, 'policy' | 'mode'>

/** What speaks against the work, that which refuses it first. */
export function violationsOf(policies: Iterable<Policy>, asked: Asked): readonly Violation[] {
  const { namespace, isolation } = asked.spec
  const found: Violation[] = []
  if (isolation === 'guest')
    found.push(...guestFindings(asked.spec).map((one) => ({ policy: 'guest', mode: 'enforce' as const, ...one })))
  for (const { name, namespaces, mode, rules } of policies) {
    if (namespaces !== null && !namespaces.includes(namespace)) continue
    found.push(...findingsOf(rules, asked).map((one) => ({ policy: name, mode, ...one })))
  }
  return [...found.filter(({ mode }) => mode === 'enforce'), ...found.filter(({ mode }) => mode === 'warn')]
}

/** What speaks against any work of the namespace having this mounted. */
export const mountFindings = (policies: Iterable<Policy>, namespace: string, source: string): readonly Violation[] =>
  [...policies].flatMap(({ name: policy, namespaces, mode, rules: { forbidMounts = [] } }) => {
    const isMeant = mode === 'enforce' && (namespaces === null || namespaces.includes(namespace))
    if (!isMeant || !forbidMounts.some((pattern) => touches(pattern, source))) return []
    return [{ policy, mode, rule: 'forbidMounts', value: source, wants: noMountOf(forbidMounts) }]
  })

const noMountOf = (patterns: readonly string[]): string => `no mount of ${patterns.join(' or ')}`

type Check<Rule extends keyof PolicyRules> = (
  rule: NonNullable<PolicyRules[Rule]>,
  asked: Asked,
) => Omit<Finding, 'rule'> | null

const checks: { readonly [Rule in keyof Required<PolicyRules>]: Check<Rule> } = {
  allowImages: (patterns, { spec }) =>
    imageFits(spec.image, patterns) ? null : { value: spec.image, wants: oneOf(patterns) },
  denyImages: (patterns, { spec: { image } }) => {
    if (imageNames(image) === null) return { value: image, wants: 'an image by its name and tag' }
    const hit = patterns.find((pattern) => imageFits(image, [pattern]))
    return hit === undefined ? null : { value: image, wants: `an image that is not like ${hit}` }
  },
  allowRegistries: (patterns, { spec }) =>
    registryFits(spec.image, patterns) ? null : { value: registryOf(spec.image), wants: oneOf(patterns) },
  denyRegistries: (patterns, { spec: { image } }) => {
    if (imageNames(image) === null) return { value: image, wants: 'an image by its name and tag' }
    return registryFits(image, patterns) ? { value: registryOf(image), wants: 'an image of another registry' } : null
  },
  requireDigest: (_, { spec: { image } }) =>
    (imageNames(image)?.digest ?? null) === null ? { value: image, wants: 'name@sha256:… with its digest' } : null,
  requireLimits: (limits, { spec, isLasting = false }) => {
    const named = { cpu: spec.cpus, memory: spec.memoryMib, timeout: spec.timeoutMs }
    const missing = limits.filter((limit) => named[limit] === undefined && !(isLasting && limit === 'timeout'))
    return missing.length === 0 ? null : { value: 'none', wants: missing.map((limit) => `--${limit}`).join(' and ') }
  },
  forbidMounts: (patterns, { spec }) => {
    const hit = spec.mounts.find(({ source }) => patterns.some((pattern) => touches(pattern, source)))
    return hit === undefined ? null : { value: hit.source, wants: noMountOf(patterns) }
  },
  requireLabels: (wanted, { spec }) => pairsFit(wanted, spec.labels ?? {}, '--label'),
  requireAnnotations: (wanted, { spec }) => pairsFit(wanted, spec.annotations ?? {}, '--annotation'),
  forbidPrivileges: (patterns, { spec }) => {
    const hit = privilegesOf(spec).find((one) => patterns.some((pattern) => matchesGlob(pattern, one)))
    return hit === undefined ? null : { value: hit, wants: `the work without ${hit}` }
  },
  maxGpus: (most, { spec, replicas }) => above(deviceCount(spec) * replicas, most),
  maxReplicas: (most, { replicas }) => above(replicas, most),
  maxPriority: (most, { spec }) => above(spec.priority, most),
  executors: (kinds, { spec: { executor } }) =>
    executor !== undefined && kinds.includes(executor)
      ? null
      : { value: executor ?? 'any', wants: kinds.map((kind) => `--executor ${kind}`).join(' or ') },
}

/** In the order of the table. */
function findingsOf(rules: PolicyRules, asked: Asked): readonly Finding[] {
  return (Object.keys(checks) as (keyof PolicyRules)[]).flatMap((rule) => {
    const wanted = rules[rule]
    if (wanted === undefined) return []
    const check = checks[rule] as Check<keyof PolicyRules>
    const finding = check(wanted, asked)
    return finding === null ? [] : [{ rule, ...finding }]
  })
}

const oneOf = (patterns: readonly string[]): string =>
  patterns.length === 1 ? `one like ${patterns[0] ?? ''}` : `one like ${patterns.slice(0, 8).join(', ')}`

const above = (value: number, most: number): Omit<Finding, 'rule'> | null =>
  value <= most ? null : { value: String(value), wants: `at most ${most}` }

function imageFits(image: string, patterns: readonly string[]): boolean {
  const names = imageNames(image)?.names ?? []
  return patterns.some((pattern) => names.some((name) => matchesGlob(pattern, name)))
}

const registryOf = (image: string): string => imageNames(image)?.registry ?? image

const registryFits = (image: string, patterns: readonly string[]): boolean => {
  const registry = imageNames(image)?.registry
  return registry !== undefined && patterns.some((pattern) => matchesGlob(pattern.toLowerCase(), registry))
}

function pairsFit(
  wanted: Readonly<Record<string, string>>,
  given: Readonly<Record<string, string>>,
  option: string,
): Omit<Finding, 'rule'> | null {
  const missing = Object.entries(wanted).find(
    ([name, pattern]) => !Object.hasOwn(given, name) || !matchesGlob(pattern, given[name] ?? ''),
  )
  if (missing === undefined) return null
  const [name, pattern] = missing
  return {
    value: Object.hasOwn(given, name) ? `${name}=${given[name] ?? ''}` : 'none',
    wants: `${option} ${name}=${pattern}`,
  }
}
