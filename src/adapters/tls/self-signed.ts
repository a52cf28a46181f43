/** A certificate that a host makes for itself (RFC 5280), with a key of P-256. Clients know it again by its fingerprint. */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { isIP } from 'node:net'
import type { Instant } from '../../model/time.ts'
import { bits, explicit, implicit, integer, octets, oid, sequence, set, text, time, yes } from './der.ts'

export interface Certificate {
  /** Both PEM. */
  readonly certificate: string
  readonly key: string
}

export interface Subject {
  readonly name: string
  /** Host names and IP addresses under which it is reached. */
  readonly hosts: readonly string[]
  readonly notBefore: Instant
  readonly notAfter: Instant
}

const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'))

export function selfSigned({ name, hosts, notBefore, notAfter }: Subject): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const called = sequence(set(sequence(oid('2.5.4.3'), text(name.slice(0, 64)))))
  const body = sequence(
    explicit(0, integer(Uint8Array.of(2))),
    integer(randomBytes(16)),
    ecdsaWithSha256,
    called,
    sequence(time(notBefore), time(notAfter)),
    called,
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...extensions(hosts))),
  )
  const certificate = sequence(body, ecdsaWithSha256, bits(sign('sha256', body, privateKey)))
  return {
    certificate: pem('CERTIFICATE', certificate),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

function extensions(hosts: readonly string[]): readonly Buffer[] {
  return [
    // Basic constraints: it vouches for nobody else. Key usage: signatures. Extended: servers.
    extension('2.5.29.19', sequence(), { isCritical: true }),
    extension('2.5.29.15', Buffer.from([0x03, 0x02, 0x07, 0x80]), { isCritical: true }),
    extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1'))),
    extension('2.5.29.17', sequence(...hosts.map(alternative))),
  ]
}

const extension = (id: string, value: Uint8Array, { isCritical = false } = {}): Buffer =>
  sequence(oid(id), ...(isCritical ? [yes] : []), octets(value))

const alternative = (host: string): Buffer =>
  isIP(host) === 0 ? implicit(2, Buffer.from(host, 'latin1')) : implicit(7, addressBytes(host))

function addressBytes(address: string): Uint8Array {
  if (isIP(address) === 4) return Uint8Array.from(address.split('.'), Number)
  const [head = '', tail] = address.replace(/%.*$/, '').split('::')
  const groups = (part: string): readonly number[] =>
    part === '' ? [] : part.split(':').flatMap((group) => (group.includes('.') ? pair(group) : [parseInt(group, 16)]))
  const [before, after] = [groups(head), tail === undefined ? [] : groups(tail)]
  const all = [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after]
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff]))
}

/** `::ffff:192.0.2.1` ends in the four bytes of IPv4. */
function pair(dotted: string): readonly number[] {
  const [a = 0, b = 0, c = 0, d = 0] = dotted.split('.').map(Number)
  return [(a << 8) | b, (c << 8) | d]
}

const pem = (what: string, der: Uint8Array): string =>
  `-----BEGIN ${what}-----\n${(
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  ).join('\n')}\n-----END ${what}-----\n`
