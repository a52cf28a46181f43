/** A name server over UDP and TCP at one address. */
import { createSocket, type Socket as Datagrams } from 'node:dgram'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { type AddressInfo, createServer, isIP, isIPv6, type Server, type Socket } from 'node:net'
import { Buckets } from '../../lib/buckets.ts'
import { ClawError } from '../../model/failure.ts'
import type { Log } from '../../ports/log.ts'
import type { NameDesk, NameServerOptions, NameServers, OpenNameServer } from '../../ports/name-server.ts'
import { frame, unframe } from './frames.ts'
import { type Query, readQuery, rcodes, truncated, writeAnswer, writeProblem } from './packets.ts'
import { type How, Upstreams } from './upstream.ts'

/** Nobody has to ask for more at a time. */
const mostQueryBytes = 1_024
const mostConnections = 64
const idleMs = 5_000
const mostStreamBytes = 65_535
/** Of trouble of one kind, in the log. */
const toldPerSecond = 1 / 60
const toldAtOnce = 5

export const nameServersWith = (log: Log): NameServers => ({
  open: async (options, desk) => {
    const server = new NameServer(options, desk, log)
    await server.listen(options)
    return server
  },
  upstreams: () => hostResolvers('/etc/resolv.conf'),
})

/** None where there is no such file. */
export async function hostResolvers(file: string): Promise<readonly string[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  const named = text.split('\n').flatMap((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? [])
  return named.filter((address) => isIP(address) !== 0).slice(0, 3)
}

class NameServer implements OpenNameServer {
  readonly #desk: NameDesk
  readonly #log: Log
  readonly #upstreams = new Upstreams()
  readonly #told = new Buckets(toldPerSecond, () => performance.now(), { burst: toldAtOnce })
  readonly #datagrams: Datagrams
  readonly #server: Server
  readonly #open = new Set<Socket>()
  readonly #closing = new AbortController()
  readonly #busy = new Set<Promise<void>>()
  #port = 0

  constructor({ address }: NameServerOptions, desk: NameDesk, log: Log) {
    this.#desk = desk
    this.#log = log
    this.#datagrams = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
    this.#server = createServer((socket) => this.#take(socket))
    this.#server.maxConnections = mostConnections
  }

  get port(): number {
    return this.#port
  }

  async listen({ address, port }: NameServerOptions): Promise<void> {
    try {
      // First the one that finds a free port more rarely: connections that have gone out hold many.
      this.#server.listen({ host: address, port, exclusive: true })
      await once(this.#server, 'listening')
      this.#port = (this.#server.address() as AddressInfo).port
      this.#datagrams.bind({ address, port: this.#port, exclusive: true })
      await once(this.#datagrams, 'listening')
    } catch (cause) {
      await this.close()
      if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause
      throw new ClawError('ADDRESS_IN_USE', { address: `${address}:${port}` }, { cause })
    }
    // What the network says of a datagram that did not arrive ends nothing.
    this.#datagrams.on('error', (error) => this.#tell('the socket of names had trouble', error))
    this.#server.on('error', (error) => this.#tell('the socket of names had trouble', error))
    this.#datagrams.on('message', (bytes, { address: from, port: back }) => {
      if (bytes.length > mostQueryBytes || !this.#desk.admits(from)) return
      this.#keep(
        this.#answer(bytes, 'udp', from).then((reply) => {
          if (reply === null || this.#closing.signal.aborted) return
          // Given to a listener, what keeps it from being sent is no error of the socket.
          this.#datagrams.send(reply, back, from, (error) => {
            if (error !== null) this.#tell('an answer could not be sent', error)
          })
        }),
      )
    })
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort()
    for (const socket of this.#open) socket.destroy()
    await Promise.allSettled(this.#busy)
    await new Promise<void>((resolve) => {
      try {
        this.#datagrams.close(resolve)
      } catch {
        // It never listened.
        resolve()
      }
    })
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
    })
  }

  #keep(work: Promise<void>): void {
    this.#busy.add(work)
    const done = (): void => void this.#busy.delete(work)
    work.then(done, done)
  }

  #take(socket: Socket): void {
    const from = socket.remoteAddress ?? ''
    socket.on('error', () => socket.destroy())
    if (!this.#desk.admits(from)) {
      socket.destroy()
      return
    }
    this.#open.add(socket)
    socket.once('close', () => this.#open.delete(socket))
    socket.setTimeout(idleMs, () => socket.destroy())
    this.#keep(
      this.#serve(socket, from).catch((error: unknown) => {
        socket.destroy()
        if (!this.#closing.signal.aborted)
          this.#log.debug('a connection for names ended early', { reason: told(error) })
      }),
    )
  }

  /** One question after the other, so that nobody piles them up. */
  async #serve(socket: Socket, from: string): Promise<void> {
    let held: Buffer = Buffer.alloc(0)
    let isFirst = true
    // Who never reads has no more room some day, and is cut off for its silence.
    const gone = new AbortController()
    socket.once('close', () => gone.abort())
    const signal = AbortSignal.any([this.#closing.signal, gone.signal])
    for await (const data of socket as AsyncIterable<Buffer>) {
      held = Buffer.concat([held, data])
      for (let next = unframe(held); next.message !== null; next = unframe(held)) {
        held = next.rest
        if (!isFirst && !this.#desk.admits(from)) return void socket.destroy()
        isFirst = false
        const reply = await this.#answer(next.message, 'tcp', from)
        if (reply === null) return void socket.destroy()
        if (!socket.write(frame(reply))) await once(socket, 'drain', { signal })
      }
      if (held.length > mostQueryBytes) return void socket.destroy()
    }
  }

  async #answer(bytes: Buffer, by: 'udp' | 'tcp', from: string): Promise<Uint8Array | null> {
    const read = readQuery(bytes)
    if (read.kind === 'noise') return null
    if (read.kind === 'refused') return read.reply
    try {
      return await this.#answerTo(read.query, bytes, { by, from, signal: this.#closing.signal })
    } catch (error) {
      // Whatever it is, others are answered on.
      this.#tell('a question for a name failed', error)
      return writeProblem(read.query, rcodes.failed)
    }
  }

  async #answerTo(query: Query, bytes: Buffer, how: How): Promise<Uint8Array> {
    const room = how.by === 'udp' ? query.room : mostStreamBytes
    const answer = this.#desk.answer(query.question)
    if (answer.kind !== 'foreign') return writeAnswer(query, answer, room)
    const upstreams = this.#desk.upstreams()
    if (upstreams.length === 0 || !query.wantsRecursion) return writeProblem(query, rcodes.refused)
    const passed = await this.#upstreams.ask(bytes, upstreams, how)
    if (passed === null) return writeProblem(query, rcodes.failed)
    return passed.length <= room ? passed : truncated(query)
  }

  /** Some of the same are enough: who asks may bring it about as often as they like. */
  #tell(message: string, error: unknown): void {
    if (this.#told.take(message) === 0) this.#log.warn(message, { reason: told(error) })
  }
}

const told = (error: unknown): string => (error instanceof Error ? error.message : String(error))
