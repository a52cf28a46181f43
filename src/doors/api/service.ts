/** The API of a peer: a Unix socket that its permissions guard, and a TCP port that a token guards. */
import { chmod, rm, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { ClawError } from '../../model/failure.ts'
import type { Service } from '../../ports/service.ts'
import { hostOf, loopbackHosts } from './access.ts'
import type { ApiDeps } from './build.ts'
import { buildApi } from './build.ts'

export interface ApiSettings {
  /** Path of the Unix socket; null for none. */
  readonly socket: string | null
  /** Where to listen on TCP; port 0 lets the system choose. Null for nowhere. */
  readonly tcp: { readonly host: string; readonly port: number } | null
  /** Listen on other addresses than loopback, although nothing there is encrypted. */
  readonly insecureListen: boolean
  /** Further names that the Host header may carry. */
  readonly hosts: readonly string[]
}

export interface ApiServiceDeps extends ApiDeps {
  checkToken(text: string): boolean
}

/** Longest path that the kernel takes for a Unix socket, in bytes. */
const longestPath = 107

/** Throws CONFIG_INVALID for a path on which no Unix socket can be, so that it can be told before anything is started. */
export function checkSocketPath(path: string): void {
  if (Buffer.byteLength(path) <= longestPath) return
  const problem = `a socket’s path has ${longestPath} bytes at most; use a shorter --data-dir`
  throw new ClawError('CONFIG_INVALID', { file: path, problem })
}

export class ApiService implements Service {
  readonly name = 'api'
  readonly #deps: ApiServiceDeps
  readonly #settings: ApiSettings
  #apps: readonly FastifyInstance[] = []
  #address: string | null = null

  constructor(deps: ApiServiceDeps, settings: ApiSettings) {
    this.#deps = deps
    this.#settings = settings
  }

  /** `http://127.0.0.1:8080` once it listens; null without TCP. */
  get address(): string | null {
    return this.#address
  }

  /** Throws ADDRESS_IN_USE, or CONFIG_INVALID for an address that may not be used. */
  async start(): Promise<void> {
    try {
      if (this.#settings.tcp !== null) await this.#listenTcp(this.#settings.tcp)
      if (this.#settings.socket !== null) await this.#listenSocket(this.#settings.socket)
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  async stop(): Promise<void> {
    const apps = this.#apps
    this.#apps = []
    this.#address = null
    await Promise.all(apps.map((app) => app.close()))
  }

  async #listenTcp({ host, port }: { readonly host: string; readonly port: number }): Promise<void> {
    if (!isLoopback(host) && !this.#settings.insecureListen)
      throw new ClawError('CONFIG_INVALID', {
        file: `--api ${host}:${port}`,
        problem: 'the API is not encrypted and listens on loopback only, unless --insecure-listen says otherwise',
      })
    const own = host.includes(':') ? `[${host}]` : host
    const hosts = new Set([...loopbackHosts, own, ...this.#settings.hosts].map(hostOf))
    const app = await buildApi(this.#deps, { kind: 'token', rules: { hosts, checkToken: this.#deps.checkToken } })
    this.#apps = [...this.#apps, app]
    await listening(`${own}:${port}`, () => app.listen({ host, port }))
    const address = app.server.address()
    const actual = typeof address === 'object' && address !== null ? address.port : port
    this.#address = `http://${own}:${actual}`
  }

  async #listenSocket(path: string): Promise<void> {
    checkSocketPath(path)
    await removeStale(path)
    const app = await buildApi(this.#deps, { kind: 'socket' })
    this.#apps = [...this.#apps, app]
    await listening(path, () => app.listen({ path }))
    await chmod(path, 0o600)
  }
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)

async function listening(address: string, listen: () => Promise<unknown>): Promise<void> {
  try {
    await listen()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE') throw new ClawError('ADDRESS_IN_USE', { address }, { cause: error })
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
      throw new ClawError(
        'CONFIG_INVALID',
        { file: `--api ${address}`, problem: (error as Error).message },
        { cause: error },
      )
    throw error
  }
}

/** A daemon that was killed leaves its socket behind. One that still answers is somebody's. */
async function removeStale(path: string): Promise<void> {
  const entry = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (entry === null) return
  if (!entry.isSocket() || (await answers(path))) throw new ClawError('ADDRESS_IN_USE', { address: path })
  await rm(path)
}

const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => {
      resolve(false)
    })
  })
