/** The API of a peer: Unix sockets that their permissions guard, and a TCP port that guards itself. */
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { ClawError } from '../../model/failure.ts'
import { callerOf } from '../../operations/caller.ts'
import type { Service } from '../../ports/service.ts'
import { hostOf, loopbackHosts } from './access.ts'
import type { ApiDeps, Tls } from './build.ts'
import { buildApi } from './build.ts'
import type { Identities } from './identities.ts'
import { linkSocket, openSocket, prepareSocket } from './socket-file.ts'

export interface SocketSettings {
  /** Folder of the two sockets. */
  readonly folder: string
  /** Number of the group that may use them; null for nobody but the owner. */
  readonly group: number | null
  /** Where they are looked for, if that is another folder. */
  readonly alias: string
}

export interface ApiSettings {
  /** Null for none. */
  readonly sockets: SocketSettings | null
  /** Where to listen on TCP; port 0 lets the system choose. Null for nowhere. */
  readonly tcp: { readonly host: string; readonly port: number } | null
  /** Served with HTTPS where this is not null. */
  readonly tls: Tls | null
  /** Listen on other addresses than loopback, although nothing there is encrypted. */
  readonly insecureListen: boolean
  /** Further names that the Host header may carry. */
  readonly hosts: readonly string[]
  /** Of one identity over TCP. */
  readonly requestsPerSecond: number
}

export interface ApiServiceDeps extends ApiDeps {
  readonly identities: Identities
}

/** Names of the sockets: who may open the first may do everything, who may open the second may look. */
export const socketFile = 'api.sock'
export const readerSocketFile = 'ro.sock'

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
    const { tcp, sockets } = this.#settings
    try {
      if (tcp !== null) await this.#listenTcp(tcp)
      if (sockets === null) return
      await this.#listenSocket(socketFile, 'socket', sockets)
      await this.#listenSocket(readerSocketFile, 'reader', sockets)
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
    const { insecureListen, tls, requestsPerSecond } = this.#settings
    if (!isLoopback(host) && tls === null && !insecureListen)
      throw new ClawError('CONFIG_INVALID', {
        file: `--api ${host}:${port}`,
        problem: 'without TLS the API listens on loopback only, unless --insecure-listen says otherwise',
      })
    const own = host.includes(':') ? `[${host}]` : host
    const names = isLoopback(host) ? loopbackHosts : [...loopbackHosts, hostname()]
    const hosts = new Set([...names, own, ...this.#settings.hosts].map(hostOf))
    const rules = { hosts, isEncrypted: tls !== null }
    const { identities } = this.#deps
    const app = await buildApi(this.#deps, { kind: 'network', rules, identities, requestsPerSecond }, tls)
    this.#apps = [...this.#apps, app]
    await listening(`${own}:${port}`, () => app.listen({ host, port }))
    const address = app.server.address()
    const actual = typeof address === 'object' && address !== null ? address.port : port
    this.#address = `${tls === null ? 'http' : 'https'}://${own}:${actual}`
  }

  async #listenSocket(
    name: string,
    kind: 'socket' | 'reader',
    { folder, group, alias }: SocketSettings,
  ): Promise<void> {
    const path = join(folder, name)
    await prepareSocket(path, group)
    const app = await buildApi(this.#deps, { kind: 'socket', caller: callerOf({ kind }) })
    this.#apps = [...this.#apps, app]
    await listening(path, () => app.listen({ path }))
    await openSocket(path, group)
    await linkSocket(join(alias, name), path)
  }
}

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)

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
