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

/**
 * The same for a stream that is passed on as it comes: pieces of entries, without waiting for the rest of them. What of a chunk belongs to
 * one output is put together: every piece costs its way through the mesh, which is much more than the copy.
 */
export class OutputFrames {
  #header: Buffer = Buffer.alloc(0)
  #left = 0
  #stream: Frame['stream'] = 'stdout'

  /** What this chunk holds. Throws when the bytes are not frames. */
  push(chunk: Buffer): Frame[] {
    const frames: Frame[] = []
    let rest = chunk
    while (rest.length > 0) {
      if (this.#left === 0) {
        rest = this.#begin(rest)
        continue
      }
      const data = rest.subarray(0, this.#left)
      this.#left -= data.length
      rest = rest.subarray(data.length)
      frames.push({ stream: this.#stream, data })
    }
    return putTogether(frames)
  }

  /** Takes what is there of a header, and returns what follows it. */
  #begin(bytes: Buffer): Buffer {
    const wanted = 8 - this.#header.length
    this.#header = Buffer.concat([this.#header, bytes.subarray(0, wanted)])
    if (this.#header.length === 8) {
      const kind = this.#header.readUInt8(0)
      // Kind 3 is a fault of the engine itself, which belongs where people look for faults.
      if (kind > 3) throw new Error('the engine sent something that is not output')
      this.#stream = kind >= 2 ? 'stderr' : 'stdout'
      this.#left = this.#header.readUInt32BE(4)
      this.#header = Buffer.alloc(0)
    }
    return bytes.subarray(wanted)
  }
}

/** Neighbours of the same output as one. */
function putTogether(frames: readonly Frame[]): Frame[] {
  const together: Frame[] = []
  for (let at = 0; at < frames.length;) {
    const { stream, data } = frames[at] as Frame
    let end = at + 1
    while (frames[end]?.stream === stream) end += 1
    const run = frames.slice(at, end)
    together.push({ stream, data: run.length === 1 ? data : Buffer.concat(run.map((frame) => frame.data)) })
    at = end
  }
  return together
}
