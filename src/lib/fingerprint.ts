import { sha256 } from './sha256.ts'

/** Of a key or certificate in DER, as people compare it: `SHA256:` and the base64 of its hash, as ssh writes them. */
export const fingerprintOf = (der: Uint8Array): string =>
  `SHA256:${Buffer.from(sha256(der), 'hex').toString('base64').replace(/=+$/, '')}`
