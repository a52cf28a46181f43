import { expect, test } from 'vitest'
import { chainIn } from '../../../../src/adapters/acme/chain.ts'
import { selfSigned } from '../../../../src/adapters/tls/self-signed.ts'
import { day } from '../../../../src/model/time.ts'

const made = (name: string): string =>
  selfSigned({ name, hosts: [name], notBefore: 0, notAfter: day }).certificate.replace(/\n*$/, '\n')
const [own, issuer] = [made('app.example.org'), made('authority')]

test('given certificates with words between them, when they are read, then only the certificates are left, in their order', () => {
  const sent = `subject=CN = app.example.org\n${own}\nissuer=CN = authority\n${issuer}# the end\n`.replaceAll(
    '\n',
    '\r\n',
  )
  expect(chainIn(sent)).toBe(own + issuer)
  expect(chainIn(own + issuer)).toBe(own + issuer)
})

test('given what is no certificate, when it is read, then that is said', () => {
  expect(() => chainIn('<html>come back later</html>')).toThrow('no certificate')
  expect(() => chainIn('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')).toThrow()
})
