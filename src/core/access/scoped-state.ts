/** The replicated state as somebody sees it who may not look into every namespace. It is live: it shows the state as it is when read. */
import type { WorkloadId } from '../../model/ids.ts'
import type { Workload } from '../../model/workload.ts'
import type { MeshEvent, MeshState } from '../state/types.ts'

export interface Sight {
  /** Whether they may look at the work of a namespace. */
  readonly sees: (namespace: string) => boolean
  /** Whether they may be told what happens to nodes and to the mesh. */
  readonly seesMesh: () => boolean
}

export function scopedState(whole: MeshState, { sees, seesMesh }: Sight): MeshState {
  const isSeen = (workload: Workload | undefined): boolean => workload !== undefined && sees(workload.spec.namespace)
  const isKnown = (id: WorkloadId): boolean => isSeen(whole.workloads.get(id))
  const isTold = ({ workload, namespace, type }: MeshEvent): boolean => {
    if (workload !== null) return isKnown(workload)
    return namespace === undefined ? seesMesh() && /^(node|mesh|told)\./.test(type) : sees(namespace)
  }
  const seen: Partial<MeshState> = {
    workloads: new Seen(whole.workloads, isSeen),
    names: new Seen(whole.names, isKnown),
    deployments: new Seen(whole.deployments, ({ namespace }) => sees(namespace)),
    replicas: new Seen(whole.replicas, (_, id) => sees(whole.deployments.get(id)?.namespace ?? '')),
    jobs: new Seen(whole.jobs, ({ namespace }) => sees(namespace)),
    runs: new Seen(whole.runs, (_, id) => sees(whole.jobs.get(id)?.namespace ?? '')),
    crons: new Seen(whole.crons, ({ namespace }) => sees(namespace)),
    workflows: new Seen(whole.workflows, ({ namespace }) => sees(namespace)),
    groups: new Seen(whole.groups, (parts) => parts.values().take(1).some(isKnown)),
    decisions: new Seen(whole.decisions, (_, id) => isKnown(id)),
    get pending() {
      return new Set([...whole.pending].filter(isKnown))
    },
    get events() {
      return whole.events.filter(isTold)
    },
  }
  return Object.defineProperties(live(whole), Object.getOwnPropertyDescriptors(seen)) as MeshState
}

/** Maps are changed in place; what is replaced has to be looked up each time. */
function live(whole: MeshState): object {
  const view = {}
  for (const key of Object.keys(whole))
    Object.defineProperty(view, key, {
      get: (): unknown => whole[key as keyof MeshState],
      enumerable: true,
      configurable: true,
    })
  return view
}

/** The entries of a map that may be seen, found when they are looked for. */
class Seen<K, V> implements ReadonlyMap<K, V> {
  readonly #whole: ReadonlyMap<K, V>
  readonly #isSeen: (value: V, key: K) => boolean

  constructor(whole: ReadonlyMap<K, V>, isSeen: (value: V, key: K) => boolean) {
    this.#whole = whole
    this.#isSeen = isSeen
  }

  get size(): number {
    let count = 0
    for (const [key, value] of this.#whole) if (this.#isSeen(value, key)) count += 1
    return count
  }

  get(key: K): V | undefined {
    const value = this.#whole.get(key)
    return value !== undefined && this.#isSeen(value, key) ? value : undefined
  }

  has(key: K): boolean {
    return this.get(key) !== undefined
  }

  *entries(): MapIterator<[K, V]> {
    for (const [key, value] of this.#whole) if (this.#isSeen(value, key)) yield [key, value]
  }

  *keys(): MapIterator<K> {
    for (const [key] of this.entries()) yield key
  }

  *values(): MapIterator<V> {
    for (const [, value] of this.entries()) yield value
  }

  [Symbol.iterator](): MapIterator<[K, V]> {
    return this.entries()
  }

  forEach(tell: (value: V, key: K, map: ReadonlyMap<K, V>) => void): void {
    for (const [key, value] of this.entries()) tell(value, key, this)
  }
}
