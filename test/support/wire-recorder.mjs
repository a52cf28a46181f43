/**
 * Loaded into a daemon before all else (`node --import`): writes down everything that it encrypts for its links to other peers, as it was
 * before. So a test sees in the clear what goes from peer to peer, whatever layer says it.
 */
import crypto from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const file = process.env['CLAW_WIRE_RECORD']
const original = crypto.createCipheriv

if (file !== undefined) {
  crypto.createCipheriv = (name, ...rest) => {
    const cipher = original(name, ...rest)
    if (name !== 'chacha20-poly1305') return cipher
    const update = cipher.update.bind(cipher)
    cipher.update = (data, ...more) => {
      appendFileSync(file, data)
      return update(data, ...more)
    }
    return cipher
  }
  syncBuiltinESMExports()
}
