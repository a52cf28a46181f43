/** Tells who leads. This peer's own lead is told only once it has applied all that was committed before. */
import { ClawError } from '../../model/failure.ts'
import type { Millis } from '../../model/time.ts'
import type { Log } from '../../ports/log.ts'
import type { Unsubscribe } from '../../ports/rpc.ts'
import type { Consensus } from '../consensus/types.ts'
import type { GatewayStatus } from './types.ts'

export interface RoleWatchDeps {
  readonly consensus: Pick<Consensus, 'status' | 'onRole' | 'readIndex'>
  readonly log: Log
  /** Waits until this index is applied here. */
  readonly reached: (index: number, signal: AbortSignal) => Promise<void>
  readonly pause: (span: Millis, signal: AbortSignal) => Promise<void>
}

const tryAgainAfter: Millis = 50

export class RoleWatch {
  readonly #deps: RoleWatchDeps
  readonly #listeners = new Set<(status: GatewayStatus) => void>()
  #unsubscribe: Unsubscribe = () => {}
  #catchingUp = new AbortController()
  #busy: Promise<void> = Promise.resolve()
  /** The term in which this peer was told of its own lead. */
  #told: number | null = null

  constructor(deps: RoleWatchDeps) {
    this.#deps = deps
  }

  start(): void {
    const { consensus } = this.#deps
    this.#unsubscribe = consensus.onRole((status) => this.#take(status))
    this.#take(consensus.status())
  }

  async stop(): Promise<void> {
    this.#unsubscribe()
    this.#catchingUp.abort()
    await this.#busy
    this.#listeners.clear()
  }

  onRole(listener: (status: GatewayStatus) => void): Unsubscribe {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #take(status: GatewayStatus): void {
    if (status.role === 'leader' && status.term === this.#told) return
    this.#catchingUp.abort()
    this.#told = null
    if (status.role !== 'leader') return this.#tell(status)
    this.#catchingUp = new AbortController()
    this.#busy = this.#catchUp(status.term, this.#catchingUp.signal)
  }

  async #catchUp(term: number, signal: AbortSignal): Promise<void> {
    const { consensus, log, reached, pause } = this.#deps
    while (!signal.aborted) {
      try {
        await reached(await consensus.readIndex(signal), signal)
        const status = consensus.status()
        if (signal.aborted || status.role !== 'leader' || status.term !== term) return
        this.#told = term
        this.#tell(status)
        return
      } catch (error) {
        if (signal.aborted) return
        if (!(error instanceof ClawError)) throw error
        log.debug('a new leader cannot confirm its lead yet', { term, code: error.code })
        await pause(tryAgainAfter, signal)
      }
    }
  }

  #tell(status: GatewayStatus): void {
    for (const listener of [...this.#listeners]) listener(status)
  }
}
