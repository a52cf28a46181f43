/** Reads along on a stream of length-prefixed messages that somebody else consumes, to see who sends too long ones. */
import type { Stream } from '@libp2p/interface'
import type { Uint8ArrayList } from 'uint8arraylist'

/** Calls `tooLong` and cuts the stream at the first length over the limit, before the message itself has arrived. */
export function watchLengths(stream: Stream, limit: number, tooLong: () => void): void {
  let left = 0
  let length = 0
  let factor = 1

  /** True once a length is too long. */
  const read = (data: Uint8Array | Uint8ArrayList): boolean => {
    for (let at = 0; at < data.length;) {
      if (left > 0) {
        const skipped = Math.min(left, data.length - at)
        left -= skipped
        at += skipped
        continue
      }
      const byte = data instanceof Uint8Array ? (data[at] ?? 0) : data.get(at)
      at += 1
      length += (byte & 0x7f) * factor
      factor *= 128
      if (length > limit) return true
      if (byte >= 0x80) continue
      left = length
      length = 0
      factor = 1
    }
    return false
  }

  stream.addEventListener('message', ({ data }) => {
    if (!read(data)) return
    tooLong()
    stream.abort(new Error(`a message is longer than ${limit} bytes`))
  })
}
