/** Who this node is among strangers: a key of its own, so that they cannot tell which node of which mesh it is. */
import { generateKeyPairSync } from 'node:crypto'
import { peerIdOf } from '../../lib/peer-id.ts'
import { ClawError } from '../../model/failure.ts'
import { nodeId } from '../../model/ids.ts'
import type { Disk } from '../../ports/journal.ts'
import type { MarketKey } from '../../ports/keys.ts'
import { publicBytes, secretKey } from './ed25519.ts'
import { signatureOf } from './signatures.ts'

/** The name of the file below the data directory. */
export const marketKeyFile = 'market.key'

const header = 'clawbernetes market key 1\n'

/** The key, or null where none was made yet. Throws MARKET_KEY_CORRUPT for a file that is none: it is never replaced. */
export async function readMarketKey(disk: Pick<Disk, 'readBlob'>): Promise<MarketKey | null> {
  const stored = await disk.readBlob(marketKeyFile)
  if (stored === null) return null
  const text = Buffer.from(stored).toString('latin1')
  const seed = Buffer.from(text.slice(header.length).trim(), 'base64')
  if (!text.startsWith(header) || seed.length !== 32) throw new ClawError('MARKET_KEY_CORRUPT', { file: marketKeyFile })
  return keyFrom(new Uint8Array(seed))
}

/** Makes one and keeps it, before anybody has heard of it. */
export async function makeMarketKey(disk: Pick<Disk, 'writeBlob'>): Promise<MarketKey> {
  const seed = generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32)
  const file = `${header}${seed.toString('base64')}\n`
  await disk.writeBlob(marketKeyFile, Buffer.from(file), { secret: true })
  return keyFrom(new Uint8Array(seed))
}

function keyFrom(seed: Uint8Array): MarketKey {
  const key = secretKey('ed25519', seed)
  const id = nodeId(peerIdOf(publicBytes(key)))
  return { id, seed, signer: { id, sign: (tag, scope, bytes) => signatureOf(key, tag, scope, bytes) } }
}
