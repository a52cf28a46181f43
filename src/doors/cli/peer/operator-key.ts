/** The key that an operator attaches with from outside a mesh: an Ed25519 seed in a file that only its owner can read. */
import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ClawError } from '../../../model/failure.ts'
import type { Host } from '../host.ts'

export const defaultKeyFile = ({ env, home }: Pick<Host, 'env' | 'home'>): string =>
  join(env['XDG_CONFIG_HOME'] || join(home, '.config'), 'clawbernetes', 'operator.key')

/** Why a file cannot be read. */
const problems: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such key; `clawbernetes operator key` makes one',
  ENOTDIR: 'there is no such key; `clawbernetes operator key` makes one',
  EISDIR: 'it is a folder',
  EACCES: 'you may not read it',
  EPERM: 'you may not read it',
}

/** Throws CONFIG_INVALID when there is no such file, when it cannot be read, or when no key is in it. */
export async function readOperatorKey(file: string): Promise<Uint8Array> {
  try {
    return seedIn(await readFile(file, 'utf8'), file)
  } catch (error) {
    const problem = problems[(error as NodeJS.ErrnoException).code ?? '']
    if (problem === undefined) throw error
    throw new ClawError('CONFIG_INVALID', { file, problem }, { cause: error })
  }
}

/** The key in the file, made and written first when there is none. */
export async function ensureOperatorKey(file: string): Promise<Uint8Array> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const seed = randomBytes(32)
  try {
    await writeFile(file, `${seed.toString('base64')}\n`, { mode: 0o600, flag: 'wx' })
    return seed
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return readOperatorKey(file)
  }
}

function seedIn(text: string, file: string): Uint8Array {
  const seed = Buffer.from(text.trim(), 'base64')
  if (seed.length === 32) return seed
  throw new ClawError('CONFIG_INVALID', { file, problem: 'it holds no operator key' })
}

/** PKCS #8 header of an Ed25519 seed (RFC 8410). */
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex')
export const pkcs8Of = (seed: Uint8Array): Buffer => Buffer.concat([pkcs8, seed])
/** Identity multihash of 36 bytes, which are libp2p's protobuf of an Ed25519 public key of 32. */
const peerIdHeader = Buffer.from('002408011220', 'hex')

/** The libp2p peer id of the key: what `operator add` takes. */
export function operatorId(seed: Uint8Array): string {
  const key = createPrivateKey({ key: pkcs8Of(seed), format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' }).subarray(-32)
  return base58(Buffer.concat([peerIdHeader, publicKey]))
}

const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

function base58(bytes: Buffer): string {
  let rest = BigInt(`0x${bytes.toString('hex')}`)
  let text = ''
  for (; rest > 0n; rest /= 58n) text = alphabet.charAt(Number(rest % 58n)) + text
  const zeros = bytes.findIndex((byte) => byte !== 0)
  return '1'.repeat(zeros === -1 ? bytes.length : zeros) + text
}
