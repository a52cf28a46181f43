/** What the replicated state says of a deployment that takes requests. */
import type { Deployment } from '../../model/deployment.ts'
import { revisionOf } from '../../model/deployment.ts'
import type { DeploymentId, NodeId } from '../../model/ids.ts'
import type { Workload } from '../../model/workload.ts'
import { takesRequests } from '../../model/workload.ts'
import { replicasOf } from '../state/replicas.ts'
import type { MeshState } from '../state/types.ts'
import type { Endpoint, Share } from './balance.ts'

export interface ServiceView {
  readonly deployment: DeploymentId
  readonly name: string
  readonly port: number
  readonly protocol: 'http' | 'tcp'
  readonly shares: readonly Share[]
  readonly endpoints: readonly Endpoint[]
}

type Source = Pick<MeshState, 'deployments' | 'replicas' | 'workloads'>

/** Null for a deployment that there is not, or that takes no requests. */
export function serviceView(state: Source, id: DeploymentId, self: NodeId): ServiceView | null {
  const deployment = state.deployments.get(id)
  if (deployment === undefined || deployment.service === null) return null
  const { name, service, traffic } = deployment
  const endpoints = replicasOf(state, id).flatMap((replica) => endpointOf(replica, service.targetPort, self))
  return {
    ...{ deployment: id, name, port: service.port, shares: traffic, endpoints },
    protocol: protocolOf(deployment, service.targetPort),
  }
}

function endpointOf(replica: Workload, port: number, self: NodeId): readonly Endpoint[] {
  const { owner, placement } = replica
  if (owner === undefined || placement === null || !takesRequests(replica)) return []
  const { id, node } = placement
  return [{ placement: id, node, revision: owner.revision, port, isLocal: node === self }]
}

/** What the wanted revision declares; HTTP when it declares nothing. */
function protocolOf(deployment: Deployment, targetPort: number): 'http' | 'tcp' {
  const ports = revisionOf(deployment, deployment.target)?.spec.ports ?? []
  return ports.find(({ port }) => port === targetPort)?.protocol ?? 'http'
}
