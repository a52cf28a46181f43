/** Calls one operation of a daemon over its Unix socket, without the cost of a CLI process. */
import { request } from 'node:http'

/** Throws with the reply's body when the daemon refuses, and with the system's error when it is not there. */
export function ask<T>(socket: string, operation: string, input: object = {}): Promise<T> {
  return new Promise((resolve, reject) => {
    const body = JSON.stringify(input)
    const sent = request(
      {
        socketPath: socket,
        path: `/api/ops/${operation}`,
        method: 'POST',
        headers: { host: 'localhost', 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      },
      (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part: string) => (text += part))
        response.on('error', reject)
        response.on('end', () => {
          if (response.statusCode === 200) resolve(JSON.parse(text) as T)
          else reject(new Error(`${operation}: ${response.statusCode ?? 0} ${text}`))
        })
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}
