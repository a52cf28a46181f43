/** Keeps a record alive that several may say, each of whom looks first: where it is there and lives, nobody has to say it again. */
import { canonicalJson } from '../../../lib/canonical-json.ts'
import { ClawError, isClawError } from '../../../model/failure.ts'
import { longestRecordLife, type RecordName, recordKey } from '../../../model/record.ts'
import { hour, type Millis } from '../../../model/time.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { Log } from '../../../ports/log.ts'
import type { RecordStore } from '../../records/record-store.ts'

export interface RecordSayerDeps {
  readonly records: Pick<RecordStore, 'publish' | 'read'>
  readonly clock: Clock
  readonly log: Log
}

/** It is looked so often whether it is still there. */
const lookEvery: Millis = 6 * hour
/** One that is over so soon is said anew, by whoever looks first. */
const leastLeft: Millis = 12 * hour

export interface Said extends RecordName {
  readonly value: unknown
}

export class RecordSayer {
  readonly #deps: RecordSayerDeps
  /** What was looked for last under a name, and when, on the steady clock. */
  readonly #looked = new Map<string, { readonly text: string; readonly at: Millis }>()

  constructor(deps: RecordSayerDeps) {
    this.#deps = deps
  }

  /** Says it where nobody has, or where it is over soon; does nothing where that was seen to lately. Throws the signal's reason. */
  async see(said: Said, signal: AbortSignal): Promise<void> {
    const { records, clock, log } = this.#deps
    const key = recordKey(said)
    const text = canonicalJson(said.value)
    const last = this.#looked.get(key)
    if (last?.text === text && clock.elapsed() - last.at < lookEvery) return
    try {
      const { found, value } = await records.read(said, { signal, confirm: false })
      const isThere = found !== null && canonicalJson(value) === text
      if (!isThere || found.record.endOfLife < clock.now() + leastLeft) await this.#say(said, signal)
      this.#looked.set(key, { text, at: clock.elapsed() })
    } catch (error) {
      if (!isClawError(error) && !signal.aborted) throw error
      log.debug('a record could not be told yet', { key, error })
    }
  }

  /** All that is not said any more. */
  forgetBut(keys: ReadonlySet<string>): void {
    for (const key of this.#looked.keys()) if (!keys.has(key)) this.#looked.delete(key)
  }

  async #say({ namespace, id, value }: Said, signal: AbortSignal): Promise<void> {
    const { records, clock } = this.#deps
    const until = clock.now() + longestRecordLife
    try {
      await records.publish({ namespace, id, value, life: longestRecordLife, until }, signal)
    } catch (error) {
      // Somebody else has said the same, or something that counts more: then that is what there is.
      if (!ClawError.is(error, 'RECORD_REFUSED') || error.facts.why !== 'stale') throw error
    }
  }
}
