/** Policies as they are made and changed, and what becomes of work that does not keep to them. */
import type { Policy, Violation } from '../../model/policy.ts'
import type { Prices } from '../../model/prices.ts'
import { noPrices } from '../../model/prices.ts'
import { inWords } from '../../model/privilege.ts'
import type { WorkloadId } from '../../model/ids.ts'
import type { WorkloadSpec } from '../../model/workload.ts'
import { privilegesOf } from '../../model/workload.ts'
import type { Asked } from '../policy/evaluate.ts'
import { violationsOf } from '../policy/evaluate.ts'
import type { PolicyCommand } from './policy-commands.ts'
import { limits } from './state.ts'
import type { Step } from './step.ts'
import { accepted, emit, refused } from './step.ts'
import type { Command, CommandOf, MeshState, Outcome } from './types.ts'
import { withVolumePaths } from './volume-paths.ts'

const types: readonly PolicyCommand['type'][] = ['create-policy', 'update-policy', 'remove-policy', 'set-prices']

export const isOnPolicy = (command: Command): command is PolicyCommand => types.some((type) => type === command.type)

export function carryOutOnPolicy(step: Step, command: PolicyCommand): Outcome {
  switch (command.type) {
    case 'create-policy':
      return createPolicy(step, command)
    case 'update-policy':
      return updatePolicy(step, command)
    case 'remove-policy':
      return removePolicy(step, command)
    case 'set-prices':
      return setPrices(step, command)
  }
}

function createPolicy(step: Step, command: CommandOf<'create-policy'>): Outcome {
  const { state, at, by } = step
  const { name, namespaces, mode, about, rules } = command
  if (state.policies.has(name) || name === 'guest') return refused('POLICY_EXISTS', { policy: name })
  if (state.policies.size >= limits.policies) return refused('RATE_LIMITED', { who: by })
  if (Object.keys(rules).length === 0) return refused('INVALID_REQUEST', { problem: 'a policy has a rule at least' })
  return keep(step, { name, namespaces, mode, about, rules, createdAt: at, createdBy: by, updatedAt: at }, 'created')
}

function updatePolicy(step: Step, { name, rules, namespaces, mode, about }: CommandOf<'update-policy'>): Outcome {
  const before = step.state.policies.get(name)
  if (before === undefined) return refused('POLICY_NOT_FOUND', { policy: name })
  const merged = Object.entries({ ...before.rules, ...rules }).filter(([, rule]) => rule !== null)
  if (merged.length === 0) return refused('INVALID_REQUEST', { problem: 'a policy has a rule at least' })
  const changed: Policy = {
    ...before,
    ...(namespaces !== undefined && { namespaces }),
    ...(mode !== undefined && { mode }),
    ...(about !== undefined && { about }),
    rules: Object.fromEntries(merged),
    updatedAt: step.at,
  }
  return keep(step, changed, 'changed')
}

function removePolicy(step: Step, { name }: CommandOf<'remove-policy'>): Outcome {
  const { state, by, changes } = step
  if (!state.policies.delete(name)) return refused('POLICY_NOT_FOUND', { policy: name })
  changes.push({ type: 'policy', name })
  emit(step, { type: 'policy.removed', message: `the policy ${name} was removed by ${by}` })
  return accepted()
}

function keep(step: Step, policy: Policy, what: 'created' | 'changed'): Outcome {
  const { state, by, changes } = step
  if (JSON.stringify(policy).length > limits.policyBytes)
    return refused('TOO_LARGE', { what: 'the policy', limit: limits.policyBytes })
  state.policies.set(policy.name, policy)
  changes.push({ type: 'policy', name: policy.name })
  emit(step, { type: `policy.${what}`, message: `the policy ${policy.name} was ${what} by ${by}` })
  return accepted()
}

function setPrices(step: Step, { prices }: CommandOf<'set-prices'>): Outcome {
  const { state, by } = step
  const before = state.prices ?? noPrices
  const gpuHour = Object.fromEntries(
    Object.entries({ ...before.gpuHour, ...prices.gpuHour }).filter(
      (pair): pair is [string, number] => pair[1] !== null,
    ),
  )
  if (Object.keys(gpuHour).length > 64) return refused('INVALID_REQUEST', { problem: 'there are at most 64 models' })
  state.prices = { ...before, ...prices, gpuHour } satisfies Prices
  emit(step, { type: 'prices.changed', message: `prices were changed by ${by}` })
  return accepted()
}

type Governed = Pick<MeshState, 'policies' | 'volumes'>

/** Why no policy lets it in; null when all do. */
export function policyObstacle(state: Governed, asked: Asked): Outcome | null {
  const broken = violationsIn(state, asked).filter(({ mode }) => mode === 'enforce')
  return broken.length === 0 ? null : refused('POLICY_DENIED', deniedBy(broken))
}

/** What speaks against the work, with what stands behind the volumes that it names. */
export const violationsIn = (
  { policies, volumes }: Governed,
  asked: Asked,
  among: Iterable<Policy> = policies.values(),
): readonly Violation[] => violationsOf(among, { ...asked, spec: withVolumePaths({ volumes }, asked.spec) })

/** The facts of the refusal: the first that speaks against it, and how many more do. */
export function deniedBy([first, ...others]: readonly Violation[]) {
  const { policy = '', rule = '', value = '', wants = '' } = first ?? {}
  return { policy, rule, value: value.slice(0, 256), wants: wants.slice(0, 512), more: others.length }
}

interface Newcomer {
  readonly kind: 'workload' | 'deployment'
  readonly name: string
  /** Null where there is none yet. */
  readonly workload: WorkloadId | null
  readonly spec: WorkloadSpec
  readonly replicas: number
}

/** Puts on record what it has beyond ordinary work, and which policies would rather not have had it. A mesh that is still being upgraded says none of it. */
export function recordExceptions(step: Step, { kind, name, workload, spec, replicas }: Newcomer): void {
  const { state, by } = step
  if (state.version < 2) return
  const privileges = privilegesOf(spec)
  if (privileges.length > 0)
    emit(step, {
      type: `${kind}.privileged`,
      workload,
      ...(workload === null && { namespace: spec.namespace }),
      message: `${name} was let in by ${by} with ${inWords(privileges)}`,
    })
  for (const { policy, mode, rule, value, wants } of violationsIn(state, {
    ...{ spec, replicas, isLasting: kind === 'deployment' },
  }))
    if (mode === 'warn')
      emit(step, {
        type: `${kind}.warned`,
        workload,
        ...(workload === null && { namespace: spec.namespace }),
        message: `${name}: the policy ${policy} wants ${wants}, and ${rule} is ${value.slice(0, 256)}`,
      })
}
