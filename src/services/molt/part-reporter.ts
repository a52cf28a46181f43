/** Tells the mesh how this node takes part in the market, and where it is reached there, whenever that has changed. */
import { canonicalJson } from '../../lib/canonical-json.ts'
import { isClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { MoltPart } from '../../model/molt.ts'
import { type Millis, second } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Control } from '../control/types.ts'
import { Loop } from '../gateway/loop.ts'

export interface PartReporterDeps {
  readonly self: NodeId
  readonly control: Pick<Control, 'state' | 'execute'>
  readonly clock: Clock
  readonly log: Log
  /** Null for none; undefined while that is not known. */
  readonly part: () => MoltPart | null | undefined
}

const every: Millis = 30 * second
const pause: Millis = second / 4
const patience: Millis = 20 * second
const again: Millis = 5 * second

export class PartReporter {
  readonly #deps: PartReporterDeps
  readonly #loop: Loop

  constructor(deps: PartReporterDeps) {
    this.#deps = deps
    this.#loop = new Loop(deps, { every, pause }, (signal) => this.#report(signal))
  }

  start(): void {
    this.#loop.start()
  }

  stop(): Promise<void> {
    return this.#loop.stop()
  }

  wake(): void {
    this.#loop.wake()
  }

  async #report(signal: AbortSignal): Promise<void> {
    const { self, control, clock, log, part: partOf } = this.#deps
    const part = partOf()
    const { state } = control
    if (part === undefined || !state.members.has(self)) return
    if (canonicalJson(part) === canonicalJson(state.moltParts.get(self) ?? null)) return
    const late = new AbortController()
    const cancel = clock.after(patience, () => late.abort())
    const id = `molt-part:${self}:${clock.now()}`
    try {
      const within = AbortSignal.any([signal, late.signal])
      await control.execute({ type: 'report-molt', node: self, part }, { id, by: self, signal: within })
    } catch (error) {
      if (!isClawError(error) && !late.signal.aborted && !signal.aborted) throw error
      log.debug('the mesh was not told how this node takes part', { error })
      this.#loop.wake(again)
    } finally {
      cancel()
    }
  }
}
