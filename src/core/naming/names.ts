/** Who goes by which name: deployments, workloads, and groups of them with their parts by rank. A pure function of the replicated state. */
import type { Workload } from '../../model/workload.ts'
import { isTerminal, takesRequests } from '../../model/workload.ts'
import { groupName } from '../state/groups.ts'
import { replicasOf } from '../state/replicas.ts'
import type { MeshState } from '../state/types.ts'

export interface NamedPort {
  readonly port: number
  readonly protocol: 'http' | 'tcp'
}

export interface Named {
  /** Those that may be given requests now. */
  readonly members: readonly Workload[]
  readonly ports: readonly NamedPort[]
}

export interface Names {
  /** By `name.namespace`, in small letters. */
  readonly named: ReadonlyMap<string, Named>
  readonly namespaces: ReadonlySet<string>
}

type Source = Pick<MeshState, 'deployments' | 'namespaces' | 'replicas' | 'workloads'>

/** A deployment comes before a workload that is called the same, and both before a group. */
export function namesOf(state: Source): Names {
  const named = new Map<string, Named>()
  const namespaces = new Set(state.namespaces.keys())
  const put = (name: string, namespace: string, one: Named): void => {
    namespaces.add(namespace)
    const key = keyOf(name, namespace)
    if (!named.has(key)) named.set(key, one)
  }
  for (const { id, name, namespace, service } of state.deployments.values()) {
    const replicas = replicasOf(state, id)
    put(name, namespace, {
      members: replicas.filter(takesRequests),
      ports: portsOf(replicas[0], service?.targetPort),
    })
  }
  const live = [...state.workloads.values()].filter(({ state: at }) => !isTerminal(at))
  for (const one of live)
    put(one.name, one.spec.namespace, { members: [one].filter(takesRequests), ports: portsOf(one) })
  putGroups(live, put)
  return { named, namespaces }
}

function putGroups(live: readonly Workload[], put: (name: string, namespace: string, one: Named) => void): void {
  const groups = new Map<string, { readonly name: string; readonly parts: Workload[] }>()
  for (const one of live) {
    const name = groupName(one)
    if (one.part === null || name === null) continue
    const group = groups.get(one.part.group) ?? { name, parts: [] }
    group.parts.push(one)
    groups.set(one.part.group, group)
    put(`rank-${one.part.index}.${name}`, one.spec.namespace, {
      members: [one].filter(takesRequests),
      ports: portsOf(one),
    })
  }
  for (const { name, parts } of groups.values()) {
    const [first] = parts
    if (first === undefined) continue
    put(name, first.spec.namespace, { members: parts.filter(takesRequests), ports: portsOf(first) })
  }
}

export const keyOf = (name: string, namespace: string): string => `${name}.${namespace}`.toLowerCase()

/** That of the service first, which is the one that a request without a word on it means. */
function portsOf(workload: Workload | undefined, service?: number): readonly NamedPort[] {
  const declared = workload?.spec.ports ?? []
  const all = declared.map(({ port, protocol }) => ({ port, protocol }))
  if (service === undefined) return all
  const own = all.find(({ port }) => port === service) ?? { port: service, protocol: 'http' as const }
  return [own, ...all.filter(({ port }) => port !== service)]
}
