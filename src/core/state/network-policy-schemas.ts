/** Network policies, and the commands on them, as they stand in the log and in snapshots. */
import { z } from 'zod'
import { namespaceName } from '../../model/namespace.ts'
import type { NetworkPolicy } from '../../model/network-policy.ts'
import { networkPolicyKey, networkPolicyName, networkRules, WorkSelector } from '../../model/network-policy.ts'
import * as shape from './schemas.ts'
import type { State } from './state.ts'
import { limits, weighed } from './state.ts'

const type = <T extends string>(name: T): { readonly type: z.ZodLiteral<T> } => ({ type: z.literal(name) })
const named = { namespace: namespaceName, name: networkPolicyName }
const content = {
  about: z.string().max(1_024),
  selects: WorkSelector,
  ingress: networkRules,
  egress: networkRules,
}

/** Of every command in this file. */
export const networkPolicyCommands = [
  z.strictObject({ ...type('create-network-policy'), ...named, ...content }),
  z.strictObject({
    ...type('update-network-policy'),
    ...named,
    about: content.about.exactOptional(),
    selects: content.selects.exactOptional(),
    ingress: content.ingress.exactOptional(),
    egress: content.egress.exactOptional(),
  }),
  z.strictObject({ ...type('delete-network-policy'), ...named }),
] as const

const NetworkPolicySchema = z.strictObject({
  ...named,
  ...content,
  createdAt: shape.instant,
  createdBy: z.string(),
  updatedAt: shape.instant,
}) satisfies z.ZodType<NetworkPolicy>

/** As they stand in snapshots: nothing while there is none. */
export const networkPolicyFields = {
  networkPolicies: z.array(NetworkPolicySchema).max(limits.networkPolicies).exactOptional(),
}
type Written = z.infer<z.ZodObject<typeof networkPolicyFields>>

export const writtenNetworkPolicies = ({ networkPolicies }: State): Written =>
  networkPolicies.size > 0
    ? { networkPolicies: [...networkPolicies.values()] as z.infer<typeof NetworkPolicySchema>[] }
    : {}

export const readNetworkPolicies = ({ networkPolicies = [] }: Written): Pick<State, 'networkPolicies'> => ({
  networkPolicies: weighed.networkPolicies(
    networkPolicies.map((one: NetworkPolicy) => [networkPolicyKey(one.namespace, one.name), one]),
  ),
})
