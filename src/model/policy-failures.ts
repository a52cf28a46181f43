/** What can go wrong with what work may be. */
import { failure } from './failure-row.ts'

interface PolicyFacts {
  readonly policy: string
  readonly rule: string
  readonly value: string
  readonly wants: string
  /** How many other rules it does not keep either. */
  readonly more: number
}

export const policyFailures = {
  POLICY_DENIED: failure(
    'refused',
    ({ policy, rule, value, wants, more }: PolicyFacts) =>
      `The policy ${policy} does not allow it: ${rule} is ${value}, and it wants ${wants}${more === 0 ? '' : ` (and ${more} more)`}.`,
    'Change what it asks for, or see the policy with `clawbernetes policy info`.',
  ),
  POLICY_NOT_FOUND: failure(
    'not-found',
    ({ policy }: { policy: string }) => `No policy is called ${policy}.`,
    'List the policies with `clawbernetes policy list`.',
  ),
  POLICY_EXISTS: failure(
    'conflict',
    ({ policy }: { policy: string }) => `There is a policy ${policy} already.`,
    'Change it with `clawbernetes policy update`, or choose another name.',
  ),
  LIMIT_EXCEEDED: failure(
    'refused',
    ({ namespace, reason }: { namespace: string; reason: string }) =>
      `The namespace ${namespace} does not allow it: ${reason}.`,
    'Ask for less, or see what it allows with `clawbernetes namespace info`.',
  ),
  MOUNT_DENIED: failure(
    'refused',
    ({ path, why }: { path: string; why: string }) => `The path ${path} of a host may not be mounted: it ${why}.`,
    'Mount a folder that holds data only; the owner of a host says which in containers.mounts of its configuration.',
  ),
} as const
