/** What the CLI says when the peer is not as it should be. */
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { Api } from '../../../../src/doors/cli/peer/api.ts'
import { HttpTransport } from '../../../../src/doors/cli/peer/http-transport.ts'
import { main } from '../../../../src/doors/cli/main.ts'
import { bodyOf } from '../../../../src/doors/api/errors.ts'
import { ClawError } from '../../../../src/model/failure.ts'
import { fakeHost } from '../../../support/fake-host.ts'

let server: Server | null = null
const { signal } = new AbortController()

afterEach(() => {
  server?.closeAllConnections()
  server?.close()
  server = null
})

async function serve(answer: Parameters<typeof createServer>[1]): Promise<URL> {
  server = createServer(answer ?? (() => undefined)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
}

const hangs = (): undefined => undefined
const none = { token: null, tokenFrom: null }

test('a peer that never answers is given up, with exit code 2', async () => {
  const url = await serve(hangs)
  const host = fakeHost()
  expect(await main(['status', '--gateway', url.origin, '--request-timeout', '50ms'], host, signal)).toBe(2)
  expect(host.stderr.text).toContain(`error[DEADLINE_EXCEEDED]: status at ${url.origin} was not done within 50 ms.`)
})

test('whoever lets go first is not told of a deadline', async () => {
  const api = new Api(new HttpTransport({ kind: 'url', url: await serve(hangs), ...none }), 60_000)
  const gone = AbortSignal.abort(new Error('let go'))
  await expect(api.call('status', {}, gone)).rejects.not.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
})

test.each(['0s', 'soon', '300d'])('a request timeout of %s is refused', async (span) => {
  const host = fakeHost()
  expect(await main(['status', '--request-timeout', span], host, signal)).toBe(5)
  expect(host.stderr.text).toContain(`--request-timeout ${span} is no span of time`)
})

test('with a token that is refused, it is said where that token came from', async () => {
  const url = await serve((_, response) => {
    const refusal = new ClawError('AUTH_FAILED', { reason: 'the bearer token is not the right one' })
    response.writeHead(401).end(JSON.stringify(bodyOf(refusal)))
  })
  const api = new Api(new HttpTransport({ kind: 'url', url, token: 'old', tokenFrom: '/home/a/api-token' }))
  await expect(api.call('status', {}, signal)).rejects.toMatchObject({
    code: 'AUTH_FAILED',
    message: expect.stringContaining('not the right one; it came from /home/a/api-token') as string,
  })
})

test('a name without an address is told as such', async () => {
  const url = new URL('http://nobody.invalid:8080')
  const api = new Api(new HttpTransport({ kind: 'url', url, ...none }))
  await expect(api.call('status', {}, signal)).rejects.toMatchObject({
    code: 'ECONNREFUSED',
    message: 'Nothing answers at http://nobody.invalid:8080: no address is known for that name.',
  })
})
