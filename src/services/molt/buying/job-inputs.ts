/** Archives that this node is to send with jobs: taken in from whoever asks for the job, and kept until the job is over, as each try sends them anew. */
import { archiveLimit } from '../../../model/molt-data.ts'
import { ClawError } from '../../../model/failure.ts'
import { hour, type Instant, type Millis } from '../../../model/time.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { Disk } from '../../../ports/journal.ts'
import type { Copied, CopyStore } from '../../../ports/volumes.ts'
import { Uploads } from '../../images/upload.ts'
import { KeptRecords } from '../kept-records.ts'

export interface JobInputsDeps {
  readonly disk: Pick<Disk, 'openJournal'>
  readonly copies: CopyStore
  readonly clock: Clock
}

interface Input extends Copied {
  readonly id: string
  /** That it is for; null while it is for none. */
  readonly job: string | null
  readonly at: Instant
}

/** What nobody asks a job for goes after so long. */
const keptFor: Millis = hour
const mostBytes = archiveLimit(2 ** 40)
/** Kept for jobs that nobody has asked for yet. */
const mostLoose = 64

export class JobInputs {
  readonly uploads: Uploads<Copied>
  readonly #deps: JobInputsDeps
  readonly #inputs: KeptRecords<Input>
  /** What is being taken in: who begins anew waits until what was there before is cleared away. */
  readonly #keeping = new Map<string, Promise<Copied>>()
  #isLive: (job: string) => boolean = () => true

  constructor(deps: JobInputsDeps) {
    this.#deps = deps
    const write = (input: Input): string => JSON.stringify(input)
    this.#inputs = new KeptRecords(deps.disk, { file: 'molt-inputs', write, read: (text) => JSON.parse(text) as Input })
    this.uploads = new Uploads(deps.clock, (archive, _, id) => this.#inTurn(id, () => this.#keep(id, archive)))
  }

  /** Throws STATE_CORRUPT. What is for no job any more is gone then. */
  async open(isLive: (job: string) => boolean): Promise<void> {
    this.#isLive = isLive
    await this.#inputs.open()
    for (const { id, job } of this.#inputs.all()) if (job === null || !isLive(job)) await this.#forget(id)
  }

  async close(): Promise<void> {
    this.uploads.close()
    await Promise.allSettled(this.#keeping.values())
    await this.#inputs.close()
  }

  /** Throws INVALID_REQUEST for one that is not here, or is for another job. */
  find(id: string): Copied {
    const input = this.#inputs.get(id)
    if (input === null || input.job !== null || input.bytes === 0)
      throw new ClawError('INVALID_REQUEST', { problem: `nothing was sent here as ${id}, or it is for another job` })
    return { bytes: input.bytes, sha256: input.sha256 }
  }

  /** From now on they are for that job. Throws as `find`. */
  async take(ids: readonly string[], job: string): Promise<void> {
    for (const id of ids) {
      const copied = this.find(id)
      await this.#inputs.put(id, { ...copied, id, job, at: this.#deps.clock.now() })
    }
  }

  /** Throws STATE_CORRUPT when it is not what was sent. */
  async read(id: string): Promise<AsyncIterable<Uint8Array>> {
    const input = this.#inputs.get(id)
    if (input === null) throw new ClawError('STATE_CORRUPT', { file: id, detail: 'it is not there' })
    return this.#deps.copies.read(fileOf(id), input)
  }

  /** The job is over. */
  async forget(job: string): Promise<void> {
    for (const { id, job: whose } of this.#inputs.all()) if (whose === job) await this.#forget(id)
  }

  #inTurn(id: string, keep: () => Promise<Copied>): Promise<Copied> {
    const before = this.#keeping.get(id) ?? Promise.resolve()
    const kept = before.then(keep, keep).finally(() => {
      if (this.#keeping.get(id) === kept) this.#keeping.delete(id)
    })
    this.#keeping.set(id, kept)
    return kept
  }

  async #keep(id: string, archive: AsyncIterable<Uint8Array>): Promise<Copied> {
    await this.#makeRoom()
    if ((this.#inputs.get(id)?.job ?? null) !== null)
      throw new ClawError('INVALID_REQUEST', { problem: `what was sent as ${id} is for a job already` })
    const { clock, copies } = this.#deps
    // So that it is found, and goes, should this daemon die meanwhile.
    await this.#inputs.put(id, { id, job: null, at: clock.now(), bytes: 0, sha256: '' })
    try {
      const copied = await copies.write(fileOf(id), archive, mostBytes)
      await this.#inputs.put(id, { ...copied, id, job: null, at: clock.now() })
      return copied
    } catch (error) {
      await this.#forget(id).catch(() => 'it goes when it is old')
      throw error
    }
  }

  async #makeRoom(): Promise<void> {
    const isOld = ({ id, job, at, bytes }: Input): boolean => {
      const isComing = bytes === 0 && this.#keeping.has(id)
      return !isComing && (job === null || !this.#isLive(job)) && this.#deps.clock.now() - at > keptFor
    }
    for (const { id } of this.#inputs.all().filter(isOld)) await this.#forget(id)
    if (this.#inputs.all().filter(({ job }) => job === null).length >= mostLoose)
      throw new ClawError('RATE_LIMITED', { who: 'Those who send files here' })
  }

  async #forget(id: string): Promise<void> {
    await this.#deps.copies.remove(fileOf(id))
    await this.#inputs.remove(id)
  }
}

const fileOf = (id: string): string => `input-${id}`
