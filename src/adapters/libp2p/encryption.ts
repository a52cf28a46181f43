/** Noise, as our connections speak it: with Node's own ciphers, and each message in one write. */
import type { MessageStream } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { Socket } from 'node:net'
import { noiseCrypto } from './noise-crypto.ts'

export function encryption(): ReturnType<typeof noise> {
  const make = noise({ crypto: noiseCrypto })
  return (components) => {
    const encrypter = make(components)
    const [inbound, outbound] = [encrypter.secureInbound.bind(encrypter), encrypter.secureOutbound.bind(encrypter)]
    encrypter.secureInbound = (connection, options) => inbound(inOneWrite(connection), options)
    encrypter.secureOutbound = (connection, options) => outbound(inOneWrite(connection), options)
    return encrypter
  }
}

/** What a connection over TCP has, and its type does not say. */
interface Inside {
  readonly socket?: unknown
  sendData?: (data: Iterable<Uint8Array>) => unknown
}

/**
 * By itself the library writes every part of a message to the socket as a message of its own: its length, what is encrypted and the tag leave
 * in a packet each, and each of them wakes the other side.
 */
export function inOneWrite<Connection extends Pick<MessageStream, 'send'>>(connection: Connection): Connection {
  const inside = connection as Inside
  const { socket } = inside
  const send = inside.sendData?.bind(connection)
  if (!(socket instanceof Socket) || send === undefined) return connection
  inside.sendData = (data) => {
    socket.cork()
    try {
      return send(data)
    } finally {
      socket.uncork()
    }
  }
  return connection
}
