/** Policies: what work may be, made by administrators and kept by the mesh itself. */
import { z } from 'zod'
import { completed } from '../../core/state/namespaces.ts'
import { ClawError } from '../../model/failure.ts'
import type { Policy, PolicyRulesPatch } from '../../model/policy.ts'
import { policyModes, policyName, PolicyRules, PolicyRulesPatch as Patch, policyScope } from '../../model/policy.ts'
import { carryOut } from '../carry-out.ts'
import type { OperationContext } from '../context.ts'
import { DeploymentRequest, replicaSpecOf } from '../deployment/deployment-request.ts'
import { noInput } from '../fields.ts'
import { refresh } from '../find.ts'
import { unary } from '../operation.ts'
import { specOf, WorkloadRequest } from '../workload/workload-request.ts'
import { BrokenBy, brokenBy, PolicyView, policyView, violationsNow, ViolationView } from './policy-view.ts'

const namespaces = policyScope.describe('For the work of these; null for the whole mesh')
const mode = z.enum(policyModes, { error: 'must be enforce or warn' })
const about = z.string().max(1_024)

/** A policy as it is asked for. */
export const PolicyRequest = z.strictObject({
  name: policyName.describe('Name of the policy'),
  namespaces: namespaces.optional(),
  mode: mode.optional().describe('`enforce`, as when left out, refuses; `warn` only says so'),
  about: about.optional().describe('What it is for'),
  rules: PolicyRules.describe('All of them have to be kept'),
})
type PolicyRequest = z.output<typeof PolicyRequest>

const named = z.strictObject({ policy: policyName })

const madeOf = ({ name, namespaces: scope = null, mode: how = 'enforce', about: why = '', rules }: PolicyRequest) => ({
  ...{ name, namespaces: scope, mode: how, about: why, rules },
})

export const policyCreate = unary({
  name: 'policy.create',
  about: 'Make a policy. Work that does not keep to it is refused from then on; what there is goes on.',
  input: PolicyRequest,
  output: PolicyView,
  permission: { verb: 'create', resource: 'policy' },
  rest: { method: 'POST', path: '/api/policies' },
  async handler(request, context, { caller, signal }) {
    const command = { type: 'create-policy', ...madeOf(request) } as const
    await carryOut('policy', command, { context, caller, signal })
    return policyView(findPolicy(request.name, context))
  },
})

export const policyUpdate = unary({
  name: 'policy.update',
  about: 'Change a policy. What is not named stays; a rule that is null goes.',
  input: named.extend({
    namespaces: namespaces.optional(),
    mode: mode.optional(),
    about: about.optional(),
    rules: Patch.optional(),
  }),
  output: PolicyView,
  permission: { verb: 'change', resource: 'policy' },
  rest: { method: 'PATCH', path: '/api/policies/:policy' },
  async handler({ policy: name, rules, namespaces: scope, mode: how, about: why }, context, { caller, signal }) {
    const command = {
      ...{ type: 'update-policy' as const, name },
      ...(rules !== undefined && { rules: rules satisfies PolicyRulesPatch }),
      ...(scope !== undefined && { namespaces: scope }),
      ...(how !== undefined && { mode: how }),
      ...(why !== undefined && { about: why }),
    }
    await carryOut('policy', command, { context, caller, signal })
    return policyView(findPolicy(name, context))
  },
})

export const policyDelete = unary({
  name: 'policy.delete',
  about: 'Take a policy away.',
  input: named,
  output: z.object({ name: z.string(), deleted: z.boolean() }),
  permission: { verb: 'remove', resource: 'policy' },
  rest: { method: 'DELETE', path: '/api/policies/:policy' },
  async handler({ policy: name }, context, { caller, signal }) {
    await carryOut('policy', { type: 'remove-policy', name }, { context, caller, signal })
    return { name, deleted: true }
  },
})

export const policyList = unary({
  name: 'policy.list',
  about: 'List the policies.',
  input: noInput,
  output: z.array(PolicyView),
  permission: { verb: 'read', resource: 'policy' },
  rest: { method: 'GET', path: '/api/policies' },
  async handler(_, context, { signal }) {
    await refresh(context, signal)
    return [...context.control.state.policies.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)).map(policyView)
  },
})

export const policyInfo = unary({
  name: 'policy.info',
  about: 'Show one policy.',
  input: named,
  output: PolicyView,
  permission: { verb: 'read', resource: 'policy' },
  rest: { method: 'GET', path: '/api/policies/:policy' },
  async handler({ policy }, context, { signal }) {
    await refresh(context, signal)
    return policyView(findPolicy(policy, context))
  },
})

export const policyValidate = unary({
  name: 'policy.validate',
  about:
    'Say which work that there is would break a policy, before it is made or as it is; or which policies a workload or deployment would break.',
  input: z
    .strictObject({
      policy: z.union([policyName, PolicyRequest]).optional().describe('One that there is, by name, or one to come'),
      workloadSpec: WorkloadRequest.optional().describe('A workload, against all policies'),
      deploymentSpec: DeploymentRequest.optional().describe('A deployment, against all policies'),
    })
    .refine((asked) => Object.values(asked).filter((one) => one !== undefined).length === 1, {
      error: 'name one of policy, workloadSpec and deploymentSpec',
    }),
  output: z.object({
    valid: z.boolean().describe('Nothing is refused; what is only warned of is among the violations'),
    policiesChecked: z.int(),
    violations: z.array(ViolationView.extend(BrokenBy.partial().shape)),
  }),
  permission: { verb: 'read', resource: 'policy' },
  rest: { method: 'POST', path: '/api/policies/validate' },
  async handler(asked, context, { may, signal }) {
    await refresh(context, signal)
    const { state } = context.control
    const { policy } = asked
    // Of whose work the caller may not know, nothing is said.
    const all = policy === undefined ? ofWork(asked, context) : brokenBy(state, [policyOf(policy, context)])
    const violations = all.filter(
      (one) => !('namespace' in one) || may({ verb: 'read', resource: 'workload' }, one.namespace),
    )
    return {
      valid: violations.every((one) => one.mode === 'warn'),
      policiesChecked: policy === undefined ? state.policies.size : 1,
      violations: violations.slice(0, mostTold),
    }
  },
})

/** An answer is one message. */
const mostTold = 500

interface Work {
  readonly workloadSpec?: z.output<typeof WorkloadRequest> | undefined
  readonly deploymentSpec?: z.output<typeof DeploymentRequest> | undefined
}

function ofWork({ workloadSpec, deploymentSpec }: Work, { control: { state } }: OperationContext) {
  if (workloadSpec !== undefined) {
    const spec = completed(state, specOf(workloadSpec), 'ending')
    return violationsNow(state, { spec, replicas: spec.parts?.count ?? 1 })
  }
  if (deploymentSpec === undefined) return []
  const spec = completed(state, replicaSpecOf(deploymentSpec), 'lasting')
  return violationsNow(state, { spec, replicas: deploymentSpec.replicas ?? 1, isLasting: true })
}

const policyOf = (policy: string | PolicyRequest, context: OperationContext): Policy =>
  typeof policy === 'string'
    ? findPolicy(policy, context)
    : { ...madeOf(policy), createdAt: 0, createdBy: '', updatedAt: 0 }

/** Throws POLICY_NOT_FOUND. */
function findPolicy(name: string, { control }: OperationContext): Policy {
  const policy = control.state.policies.get(name)
  if (policy === undefined) throw new ClawError('POLICY_NOT_FOUND', { policy: name })
  return policy
}
