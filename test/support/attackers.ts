/** Clients that mean harm, each from an address of its own on loopback, and an honest one that is measured meanwhile. */
import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { WebSocket } from 'ws'

export interface Target {
  readonly host: string
  readonly port: number
}

/** How many answers there were of each status; 0 for a connection that was closed without one. */
type Statuses = Map<number, number>

const count = (statuses: Statuses, status: number): void => {
  statuses.set(status, (statuses.get(status) ?? 0) + 1)
}

export interface Shot {
  readonly status: number
  /** Of the refusal, if that is what it was. */
  readonly code: string | null
}

/** Sends these bytes from this address, and reads the answer. */
export function shoot({ host, port }: Target, from: string, bytes: string | Uint8Array): Promise<Shot> {
  return new Promise((resolve) => {
    let text = ''
    const socket = connect({ host, port, localAddress: from }, () => socket.write(bytes))
    const done = (): void => {
      socket.destroy()
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0)
      resolve({ status, code: /"code":"(\w+)"/.exec(text)?.[1] ?? null })
    }
    socket.setEncoding('latin1').on('data', (part: string) => {
      text += part
      if (/\r\n\r\n./s.test(text)) done()
    })
    socket.setTimeout(1_000, done).on('error', done).on('close', done)
  })
}

/** Connections that say one byte of a header now and then. */
class Slowloris {
  readonly #sockets: Socket[] = []
  #timer: NodeJS.Timeout | null = null

  async open({ host, port }: Target, from: string, size: number): Promise<void> {
    await Promise.all(
      Array.from(
        { length: size },
        () =>
          new Promise<void>((resolve) => {
            const socket = connect({ host, port, localAddress: from }, () => {
              socket.write('GET /api/status HTTP/1.1\r\nHost: localhost\r\nx-slow: ')
              resolve()
            })
            socket.on('error', () => resolve())
            socket.resume()
            this.#sockets.push(socket)
          }),
      ),
    )
    this.#timer = setInterval(() => {
      for (const socket of this.#sockets) if (socket.writable) socket.write('a')
    }, 500)
  }

  /** Those that the other side has not closed. */
  get left(): number {
    return this.#sockets.filter(({ destroyed, readyState }) => !destroyed && readyState === 'open').length
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    for (const socket of this.#sockets) socket.destroy()
  }
}

/** WebSockets that ask as much as they can. Resolves with what they were told, by code. */
async function floodSockets(
  { host, port }: Target,
  { from, token, sockets, span }: { from: string; token: string; sockets: number; span: number },
): Promise<{ readonly open: number; readonly told: ReadonlyMap<string, number> }> {
  const told = new Map<string, number>()
  const opened = Array.from({ length: sockets }, () => {
    const socket = new WebSocket(`ws://${host}:${port}/api/ws`, ['clawbernetes.v1', `bearer.${token}`], {
      localAddress: from,
    })
    socket.on('error', () => {})
    socket.on('message', (data) => {
      const code = /"code":"(\w+)"/.exec((data as Buffer).toString())?.[1] ?? 'answered'
      told.set(code, (told.get(code) ?? 0) + 1)
    })
    return socket
  })
  const isUnderWay = (): boolean => opened.some(({ readyState, CONNECTING }) => readyState === CONNECTING)
  for (let waited = 0; isUnderWay() && waited < 10_000; waited += 50) await sleep(50)
  const end = performance.now() + span
  let id = 0
  while (performance.now() < end) {
    for (const socket of opened)
      if (socket.readyState === socket.OPEN && socket.bufferedAmount < 65_536) {
        socket.send(JSON.stringify({ id: (id += 1), op: 'status' }))
        socket.send(JSON.stringify({ type: 'subscribe', data: { x: randomBytes(50).toString('hex') } }))
      }
    await sleep(50)
  }
  const open = opened.filter((socket) => socket.readyState === socket.OPEN).length
  for (const socket of opened) socket.terminate()
  return { open, told }
}

/** Asks for the status so many times a second until it is told to stop. Its answers, and how long each took. */
export class HonestClient {
  readonly statuses: Statuses = new Map()
  readonly #took: number[] = []
  readonly #pending = new Set<Promise<void>>()
  #timer: NodeJS.Timeout | null = null

  start({ host, port }: Target, token: string, perSecond: number): void {
    this.#timer = setInterval(() => {
      const asked = this.#ask(host, port, token)
      this.#pending.add(asked)
      asked.finally(() => this.#pending.delete(asked)).catch(() => {})
    }, 1_000 / perSecond)
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    await Promise.all(this.#pending)
  }

  /** Milliseconds. */
  percentile(part: number): number {
    const sorted = this.#took.toSorted((a, b) => a - b)
    return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0
  }

  get asked(): number {
    return this.#took.length
  }

  #ask(host: string, port: number, token: string): Promise<void> {
    const began = performance.now()
    return new Promise((resolve) => {
      const done = (status: number): void => {
        this.#took.push(performance.now() - began)
        count(this.statuses, status)
        resolve()
      }
      const sent = request(
        { host, port, path: '/api/status', headers: { authorization: `Bearer ${token}` }, timeout: 10_000 },
        (response) => {
          response.resume().on('close', () => done(response.statusCode ?? 0))
        },
      )
      sent.on('error', () => done(0)).on('timeout', () => sent.destroy())
      sent.end()
    })
  }
}

export interface Attack {
  readonly target: Target
  readonly token: string
  /** How many WebSockets flood, for how many milliseconds. */
  readonly sockets: number
  readonly span: number
  /** How many connections are slow. */
  readonly slow: number
}

export interface Outcome {
  readonly flood: { readonly open: number; readonly told: ReadonlyMap<string, number> }
  /** How many were opened, how many are left, and when that was so. */
  readonly slow: { readonly opened: number; readonly left: number; readonly ms: number }
}

/** Slow connections and a flood, until the other side has let go of the slow ones, or for 20 seconds. */
async function attack({ target, token, sockets, span, slow }: Attack): Promise<Outcome> {
  const loris = new Slowloris()
  await loris.open(target, '127.0.0.3', slow)
  const opened = loris.left
  const began = performance.now()
  const flood = await floodSockets(target, { from: '127.0.0.4', token, sockets, span })
  while (loris.left > 0 && performance.now() - began < 20_000) await sleep(50)
  const outcome = { flood, slow: { opened, left: loris.left, ms: performance.now() - began } }
  loris.close()
  return outcome
}

/** The same in a thread of its own. */
export function attackFrom(plan: Attack): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: plan })
    worker.once('message', resolve).once('error', reject)
  })
}

if (!isMainThread && isAttack(workerData)) parentPort?.postMessage(await attack(workerData))

function isAttack(data: unknown): data is Attack {
  return typeof data === 'object' && data !== null && 'target' in data && 'slow' in data
}
