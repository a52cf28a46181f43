/** Device names in few bytes: most are a UUID with a prefix, which is 17 bytes instead of 40. */

/** Prefixes by form. Form 0 is any other text. Order is part of the wire format: only append. */
const prefixes = [null, 'GPU-', 'MIG-', ''] as const

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Longest name that is carried, in bytes. */
const longestName = 80

export function packDeviceName(name: string): Uint8Array {
  for (const [form, prefix] of prefixes.entries()) {
    if (prefix === null || !name.startsWith(prefix)) continue
    const rest = name.slice(prefix.length)
    if (uuid.test(rest)) return Uint8Array.of(form, ...hexBytes(rest.replaceAll('-', '')))
  }
  return Uint8Array.of(0, ...new TextEncoder().encode(name))
}

/** Throws for anything that is not a packed name. */
export function unpackDeviceName(bytes: Uint8Array): string {
  const prefix = prefixes[bytes[0] ?? -1]
  const rest = bytes.subarray(1)
  if (prefix === null && rest.length > 0 && rest.length <= longestName)
    return new TextDecoder('utf-8', { fatal: true }).decode(rest)
  if (typeof prefix !== 'string' || rest.length !== 16) throw new Error('not a packed device name')
  const hex = Array.from(rest, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return `${prefix}${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

const hexBytes = (hex: string): readonly number[] =>
  Array.from({ length: hex.length / 2 }, (_, at) => Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16))
