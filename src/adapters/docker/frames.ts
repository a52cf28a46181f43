/** Takes apart the stream in which the engine sends both outputs of a container: 8 bytes of header, then the data of one entry. */

export interface Frame {
  readonly stream: 'stdout' | 'stderr'
  readonly data: Buffer
}

/** Entries of the log have at most 16 KiB and a time stamp; anything near this is not such a stream. */
const longest = 1_048_576

export class FrameReader {
  #rest: Buffer = Buffer.alloc(0)

  /** The frames that are complete with this chunk. Throws when the bytes are not frames. */
  push(chunk: Buffer): Frame[] {
    let rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const frames: Frame[] = []
    for (;;) {
      if (rest.length < 8) break
      const kind = rest.readUInt8(0)
      const length = rest.readUInt32BE(4)
      if ((kind !== 1 && kind !== 2) || length > longest) throw new Error('the engine sent something that is not a log')
      if (rest.length < 8 + length) break
      frames.push({ stream: kind === 2 ? 'stderr' : 'stdout', data: rest.subarray(8, 8 + length) })
      rest = rest.subarray(8 + length)
    }
    this.#rest = rest
    return frames
  }
}

const headerBytes = 8

/**
 * The same for a stream that is passed on as it comes: pieces of entries, without waiting for the rest of them. What of a chunk belongs to
 * one output is moved together: every piece costs its way through the mesh, which is much more than to move it.
 */
export class OutputFrames {
  readonly #header = Buffer.alloc(headerBytes)
  #headed = 0
  #left = 0
  #stream: Frame['stream'] = 'stdout'

  /** What this chunk holds, in its own memory, which is written to. Throws when the bytes are not frames. */
  push(chunk: Buffer): Frame[] {
    const frames: Frame[] = []
    let run = { stream: this.#stream, from: 0, to: 0 }
    for (let at = 0; at < chunk.length;) {
      if (this.#left === 0) {
        at += this.#begin(chunk.subarray(at))
        continue
      }
      if (run.to === run.from || run.stream !== this.#stream) {
        if (run.to > run.from) frames.push({ stream: run.stream, data: chunk.subarray(run.from, run.to) })
        run = { stream: this.#stream, from: at, to: at }
      }
      const end = Math.min(chunk.length, at + this.#left)
      if (run.to < at) chunk.copyWithin(run.to, at, end)
      run.to += end - at
      this.#left -= end - at
      at = end
    }
    if (run.to > run.from) frames.push({ stream: run.stream, data: chunk.subarray(run.from, run.to) })
    return frames
  }

  /** Takes what is there of a header, and returns how much that was. */
  #begin(bytes: Buffer): number {
    const taken = bytes.copy(this.#header, this.#headed, 0, headerBytes - this.#headed)
    this.#headed += taken
    if (this.#headed < headerBytes) return taken
    const kind = this.#header.readUInt8(0)
    // Kind 3 is a fault of the engine itself, which belongs where people look for faults.
    if (kind > 3) throw new Error('the engine sent something that is not output')
    this.#stream = kind >= 2 ? 'stderr' : 'stdout'
    this.#left = this.#header.readUInt32BE(4)
    this.#headed = 0
    return taken
  }
}
