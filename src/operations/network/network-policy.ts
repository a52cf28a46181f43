/** Network policies: who may reach whom in the overlay. */
import { z } from 'zod'
import { ClawError } from '../../model/failure.ts'
import type { NetworkPolicy } from '../../model/network-policy.ts'
import { networkPolicyKey, networkPolicyName } from '../../model/network-policy.ts'
import { carryOut } from '../carry-out.ts'
import type { OperationContext } from '../context.ts'
import { beforeDenial, refresh } from '../find.ts'
import { unary } from '../operation.ts'
import type { Seen } from './network-policy-view.ts'
import {
  egressOf,
  ingressOf,
  networkPolicyView,
  NetworkPolicyRequest,
  NetworkPolicyView,
  policyContent,
  policyNamespace,
} from './network-policy-view.ts'

const named = { name: networkPolicyName.describe('Name of the network policy'), namespace: policyNamespace }
const namespaceIn = ({ namespace }: { readonly namespace: string }): string => namespace

export const seenIn = ({ control, membership }: Pick<OperationContext, 'control' | 'membership'>): Seen => ({
  state: control.state,
  reports: membership.views().flatMap(({ report }) => report ?? []),
})

interface Reference {
  readonly name: string
  readonly namespace: string
}

/** Throws NETWORK_POLICY_NOT_FOUND. */
function policyIn({ control }: Pick<OperationContext, 'control'>, { name, namespace }: Reference): NetworkPolicy {
  const key = networkPolicyKey(namespace, name)
  const found = control.state.networkPolicies.get(key)
  if (found === undefined) throw new ClawError('NETWORK_POLICY_NOT_FOUND', { policy: key })
  return found
}

const shown = (context: OperationContext, which: Reference) =>
  networkPolicyView(policyIn(context, which), seenIn(context))

export const networkPolicyCreate = unary({
  name: 'networkpolicy.create',
  about:
    'Say who may reach work of a namespace, or whom it may reach. What a policy is for is closed but for what one lets through.',
  input: NetworkPolicyRequest,
  output: NetworkPolicyView,
  permission: { verb: 'create', resource: 'network-policy' },
  namespace: namespaceIn,
  rest: { method: 'POST', path: '/api/network-policies' },
  async handler({ name, namespace, about = '', select = {}, ingress, egress }, context, { caller, signal }) {
    const command = {
      ...{ type: 'create-network-policy' as const, namespace, name, about, selects: select },
      ingress: ingress === undefined ? null : ingressOf(ingress),
      egress: egress === undefined ? null : egressOf(egress),
    }
    await carryOut('network-policy', command, { context, caller, signal })
    return shown(context, { name, namespace })
  },
})

export const networkPolicyUpdate = unary({
  name: 'networkpolicy.update',
  about: 'Change a network policy. What is not named stays. Connections that it does not let through any more end.',
  input: z.strictObject({
    ...named,
    about: policyContent.about.optional(),
    select: policyContent.select.optional(),
    ingress: policyContent.ingress.nullable().optional().describe('Null to say nothing about connections to the work'),
    egress: policyContent.egress.nullable().optional().describe('Null to say nothing about connections from the work'),
  }),
  output: NetworkPolicyView,
  permission: { verb: 'change', resource: 'network-policy' },
  namespace: namespaceIn,
  rest: { method: 'PATCH', path: '/api/network-policies/:name' },
  async handler({ name, namespace, about, select, ingress, egress }, context, { caller, signal }) {
    const command = {
      ...{ type: 'update-network-policy' as const, namespace, name },
      ...(about !== undefined && { about }),
      ...(select !== undefined && { selects: select }),
      ...(ingress !== undefined && { ingress: ingress === null ? null : ingressOf(ingress) }),
      ...(egress !== undefined && { egress: egress === null ? null : egressOf(egress) }),
    }
    await carryOut('network-policy', command, { context, caller, signal })
    return shown(context, { name, namespace })
  },
})

export const networkPolicyDelete = unary({
  name: 'networkpolicy.delete',
  about: 'Take a network policy away. What no other is for is open then.',
  input: z.strictObject(named),
  output: z.object({ name: z.string(), namespace: z.string(), deleted: z.boolean() }),
  permission: { verb: 'remove', resource: 'network-policy' },
  namespace: namespaceIn,
  rest: { method: 'DELETE', path: '/api/network-policies/:name' },
  async handler({ name, namespace }, context, { caller, signal }) {
    const command = { type: 'delete-network-policy' as const, namespace, name }
    await carryOut('network-policy', command, { context, caller, signal })
    return { name, namespace, deleted: true }
  },
})

export const networkPolicyList = unary({
  name: 'networkpolicy.list',
  about: 'List the network policies of a namespace, by name.',
  input: z.strictObject({ namespace: policyNamespace }),
  output: z.array(NetworkPolicyView),
  permission: { verb: 'read', resource: 'network-policy' },
  namespace: namespaceIn,
  rest: { method: 'GET', path: '/api/network-policies' },
  async handler({ namespace }, context, { signal }) {
    await refresh(context, signal)
    const seen = seenIn(context)
    return [...context.control.state.networkPolicies.values()]
      .filter((one) => one.namespace === namespace)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map((one) => networkPolicyView(one, seen))
  },
})

export const networkPolicyInfo = unary({
  name: 'networkpolicy.info',
  about: 'Show one network policy: what it is for, what it lets through, and where it is not kept.',
  input: z.strictObject(named),
  output: NetworkPolicyView,
  permission: { verb: 'read', resource: 'network-policy' },
  namespace: namespaceIn,
  rest: { method: 'GET', path: '/api/network-policies/:name' },
  async handler(input, context, { signal }) {
    await refresh(context, signal)
    return beforeDenial(context, () => shown(context, input), signal)
  },
})
