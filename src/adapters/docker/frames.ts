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
