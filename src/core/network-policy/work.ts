/** The work that can be told apart in the overlay, and which of it a policy means. */
import { parseIpv4 } from '../../lib/cidr.ts'
import type { NodeId, WorkloadId } from '../../model/ids.ts'
import type { NetworkPeer, NetworkPolicy, WorkSelector } from '../../model/network-policy.ts'
import type { Workload } from '../../model/workload.ts'
import { isTerminal } from '../../model/workload.ts'
import type { MeshState } from '../state/types.ts'

/** What a policy knows work by. */
export interface WorkMarks {
  readonly namespace: string
  /** Name of the deployment that it is a replica of. */
  readonly deployment: string | null
  readonly labels: Readonly<Record<string, string>>
}

/** Work with an address of its own. */
export interface Endpoint extends WorkMarks {
  readonly workload: WorkloadId
  readonly node: NodeId
  /** As a number. */
  readonly address: number
}

type Source = Pick<MeshState, 'workloads' | 'deployments'>

export const marksOf = ({ deployments }: Pick<Source, 'deployments'>, { spec, owner }: Workload): WorkMarks => ({
  namespace: spec.namespace,
  deployment: owner === undefined ? null : (deployments.get(owner.deployment)?.name ?? null),
  labels: spec.labels ?? {},
})

/** Everywhere in the mesh, in no order that means anything. */
export function endpointsOf(state: Source): readonly Endpoint[] {
  const found: Endpoint[] = []
  for (const workload of state.workloads.values()) {
    const endpoint = endpointOf(state, workload, workload.overlayAddress)
    if (endpoint !== null) found.push(endpoint)
  }
  return found
}

/** Null for what has no place, or no address. */
export function endpointOf(
  state: Pick<Source, 'deployments'>,
  workload: Workload,
  address: string | undefined,
): Endpoint | null {
  const { id, placement } = workload
  if (placement === null || address === undefined || isTerminal(workload.state)) return null
  const number = parseIpv4(address)
  return number === null ? null : { ...marksOf(state, workload), workload: id, node: placement.node, address: number }
}

/** Whether the policy is for this work. */
export const selects = (
  { namespace, selects: selector }: Pick<NetworkPolicy, 'namespace' | 'selects'>,
  work: WorkMarks,
) => namespace === work.namespace && fits(selector, work)

/** Whether any policy is for this work. */
export function isSelected(state: Pick<MeshState, 'deployments' | 'networkPolicies'>, workload: Workload): boolean {
  const marks = marksOf(state, workload)
  return [...state.networkPolicies.values()].some((policy) => selects(policy, marks))
}

/** Whether a peer of a policy of that namespace is this work. */
export const isPeer = ({ namespace, ...selector }: NetworkPeer, own: string, work: WorkMarks): boolean =>
  selector.cidr === undefined && (namespace === '*' || (namespace ?? own) === work.namespace) && fits(selector, work)

const fits = ({ deployment, labels = {} }: WorkSelector, work: WorkMarks): boolean =>
  (deployment === undefined || deployment === work.deployment) &&
  Object.entries(labels).every(([name, value]) => work.labels[name] === value)
