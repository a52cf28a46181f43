/** Stands between a client and a Unix socket, and can be cut: every connection breaks, and no new one is taken until it is mended. */
import { mkdtemp, rm } from 'node:fs/promises'
import { createConnection, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export class UnixProxy {
  readonly path: string
  readonly #target: string
  readonly #folder: string
  readonly #sockets = new Set<Socket>()
  #server: Server | null = null

  private constructor(folder: string, target: string) {
    this.#folder = folder
    this.#target = target
    this.path = join(folder, 'proxy.sock')
  }

  static async to(target: string): Promise<UnixProxy> {
    const proxy = new UnixProxy(await mkdtemp(join(tmpdir(), 'claw-proxy-')), target)
    await proxy.mend()
    return proxy
  }

  async mend(): Promise<void> {
    const server = createServer((client) => {
      const upstream = createConnection(this.#target)
      for (const [here, there] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        this.#sockets.add(here)
        here.on('error', () => there.destroy())
        here.on('close', () => {
          this.#sockets.delete(here)
          there.destroy()
        })
      }
      client.pipe(upstream).pipe(client)
    })
    this.#server = server
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(this.path, resolve)
    })
  }

  async cut(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server?.close(() => resolve()) ?? resolve())
    for (const socket of this.#sockets) socket.destroy()
    await closed
    this.#server = null
  }

  async close(): Promise<void> {
    await this.cut()
    await rm(this.#folder, { recursive: true, force: true })
  }
}
