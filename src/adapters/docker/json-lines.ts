/** Takes apart a stream of JSON values, one a line. */

/** A line of the engine's is some hundred bytes; what never ends is not one. */
const longest = 1_048_576

export class JsonLines {
  #rest = ''
  readonly #decoder = new TextDecoder()

  /** The values that are complete with this chunk. Throws on a line that is not JSON, or has no end. */
  push(chunk: Uint8Array): unknown[] {
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split('\n')
    this.#rest = lines.pop() ?? ''
    if (this.#rest.length > longest) throw new Error('the engine sent a line without end')
    return lines.filter((line) => line.trim() !== '').map((line): unknown => JSON.parse(line))
  }
}
