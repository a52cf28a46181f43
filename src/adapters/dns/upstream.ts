/** Passes questions on to the resolvers of this host. Each goes out from a port of its own and under a number of its own, and only what comes back to both is an answer. */
import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { connect, isIPv6 } from 'node:net'
import { frame, unframe } from './frames.ts'

const patienceMs = 2_000
/** So many wait at a time; more are told that it failed. */
const mostWaiting = 256

export class Upstreams {
  readonly #all: readonly string[]
  #waiting = 0

  constructor(all: readonly string[]) {
    this.#all = all
  }

  /** The answer, under the number that it was asked with; null when nobody gave one. */
  async ask(query: Uint8Array, by: 'udp' | 'tcp', signal: AbortSignal): Promise<Uint8Array | null> {
    if (this.#waiting >= mostWaiting) return null
    this.#waiting += 1
    try {
      for (const upstream of this.#all) {
        const answer = await askOne(query, upstream, { by, signal })
        if (answer !== null || signal.aborted) return answer
      }
      return null
    } finally {
      this.#waiting -= 1
    }
  }
}

interface How {
  readonly by: 'udp' | 'tcp'
  readonly signal: AbortSignal
}

async function askOne(query: Uint8Array, upstream: string, { by, signal }: How): Promise<Uint8Array | null> {
  const sent = Buffer.from(query)
  sent.writeUInt16BE(randomInt(65_536), 0)
  const within = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)])
  const answer = await (by === 'udp' ? byDatagram : byStream)(sent, placeOf(upstream), within)
  if (answer === null) return null
  const own = Buffer.from(answer)
  own.set(query.subarray(0, 2), 0)
  return own
}

interface Place {
  readonly host: string
  readonly port: number
}

/** HOST, HOST:PORT, or [HOST]:PORT. */
export function placeOf(text: string): Place {
  const [, host, port] = /^\[?([^\]]*?)\]?(?::(\d+))?$/.exec(text) ?? []
  if (isIPv6(text)) return { host: text, port: 53 }
  return { host: host ?? text, port: port === undefined ? 53 : Number(port) }
}

function byDatagram(sent: Buffer, { host, port }: Place, signal: AbortSignal): Promise<Buffer | null> {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
  return new Promise((resolve) => {
    const end = (answer: Buffer | null): void => {
      signal.removeEventListener('abort', onAbort)
      socket.removeAllListeners('message')
      resolve(answer)
      socket.close()
    }
    let isOver = false
    const once = (answer: Buffer | null): void => {
      if (isOver) return
      isOver = true
      end(answer)
    }
    const onAbort = (): void => once(null)
    signal.addEventListener('abort', onAbort, { once: true })
    socket.on('error', () => once(null))
    socket.on('message', (answer) => {
      if (isAnswerTo(sent, answer)) once(answer)
    })
    // Connected: the system takes nothing from anybody else.
    // Given to a listener, what keeps it from connecting comes there, and not as an error of the socket.
    socket.connect(port, host, (problem?: Error) => {
      if (problem !== undefined) once(null)
      else if (!isOver) socket.send(sent)
    })
    if (signal.aborted) onAbort()
  })
}

function byStream(sent: Buffer, { host, port }: Place, signal: AbortSignal): Promise<Buffer | null> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, signal })
    let held: Buffer = Buffer.alloc(0)
    socket.on('error', () => resolve(null))
    socket.on('close', () => resolve(null))
    socket.on('data', (data) => {
      held = Buffer.concat([held, data])
      const { message } = unframe(held)
      if (message === null) return
      resolve(isAnswerTo(sent, message) ? message : null)
      socket.destroy()
    })
    socket.write(frame(sent))
  })
}

/** The same number and the same question, by the bytes. */
export function isAnswerTo(query: Buffer, answer: Buffer): boolean {
  const end = questionEnd(query)
  if (end === null || answer.length < end) return false
  if ((answer.readUInt8(2) & 0x80) === 0 || answer.readUInt16BE(4) !== 1) return false
  const isSame = query.subarray(0, 2).equals(answer.subarray(0, 2))
  const question = (data: Buffer): string => data.subarray(12, end).toString('latin1').toLowerCase()
  return isSame && question(query) === question(answer)
}

function questionEnd(data: Buffer): number | null {
  let at = 12
  while (at < data.length) {
    const length = data.readUInt8(at)
    if (length === 0) return at + 5 <= data.length ? at + 5 : null
    if (length > 63) return null
    at += 1 + length
  }
  return null
}
