/** Operations over HTTP, to a Unix socket or a TCP port. Node's own client: it is there already, so the CLI starts at once. */
import type { IncomingMessage, RequestOptions } from 'node:http'
import type { Socket } from 'node:net'
import type { FailureBody } from '../../../model/failure.ts'
import { ClawError, failureFrom } from '../../../model/failure.ts'
import type { Millis } from '../../../model/time.ts'
import type { Conversation } from '../../../ports/conversation.ts'
import { canonicalJson } from '../../../lib/canonical-json.ts'
import { meshHeader, signatureHeaders } from '../../../wire/signed-request.ts'
import type { Address } from './address.ts'
import type { Transport } from './api.ts'
import type { RequestSigner } from './request-signer.ts'

/**
 * An import of `node:http` would read all its exports, and one of them loads a whole second HTTP client: half of the time that a command
 * line takes to start.
 */
const http = () => process.getBuiltinModule('node:http')

export type HttpAddress = Exclude<Address, { readonly kind: 'multiaddr' }>

const usualConnectTimeout: Millis = 5_000
/** Largest answer that is taken, in bytes. */
const largest = 64 * 1_048_576

interface How {
  readonly connectTimeout?: Millis | undefined
  /** In place of a token. */
  readonly signer?: RequestSigner | null
  /** The only mesh that is meant; null for whichever the peer is of. */
  readonly mesh?: string | null
}

interface Asked {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body: string
  readonly credentials: Readonly<Record<string, string>>
}

export class HttpTransport implements Transport {
  readonly address: string
  readonly #to: HttpAddress
  readonly #connectTimeout: Millis
  readonly #signer: RequestSigner | null
  readonly #mesh: string | null

  constructor(to: HttpAddress, { connectTimeout = usualConnectTimeout, signer = null, mesh = null }: How = {}) {
    this.#to = to
    this.#connectTimeout = connectTimeout
    this.#signer = signer
    this.#mesh = mesh
    this.address = to.kind === 'socket' ? `unix:${to.path}` : to.url.origin
  }

  async invoke(name: string, input: unknown, signal: AbortSignal): Promise<unknown> {
    const response = await this.#post(name, input, signal)
    return parsed(await this.#text(response))
  }

  async *open(name: string, input: unknown, signal: AbortSignal): AsyncIterable<unknown> {
    const response = await this.#post(name, input, signal)
    try {
      for await (const line of this.#lines(response, signal)) {
        const item = parsed(line)
        const failure = errorIn(item)
        if (failure !== null) throw failureFrom(failure)
        yield item
      }
    } finally {
      response.destroy()
    }
  }

  async converse(name: string, input: unknown, signal: AbortSignal): Promise<Conversation> {
    const [{ talkTo }, { wideSocket }] = await Promise.all([import('./talk-socket.ts'), import('./wide-socket.ts')])
    const to = this.#to
    const path = `/api/talk/${encodeURIComponent(name)}`
    // What is signed is the input as anybody would write it who has read it.
    await this.#meet(signal)
    const socket = await this.#secure(signal)
    const target = {
      // Where it is encrypted, the connection is there already.
      url: to.kind === 'socket' ? `ws+unix:${to.path}:${path}` : `ws://${to.url.host}${path}`,
      createConnection: () => socket ?? wideSocket(to.kind === 'socket' ? to : where(to.url)),
      headers: this.#credentials(name, canonicalJson(input)),
      refusal: (error: NodeJS.ErrnoException) => this.#refusal(error),
      denial: (status: number, body: string) => this.#denial(status, body),
      lost: (cause: unknown) => this.#lost(cause),
    }
    return talkTo(target, input, signal)
  }

  /** Lines that are not empty. Throws NODE_UNREACHABLE when the connection breaks before the end. */
  async *#lines(response: IncomingMessage, signal: AbortSignal): AsyncIterable<string> {
    response.setEncoding('utf8')
    let rest = ''
    try {
      for await (const chunk of response as AsyncIterable<string>) {
        const lines = (rest + chunk).split('\n')
        rest = lines.pop() ?? ''
        if (rest.length > largest) throw new ClawError('TOO_LARGE', { what: 'A line of the answer', limit: largest })
        yield* lines.filter((line) => line !== '')
      }
    } catch (error) {
      signal.throwIfAborted()
      if (ClawError.is(error, 'TOO_LARGE')) throw error
      throw this.#lost(error)
    }
    if (rest !== '') yield rest
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  async #post(name: string, input: unknown, signal: AbortSignal): Promise<IncomingMessage> {
    const body = JSON.stringify(input)
    const isUnsigned = this.#signer?.mesh === null
    const response = await this.#send(name, body, signal)
    if (response.statusCode === 200) return response
    const denial = this.#denial(response.statusCode ?? 0, await this.#text(response))
    if (!isUnsigned || !this.#learn(denial)) throw denial
    return this.#post(name, input, signal)
  }

  /** Whoever signs has to know for which mesh, and the peer says so when it refuses what is not signed. */
  #learn(denial: ClawError): boolean {
    return ClawError.is(denial, 'AUTH_FAILED') && this.#signer?.learn(denial.facts.mesh) === true
  }

  async #meet(signal: AbortSignal): Promise<void> {
    if (this.#signer?.mesh === null) await this.invoke('gateway.ping', {}, signal)
  }

