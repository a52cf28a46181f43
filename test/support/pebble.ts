/** A real ACME server for a test: Pebble, with a name server that says where each host is. Programs of scripts/lab/pebble.sh. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { selfSigned } from '../../src/adapters/tls/self-signed.ts'
import { eventually, freePort } from './mesh.ts'

const program = process.env['CLAW_LAB_PEBBLE'] ?? ''
export const hasPebble = program !== ''

export interface PebblePlan {
  /** Where it keeps its files. */
  readonly directory: string
  /** Where all hosts are, and at which port they are looked at. */
  readonly address: string
  readonly port: number
  readonly validSeconds: number
}

export class Pebble {
  readonly #plan: PebblePlan
  readonly #children: ChildProcess[] = []
  #listen = 0
  #manage = 0
  #names = 0
  #dns = 0

  constructor(plan: PebblePlan) {
    this.#plan = plan
  }

  get directory(): string {
    return `https://localhost:${this.#listen}/dir`
  }

  /** What it is believed by itself. */
  get roots(): string {
    return join(this.#plan.directory, 'pebble.pem')
  }

  async start(): Promise<this> {
    const { directory, address, port, validSeconds } = this.#plan
    this.#listen = await freePort()
    this.#manage = await freePort()
    this.#names = await freePort()
    this.#dns = await freePort()
    const [notBefore, notAfter] = [Date.now() - 60_000, Date.now() + 3_600_000]
    const own = selfSigned({ name: 'pebble', hosts: ['localhost'], notBefore, notAfter })
    const key = join(directory, 'pebble.key')
    writeFileSync(this.roots, own.certificate)
    writeFileSync(key, own.key)
    const config = join(directory, 'pebble.json')
    const pebble = {
      ...{ listenAddress: `127.0.0.1:${this.#listen}`, managementListenAddress: `127.0.0.1:${this.#manage}` },
      ...{ certificate: this.roots, privateKey: key, httpPort: port, tlsPort: 1, ocspResponderURL: '' },
      ...{ externalAccountBindingRequired: false, certificateValidityPeriod: validSeconds },
    }
    writeFileSync(config, JSON.stringify({ pebble }))
    const names = ['-management', `127.0.0.1:${this.#names}`, '-dns01', `127.0.0.1:${this.#dns}`]
    const quiet = ['-http01', '', '-https01', '', '-tlsalpn01', '']
    const servers = [...names, ...quiet, '-defaultIPv4', address, '-defaultIPv6', '']
    this.#spawn(join(dirname(program), 'pebble-challtestsrv'), servers)
    // It refuses one nonce in twenty by itself, as authorities may at any time.
    this.#spawn(program, ['-config', config, '-dnsserver', `127.0.0.1:${this.#dns}`])
    await eventually('Pebble answers', 20_000, () => this.root(), Boolean)
    return this
  }

  /** What its certificates are believed by, PEM; another at each start. */
  root(): Promise<string> {
    return new Promise((resolve, reject) => {
      const options = { host: 'localhost', port: this.#manage, path: '/roots/0', rejectUnauthorized: false }
      const asked = request(options, (answer) => {
        text(answer).then(resolve, reject)
      })
      asked.on('error', reject)
      asked.end()
    })
  }

  /** From now on the host is said to be there. */
  async place(host: string, address: string): Promise<void> {
    const body = JSON.stringify({ host: `${host}.`, addresses: [address] })
    const { ok, status } = await fetch(`http://127.0.0.1:${this.#names}/add-a`, { method: 'POST', body })
    if (!ok) throw new Error(`the name server answered ${status}`)
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#children.splice(0).map((child) => {
        const ended = new Promise((resolve) => child.once('exit', resolve))
        child.kill('SIGKILL')
        return ended
      }),
    )
  }

  #spawn(file: string, flags: readonly string[]): void {
    const log = createWriteStream(join(this.#plan.directory, 'pebble.log'), { flags: 'a' })
    const child = spawn(file, flags, { stdio: ['ignore', 'pipe', 'pipe'], env: { PEBBLE_VA_NOSLEEP: '1' } })
    child.stdout.pipe(log)
    child.stderr.pipe(log)
    this.#children.push(child)
  }
}
