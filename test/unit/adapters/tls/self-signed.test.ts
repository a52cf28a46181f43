/** Read back by OpenSSL, which is what every client uses. */
import { X509Certificate, createPrivateKey } from 'node:crypto'
import { expect, test } from 'vitest'
import { givenCertificate, ownCertificate } from '../../../../src/adapters/tls/own-certificate.ts'
import { selfSigned } from '../../../../src/adapters/tls/self-signed.ts'
import { fingerprintOf } from '../../../../src/lib/fingerprint.ts'
import { day } from '../../../../src/model/time.ts'
import { memoryBlobs } from '../../../support/member.ts'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const at = Date.parse('2026-03-01T12:00:00Z')
const hosts = ['localhost', 'gpu-1.example.org', '127.0.0.1', '10.1.2.3', '::1', 'fe80::1%eth0', '2001:db8::a:0:1']
const made = selfSigned({ name: 'gpu-1', hosts, notBefore: at, notAfter: at + 3_650 * day })

test('a certificate is signed by its own key of P-256, names all hosts, and vouches for nobody else', () => {
  const read = new X509Certificate(made.certificate)
  expect(read.verify(read.publicKey)).toBe(true)
  expect(read.checkPrivateKey(createPrivateKey(made.key))).toBe(true)
  expect(read.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' })
  expect(read.subject).toBe('CN=gpu-1')
  expect(read.ca).toBe(false)
  expect(read.checkHost('gpu-1.example.org')).toBe('gpu-1.example.org')
  expect(read.checkHost('gpu-2.example.org')).toBeUndefined()
  for (const address of ['127.0.0.1', '10.1.2.3', '::1', 'fe80::1', '2001:db8::a:0:1'])
    expect(read.checkIP(address), address).toBe(address)
  expect([Date.parse(read.validFrom), Date.parse(read.validTo)]).toEqual([at, at + 3_650 * day])
})

test('two certificates have different keys and serial numbers', () => {
  const other = selfSigned({ name: 'gpu-1', hosts, notBefore: at, notAfter: at + day })
  const [a, b] = [new X509Certificate(made.certificate), new X509Certificate(other.certificate)]
  expect(a.serialNumber).not.toBe(b.serialNumber)
  expect(fingerprintOf(a.raw)).not.toBe(fingerprintOf(b.raw))
})

test('a daemon makes its certificate once, keeps it for its owner only, and makes another when it has run out', async () => {
  const disk = memoryBlobs()
  const own = (now: number) => ownCertificate({ disk, name: 'gpu-1', hosts, now })
  const first = await own(at)
  expect(first.fingerprint).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/)
  expect((await own(at + 3_000 * day)).fingerprint).toBe(first.fingerprint)
  expect((await own(at + 3_651 * day)).fingerprint).not.toBe(first.fingerprint)
})

test('the owner’s certificate is taken with its key, and refused with another’s', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'claw-tls-'))
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const certificate = file('a.crt', made.certificate)
  const key = file('a.key', made.key)
  expect((await givenCertificate({ certificate, key })).fingerprint).toBe(
    fingerprintOf(new X509Certificate(made.certificate).raw),
  )
  const other = file('b.key', selfSigned({ name: 'x', hosts: [], notBefore: at, notAfter: at }).key)
  for (const wrong of [
    { certificate, key: other },
    { certificate: key, key },
    { certificate: `${key}.none`, key },
  ])
    await expect(givenCertificate(wrong)).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  rmSync(folder, { recursive: true })
})
