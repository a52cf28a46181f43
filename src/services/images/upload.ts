/** Takes in a file of a user's own that comes in parts, and feeds it to whoever takes it as it comes. */
import { ClawError } from '../../model/failure.ts'
import type { Millis } from '../../model/time.ts'
import { minute } from '../../model/time.ts'
import type { Cancel, Clock } from '../../ports/clock.ts'

/** What nobody goes on with is given up. */
const patience: Millis = 2 * minute
/** So much may wait for its taker before the sender has to. */
const mostWaiting = 8_388_608
const mostUploads = 4

type Load<T> = (file: AsyncIterable<Uint8Array>, signal: AbortSignal, id: string) => Promise<T>

interface Upload<T> {
  readonly parts: Uint8Array[]
  readonly abort: AbortController
  readonly loaded: Promise<T>
  size: number
  waiting: number
  isWhole: boolean
  /** Its taker is done with it, well or badly. */
  isSettled: boolean
  cancel: Cancel
  /** Wakes whoever waits for a part, or for room. */
  wake: () => void
  changed: Promise<void>
}

export class Uploads<T> {
  readonly #clock: Clock
  readonly #load: Load<T>
  readonly #uploads = new Map<string, Upload<T>>()

  constructor(clock: Clock, load: Load<T>) {
    this.#clock = clock
    this.#load = load
  }

  /** Takes the next part, and returns how much there is once its taker is not far behind. A part at 0 begins a new file. */
  async put(id: string, offset: number, part: Uint8Array, signal: AbortSignal): Promise<number> {
    if (offset === 0) this.#begin(id)
    const upload = this.#uploads.get(id)
    if (upload === undefined || upload.size !== offset || upload.isWhole)
      throw new ClawError('INVALID_REQUEST', { problem: `the part at ${offset} does not follow; begin again at 0` })
    upload.size += part.length
    // Its taker may refuse it in the middle, or find its end before the last zeros of it.
    if (!upload.isSettled) {
      upload.waiting += part.length
      upload.parts.push(part)
    }
    this.#stir(upload)
    while (upload.waiting > mostWaiting && !upload.isSettled) {
      await upload.changed
      signal.throwIfAborted()
      // Nobody goes on with what was given up, and its taker may never be done with it.
      upload.abort.signal.throwIfAborted()
    }
    if (upload.isSettled) await upload.loaded
    return upload.size
  }

  /** What was made of it, once all is taken in. Throws what its taker throws, and INVALID_REQUEST for a file that is not here. */
  async finish(id: string): Promise<T> {
    const upload = this.#uploads.get(id)
    if (upload === undefined) throw new ClawError('INVALID_REQUEST', { problem: 'the file is not here; send it again' })
    upload.isWhole = true
    this.#stir(upload)
    upload.cancel()
    try {
      return await upload.loaded
    } finally {
      // It may have been begun anew meanwhile.
      if (this.#uploads.get(id) === upload) this.#uploads.delete(id)
    }
  }

  close(): void {
    for (const id of [...this.#uploads.keys()]) this.#drop(id, new Error('the node is stopping'))
  }

  #begin(id: string): void {
    this.#drop(id, new ClawError('INVALID_REQUEST', { problem: 'the file was begun anew' }))
    if (this.#uploads.size >= mostUploads) throw new ClawError('RATE_LIMITED', { who: 'Those who send files here' })
    const abort = new AbortController()
    const { promise: loaded, resolve, reject } = Promise.withResolvers<T>()
    const { promise: changed, resolve: wake } = Promise.withResolvers<void>()
    const cancel = (): void => {}
    const upload: Upload<T> = {
      parts: [],
      abort,
      loaded,
      size: 0,
      waiting: 0,
      isWhole: false,
      isSettled: false,
      cancel,
      wake,
      changed,
    }
    // Told to whoever sends the next part, or asks for the end.
    loaded.catch(() => {})
    this.#load(this.#archive(upload), abort.signal, id)
      .finally(() => this.#settle(upload))
      .then(resolve, reject)
    this.#uploads.set(id, upload)
    this.#giveUpLater(id, upload)
  }

  /** Nobody reads what is left of it. */
  #settle(upload: Upload<T>): void {
    upload.isSettled = true
    upload.parts.length = 0
    this.#stir(upload)
  }

  async *#archive(upload: Upload<T>): AsyncIterable<Uint8Array> {
    for (;;) {
      // Before anything else: what was given up has no parts any more, and must not look whole.
      upload.abort.signal.throwIfAborted()
      const part = upload.parts.shift()
      if (part !== undefined) {
        yield part
        upload.waiting -= part.length
        this.#stir(upload)
        continue
      }
      if (upload.isWhole) return
      await upload.changed
    }
  }

  #stir(upload: Upload<T>): void {
    const { wake } = upload
    const { promise, resolve } = Promise.withResolvers<void>()
    upload.changed = promise
    upload.wake = resolve
    wake()
    // What is whole waits for its taker alone, which may take its time.
    if (upload.isWhole) return
    const known = [...this.#uploads].find(([, one]) => one === upload)
    if (known !== undefined) this.#giveUpLater(...known)
  }

  #giveUpLater(id: string, upload: Upload<T>): void {
    upload.cancel()
    upload.cancel = this.#clock.after(patience, () =>
      this.#drop(id, new ClawError('DEADLINE_EXCEEDED', { what: 'The next part of the file', ms: patience })),
    )
  }

  #drop(id: string, reason: Error): void {
    const upload = this.#uploads.get(id)
    if (upload === undefined) return
    this.#uploads.delete(id)
    upload.cancel()
    upload.parts.length = 0
    upload.abort.abort(reason)
    this.#stir(upload)
  }
}
