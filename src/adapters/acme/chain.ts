/** The certificates in what an authority sends, written as all others of ours are. */
import { X509Certificate } from 'node:crypto'

const block = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** Authorities may say something before each, and between them (RFC 7468, 2). Throws what is wrong with one of them. */
export function chainIn(text: string): string {
  const found = text.match(block)
  if (found === null) throw new Error('what came is no certificate')
  return found.map((one) => new X509Certificate(one).toString()).join('')
}