  #credentials(operation: string, input: string): Readonly<Record<string, string>> {
    if (this.#signer === null)
      return { ...bearerOf(this.#to), ...(this.#mesh !== null && { [meshHeader]: this.#mesh }) }
    const signed = this.#signer.sign(operation, input)
    return signed === null ? {} : signatureHeaders(signed)
  }

  /** Null where nothing is encrypted. */
  async #secure(signal: AbortSignal): Promise<Socket | null> {
    const to = this.#to
    if (to.kind === 'socket' || to.url.protocol !== 'https:') return null
    const { secureSocket } = await import('./secure-socket.ts')
    try {
      return await secureSocket(
        { url: to.url, fingerprint: to.fingerprint ?? null, timeout: this.#connectTimeout },
        signal,
      )
    } catch (error) {
      if (signal.aborted || error instanceof ClawError) throw error
      throw this.#refusal(error as NodeJS.ErrnoException)
    }
  }

  #denial(status: number, body: string): ClawError {
    const failure = errorIn(parsed(body))
    return failure === null
      ? new ClawError('PROTOCOL_MISMATCH', { ours: 'the Clawbernetes API', theirs: `HTTP ${status}` })
      : this.#withSource(failureFrom(failure))
  }

  /** A token that is refused may be one that nobody named: say where it was found. */
  #withSource(failure: ClawError): ClawError {
    const to = this.#to
    const found = ClawError.is(failure, 'AUTH_FAILED') ? failure.facts.mesh : undefined
    if (this.#mesh !== null && found !== undefined && found !== this.#mesh)
      return new ClawError('MESH_CHANGED', { address: this.address, known: this.#mesh, found }, { cause: failure })
    if (!ClawError.is(failure, 'AUTH_FAILED') || to.kind === 'socket' || to.tokenFrom === null) return failure
    const reason = `${failure.facts.reason}; it came from ${to.tokenFrom}`
    return new ClawError('AUTH_FAILED', { reason }, { cause: failure })
  }

  /** Something of the API that is no operation: how people log in. Throws as `invoke` does. */
  async exchange(method: 'GET' | 'POST', path: string, body: object, signal: AbortSignal): Promise<unknown> {
    const asked = { method, path, body: method === 'GET' ? '' : JSON.stringify(body), credentials: {} }
    const response = await this.#request(asked, signal)
    const text = await this.#text(response)
    if (response.statusCode === 200) return parsed(text)
    throw this.#denial(response.statusCode ?? 0, text)
  }

  #send(operation: string, body: string, signal: AbortSignal): Promise<IncomingMessage> {
    const path = `/api/ops/${encodeURIComponent(operation)}`
    return this.#request({ method: 'POST', path, body, credentials: this.#credentials(operation, body) }, signal)
  }

  async #request({ method, path, body, credentials }: Asked, signal: AbortSignal): Promise<IncomingMessage> {
    const to = this.#to
    const socket = await this.#secure(signal)
    const target: RequestOptions = {
      ...(to.kind === 'socket' ? { socketPath: to.path } : where(to.url)),
      // An agent would make a connection of its own.
      ...(socket === null ? { agent: false } : { createConnection: () => socket }),
    }
    const { request: send } = http()
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...credentials,
    }
    return new Promise((resolve, reject) => {
      const request = send({ ...target, path, method, headers, signal }, resolve)
      const timer = setTimeout(() => {
        request.destroy(Object.assign(new Error('no connection'), { code: 'ETIMEDOUT' }))
      }, this.#connectTimeout)
      request.once('socket', (socket) => {
        if (socket.connecting)
          socket.once('connect', () => {
            clearTimeout(timer)
          })
        else clearTimeout(timer)
      })
      request.once('error', (error: NodeJS.ErrnoException) => {
        clearTimeout(timer)
        reject(signal.aborted ? (signal.reason as Error) : this.#refusal(error))
      })
      request.end(body)
    })
  }

  async #text(response: IncomingMessage): Promise<string> {
    const chunks: Buffer[] = []
    let size = 0
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        size += chunk.length
        if (size > largest) throw new ClawError('TOO_LARGE', { what: 'The answer', limit: largest })
        chunks.push(chunk)
      }
    } catch (error) {
      if (ClawError.is(error, 'TOO_LARGE')) throw error
      throw this.#lost(error)
    }
    return Buffer.concat(chunks).toString('utf8')
  }

  #refusal(error: NodeJS.ErrnoException): Error {
    const { address } = this
    if (error.code === 'EACCES' || error.code === 'EPERM')
      return new ClawError('AUTH_FAILED', { reason: `you may not open ${address}` }, { cause: error })
    if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN')
      return new ClawError(
        'ECONNREFUSED',
        { address: `${address}: no address is known for that name` },
        { cause: error },
      )
    if (error.code === 'ECONNRESET' || error.code === 'EPIPE') return this.#lost(error)
    return new ClawError('ECONNREFUSED', { address }, { cause: error })
  }

  #lost(cause: unknown): ClawError {
    return new ClawError('NODE_UNREACHABLE', { node: this.address, detail: 'the connection broke' }, { cause })
  }
}

const bearerOf = (to: HttpAddress): Readonly<Record<string, string>> =>
  to.kind === 'url' && to.token !== null ? { authorization: `Bearer ${to.token}` } : {}

/** `[::1]` is how a URL spells `::1`. */
const where = ({ hostname, port, protocol }: URL) => ({
  host: hostname.replace(/^\[|\]$/g, ''),
  port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
})

function errorIn(value: unknown): FailureBody | null {
  if (typeof value !== 'object' || value === null || !('error' in value) || Object.keys(value).length !== 1) return null
  const { error } = value
  return typeof error === 'object' && error !== null && 'code' in error && 'message' in error
    ? (error as FailureBody)
    : null
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new ClawError('PROTOCOL_MISMATCH', { ours: 'JSON', theirs: 'something else' }, { cause: error })
  }
}
