import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import type { MultiaddrConnection } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { Uint8ArrayList } from 'uint8arraylist'
import { expect, test } from 'vitest'
import { inOneWrite } from '../../../../src/adapters/libp2p/encryption.ts'
import { mute } from '../../../../src/adapters/libp2p/node.ts'

/** A connection as the library makes it, and its socket. */
async function dialled(port: number): Promise<{ connection: MultiaddrConnection; socket: Socket }> {
  const made = Promise.withResolvers<MultiaddrConnection>()
  const upgrader = {
    upgradeOutbound(connection: MultiaddrConnection) {
      made.resolve(connection)
      return Promise.resolve(connection)
    },
  }
  const options = { upgrader, signal: AbortSignal.timeout(5_000) }
  await tcp()({ logger: mute }).dial(multiaddr(`/ip4/127.0.0.1/tcp/${port}`), options as never)
  const connection = await made.promise
  return { connection, socket: (connection as unknown as { socket: Socket }).socket }
}

test('all parts of a message leave in one write, and arrive as they are', async () => {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const { connection, socket } = await dialled((server.address() as AddressInfo).port)
  const [other] = await accepted
  const writes: string[] = []
  const { _write, _writev } = socket
  socket._write = (...args) => {
    writes.push('part')
    _write.apply(socket, args)
  }
  socket._writev = (chunks, done) => {
    writes.push(`${chunks.length} parts`)
    _writev?.call(socket, chunks, done)
  }
  inOneWrite(connection).send(new Uint8ArrayList(Buffer.from('one '), Buffer.from('two '), Buffer.from('three')))
  const [data] = (await once(other, 'data')) as [Buffer]
  expect(data.toString()).toBe('one two three')
  expect(writes).toEqual(['3 parts'])
  connection.abort(new Error('the test is over'))
  other.destroy()
  server.close()
})

test('a connection that is no socket is left as it is', () => {
  const connection = { send: () => true }
  expect(inOneWrite(connection)).toEqual({ send: connection.send })
})
