/** What work may be: rules that an administrator makes, for one namespace, some, or the whole mesh. */
import { z } from 'zod'
import { labelName } from './label.ts'
import { namespaceName } from './namespace.ts'
import type { Instant } from './time.ts'

export const policyName = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'must be 1 to 63 of a-z 0-9 -, as in no-latest')

/** `enforce` refuses, `warn` only says so. */
export const policyModes = ['enforce', 'warn'] as const

export const policyLimits = ['cpu', 'memory', 'timeout'] as const

const pattern = z.string().min(1).max(256)
const patterns = z.array(pattern).min(1).max(64)
const count = z.int().min(0).max(1_000_000)

/** Every rule that is there has to be kept. `*` in a pattern stands for anything, `?` for one character. */
export const PolicyRules = z.strictObject({
  allowImages: patterns.exactOptional().describe('Only images like these: ghcr.io/team/*, nginx:1.*'),
  denyImages: patterns.exactOptional().describe('No images like these'),
  allowRegistries: patterns.exactOptional().describe('Only images of these registries: ghcr.io, docker.io'),
  denyRegistries: patterns.exactOptional().describe('No images of these registries'),
  requireDigest: z.literal(true).exactOptional().describe('Images are named by their digest'),
  requireLimits: z.array(z.enum(policyLimits)).min(1).max(3).exactOptional().describe('Limits that have to be named'),
  forbidMounts: patterns.exactOptional().describe('Paths, what is in them and what holds them, and volumes; * for all'),
  requireLabels: z
    .record(labelName, pattern)
    .refine((labels) => Object.keys(labels).length <= 16, 'at most 16 labels')
    .exactOptional()
    .describe('Labels of the workload, each with a value like this'),
  requireAnnotations: z
    .record(z.string().min(1).max(128), pattern)
    .refine((notes) => Object.keys(notes).length <= 16, 'at most 16 annotations')
    .exactOptional()
    .describe('Annotations, each with a value like this'),
  forbidPrivileges: patterns
    .exactOptional()
    .describe('Privileges, host-network among them, also for who has the permission: privileged, cap-*, * for all'),
  maxGpus: count.exactOptional().describe('Most GPUs of a workload with all its parts, or of a deployment'),
  maxReplicas: count.exactOptional().describe('Most replicas of a deployment, and parts of a workload'),
  maxPriority: z.int().min(0).max(1_000).exactOptional(),
  executors: z
    .array(z.enum(['docker', 'process', 'simulated']))
    .min(1)
    .max(3)
    .exactOptional()
    .describe('What may run it, which it has to name then'),
})
export type PolicyRules = z.infer<typeof PolicyRules>

/** What is to change of the rules; null takes one away. */
export const PolicyRulesPatch = z.strictObject(
  Object.fromEntries(
    Object.entries(PolicyRules.shape).map(([name, rule]) => [name, rule.unwrap().nullable().exactOptional()]),
  ),
) as z.ZodType<unknown> as z.ZodType<PolicyRulesPatch>
export type PolicyRulesPatch = { readonly [Rule in keyof PolicyRules]?: PolicyRules[Rule] | null }

/** Null for the whole mesh. */
export const policyScope = z.array(namespaceName).min(1).max(64).nullable()

export interface Policy {
  readonly name: string
  readonly namespaces: readonly string[] | null
  readonly mode: (typeof policyModes)[number]
  /** What it is for, in words of whoever made it. */
  readonly about: string
  readonly rules: PolicyRules
  readonly createdAt: Instant
  readonly createdBy: string
  readonly updatedAt: Instant
}

/** What of a policy the work does not keep, and what would. */
export interface Violation {
  readonly policy: string
  readonly mode: Policy['mode']
  readonly rule: string
  /** What the work says. */
  readonly value: string
  /** What would pass, in words. */
  readonly wants: string
}
