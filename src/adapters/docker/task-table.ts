/** The tasks that the executor knows, and those who want to hear of them. A task that has ended stays ended. */
import { ClawError } from '../../model/failure.ts'
import type { PlacementId } from '../../model/ids.ts'
import type { Cancel } from '../../ports/clock.ts'
import type { TaskState, TaskStatus } from '../../ports/executor.ts'
import type { Unsubscribe } from '../../ports/rpc.ts'
import type { TaskLabels } from './labels.ts'

/** A start that is under way. */
export interface Starting {
  readonly abort: AbortController
  /** Settles, never rejects, when the start is over in whichever way. */
  readonly over: Promise<void>
}

export interface Held {
  labels: TaskLabels
  state: TaskState
  /** The container's id, once there is one. */
  handle: string | null
  starting: Starting | null
  stopAsked: boolean
  timedOut: boolean
  cancelTimeout: Cancel
}

export class TaskTable {
  readonly #held = new Map<PlacementId, Held>()
  readonly #listeners = new Set<(status: TaskStatus) => void>()
  readonly #waiting = new Set<() => void>()

  get(placement: PlacementId): Held | null {
    return this.#held.get(placement) ?? null
  }

  all(): readonly Held[] {
    return [...this.#held.values()]
  }

  /** Begins to know a task. Nobody hears of it before its first `update`. */
  hold(labels: TaskLabels, state: TaskState, handle: string | null): Held {
    const held: Held = {
      labels,
      state,
      handle,
      starting: null,
      stopAsked: false,
      timedOut: false,
      cancelTimeout: () => {},
    }
    this.#held.set(labels.placement, held)
    return held
  }

  update(held: Held, state: TaskState): void {
    const isKnown = this.#held.get(held.labels.placement) === held
    if (!isKnown || held.state.state === 'ended' || isSame(held.state, state)) return
    held.state = state
    if (state.state === 'ended') held.cancelTimeout()
    this.announce(held)
  }

  announce(held: Held): void {
    const status = statusOf(held)
    for (const listener of this.#listeners) listener(status)
    this.#wake()
  }

  forget(held: Held): void {
    held.cancelTimeout()
    if (this.#held.get(held.labels.placement) === held) this.#held.delete(held.labels.placement)
    this.#wake()
  }

  onStatus(listener: (status: TaskStatus) => void): Unsubscribe {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Waits until any task changes. Throws the signal's reason. */
  async changed(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      this.#waiting.add(wake)
      signal.addEventListener('abort', wake)
    })
    signal.throwIfAborted()
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake()
  }
}

export const statusOf = ({ labels, handle, state }: Held): TaskStatus => ({
  placement: labels.placement,
  workload: labels.workload,
  handle,
  devices: labels.devices,
  ...(labels.ports.length > 0 && { ports: labels.ports }),
  status: state,
})

/** The container of a task that runs. Throws WORKLOAD_NOT_FOUND and WORKLOAD_NOT_RUNNING. */
export function runningIn(tasks: TaskTable, placement: PlacementId): string {
  const held = tasks.get(placement)
  if (held === null) throw new ClawError('WORKLOAD_NOT_FOUND', { workload: placement })
  const { handle, state } = held
  if (handle !== null && state.state === 'running') return handle
  throw new ClawError('WORKLOAD_NOT_RUNNING', { workload: placement, state: state.state })
}

function isSame(a: TaskState, b: TaskState): boolean {
  if (a.state === 'starting' && b.state === 'starting') return a.progress === b.progress
  return a.state === b.state && a.state !== 'ended'
}
