import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { innerPort, type Network, openNetwork, outerPort } from '../../src/bin/sim/network.ts'

/** A peer that answers every piece with the same, and says when the other end has gone. */
const [near, far, other] = ['127.251.0.1', '127.251.0.2', '127.251.0.3'] as const
let network: Network
let echo: Server
let gone: Promise<void>
const sockets: Socket[] = []

beforeEach(async () => {
  network = openNetwork()
  const ended = Promise.withResolvers<void>()
  gone = ended.promise
  echo = createServer((socket) => {
    socket.on('data', (bytes) => socket.write(bytes))
    socket.on('close', () => ended.resolve())
    socket.on('error', () => {})
    sockets.push(socket)
  })
  await new Promise<void>((resolve) => echo.listen(innerPort, far, resolve))
  for (const [name, address] of Object.entries({ near, far, other })) await network.attach(name, address)
})

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await network.close()
  await new Promise((resolve) => echo.close(resolve))
})

function dial(from: string): Socket {
  const socket = connect({ host: far, port: outerPort, localAddress: from, noDelay: true })
  socket.on('error', () => {})
  sockets.push(socket)
  return socket
}

/** The time until what was said has come back. */
async function roundTrip(socket: Socket, text: string): Promise<number> {
  const began = performance.now()
  const answered = new Promise<void>((resolve) => {
    let heard = ''
    const hear = (bytes: Buffer): void => {
      heard += bytes.toString()
      if (!heard.endsWith(text)) return
      socket.off('data', hear)
      resolve()
    }
    socket.on('data', hear)
  })
  socket.write(text)
  await answered
  return performance.now() - began
}

test('given two peers, when one connects, then the other sees its address and both hear each other', async () => {
  const socket = dial(near)
  await roundTrip(socket, 'hello')
  expect(sockets.find((one) => one.localPort === innerPort)?.remoteAddress).toBe(near)
  socket.destroy()
  await gone
})

test('given a connection, when it is cut and mended, then nothing passes meanwhile, nothing is lost, and nobody is told', async () => {
  const socket = dial(near)
  await roundTrip(socket, 'before')
  const mend = network.cut(['near'])
  const answer = roundTrip(socket, 'meanwhile')
  const bystander = await roundTrip(dial(other), 'not cut')
  expect(bystander).toBeLessThan(1_000)
  const first = await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 300, 'silence'))])
  expect(first).toBe('silence')
  expect(socket.destroyed).toBe(false)
  mend()
  expect(await answer).toBeGreaterThan(290)
})

test('given a cut, when somebody connects over it, then the other end hears of it only when it is mended', async () => {
  const mend = network.cut(['far'])
  const answer = roundTrip(dial(near), 'late')
  const first = await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 200, 'silence'))])
  expect(first).toBe('silence')
  mend()
  expect(await answer).toBeGreaterThan(190)
})

test('given slow links, when a peer speaks over one, then both ways take longer, until it is over', async () => {
  const socket = dial(near)
  await roundTrip(socket, 'before')
  const mend = network.slow(['far'], 80)
  expect(await roundTrip(socket, 'slowly')).toBeGreaterThanOrEqual(158)
  mend()
  expect(await roundTrip(socket, 'fast again')).toBeLessThan(150)
})

test('given a connection on which much is under way, when one end dies, then the other end is told', async () => {
  const socket = dial(near)
  await roundTrip(socket, 'hello')
  const ended = new Promise((resolve) => socket.once('close', resolve))
  socket.pause()
  socket.write(Buffer.alloc(8 * 1_048_576))
  for (const one of sockets.filter(({ localPort }) => localPort === innerPort)) one.resetAndDestroy()
  socket.resume()
  await ended
  expect(socket.destroyed).toBe(true)
})
