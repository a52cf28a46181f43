/** Turns a message into bytes and back. `decode` throws on anything that is not exactly such a message. */
export interface Codec<T> {
  encode(value: T): Uint8Array
  decode(bytes: Uint8Array): T
}
