/** The commands on who may reach whom. */
import type { NetworkPolicy } from '../../model/network-policy.ts'

export type NetworkPolicyCommand =
  | ({ readonly type: 'create-network-policy' } & Omit<NetworkPolicy, 'createdAt' | 'createdBy' | 'updatedAt'>)
  /** What is left out stays as it is. */
  | ({ readonly type: 'update-network-policy' } & Pick<NetworkPolicy, 'namespace' | 'name'> &
      Partial<Pick<NetworkPolicy, 'about' | 'selects' | 'ingress' | 'egress'>>)
  | ({ readonly type: 'delete-network-policy' } & Pick<NetworkPolicy, 'namespace' | 'name'>)
