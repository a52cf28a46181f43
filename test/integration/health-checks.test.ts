import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer as createTcpServer } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { healthChecks } from '../../src/adapters/health/checks.ts'

const open: (() => void)[] = []
afterEach(() => {
  for (const close of open.splice(0)) close()
})

const soon = (): AbortSignal => AbortSignal.timeout(2_000)

async function http(): Promise<{ readonly port: number; readonly paths: string[] }> {
  const paths: string[] = []
  const server = createServer((request, response) => {
    paths.push(request.url ?? '')
    const status = Number(request.url?.slice(1))
    if (status === 1) return
    response.writeHead(status, { location: '/200' })
    // A body without an end.
    const more = setInterval(() => response.write('x'.repeat(65_536)), 1)
    response.on('close', () => clearInterval(more))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, paths }
}

test('200 to 399 is well, the rest is not, and an endless body holds nobody up', async () => {
  const { port, paths } = await http()
  const ask = (status: number) => healthChecks.http({ host: '127.0.0.1', port, path: `/${status}` }, soon())
  expect(await ask(200)).toEqual({ isWell: true, detail: 'HTTP 200' })
  expect(await ask(302)).toEqual({ isWell: true, detail: 'HTTP 302' })
  expect(await ask(404)).toEqual({ isWell: false, detail: 'HTTP 404' })
  expect(await ask(503)).toEqual({ isWell: false, detail: 'HTTP 503' })
  expect(paths).toEqual(['/200', '/302', '/404', '/503'])
})

test('who does not answer is waited for until the signal', async () => {
  const { port } = await http()
  const asked = healthChecks.http({ host: '127.0.0.1', port, path: '/1' }, AbortSignal.timeout(100))
  await expect(asked).rejects.toMatchObject({ name: 'TimeoutError' })
})

test('a closed port is refused in words that name no address, and an open one is well', async () => {
  const server = createTcpServer((socket) => socket.resume())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  expect(await healthChecks.tcp({ host: '127.0.0.1', port }, soon())).toEqual({ isWell: true, detail: 'connected' })
  await new Promise((resolve) => server.close(resolve))
  const refused = { isWell: false, detail: 'connection refused' }
  expect(await healthChecks.tcp({ host: '127.0.0.1', port }, soon())).toEqual(refused)
  expect(await healthChecks.http({ host: '127.0.0.1', port, path: '/' }, soon())).toEqual(refused)
})
