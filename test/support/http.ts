/** Requests that no well-behaved client would send. */
import { request } from 'node:http'
import { connect } from 'node:net'

export interface RawRequest {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

export interface RawReply {
  /** 0 when the other side closed without an answer. */
  readonly status: number
  readonly body: string
}

/** `where` is HOST:PORT, or the path of a Unix socket. */
export function exchange(
  where: string,
  { method = 'GET', path = '/', headers = {}, body }: RawRequest,
): Promise<RawReply> {
  const [host = '', port] = where.split(':')
  const target = where.startsWith('/') ? { socketPath: where } : { host, port: Number(port) }
  return new Promise((resolve) => {
    // Node says it only of methods that usually have a body.
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
    const all = { host: 'localhost', ...length, ...headers }
    const sent = request({ ...target, method, path, headers: all }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => (text += part))
      response.on('close', () => {
        resolve({ status: response.statusCode ?? 0, body: text })
      })
    })
    sent.on('error', () => {
      resolve({ status: 0, body: '' })
    })
    sent.end(body)
  })
}

/** Sends these bytes over TCP and reads until the other side closes, or for so many milliseconds. */
export function pour(where: string, bytes: Uint8Array | string, limit = 1_000): Promise<string> {
  const [host = '', port] = where.split(':')
  return new Promise((resolve) => {
    let text = ''
    const socket = connect({ host, port: Number(port) }, () => socket.write(bytes))
    const done = (): void => {
      socket.destroy()
      resolve(text)
    }
    socket.setEncoding('latin1').on('data', (part: string) => (text += part))
    socket.setTimeout(limit, done)
    socket.on('error', done)
    socket.on('close', done)
  })
}
