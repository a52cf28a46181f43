/** Reads a daemon's metrics over its Unix socket. */
import { request } from 'node:http'

/** Values of one metric by their labels, as Prometheus writes them: `{quantile="p99"}`. Empty when it is not there yet. */
export async function scrape(socket: string, metric: string): Promise<ReadonlyMap<string, number>> {
  const text = await get(socket, '/metrics')
  const values = new Map<string, number>()
  for (const line of text.split('\n')) {
    const found = /^([a-z_]+)(\{.*\})? (\S+)$/.exec(line)
    if (found?.[1] === metric) values.set(found[2] ?? '', Number(found[3]))
  }
  return values
}

function get(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, path, headers: { host: 'localhost' } }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => (text += part))
      response.on('error', reject)
      response.on('end', () => {
        resolve(text)
      })
    })
    sent.on('error', reject)
    sent.end()
  })
}
