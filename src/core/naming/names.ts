/** Who goes by which name: deployments, workloads, and groups of them with their parts by rank. Follows from the replicated state alone. */
import type { DeploymentId, GroupId, WorkloadId } from '../../model/ids.ts'
import type { Workload } from '../../model/workload.ts'
import { isTerminal, takesRequests } from '../../model/workload.ts'
import { groupName, partsOf } from '../state/groups.ts'
import { replicasOf } from '../state/replicas.ts'
import type { Change, MeshState } from '../state/types.ts'

export interface NamedPort {
  readonly port: number
  readonly protocol: 'http' | 'tcp'
}

export interface Named {
  /** Those that may be given requests now. */
  readonly members: readonly Workload[]
  readonly ports: readonly NamedPort[]
}

/** All names are given as `name.namespace`, in small letters. */
export interface Names {
  find(name: string): Named | undefined
  /** Whether there are names that end on it, after a dot. */
  hasBelow(end: string): boolean
  hasNamespace(name: string): boolean
}

type Source = Pick<MeshState, 'deployments' | 'groups' | 'namespaces' | 'replicas' | 'workloads'>

type Bearer =
  /** Comes before a workload that is called the same, and both before a group. */
  | { readonly kind: 'deployment'; readonly id: DeploymentId }
  | { readonly kind: 'workload'; readonly id: WorkloadId }
  | { readonly kind: 'group'; readonly id: GroupId }

interface Claim {
  readonly name: string
  readonly namespace: string
  readonly bearer: Bearer
}

const order = ['deployment', 'workload', 'group'] as const

/** Only what has changed is looked at again; who bears a name, and whether they take requests, is looked up when it is asked for. */
export class NameIndex implements Names {
  readonly #state: Source
  /** By the deployment or the workload that makes them. */
  readonly #claims = new Map<DeploymentId | WorkloadId, readonly Claim[]>()
  /** By name, then by bearer. All parts of a group claim its name. */
  readonly #bearers = new Map<string, Map<string, { readonly bearer: Bearer; claims: number }>>()
  readonly #below = new Map<string, number>()
  readonly #namespaces = new Map<string, number>()

  /** Of a state that is changed in place. */
  constructor(state: Source) {
    this.#state = state
    for (const id of state.deployments.keys()) this.#takeDeployment(id)
    for (const id of state.workloads.keys()) this.#takeWorkload(id)
  }

  /** To be told of everything that changes in the state. */
  heed(changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.type === 'deployment') this.#takeDeployment(change.deployment)
      if (change.type === 'workload') this.#takeWorkload(change.workload)
    }
  }

  find(name: string): Named | undefined {
    const bearers = [...(this.#bearers.get(name)?.values() ?? [])].map(({ bearer }) => bearer)
    const first = order.flatMap((kind) => bearers.find((one) => one.kind === kind) ?? [])[0]
    return first === undefined ? undefined : this.#named(first)
  }

  hasBelow(end: string): boolean {
    return this.#below.has(end)
  }

  hasNamespace(name: string): boolean {
    return this.#state.namespaces.has(name) || this.#namespaces.has(name)
  }

  #named(bearer: Bearer): Named {
    if (bearer.kind === 'deployment') {
      const replicas = replicasOf(this.#state, bearer.id)
      const service = this.#state.deployments.get(bearer.id)?.service?.targetPort
      return { members: replicas.filter(takesRequests), ports: portsOf(replicas[0], service) }
    }
    const known = bearer.kind === 'group' ? partsOf(this.#state, bearer.id) : [this.#state.workloads.get(bearer.id)]
    const live = known.flatMap((one) => (one === undefined || isTerminal(one.state) ? [] : one))
    return { members: live.filter(takesRequests), ports: portsOf(live[0]) }
  }

  #takeDeployment(id: DeploymentId): void {
    const deployment = this.#state.deployments.get(id)
    this.#take(id, deployment === undefined ? [] : [claim(deployment, { kind: 'deployment', id })])
  }

  #takeWorkload(id: WorkloadId): void {
    const workload = this.#state.workloads.get(id)
    this.#take(id, workload === undefined || isTerminal(workload.state) ? [] : claimsOf(workload))
  }

  #take(by: DeploymentId | WorkloadId, claims: readonly Claim[]): void {
    const before = this.#claims.get(by) ?? []
    // Names stay from the first day to the last.
    if (before.length === claims.length && before.every(({ name }, i) => name === claims[i]?.name)) return
    for (const one of before) this.#release(one)
    for (const one of claims) this.#hold(one)
    if (claims.length === 0) this.#claims.delete(by)
    else this.#claims.set(by, claims)
  }

  #hold({ name, namespace, bearer }: Claim): void {
    const bearers = this.#bearers.get(name) ?? new Map<string, { readonly bearer: Bearer; claims: number }>()
    if (bearers.size === 0) for (const end of endsOf(name)) add(this.#below, end, 1)
    this.#bearers.set(name, bearers)
    const key = `${bearer.kind} ${bearer.id}`
    bearers.set(key, { bearer, claims: (bearers.get(key)?.claims ?? 0) + 1 })
    add(this.#namespaces, namespace, 1)
  }

  #release({ name, namespace, bearer }: Claim): void {
    add(this.#namespaces, namespace, -1)
    const bearers = this.#bearers.get(name)
    const held = bearers?.get(`${bearer.kind} ${bearer.id}`)
    if (bearers === undefined || held === undefined) return
    held.claims -= 1
    if (held.claims > 0) return
    bearers.delete(`${bearer.kind} ${bearer.id}`)
    if (bearers.size > 0) return
    this.#bearers.delete(name)
    for (const end of endsOf(name)) add(this.#below, end, -1)
  }
}

function claimsOf(workload: Workload): readonly Claim[] {
  const { id, name, part, spec } = workload
  const bearer = { kind: 'workload', id } as const
  const own = claim({ name, namespace: spec.namespace }, bearer)
  const group = groupName(workload)
  if (part === null || group === null) return [own]
  return [
    own,
    claim({ name: `rank-${part.index}.${group}`, namespace: spec.namespace }, bearer),
    claim({ name: group, namespace: spec.namespace }, { kind: 'group', id: part.group }),
  ]
}

const claim = ({ name, namespace }: { readonly name: string; readonly namespace: string }, bearer: Bearer): Claim => ({
  ...{ name: `${name}.${namespace}`.toLowerCase(), namespace },
  bearer,
})

/** What comes after each of its dots. */
const endsOf = (name: string): readonly string[] =>
  name
    .split('.')
    .slice(1)
    .map((_, i, labels) => labels.slice(i).join('.'))

function add(counts: Map<string, number>, key: string, more: number): void {
  const count = (counts.get(key) ?? 0) + more
  if (count === 0) counts.delete(key)
  else counts.set(key, count)
}

/** That of the service first, which is the one that a request without a word on it means. */
function portsOf(workload: Workload | undefined, service?: number): readonly NamedPort[] {
  const declared = workload?.spec.ports ?? []
  const all = declared.map(({ port, protocol }) => ({ port, protocol }))
  if (service === undefined) return all
  const own = all.find(({ port }) => port === service) ?? { port: service, protocol: 'http' as const }
  return [own, ...all.filter(({ port }) => port !== service)]
}
