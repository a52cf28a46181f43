import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { wideSocket } from '../../../../src/doors/cli/peer/wide-socket.ts'

test('whatever comes, it is read whole and in order, also by a reader who pauses, and stays as it was', async () => {
  const bytes = Buffer.from(Uint32Array.from({ length: 1_000_000 }, (_, i) => i).buffer)
  const server = createServer((socket) => socket.end(bytes))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const socket = wideSocket({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })
  const seen: Buffer[] = []
  for await (const data of socket as AsyncIterable<Buffer>) {
    seen.push(data)
    if (seen.length % 3 === 0) await turn()
  }
  expect(Buffer.concat(seen).equals(bytes)).toBe(true)
  server.close()
})

test('a connection that cannot be made fails as any other', async () => {
  const [error] = (await once(wideSocket({ path: '/nowhere/at/all.sock' }), 'error')) as [NodeJS.ErrnoException]
  expect(error.code).toBe('ENOENT')
})
