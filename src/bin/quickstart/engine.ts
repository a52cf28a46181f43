/** Which executor the quickstart can use: Docker where an engine answers and has, or can get, the sample's image. */
import { type RequestOptions, request } from 'node:http'
import { existsSync } from 'node:fs'

/** The images that the sample can run on, best first: any with a POSIX shell will do. */
const images = ['busybox:latest', 'busybox:stable', 'alpine:latest', 'debian:stable-slim', 'claw/busybox:1']

export type Engine =
  | { readonly kind: 'docker'; readonly host: string; readonly image: string }
  | { readonly kind: 'process'; readonly image: 'host'; readonly why: string }

export async function findEngine(): Promise<Engine> {
  const host = process.env['DOCKER_HOST'] || 'unix:///var/run/docker.sock'
  const socket = host.replace(/^unix:\/\//, '')
  if (host.startsWith('unix://') && !existsSync(socket))
    return { kind: 'process', image: 'host', why: `no Docker Engine at ${socket}` }
  const target = host.startsWith('unix://') ? { socketPath: socket } : tcpTarget(host)
  const ping = await ask(target, 'GET', '/_ping', 3_000)
  if (ping !== 200) return { kind: 'process', image: 'host', why: `the Docker Engine at ${host} does not answer` }
  for (const image of images)
    if ((await ask(target, 'GET', `/images/${image}/json`, 5_000)) === 200) return { kind: 'docker', host, image }
  process.stdout.write(`  pulling busybox …\n`)
  await ask(target, 'POST', '/images/create?fromImage=busybox&tag=latest', 120_000)
  const there = (await ask(target, 'GET', '/images/busybox:latest/json', 5_000)) === 200
  return there
    ? { kind: 'docker', host, image: 'busybox:latest' }
    : { kind: 'process', image: 'host', why: `the Docker Engine at ${host} cannot pull an image` }
}

function tcpTarget(host: string): RequestOptions {
  const { hostname, port } = new URL(host.replace(/^tcp:/, 'http:'))
  return { hostname, port: port === '' ? 2375 : port }
}

/** The status of the reply, or 0 when there was none in time. The engine being absent is an answer here, not an error. */
function ask(target: RequestOptions, method: string, path: string, timeout: number): Promise<number> {
  return new Promise((resolve) => {
    const sent = request({ ...target, method, path, timeout }, (response) => {
      response.resume().on('end', () => {
        resolve(response.statusCode ?? 0)
      })
    })
    sent.on('timeout', () => sent.destroy(new Error('no reply in time')))
    sent.on('error', () => {
      resolve(0)
    })
    sent.end()
  })
}
