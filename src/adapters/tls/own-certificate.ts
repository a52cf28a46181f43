/** The certificate that a daemon shows: the owner’s, or one that it makes for itself at its first use and then keeps. */
import { X509Certificate, createPrivateKey } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { fingerprintOf } from '../../lib/fingerprint.ts'
import { ClawError } from '../../model/failure.ts'
import { day, type Instant } from '../../model/time.ts'
import type { Disk } from '../../ports/journal.ts'
import { type Certificate, selfSigned } from './self-signed.ts'

export interface ShownCertificate extends Certificate {
  /** `SHA256:` and the base64 of its hash, as people compare it. */
  readonly fingerprint: string
}

/** Name of the file that holds key and certificate of a daemon’s own. */
export const certificateFile = 'tls.pem'

/** Ten years: whoever knows it again by its fingerprint would have to be told of each new one. */
const life = 3_650 * day

interface Own {
  readonly disk: Pick<Disk, 'readBlob' | 'writeBlob'>
  readonly name: string
  readonly hosts: readonly string[]
  readonly now: Instant
}

/** What was kept, or a new one where there is none, or where it has run out. */
export async function ownCertificate({ disk, name, hosts, now }: Own): Promise<ShownCertificate> {
  const kept = await disk.readBlob(certificateFile)
  const known = kept === null ? null : parts(Buffer.from(kept).toString('utf8'))
  if (known !== null && Date.parse(new X509Certificate(known.certificate).validTo) > now) return shown(known)
  const made = selfSigned({ name, hosts, notBefore: now - day, notAfter: now + life })
  await disk.writeBlob(certificateFile, Buffer.from(made.key + made.certificate), { secret: true })
  return shown(made)
}

/** The owner’s own. Throws CONFIG_INVALID for files that are no such pair. */
export async function givenCertificate(files: {
  readonly certificate: string
  readonly key: string
}): Promise<ShownCertificate> {
  const [certificate, key] = await Promise.all([read(files.certificate), read(files.key)])
  const first = parsed(files.certificate, () => new X509Certificate(certificate))
  const secret = parsed(files.key, () => createPrivateKey(key))
  if (!first.checkPrivateKey(secret))
    throw new ClawError('CONFIG_INVALID', { file: files.key, problem: `it is not the key of ${files.certificate}` })
  return shown({ certificate, key })
}

const shown = (made: Certificate): ShownCertificate => ({
  ...made,
  fingerprint: fingerprintOf(new X509Certificate(made.certificate).raw),
})

function parts(text: string): Certificate | null {
  const key = /-----BEGIN PRIVATE KEY-----.*?-----END PRIVATE KEY-----\n/s.exec(text)?.[0]
  const certificate = /-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n/s.exec(text)?.[0]
  return key === undefined || certificate === undefined ? null : { key, certificate }
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new ClawError('CONFIG_INVALID', { file, problem: (error as Error).message }, { cause: error })
  }
}

function parsed<T>(file: string, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    throw new ClawError('CONFIG_INVALID', { file, problem: 'it holds no such thing in PEM' }, { cause: error })
  }
}
