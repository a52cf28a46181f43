/** The little of DER (X.690) that a certificate is written in. */

const tags = { integer: 0x02, bits: 0x03, octets: 0x04, oid: 0x06, text: 0x0c, time: 0x18, sequence: 0x30, set: 0x31 }

function wrapped(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([Uint8Array.of(tag), lengthOf(body.length), body])
}

function lengthOf(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length)
  const digits: number[] = []
  for (let rest = length; rest > 0; rest >>>= 8) digits.unshift(rest & 0xff)
  return Uint8Array.of(0x80 | digits.length, ...digits)
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => wrapped(tags.sequence, ...parts)
export const set = (...parts: readonly Uint8Array[]): Buffer => wrapped(tags.set, ...parts)
export const octets = (bytes: Uint8Array): Buffer => wrapped(tags.octets, bytes)
/** A whole number of octets. */
export const bits = (bytes: Uint8Array): Buffer => wrapped(tags.bits, Uint8Array.of(0), bytes)
export const text = (value: string): Buffer => wrapped(tags.text, Buffer.from(value))
export const yes: Buffer = Buffer.from([0x01, 0x01, 0xff])

/** An unsigned number, most significant byte first. */
export function integer(bytes: Uint8Array): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0)
  const digits = start < 0 ? Uint8Array.of(0) : bytes.subarray(start)
  const isNegative = ((digits[0] ?? 0) & 0x80) !== 0
  return wrapped(tags.integer, isNegative ? Uint8Array.of(0) : Uint8Array.of(), digits)
}

/** `2.5.29.17` and its like. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return wrapped(tags.oid, Uint8Array.of(40 * first + second, ...rest.flatMap(base128)))
}

function base128(value: number): readonly number[] {
  const digits = [value & 0x7f]
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) digits.unshift((rest & 0x7f) | 0x80)
  return digits
}

/** To the second, in UTC. */
export const time = (at: number): Buffer =>
  wrapped(tags.time, Buffer.from(`${new Date(at).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`))

/** In place of the tag that the type would have. */
export const implicit = (number: number, bytes: Uint8Array): Buffer => wrapped(0x80 | number, bytes)
/** Around something with a tag of its own. */
export const explicit = (number: number, part: Uint8Array): Buffer => wrapped(0xa0 | number, part)
