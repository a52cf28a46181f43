/** A container registry that speaks the protocol of the real ones, for engines to pull from: manifests, blobs, Basic and Bearer tokens. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ArchiveReader } from '../../src/adapters/docker/archive.ts'
import { sha256 } from '../../src/lib/sha256.ts'

export interface RegistryUser {
  readonly name: string
  readonly password: string
}

export interface RegistrySetup {
  readonly auth?: 'basic' | 'bearer'
  readonly user?: RegistryUser
}

export class Registry {
  /** `METHOD path`, in the order in which they came. */
  readonly requests: string[] = []
  /** Answers everything below with a failure of its own. */
  isBroken = false
  readonly #setup: RegistrySetup
  readonly #blobs = new Map<string, Uint8Array>()
  /** By `name:tag`. */
  readonly #tags = new Map<string, string>()
  readonly #server: Server

  private constructor(setup: RegistrySetup) {
    this.#setup = setup
    this.#server = createServer((request, response) => this.#answer(request, response))
  }

  static async start(setup: RegistrySetup = {}): Promise<Registry> {
    const registry = new Registry(setup)
    await new Promise<void>((resolve) => registry.#server.listen(0, '127.0.0.1', resolve))
    return registry
  }

  /** What references begin with. Engines take plain HTTP from loopback. */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  /** Publishes what `docker save` wrote of one image, and returns its digest. */
  async publish(name: string, tag: string, archive: AsyncIterable<Uint8Array>): Promise<string> {
    const reader = new ArchiveReader({ check: () => {}, isWanted: () => true })
    for await (const chunk of archive) reader.push(chunk)
    for (const { name: path, bytes } of reader.files)
      if (path.startsWith('blobs/sha256/')) this.#blobs.set(`sha256:${path.slice('blobs/sha256/'.length)}`, bytes)
    const index = reader.files.find(({ name: path }) => path === 'index.json')
    const { manifests } = JSON.parse(Buffer.from(index?.bytes ?? []).toString()) as { manifests: { digest: string }[] }
    const digest = manifests[0]?.digest
    if (digest === undefined) throw new Error('the archive has no index: the engine is too old to publish from')
    this.#tags.set(`${name}:${tag}`, digest)
    return digest
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '/', `http://${this.host}`)
    this.requests.push(`${request.method ?? ''} ${pathname}`)
    if (this.isBroken) return void response.writeHead(500).end('the registry is ill')
    if (pathname === '/token') return this.#token(request, response, searchParams)
    if (!this.#isAllowed(request)) return this.#challenge(response, pathname)
    if (pathname === '/v2/') return void response.writeHead(200).end('{}')
    const [, name = '', kind = '', reference = ''] = /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(pathname) ?? []
    const digest = reference.startsWith('sha256:') ? reference : this.#tags.get(`${name}:${reference}`)
    const bytes = digest === undefined ? undefined : this.#blobs.get(digest)
    const code = kind === 'manifests' ? 'MANIFEST_UNKNOWN' : 'BLOB_UNKNOWN'
    if (bytes === undefined || digest === undefined) return failure(response, 404, code)
    const type = kind === 'manifests' ? 'application/vnd.oci.image.manifest.v1+json' : 'application/octet-stream'
    response.writeHead(200, { 'content-type': type, 'content-length': bytes.length, 'docker-content-digest': digest })
    response.end(request.method === 'HEAD' ? undefined : bytes)
  }

  #isAllowed({ headers }: IncomingMessage): boolean {
    const { auth } = this.#setup
    if (auth === undefined) return true
    const given = headers.authorization ?? ''
    return auth === 'basic' ? this.#isUser(given) : given === `Bearer ${this.#tokenText()}`
  }

  #isUser(given: string): boolean {
    const { name = '', password = '' } = this.#setup.user ?? {}
    return given === `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`
  }

  #tokenText(): string {
    return sha256(`token of ${this.#setup.user?.password ?? ''}`)
  }

  #token({ headers }: IncomingMessage, response: ServerResponse, query: URLSearchParams): void {
    if (query.get('service') !== 'tests' || !this.#isUser(headers.authorization ?? ''))
      return failure(response, 401, 'UNAUTHORIZED')
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ token: this.#tokenText(), expires_in: 300 }))
  }

  #challenge(response: ServerResponse, pathname: string): void {
    const name = /^\/v2\/(.+)\/(?:manifests|blobs)\//.exec(pathname)?.[1]
    const scope = name === undefined ? '' : `,scope="repository:${name}:pull"`
    const how =
      this.#setup.auth === 'basic'
        ? 'Basic realm="tests"'
        : `Bearer realm="http://${this.host}/token",service="tests"${scope}`
    response.setHeader('www-authenticate', how)
    failure(response, 401, 'UNAUTHORIZED')
  }
}

function failure(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ errors: [{ code, message: code.toLowerCase().replaceAll('_', ' ') }] }))
}
