/** Which secrets need a new value now. */
import type { Secret } from '../../model/secret.ts'
import { dueAt } from '../../model/secret.ts'
import type { Instant } from '../../model/time.ts'

export const rotationsDue = (secrets: Iterable<Secret>, now: Instant): readonly Secret[] =>
  [...secrets].filter((secret) => {
    const due = dueAt(secret)
    return due !== null && due <= now && !secret.isDue
  })

const signs = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** So many letters and digits, each equally likely: bytes that would favour some are passed over. */
export function wordOf(length: number, bytes: (count: number) => Uint8Array): string {
  let word = ''
  while (word.length < length)
    for (const byte of bytes(length))
      if (byte < 4 * signs.length && word.length < length) word += signs.charAt(byte % signs.length)
  return word
}
