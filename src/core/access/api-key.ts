/** The secrets that bearers show: `clk_`, then the key’s own word, then what only they know. */
import { sha256 } from '../../lib/sha256.ts'
import { sameBytes } from '../../lib/same-bytes.ts'
import { base32Word } from '../../lib/base32.ts'
import type { ApiKey } from '../../model/access.ts'
import type { Instant } from '../../model/time.ts'
import type { AccessState } from './standing.ts'

const idLength = 12
/** Five bits each. */
const secretLength = 40

const form = new RegExp(`^clk_([a-z2-7]{${idLength}})_[a-z2-7]{${secretLength}}$`)

export interface NewSecret {
  readonly id: string
  /** To be shown once. */
  readonly secret: string
  /** All that is kept of it. */
  readonly hash: string
}

/** `bytes` gives so many bytes by chance. Another secret for the same key where its id is given. */
export function newSecret(bytes: (count: number) => Uint8Array, id = `ak_${base32Word(bytes(idLength))}`): NewSecret {
  const secret = `clk_${id.slice('ak_'.length)}_${base32Word(bytes(secretLength))}`
  return { id, secret, hash: sha256(secret) }
}

/** Whether it looks like the secret of an API key: other bearers are other doors’. */
export const isApiKeySecret = (text: string): boolean => text.startsWith('clk_')

/** The key that this is the secret of, whether it is good still or not; undefined for what is none’s. */
export function keyOfSecret(
  { apikeys }: Pick<AccessState, 'apikeys'>,
  secret: string,
  at: Instant,
): ApiKey | undefined {
  const word = form.exec(secret)?.[1]
  const key = word === undefined ? undefined : apikeys.get(`ak_${word}`)
  if (key === undefined) return undefined
  const { hash, previous } = key
  const shown = sha256(secret)
  const isCurrent = same(shown, hash)
  const isPrevious = previous !== null && previous.until > at && same(shown, previous.hash)
  return isCurrent || isPrevious ? key : undefined
}

const same = (a: string, b: string): boolean => sameBytes(Buffer.from(a), Buffer.from(b))
