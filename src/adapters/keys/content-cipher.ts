/**
 * Content of any length under a key, by AES-256-GCM in parts of 64 KiB. The number of a part, and whether it is the last, are in its nonce: so none
 * can be left out, moved, or taken for the end. The key is made anew each time that something is sealed, from the secret, what the content is bound to,
 * and chance: content that is sealed again, with other bytes, never meets a key and a nonce that were used before.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { ClawError } from '../../model/failure.ts'
import type { ContentCipher } from '../../ports/backups.ts'

const partBytes = 65_536
const tagBytes = 16
/** How a sealed content begins. */
const magic = Buffer.from('CLAWSEAL1\n')
const saltBytes = 32
const headBytes = magic.length + saltBytes
const mostParts = 2 ** 32 - 1

export const contentCipher: ContentCipher = { seal, open }

interface What {
  readonly backup: string
  readonly file: string
}

async function* seal(
  content: AsyncIterable<Uint8Array>,
  secret: Uint8Array,
  bound: string,
): AsyncGenerator<Uint8Array> {
  const salt = randomBytes(saltBytes)
  const key = keyOf(secret, salt, bound)
  yield Buffer.concat([magic, salt])
  let number = 0
  for await (const { part, isLast } of partsOf(content, partBytes)) {
    if (number > mostParts) throw new ClawError('TOO_LARGE', { what: 'The content', limit: mostParts * partBytes })
    const cipher = createCipheriv('aes-256-gcm', key, nonceOf(number, isLast))
    yield Buffer.concat([cipher.update(part), cipher.final(), cipher.getAuthTag()])
    number += 1
  }
}

async function* open(
  sealed: AsyncIterable<Uint8Array>,
  secret: Uint8Array,
  bound: string,
  what: What,
): AsyncGenerator<Uint8Array> {
  let key: Uint8Array | null = null
  let number = 0
  for await (const { part, isLast } of partsOf(sealed, partBytes + tagBytes, headBytes)) {
    if (key === null) {
      if (!part.subarray(0, magic.length).equals(magic))
        throw new ClawError('BACKUP_DAMAGED', { ...what, detail: 'does not begin as one' })
      if (isLast) throw new ClawError('BACKUP_DAMAGED', { ...what, detail: 'ends too early' })
      key = keyOf(secret, part.subarray(magic.length), bound)
      continue
    }
    if (part.length < tagBytes) throw new ClawError('BACKUP_DAMAGED', { ...what, detail: 'ends too early' })
    const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(number, isLast), { authTagLength: tagBytes })
    decipher.setAuthTag(part.subarray(part.length - tagBytes))
    const text = decipher.update(part.subarray(0, part.length - tagBytes))
    try {
      decipher.final()
    } catch (cause) {
      const detail = 'was changed, or is sealed with another key'
      throw new ClawError('BACKUP_DAMAGED', { ...what, detail }, { cause })
    }
    yield text
    number += 1
  }
}

const keyOf = (secret: Uint8Array, salt: Uint8Array, bound: string): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', secret, salt, `claw/backup/1 ${bound}`, 32))

function nonceOf(number: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeUInt32BE(number, 4)
  nonce.writeUInt8(isLast ? 1 : 0, 11)
  return nonce
}

/** Always at least one, and all but the first and the last of that size. */
async function* partsOf(
  content: AsyncIterable<Uint8Array>,
  size: number,
  first = size,
): AsyncGenerator<{ readonly part: Buffer; readonly isLast: boolean }> {
  let held: Buffer = Buffer.alloc(0)
  let next = first
  for await (const chunk of content) {
    held = Buffer.concat([held, chunk])
    let at = 0
    // One that is full may be the last.
    while (held.length - at > next) {
      yield { part: held.subarray(at, at + next), isLast: false }
      at += next
      next = size
    }
    held = held.subarray(at)
  }
  yield { part: held, isLast: true }
}
