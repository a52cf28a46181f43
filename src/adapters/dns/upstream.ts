/** Passes questions on to the resolvers of this host. Each goes out from a port of its own and under a number of its own, and only what comes back to both is an answer. */
import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { connect, isIPv6 } from 'node:net'
import { addressKey } from '../../lib/buckets.ts'
import type { ResolverPlace } from '../../model/naming.ts'
import { placeOf } from '../../model/naming.ts'
import { frame, unframe } from './frames.ts'
import { questionEnd } from './packets.ts'

const patienceMs = 2_000
/** So many wait at a time; more are told that it failed. */
const mostWaiting = 256
/** And so many of one address, so that it leaves room for others. */
const mostOfOne = 64

export interface How {
  readonly by: 'udp' | 'tcp'
  /** Address of who asks. */
  readonly from: string
  readonly signal: AbortSignal
}

export class Upstreams {
  /** How many wait, by who asks; those of nobody who has none. */
  readonly #waiting = new Map<string, number>()
  #all = 0

  /** The answer of the first that gives one, under the number that it was asked with; null when nobody does. */
  async ask(query: Uint8Array, upstreams: readonly string[], how: How): Promise<Uint8Array | null> {
    const who = addressKey(how.from)
    const own = this.#waiting.get(who) ?? 0
    if (this.#all >= mostWaiting || own >= mostOfOne) return null
    this.#count(who, 1)
    try {
      for (const upstream of upstreams) {
        const answer = await askOne(query, upstream, how)
        if (answer !== null || how.signal.aborted) return answer
      }
      return null
    } finally {
      this.#count(who, -1)
    }
  }

  #count(who: string, more: number): void {
    this.#all += more
    const own = (this.#waiting.get(who) ?? 0) + more
    if (own === 0) this.#waiting.delete(who)
    else this.#waiting.set(who, own)
  }
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

function byDatagram(sent: Buffer, { host, port }: ResolverPlace, signal: AbortSignal): Promise<Buffer | null> {
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

function byStream(sent: Buffer, { host, port }: ResolverPlace, signal: AbortSignal): Promise<Buffer | null> {
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
