/** Connections to the engine of our own, for what is too much to come through a client library. */
import { connect, isIP, type OnReadOpts, type Socket } from 'node:net'
import { connect as connectSafely, type SecureContextOptions } from 'node:tls'
import type Dockerode from 'dockerode'

interface Door extends Pick<SecureContextOptions, 'ca' | 'cert' | 'key'> {
  readonly socketPath?: string
  readonly host?: string
  readonly port?: number | string
  readonly protocol?: string
}

type Reading = { readonly onread: OnReadOpts } | { readonly readableHighWaterMark: number }

/** To where that client goes. What is read over TLS is never put into the reader's own memory: see `Intake`. */
export function connectTo({ modem }: Dockerode, reading: Reading): Socket {
  const { socketPath, host = 'localhost', port = 2_375, protocol, ca, cert, key } = modem as Door
  if (socketPath !== undefined) return connect({ path: socketPath, ...reading })
  const place = { host, port: Number(port) }
  if (protocol !== 'https') return connect({ ...place, ...reading })
  return connectSafely({
    ...place,
    ...('onread' in reading ? {} : reading),
    ...(isIP(host) === 0 && { servername: host }),
    ...{ ca, cert, key },
  })
}
