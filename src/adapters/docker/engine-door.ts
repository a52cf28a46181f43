/** Connections to the engine of our own, for what is too much to come through a client library. */
import { connect, type OnReadOpts, type Socket } from 'node:net'
import { connect as connectSafely } from 'node:tls'
import type Dockerode from 'dockerode'

interface Door {
  readonly socketPath?: string
  readonly host?: string
  readonly port?: number | string
  readonly protocol?: string
}

type Reading = { readonly onread: OnReadOpts } | { readonly readableHighWaterMark: number }

/** To where that client goes. */
export function connectTo({ modem }: Dockerode, reading: Reading): Socket {
  const { socketPath, host = 'localhost', port = 2_375, protocol } = modem as Door
  if (socketPath !== undefined) return connect({ path: socketPath, ...reading })
  const place = { host, port: Number(port), ...reading }
  return protocol === 'https' ? connectSafely({ ...place, servername: host }) : connect(place)
}
