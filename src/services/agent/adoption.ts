/** Which executors have told what they run. Until one has, nothing of it may be started or given up. */
import type { MeshId, NodeId } from '../../model/ids.ts'
import { ClawError } from '../../model/failure.ts'
import type { ExecutorKind } from '../../model/node.ts'
import type { Executor, TaskStatus } from '../../ports/executor.ts'
import type { Log } from '../../ports/log.ts'

export interface AdoptionDeps {
  readonly executors: ReadonlyMap<ExecutorKind, Executor>
  readonly mesh: MeshId
  readonly node: NodeId
  readonly log: Log
  readonly onFound: (kind: ExecutorKind, tasks: readonly TaskStatus[]) => void
}

export class Adoption {
  readonly #deps: AdoptionDeps
  readonly #ready = new Set<ExecutorKind>()
  /** What was last said of executors that do not answer: said again only when it changes. */
  readonly #problems = new Map<ExecutorKind, string>()

  constructor(deps: AdoptionDeps) {
    this.#deps = deps
  }

  readiness(): ReadonlyMap<ExecutorKind, 'ready' | 'unknown'> {
    return new Map(
      [...this.#deps.executors.keys()].map((kind) => [kind, this.#ready.has(kind) ? 'ready' : 'unknown'] as const),
    )
  }

  get isComplete(): boolean {
    return this.#ready.size === this.#deps.executors.size
  }

  /** Asks every executor that has not answered yet, all at once. One that is not there now is asked again by the next call. */
  async attempt(signal: AbortSignal): Promise<void> {
    const missing = [...this.#deps.executors].filter(([kind]) => !this.#ready.has(kind))
    await Promise.all(missing.map(([kind, executor]) => this.#ask(kind, executor, signal)))
  }

  async #ask(kind: ExecutorKind, executor: Executor, signal: AbortSignal): Promise<void> {
    const { mesh, node, log, onFound } = this.#deps
    try {
      const found = await executor.adopt(mesh, node, signal)
      this.#ready.add(kind)
      onFound(kind, found)
      if (this.#problems.delete(kind)) log.info('an executor answers again', { executor: kind })
      if (found.length > 0) log.info('took up tasks of an earlier run', { executor: kind, tasks: found.length })
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof ClawError)) throw error
      if (this.#problems.get(kind) === error.message) return
      this.#problems.set(kind, error.message)
      log.warn('an executor does not answer yet', { executor: kind, problem: error.message })
    }
  }
}
