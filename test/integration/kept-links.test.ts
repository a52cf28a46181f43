/** Connections to replicas that are used again, and what is never risked with them. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import type { PlacementId } from '../../src/model/ids.ts'
import type { Backend, Outcome } from '../../src/ports/service-door.ts'
import { ask, opened, undo, undoAll } from '../support/open-door.ts'

afterEach(undoAll)

interface Replica {
  readonly backend: Backend
  readonly outcomes: Outcome['type'][]
  /** Connections that were made to it, and requests that it has read. */
  connections: number
  requests: number
}

type Handle = (request: IncomingMessage, response: ServerResponse, number: number) => void

async function replica(handle: Handle): Promise<Replica> {
  const server = createServer((request, response) => handle(request, response, (seen.requests += 1)))
  server.on('connection', () => (seen.connections += 1))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  undo.push(async () => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  const outcomes: Outcome['type'][] = []
  const seen: Replica = {
    ...{ outcomes, connections: 0, requests: 0 },
    backend: {
      name: 'web',
      choose: (tried) =>
        tried.size > 0
          ? null
          : {
              placement: 'web.1' as PlacementId,
              reach: () => Promise.resolve({ host: '127.0.0.1', port }),
              settle: ({ type }) => void outcomes.push(type),
            },
      unserved: () => {},
    },
  }
  return seen
}

const answering: Handle = (request, response) => void request.resume().on('end', () => response.end('taken'))
const post = (port: number, body = 'x') => ask(port, '/', { method: 'POST', agent: false }, Buffer.from(body))

test('given a connection that was in use a moment ago, when more is posted, then it goes over that', async () => {
  const one = await replica(answering)
  const { port } = await opened(one.backend)
  for (let i = 0; i < 5; i += 1) expect(await post(port)).toMatchObject({ status: 200, body: 'taken' })
  expect(one).toMatchObject({ requests: 5, connections: 1 })
})

test('given a connection that has been idle for longer, when something is posted, then it gets a new one', async () => {
  const one = await replica(answering)
  const { port } = await opened(one.backend)
  expect(await post(port)).toMatchObject({ status: 200 })
  // A replica may be about to close it.
  await sleep(700)
  expect(await post(port)).toMatchObject({ status: 200 })
  expect(one).toMatchObject({ requests: 2, connections: 2 })
})

test('given many that post at once, when they go on, then there are no more connections than requests at a time', async () => {
  const one = await replica(answering)
  const { port } = await opened(one.backend)
  const client = async (): Promise<void> => {
    for (let i = 0; i < 20; i += 1) expect(await post(port)).toMatchObject({ status: 200, body: 'taken' })
  }
  await Promise.all(Array.from({ length: 8 }, client))
  expect(one.requests).toBe(160)
  expect(one.connections).toBeLessThan(32)
})

test('given a kept connection that breaks after something was posted over it, then that is not sent again', async () => {
  const one = await replica((request, response, number) => {
    if (number === 2) request.socket.destroy()
    else answering(request, response, number)
  })
  const { port } = await opened(one.backend)
  expect(await post(port)).toMatchObject({ status: 200 })
  expect(await post(port)).toMatchObject({ status: 502 })
  expect(await post(port)).toMatchObject({ status: 200 })
  expect(one).toMatchObject({ requests: 3, outcomes: ['answered', 'broken', 'answered'] })
})

test('given a replica that closes after each answer, when much is posted, then nothing is lost', async () => {
  const one = await replica((request, response) => {
    response.setHeader('connection', 'close')
    request.resume().on('end', () => response.end('taken'))
  })
  const { port } = await opened(one.backend)
  for (let i = 0; i < 20; i += 1) expect(await post(port)).toMatchObject({ status: 200, body: 'taken' })
  expect(one).toMatchObject({ requests: 20, connections: 20 })
})
