/** A deployment that takes requests, in a state that tests change by commands, and what services see of it. */
import type { Change, Command } from '../../src/core/state/types.ts'
import type { NodeId, PlacementId, WorkloadId } from '../../src/model/ids.ts'
import { placementId, workloadId } from '../../src/model/ids.ts'
import type { Control } from '../../src/services/control/types.ts'
import type { Book } from './control-samples.ts'
import { meshOf } from './control-samples.ts'
import { create, decided, startOn, web } from './deployment-samples.ts'

export class ServedDeployment {
  readonly book: Book
  readonly #listeners = new Set<(changes: readonly Change[]) => void>()

  constructor(nodes: readonly NodeId[], port: number, spec: Partial<ReturnType<typeof create>['spec']> = {}) {
    this.book = meshOf(nodes)
    const command = create({ replicas: 4, service: { port, targetPort: 8_080 } })
    this.run({ ...command, spec: { ...command.spec, ...spec } })
    this.shift([[1, 100]])
  }

  control(): Pick<Control, 'state' | 'onChange'> {
    return {
      state: this.book.state,
      onChange: (listener) => {
        this.#listeners.add(listener)
        return () => this.#listeners.delete(listener)
      },
    }
  }

  run(command: Command): void {
    const { changes } = this.book.run(command)
    for (const listener of this.#listeners) listener(changes)
  }

  /** Requests go to these revisions by these weights. */
  shift(traffic: readonly (readonly [revision: number, weight: number])[]): void {
    this.run(decided(this.book, { traffic: traffic.map(([revision, weight]) => ({ revision, weight })) }))
  }

  /** One replica more, running on that node. */
  replica(name: string, node: NodeId, revision = 1): PlacementId {
    const workload = workloadId(`wl-${name}`)
    this.run(decided(this.book, { start: [{ workload, name: `web-r${revision}-${name}`, revision }] }))
    startOn(this.book, workload, node)
    this.#tell(workload)
    return placementId(workload, 1)
  }

  drain(name: string): void {
    this.run(decided(this.book, { drain: [workloadId(`wl-${name}`)] }))
  }

  get id(): typeof web {
    return web
  }

  #tell(workload: WorkloadId): void {
    for (const listener of this.#listeners) listener([{ type: 'workload', workload }])
  }
}
