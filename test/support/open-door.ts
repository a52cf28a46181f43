/** A service door before replicas that a test plays, and requests to it. */
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { serviceDoor } from '../../src/adapters/proxy/service-door.ts'
import type { Backend, OpenDoor } from '../../src/ports/service-door.ts'
import { freePort } from './mesh.ts'
import { ReplicaServer } from './replica-servers.ts'

/** What a test has opened, to be closed after it. */
export const undo: (() => Promise<unknown>)[] = []

export async function undoAll(): Promise<void> {
  for (const one of undo.splice(0).toReversed()) await one()
}

export async function opened(
  backend: Backend,
  protocol: 'http' | 'tcp' = 'http',
  onFailure: (error: unknown) => void = () => {},
): Promise<{ port: number; door: OpenDoor }> {
  const port = await freePort()
  const door = await serviceDoor.open({ bind: '127.0.0.1', port, protocol }, backend, onFailure)
  undo.push(() => door.close(0))
  return { port, door }
}

export async function replicas(...names: readonly string[]): Promise<readonly ReplicaServer[]> {
  const servers = await Promise.all(names.map((name) => new ReplicaServer(name).start()))
  undo.push(() => Promise.all(servers.map((server) => server.stop())))
  return servers
}

interface Answer {
  readonly status: number
  readonly body: string
  readonly headers: IncomingMessage['headers']
}

export function ask(port: number, path = '/', options: object = {}, body?: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = httpRequest({ host: '127.0.0.1', port, path, ...options }, (response) => {
      text(response).then(
        (all) => resolve({ status: response.statusCode ?? 0, body: all, headers: response.headers }),
        reject,
      )
    })
    asked.on('error', reject)
    asked.end(body)
  })
}
