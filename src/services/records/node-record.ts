/** Says to the network that this node takes part in it, as what, and where it is reached: the record that others find it by. */
import { canonicalJson } from '../../lib/canonical-json.ts'
import type { NodePayload } from '../../core/records/rules/node.ts'
import { isClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import { day, hour, type Millis, second } from '../../model/time.ts'
import type { Cancel, Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Service } from '../../ports/service.ts'
import type { RecordStore } from './record-store.ts'

/** What has changed is said within so long. */
const lookEvery: Millis = 10 * second
const life: Millis = 2 * hour
/** The store says it again by itself for as long; when the node is restarted it begins anew. */
const standsFor: Millis = 365 * day

export interface NodeRecordDeps {
  readonly self: NodeId
  readonly records: Pick<RecordStore, 'publish'>
  /** What is to be said now. */
  readonly content: () => NodePayload
  readonly clock: Clock
  readonly log: Log
}

export class NodeRecordService implements Service {
  readonly name = 'node-record'
  readonly #deps: NodeRecordDeps
  #life = new AbortController()
  #said: string | null = null
  #saying: Promise<void> = Promise.resolve()
  #stopLooking: Cancel = () => {}

  constructor(deps: NodeRecordDeps) {
    this.#deps = deps
  }

  start(): Promise<void> {
    this.#life = new AbortController()
    this.#look()
    return Promise.resolve()
  }

  async stop(): Promise<void> {
    this.#life.abort(new Error('the node leaves'))
    this.#stopLooking()
    await this.#saying
  }

  #look(): void {
    const { clock, log } = this.#deps
    this.#saying = this.#say()
      .catch((error: unknown) => {
        if (this.#life.signal.aborted) return
        // A network without a witness that answers, or a full disk: it is tried again.
        if (isClawError(error)) log.debug('this node could not say that it is there', { error })
        else log.error('this node cannot say that it is there', { error })
      })
      .finally(() => {
        if (!this.#life.signal.aborted) this.#stopLooking = clock.after(lookEvery, () => this.#look())
      })
  }

  async #say(): Promise<void> {
    const { self, records, content, clock } = this.#deps
    const value = content()
    const text = canonicalJson(value)
    if (text === this.#said) return
    const until = clock.now() + standsFor
    await records.publish({ namespace: 'claw-node', id: self, value, life, until }, this.#life.signal)
    this.#said = text
  }
}
