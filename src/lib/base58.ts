/** Bytes as text without the characters that look alike (Bitcoin's alphabet). For short things: the work grows with the square. */
const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const digits = new Map(Array.from(alphabet, (letter, value) => [letter, value]))

export function toBase58(bytes: Uint8Array): string {
  const zeros = leading(bytes, 0)
  const places: number[] = []
  for (const byte of bytes) carry(places, byte, { from: 256, to: 58 })
  return '1'.repeat(zeros) + places.toReversed().reduce((text, place) => text + alphabet.charAt(place), '')
}

/** The bytes, or null when the text holds anything but base58. */
export function fromBase58(text: string): Uint8Array | null {
  const values = Array.from(text, (letter) => digits.get(letter) ?? -1)
  if (values.includes(-1)) return null
  const places: number[] = []
  for (const value of values) carry(places, value, { from: 58, to: 256 })
  return Uint8Array.from([...new Array<number>(leading(values, 0)).fill(0), ...places.toReversed()])
}

/** Multiplies the number in `places` (least first, base `to`) by `from` and adds `value`. */
function carry(places: number[], value: number, { from, to }: { readonly from: number; readonly to: number }): void {
  let rest = value
  for (const [i, place] of places.entries()) {
    rest += place * from
    places[i] = rest % to
    rest = Math.floor(rest / to)
  }
  for (; rest > 0; rest = Math.floor(rest / to)) places.push(rest % to)
}

function leading(values: Iterable<number>, wanted: number): number {
  let count = 0
  for (const value of values) {
    if (value !== wanted) break
    count += 1
  }
  return count
}
