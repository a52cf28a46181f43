/** Network policies as they are made, changed and taken away. */
import type { NetworkPolicy } from '../../model/network-policy.ts'
import { networkPolicyKey } from '../../model/network-policy.ts'
import { namespaceOf } from './namespaces.ts'
import type { NetworkPolicyCommand } from './network-policy-commands.ts'
import { roomObstacle } from './room.ts'
import { limits } from './state.ts'
import type { Step } from './step.ts'
import { accepted, emit, refused } from './step.ts'
import type { Command, CommandOf, Outcome } from './types.ts'

const types: readonly NetworkPolicyCommand['type'][] = [
  'create-network-policy',
  'update-network-policy',
  'delete-network-policy',
]

export const isOnNetworkPolicy = (command: Command): command is NetworkPolicyCommand =>
  types.some((type) => type === command.type)

export function carryOutOnNetworkPolicy(step: Step, command: NetworkPolicyCommand): Outcome {
  switch (command.type) {
    case 'create-network-policy':
      return create(step, command)
    case 'update-network-policy':
      return update(step, command)
    case 'delete-network-policy':
      return remove(step, command)
  }
}

function create(step: Step, command: CommandOf<'create-network-policy'>): Outcome {
  const { state, at, by } = step
  const { namespace, name, about, selects, ingress, egress } = command
  const key = networkPolicyKey(namespace, name)
  if (namespaceOf(state, namespace) === null) return refused('NAMESPACE_NOT_FOUND', { namespace })
  if (state.networkPolicies.has(key)) return refused('NETWORK_POLICY_EXISTS', { policy: key })
  const all = [...state.networkPolicies.values()]
  const own = all.filter((one) => one.namespace === namespace)
  if (all.length >= limits.networkPolicies || own.length >= limits.namespaceNetworkPolicies)
    return refused('RATE_LIMITED', { who: by })
  const times = { createdAt: at, createdBy: by, updatedAt: at }
  return keep(step, { namespace, name, about, selects, ingress, egress, ...times }, null)
}

function update(step: Step, command: CommandOf<'update-network-policy'>): Outcome {
  const key = networkPolicyKey(command.namespace, command.name)
  const before = step.state.networkPolicies.get(key)
  if (before === undefined) return refused('NETWORK_POLICY_NOT_FOUND', { policy: key })
  const { about, selects, ingress, egress } = command
  return keep(
    step,
    {
      ...before,
      ...(about !== undefined && { about }),
      ...(selects !== undefined && { selects }),
      ...(ingress !== undefined && { ingress }),
      ...(egress !== undefined && { egress }),
      updatedAt: step.at,
    },
    before,
  )
}

function remove(step: Step, { namespace, name }: CommandOf<'delete-network-policy'>): Outcome {
  const { state, by, changes } = step
  const key = networkPolicyKey(namespace, name)
  if (!state.networkPolicies.delete(key)) return refused('NETWORK_POLICY_NOT_FOUND', { policy: key })
  changes.push({ type: 'network-policy' })
  const message = `the network policy ${key} was deleted by ${by}`
  emit(step, { type: 'network-policy.deleted', namespace, message })
  return accepted()
}

function keep(step: Step, policy: NetworkPolicy, before: NetworkPolicy | null): Outcome {
  const { state, by, changes } = step
  const { namespace, name, ingress, egress } = policy
  const key = networkPolicyKey(namespace, name)
  if (ingress === null && egress === null)
    return refused('INVALID_REQUEST', {
      problem: `the network policy ${key} would say nothing: name ingress or egress`,
    })
  if (JSON.stringify(policy).length > limits.policyBytes)
    return refused('INVALID_REQUEST', {
      problem: `the network policy ${key} is longer than ${limits.policyBytes} bytes`,
    })
  const obstacle = roomObstacle(state, namespace, policy, { instead: before ?? undefined })
  if (obstacle !== null) return obstacle
  state.networkPolicies.set(key, policy)
  changes.push({ type: 'network-policy' })
  const what = before === null ? 'created' : 'changed'
  emit(step, { type: `network-policy.${what}`, namespace, message: `the network policy ${key} was ${what} by ${by}` })
  return accepted()
}
