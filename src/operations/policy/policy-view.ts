/** Policies, and what does not keep to them, as users see them. */
import { z } from 'zod'
import type { Asked } from '../../core/policy/evaluate.ts'
import { workObstacle } from '../../core/state/namespaces.ts'
import { violationsIn } from '../../core/state/policies.ts'
import type { MeshState } from '../../core/state/types.ts'
import { failureFrom } from '../../model/failure.ts'
import type { Policy, Violation } from '../../model/policy.ts'
import { policyModes, PolicyRules } from '../../model/policy.ts'
import { revisionOf } from '../../model/deployment.ts'
import type { WorkloadSpec } from '../../model/workload.ts'
import { isTerminal } from '../../model/workload.ts'
import { iso } from '../fields.ts'

export const PolicyView = z.object({
  name: z.string(),
  namespaces: z.array(z.string()).nullable().describe('Null for the whole mesh'),
  mode: z.enum(policyModes).describe('`enforce` refuses, `warn` only says so'),
  about: z.string(),
  rules: PolicyRules,
  createdAt: z.string(),
  createdBy: z.string(),
  updatedAt: z.string(),
})

export const policyView = ({ createdAt, updatedAt, namespaces, ...policy }: Policy): z.infer<typeof PolicyView> => ({
  ...policy,
  namespaces: namespaces === null ? null : [...namespaces],
  createdAt: iso(createdAt),
  updatedAt: iso(updatedAt),
})

export const ViolationView = z.object({
  policy: z.string(),
  mode: z.enum(policyModes),
  rule: z.string(),
  value: z.string().describe('What the work says'),
  wants: z.string().describe('What would pass'),
  message: z.string(),
})

export const violationView = (one: Violation): z.infer<typeof ViolationView> => ({
  ...one,
  message: `the policy ${one.policy} wants ${one.wants}, and ${one.rule} is ${one.value}`,
})

/** What every policy that there is says of it, those that only warn among them. */
export const violationsNow = (state: Pick<MeshState, 'policies' | 'volumes'>, asked: Asked) =>
  violationsIn(state, asked).map(violationView)

/** Throws the refusal that submitting it would meet: LIMIT_EXCEEDED, POLICY_DENIED or NAMESPACE_NOT_FOUND. */
export function requireAllowed(state: MeshState, spec: WorkloadSpec, replicas: number): void {
  const obstacle = workObstacle(state, spec, { replicas, lasting: 'ending' })
  if (obstacle?.ok === false) throw failureFrom(obstacle.failure)
}

export const BrokenBy = ViolationView.extend({
  kind: z.enum(['workload', 'deployment']),
  id: z.string(),
  name: z.string(),
  namespace: z.string(),
})

/** Which of the work that there is does not keep to these policies. Replicas count as their deployment. */
export function brokenBy(state: MeshState, policies: readonly Policy[]): readonly z.infer<typeof BrokenBy>[] {
  const workloads = [...state.workloads.values()]
    .filter((one) => !isTerminal(one.state) && one.owner === undefined && (one.part?.index ?? 0) === 0)
    .map(({ id, name, spec }) => ({
      kind: 'workload' as const,
      id,
      name,
      asked: { spec, replicas: spec.parts?.count ?? 1 },
    }))
  const deployments = [...state.deployments.values()].flatMap((one) => {
    const spec = revisionOf(one, one.target)?.spec
    const { id, name, replicas } = one
    return spec === undefined
      ? []
      : [{ kind: 'deployment' as const, id, name, asked: { spec, replicas, isLasting: true } }]
  })
  return [...workloads, ...deployments].flatMap(({ kind, id, name, asked }) =>
    violationsIn(state, asked, policies)
      // What every mesh demands of strangers is none of these policies.
      .filter(({ policy }) => policies.some((one) => one.name === policy))
      .map((violation) => ({ kind, id, name, namespace: asked.spec.namespace, ...violationView(violation) })),
  )
}
