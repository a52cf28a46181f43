/** Takes down the output of one task, once, from where it was left, until the task has ended and all of it is kept. */
import { ClawError } from '../../model/failure.ts'
import type { Millis } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Executor } from '../../ports/executor.ts'
import type { Log } from '../../ports/log.ts'
import type { LogOwner, LogStore, LogWriter } from '../../ports/log-store.ts'
import { Changes } from './changes.ts'

export interface CaptureDeps {
  readonly store: LogStore
  readonly clock: Clock
  readonly log: Log
  /** Ends when the node stops. */
  readonly signal: AbortSignal
}

/** How long after a failure it is tried again. */
const retry: Millis = 1_000

export class Capture {
  readonly owner: LogOwner
  readonly executor: Executor
  /** Tells of every line that was kept, and of how it goes. */
  readonly changes: Changes
  /** All there ever will be is kept. */
  isOver = false
  /** Why nothing is kept at the moment. Nothing is lost by that while the executor has it. */
  failure: Error | null = null
  readonly #deps: CaptureDeps
  #writer: LogWriter | null = null

  constructor(owner: LogOwner, executor: Executor, deps: CaptureDeps) {
    this.owner = owner
    this.executor = executor
    this.#deps = deps
    this.changes = new Changes(deps.clock)
  }

  /** Position of the last line that is kept. */
  get last(): number {
    return this.#writer?.last ?? -1
  }

  /** Ends when all is kept, or when the node stops. */
  async run(): Promise<void> {
    const { signal } = this.#deps
    while (!this.isOver && !signal.aborted)
      try {
        await this.#pass()
      } catch (error) {
        if (signal.aborted) return
        this.#note(error)
        await this.changes.pause(retry, signal)
      }
  }

  async #pass(): Promise<void> {
    const { store, signal } = this.#deps
    const { placement } = this.owner
    const writer = (this.#writer ??= await store.write(this.owner))
    signal.throwIfAborted()
    try {
      const query = { follow: true, tail: null, from: writer.last }
      for await (const block of this.executor.logs(placement, query, signal)) {
        await writer.append(block)
        this.#recovered()
        this.changes.tell()
      }
    } catch (error) {
      // Somebody has removed it: what is kept is all there is.
      if (!ClawError.is(error, 'WORKLOAD_NOT_FOUND')) throw error
    }
    await writer.finish()
    this.#recovered()
    this.isOver = true
    this.changes.tell()
  }

  #note(error: unknown): void {
    const failure = error instanceof Error ? error : new Error(String(error))
    if (this.failure?.message !== failure.message) {
      const { log } = this.#deps
      const facts = { placement: this.owner.placement, problem: failure.message }
      if (failure instanceof ClawError) log.warn('output cannot be kept at the moment', facts)
      else log.error('output cannot be kept', { ...facts, stack: failure.stack })
    }
    this.failure = failure
    this.changes.tell()
  }

  #recovered(): void {
    if (this.failure === null) return
    this.failure = null
    this.#deps.log.info('output is kept again', { placement: this.owner.placement })
  }
}
