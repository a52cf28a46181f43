/** Hands the work in, each workload at its time, as a user would who asks the next peer when one does not answer. */
import { isClawError } from '../../model/failure.ts'
import type { Instant, Millis } from '../../model/time.ts'
import type { Arrival } from '../../sim/arrivals.ts'
import type { Peer } from './fleet.ts'
import type { MeshTime } from './mesh-time.ts'
import { within } from './watch.ts'

/** After so long a user gives up. */
const patience: Millis = 120_000
const attemptTime: Millis = 10_000
const pause: Millis = 500
/** So many are being handed in at a time: a mesh without a leader must not drown in attempts when it gets one. */
const lanes = 32

export interface SubmitInit {
  readonly time: MeshTime
  readonly startedAt: Instant
  readonly signal: AbortSignal
  readonly someone: () => Peer
}

export class Submissions {
  handedIn = 0
  accepted = 0
  readonly refused: Record<string, number> = {}
  readonly #init: SubmitInit

  constructor(init: SubmitInit) {
    this.#init = init
  }

  /** Ends when all of it was accepted or given up, or with the signal. */
  async run(arrivals: readonly Arrival[]): Promise<void> {
    const { time, startedAt, signal } = this.#init
    const queue = [...arrivals]
    const lane = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined && !signal.aborted; next = queue.shift()) {
        const wait = startedAt + next.at - time.now()
        if (wait > 0) await time.sleep(wait, signal).catch(() => {})
        if (!signal.aborted) await this.#submit(next)
      }
    }
    await Promise.all(Array.from({ length: lanes }, lane))
  }

  async #submit(arrival: Arrival): Promise<void> {
    const { time, signal } = this.#init
    this.handedIn += 1
    const deadline = time.now() + patience
    for (;;) {
      try {
        await this.#attempt(arrival)
        this.accepted += 1
        return
      } catch (error) {
        if (signal.aborted) return
        if (!isClawError(error)) throw error
        const mayPass = ['unavailable', 'timeout'].includes(error.kind)
        if (!mayPass || time.now() > deadline) {
          this.refused[error.code] = (this.refused[error.code] ?? 0) + 1
          return
        }
      }
      await time.sleep(pause, signal).catch(() => {})
    }
  }

  /** The key makes it the same submission, whichever peer gets it. */
  async #attempt({ name, gpus, duration, priority, exitCode, onPartition }: Arrival): Promise<void> {
    const { time, signal, someone } = this.#init
    const env = { CLAW_SIM_SECONDS: String(duration / 1_000), CLAW_SIM_EXIT: String(exitCode) }
    const request = { image: 'simulated', name, gpus, priority, onPartition, env, idempotencyKey: name }
    await within(time.real(attemptTime), signal, (limited) => someone().api.call('workload.run', request, limited))
  }
}
