/** Where a request goes, by its host and its path. Made anew of the state whenever that changes, and looked into for every request. */
import type { DeploymentId } from '../../model/ids.ts'
import type { Ingress } from '../../model/ingress.ts'
import { wildcardOf } from '../../model/ingress.ts'
import type { MeshState } from '../state/types.ts'

export interface Route {
  readonly ingress: Ingress
  /** Null while there is no such deployment, or it takes no requests. */
  readonly deployment: DeploymentId | null
}

/** By host, a wildcard as it is written; the longest path first. */
export type RoutingTable = ReadonlyMap<string, readonly Route[]>

type Source = Pick<MeshState, 'ingresses' | 'deployments'>

/** Of the requests that come to a node with these labels. */
export function routingTable(
  { ingresses, deployments }: Source,
  labels: Readonly<Record<string, string>>,
): RoutingTable {
  const ids = new Map<string, DeploymentId>()
  for (const { id, namespace, name, service } of deployments.values())
    if (service !== null) ids.set(`${namespace}/${name}`, id)
  const table = new Map<string, Route[]>()
  for (const ingress of ingresses.values()) {
    if (!takesAt(ingress, labels)) continue
    // Only what is of the same namespace.
    const deployment = ids.get(`${ingress.namespace}/${ingress.deployment}`) ?? null
    const routes = table.get(ingress.host) ?? []
    table.set(ingress.host, routes)
    routes.push({ ingress, deployment })
  }
  for (const routes of table.values()) routes.sort((a, b) => b.ingress.path.length - a.ingress.path.length)
  return table
}

/** Whether nodes with these labels take requests for it. */
export const takesAt = ({ nodes }: Pick<Ingress, 'nodes'>, labels: Readonly<Record<string, string>>): boolean =>
  Object.entries(nodes).every(([name, value]) => labels[name] === value)

/** A host that is named whole goes before a wildcard, and then the longest path. Null where nothing fits. */
export function routeFor(table: RoutingTable, host: string, path: string): Route | null {
  return longest(table.get(host), path) ?? longest(table.get(wildcardOf(host) ?? ''), path)
}

function longest(routes: readonly Route[] | undefined, path: string): Route | null {
  if (routes === undefined) return null
  for (const route of routes) if (beginsWith(path, route.ingress.path)) return route
  return null
}

/** By whole segments: /api is the beginning of /api/v1, and not of /apis. */
const beginsWith = (path: string, beginning: string): boolean =>
  beginning === '/' ||
  (path.startsWith(beginning) && (path.length === beginning.length || path[beginning.length] === '/'))
