import { blockOf, type LogLine } from '../../src/lib/log-block.ts'
import type { ClawError } from '../../src/model/failure.ts'
import { type PlacementId, workloadId } from '../../src/model/ids.ts'
import type { KeptLog, LogPiece } from '../../src/ports/log-store.ts'
import type { KeptQuery } from '../../src/services/logs/log-keeper.ts'

/** The log of one attempt on a node, which a test writes and may cut off. */
export class FakeLog {
  readonly lines: LogLine[] = []
  isEnded = false
  #wake: (() => void)[] = []
  #failure: ClawError | null = null
  /** How often somebody opened it. */
  opened = 0

  write(...texts: readonly string[]): void {
    for (const text of texts)
      this.lines.push({ position: this.lines.length + 1, at: 1_000 + this.lines.length, stream: 'stdout', text })
    this.#ring()
  }

  end(): void {
    this.isEnded = true
    this.#ring()
  }

  /** Breaks the streams that are open now. */
  breakOff(failure: ClawError): void {
    this.#failure = failure
    this.#ring()
    this.#failure = null
  }

  #ring(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }

  async *read({ from, tail, follow }: KeptQuery, signal: AbortSignal): AsyncIterable<LogPiece> {
    this.opened += 1
    let next = from ?? (tail === null ? 0 : Math.max(0, this.lines.length - tail))
    for (;;) {
      const more = this.lines.slice(next)
      next = this.lines.length
      if (more.length > 0) yield { type: 'lines', block: blockOf(more) }
      if (follow) yield { type: 'current' }
      if (!follow || this.isEnded || signal.aborted) return
      const failure = await new Promise<ClawError | null>((resolve) => {
        const wake = (): void => {
          resolve(this.#failure)
        }
        this.#wake.push(wake)
        signal.addEventListener('abort', wake, { once: true })
      })
      if (failure !== null) throw failure
    }
  }
}

/** What a node says that it has of a placement. */
export function keptLog(placement: PlacementId): KeptLog {
  const [workload = '', attempt = ''] = placement.split('.')
  const id = workloadId(workload)
  return { placement, workload: id, attempt: Number(attempt), name: workload, bytes: 1, isComplete: true }
}
