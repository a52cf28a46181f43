/** Messages on a stream: each has its length before it. */

export function frame(message: Uint8Array): Buffer {
  const head = Buffer.alloc(2)
  head.writeUInt16BE(message.length, 0)
  return Buffer.concat([head, message])
}

/** The first message, and what is left; null while it is not all there. */
export function unframe(held: Buffer): { readonly message: Buffer | null; readonly rest: Buffer } {
  if (held.length < 2) return { message: null, rest: held }
  const end = 2 + held.readUInt16BE(0)
  return held.length < end
    ? { message: null, rest: held }
    : { message: held.subarray(2, end), rest: held.subarray(end) }
}
