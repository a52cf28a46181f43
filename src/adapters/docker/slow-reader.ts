/**
 * Output for a reader who may stop reading: the engine makes the process itself wait for whoever is attached to it. So this reads in the
 * reader's place. One who is slow still gets everything; one who takes nothing for a while loses what does not fit, and is told how much.
 */
import { Bell } from '../../lib/bell.ts'
import type { Millis } from '../../model/time.ts'
import type { ExecOutput } from '../../ports/exec.ts'

export interface Patience {
  /** What is kept for the reader. */
  readonly bytes: number
  /** For how long the process is held up while the reader takes nothing. */
  readonly ms: Millis
}

/** What is said in the place of bytes that were lost. */
type Note = (bytes: number) => ExecOutput

/** Begins to read at once. */
export function forSlowReader(
  source: AsyncIterable<ExecOutput>,
  patience: Patience,
  note: Note,
): AsyncIterable<ExecOutput> {
  const kept = new Kept(patience, note)
  const read = async (): Promise<void> => {
    for await (const output of source) await kept.put(output)
  }
  read().then(
    () => kept.end(null),
    (error: unknown) => kept.end({ error }),
  )
  return kept.taken()
}

class Kept {
  readonly #patience: Patience
  readonly #note: Note
  readonly #filled = new Bell()
  readonly #emptied = new Bell()
  #outputs: ExecOutput[] = []
  #bytes = 0
  #lostBytes = 0
  /** The reader has taken nothing for so long that nobody waits for it, until it does. */
  #isGivenUp = false
  #end: { readonly failure: { readonly error: unknown } | null } | null = null

  constructor(patience: Patience, note: Note) {
    this.#patience = patience
    this.#note = note
  }

  async put(output: ExecOutput): Promise<void> {
    while (!this.#hasRoom && !this.#isGivenUp) await this.#untilTaken()
    if (this.#hasRoom) this.#keep(output)
    else this.#lostBytes += output.data.length
    this.#filled.ring()
  }

  end(failure: { readonly error: unknown } | null): void {
    this.#noteLoss()
    this.#end = { failure }
    this.#filled.ring()
  }

  async *taken(): AsyncGenerator<ExecOutput> {
    for (;;) {
      const next = this.#outputs.shift()
      if (next !== undefined) {
        this.#bytes -= next.data.length
        this.#isGivenUp = false
        this.#emptied.ring()
        yield next
      } else if (this.#end === null) await this.#filled.rung()
      else if (this.#end.failure === null) return
      else throw this.#end.failure.error
    }
  }

  get #hasRoom(): boolean {
    return this.#bytes < this.#patience.bytes
  }

  async #untilTaken(): Promise<void> {
    const giveUp = (): void => {
      this.#isGivenUp = true
      this.#emptied.ring()
    }
    const timer = setTimeout(giveUp, this.#patience.ms).unref()
    await this.#emptied.rung()
    clearTimeout(timer)
  }

  #keep(output: ExecOutput): void {
    this.#noteLoss()
    const { stream, data } = output
    // The source has its memory back with the next that it is asked for.
    this.#outputs.push({ stream, data: new Uint8Array(data) })
    this.#bytes += data.length
  }

  #noteLoss(): void {
    if (this.#lostBytes === 0) return
    const note = this.#note(this.#lostBytes)
    this.#lostBytes = 0
    this.#outputs.push(note)
    this.#bytes += note.data.length
  }
}
