/** Whether the ports that the daemon is configured for can be had. */
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import type { Config } from '../../config/schema.ts'
import type { Port } from '../../core/preflight/host-facts.ts'
import type { Millis } from '../../model/time.ts'

export async function hostPorts({ mesh, api, dataDir }: Config, patience: Millis): Promise<readonly Port[]> {
  const isRunning = await answers(join(dataDir, 'api.sock'), patience)
  const wanted = [
    ...mesh.listen.flatMap((address) => {
      const [, host, port] = /^\/ip[46]\/([^/]+)\/tcp\/(\d+)/.exec(address) ?? []
      return host === undefined ? [] : [{ what: 'mesh port', host, port: Number(port) }]
    }),
    { what: 'API port', host: api.listen.replace(/:\d+$/, '').replace(/^\[|\]$/g, ''), port: portOf(api.listen) },
  ]
  return Promise.all(
    wanted.map(async ({ what, host, port }) => {
      const state = await stateOf(host, port)
      return { what, address: `${host}:${port}`, state: state === 'taken' && isRunning ? 'ours' : state }
    }),
  )
}

const portOf = (address: string): number => Number(/\d+$/.exec(address)?.[0] ?? 0)

function stateOf(host: string, port: number): Promise<Port['state']> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', ({ code }: NodeJS.ErrnoException) => {
      resolve(code === 'EADDRINUSE' ? 'taken' : 'forbidden')
    })
    server.listen({ host, port, exclusive: true }, () => {
      server.close(() => {
        resolve('free')
      })
    })
  })
}

function answers(socketPath: string, patience: Millis): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath)
    const done = (isThere: boolean): void => {
      socket.destroy()
      resolve(isThere)
    }
    socket.setTimeout(patience, () => {
      done(false)
    })
    socket.once('connect', () => {
      done(true)
    })
    socket.once('error', () => {
      done(false)
    })
  })
}
