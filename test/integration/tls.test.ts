/** HTTPS with certificates that nobody vouches for: what a client can be sure of, and what it sends before it is. */
import { request } from 'node:https'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { selfSigned } from '../../src/adapters/tls/self-signed.ts'
import type { ApiSettings } from '../../src/doors/api/service.ts'
import { ApiService } from '../../src/doors/api/service.ts'
import { HttpTransport } from '../../src/doors/cli/peer/http-transport.ts'
import { certificateAt } from '../../src/doors/cli/peer/secure-socket.ts'
import { day } from '../../src/model/time.ts'
import { silent } from '../../src/ports/log.ts'
import { FakeInvoker } from '../support/fake-invoker.ts'
import { identitiesFor } from '../support/identities.ts'

let invoker: FakeInvoker
const opened: ApiService[] = []

beforeEach(() => {
  invoker = new FakeInvoker({ status: () => ({ gateway: 'here' }) })
})
afterEach(async () => {
  for (const one of opened.splice(0)) await one.stop()
})

async function start(settings: Partial<ApiSettings> = {}): Promise<ApiService> {
  const service = new ApiService(
    { invoker, log: silent, version: '0.1.0', identities: identitiesFor() },
    {
      ...{ sockets: null, tcp: { host: '127.0.0.1', port: 0 }, tls: null, insecureListen: false, hosts: [] },
      ...{ requestsPerSecond: 1_000, ...settings },
    },
  )
  await service.start()
  opened.push(service)
  return service
}

const { signal } = new AbortController()

const made = () =>
  selfSigned({
    name: 'gpu-1',
    hosts: ['localhost', '127.0.0.1'],
    notBefore: Date.now() - day,
    notAfter: Date.now() + day,
  })
const secure = (address: string | null, fingerprint?: string) =>
  new HttpTransport({
    ...{ kind: 'url', url: new URL(address ?? ''), token: 's3cret', tokenFrom: null },
    ...(fingerprint === undefined ? {} : { fingerprint }),
  })

test('beyond loopback nothing is served without it, unless somebody insists', async () => {
  const tcp = { host: '0.0.0.0', port: 0 }
  await expect(start({ tcp })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  expect((await start({ tcp, insecureListen: true })).address).toMatch(/^http:/)
  expect((await start({ tcp, tls: made() })).address).toMatch(/^https:/)
})

test('a client that knows the fingerprint is served, also in conversations’ sockets; one that does not is told it', async () => {
  const { address } = await start({ tls: made() })
  const url = new URL(address ?? '')
  const { fingerprint, isTrusted } = await certificateAt(url, 2_000, signal)
  expect(isTrusted).toBe(false)
  expect(await secure(address, fingerprint).invoke('status', {}, signal)).toEqual({ gateway: 'here' })
  await expect(secure(address).invoke('status', {}, signal)).rejects.toMatchObject({
    code: 'CERTIFICATE_UNKNOWN',
    facts: { fingerprint },
  })
})

test('a certificate that has changed is refused before anything is sent', async () => {
  const first = await start({ tls: made() })
  const { fingerprint } = await certificateAt(new URL(first.address ?? ''), 2_000, signal)
  const second = await start({ tls: made() })
  await expect(secure(second.address, fingerprint).invoke('status', {}, signal)).rejects.toMatchObject({
    code: 'CERTIFICATE_CHANGED',
    facts: { known: fingerprint },
  })
  await expect(secure(second.address, fingerprint).converse('workload.exec', {}, signal)).rejects.toMatchObject({
    code: 'CERTIFICATE_CHANGED',
  })
  expect(invoker.asked).toEqual([])
})

test('names and pages are looked at as without it', async () => {
  const { address } = await start({ tls: made() })
  const { port } = new URL(address ?? '')
  const ask = (headers: Record<string, string>): Promise<number> => {
    return new Promise((resolve, reject) => {
      request({ port, path: '/healthz', headers, rejectUnauthorized: false }, (reply) =>
        resolve(reply.resume().statusCode ?? 0),
      )
        .on('error', reject)
        .end()
    })
  }
  expect(await ask({ host: `localhost:${port}`, origin: `https://localhost:${port}` })).toBe(200)
  expect(await ask({ host: `localhost:${port}`, origin: `http://localhost:${port}` })).toBe(403)
  expect(await ask({ host: 'attacker.example' })).toBe(421)
})
