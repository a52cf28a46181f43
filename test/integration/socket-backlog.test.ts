/** A client of the WebSocket that sends and does not read costs the daemon no more than a bound. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { ApiService } from '../../src/doors/api/service.ts'
import { silent } from '../../src/ports/log.ts'
import { FakeInvoker } from '../support/fake-invoker.ts'
import { identitiesFor } from '../support/identities.ts'

const large = 'x'.repeat(100_000)
let invoker: FakeInvoker
let service: ApiService
let client: WebSocket
let answers: string[]

beforeEach(async () => {
  invoker = new FakeInvoker({ status: () => ({ large }) })
  const deps = { invoker, log: silent, version: '0.1.0' }
  service = new ApiService(
    { ...deps, identities: identitiesFor() },
    {
      ...{ sockets: null, tcp: { host: '127.0.0.1', port: 0 }, tls: null, insecureListen: false, hosts: [] },
      requestsPerSecond: 1_000,
    },
  )
  await service.start()
  client = new WebSocket(`${service.address?.replace('http', 'ws') ?? ''}/api/ws`, ['clawbernetes.v1', 'bearer.s3cret'])
  answers = []
  client.on('message', (data) => answers.push((data as Buffer).toString()))
  await new Promise((resolve) => client.once('open', resolve))
  client.pause()
})

afterEach(async () => {
  client.terminate()
  await service.stop()
})

const until = async (holds: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 1_000 && !holds(); tries += 1) await sleep(10)
  expect(holds()).toBe(true)
}

/** The value once it has not changed for half a second. */
async function settled(read: () => number): Promise<number> {
  for (let last = read(), since = performance.now(); performance.now() - since < 500;) {
    await sleep(20)
    if (read() !== last) [last, since] = [read(), performance.now()]
  }
  return read()
}

test('given requests with large answers, what is not read is not made, and all are answered once the client reads', async () => {
  for (let id = 0; id < 600; id += 1) {
    client.send(JSON.stringify({ id, op: 'status' }))
    // So that each finds the one before it answered, if answers do not wait.
    if (id % 15 === 0) await sleep(5)
  }
  // What the two ends of a connection hold between them, some megabytes, is more than the bound itself.
  expect(await settled(() => invoker.asked.length)).toBeLessThan(200)
  client.resume()
  await until(() => answers.length === 600)
})

test('given pings, those of a client that takes no answer are not read, until it does', async () => {
  const ping = JSON.stringify({ type: 'ping', data: large })
  for (let count = 0; count < 400; count += 1) client.send(ping)
  expect(await settled(() => client.bufferedAmount)).toBeGreaterThan(10_000_000)
  client.resume()
  await until(() => answers.length === 400)
})
