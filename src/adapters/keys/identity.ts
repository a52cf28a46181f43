/** Who this node, or this operator, is: two keys in one file that only its owner can read. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { peerIdOf } from '../../lib/peer-id.ts'
import { ClawError } from '../../model/failure.ts'
import { type NodeId, nodeId } from '../../model/ids.ts'
import type { Disk } from '../../ports/journal.ts'
import type { Sealer } from '../../ports/keys.ts'
import type { Signer } from '../../ports/signer.ts'
import { publicBytes, secretKey } from './ed25519.ts'
import { createSealer } from './sealing.ts'
import { signatureOf } from './signatures.ts'

/** The name of the file below the data directory. */
export const identityFile = 'identity.key'

export interface Identity {
  readonly id: NodeId
  /** Private half of the Ed25519 key, 32 bytes, for the network to prove the id with. Goes into no log. */
  readonly seed: Uint8Array
  readonly signer: Signer
  readonly sealer: Sealer
}

/** Reads the identity, or makes one where there is none. Throws IDENTITY_CORRUPT for a file that is no identity: it is never replaced. */
export async function loadIdentity(disk: Pick<Disk, 'readBlob' | 'writeBlob'>): Promise<Identity> {
  const stored = await disk.readBlob(identityFile)
  if (stored !== null) return readIdentity(stored)
  const made = Buffer.concat([newSecret('ed25519'), newSecret('x25519')])
  const file = `${header}${made.toString('base64')}\n`
  await disk.writeBlob(identityFile, Buffer.from(file), { secret: true })
  return identityFrom(made)
}

const header = 'clawbernetes identity 1\n'

/** An identity from the bytes of its file. For those that have no data directory, such as the CLI. */
export function readIdentity(file: Uint8Array): Identity {
  const text = Buffer.from(file).toString('latin1')
  const secrets = Buffer.from(text.slice(header.length).trim(), 'base64')
  if (!text.startsWith(header) || secrets.length !== 64) throw new ClawError('IDENTITY_CORRUPT', { file: identityFile })
  return identityFrom(secrets)
}

/** A new identity that is kept nowhere. For tests, and for what lives only once. */
export const newIdentity = (): Identity => identityFrom(Buffer.concat([newSecret('ed25519'), newSecret('x25519')]))

function identityFrom(secrets: Uint8Array): Identity {
  const seed = secrets.slice(0, 32)
  const key = secretKey('ed25519', seed)
  const id = nodeId(peerIdOf(publicBytes(key)))
  return {
    id,
    seed,
    signer: { id, sign: (tag, scope, bytes) => signatureOf(key, tag, scope, bytes) },
    sealer: createSealer(secrets.slice(32)),
  }
}

function newSecret(curve: 'ed25519' | 'x25519'): Uint8Array {
  const { privateKey }: { privateKey: KeyObject } =
    curve === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('x25519')
  return privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32)
}
