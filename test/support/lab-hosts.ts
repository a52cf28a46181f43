/** Hosts of the lab: network namespaces on one bridge, whose cables can be pulled. They take root and what scripts/lab installs. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { labNvidiaSmi } from './lab-docker.ts'

const script = fileURLToPath(new URL('../../scripts/lab/lab.sh', import.meta.url))

/** The lab works here, and we are root. */
export const hasHosts = labNvidiaSmi !== null && process.getuid?.() === 0

/** What the lab has downloaded: its hosts have none of their own. */
export const labCache = join(process.env['CLAW_LAB_DIR'] ?? '/tmp/clawlab', 'cache')

export class LabHosts {
  readonly #directory = mkdtempSync(join(tmpdir(), 'claw-hosts-'))
  readonly #environment: NodeJS.ProcessEnv
  readonly #net: string

  private constructor() {
    // Names and a network of its own, so that two runs on a machine do not cut each other's cables.
    const own = process.pid % 4_096
    this.#net = `10.${64 + (own >> 8)}.${own & 0xff}`
    this.#environment = {
      ...{ CLAW_LAB_DIR: this.#directory, CLAW_LAB_TAG: `claw${own}`, CLAW_LAB_NET: this.#net },
      CLAW_LAB_CACHE: labCache,
    }
  }

  /** Hosts 1 to `count`. */
  static async up(count: number): Promise<LabHosts> {
    const hosts = new LabHosts()
    try {
      await hosts.#lab('hosts', 'up', String(count))
    } catch (error) {
      await hosts.down()
      throw error
    }
    return hosts
  }

  /** What to put before a command so that it runs on that host, as the same process. */
  on(host: number): readonly string[] {
    const [pid = ''] = readFileSync(join(this.#directory, `h${host}`, 'anchor.pid'), 'utf8').split(' ')
    return ['nsenter', '-t', pid, '-m', '-n', '-u', '--']
  }

  /** Where others reach that host, unless it is behind the router. */
  addressOf(host: number): string {
    return `${this.#net}.${host}`
  }

  /** Pulls the host's cable: what is sent to it, or by it, is lost without a sign. */
  isolate(host: number): Promise<void> {
    return this.#lab('isolate', String(host))
  }

  rejoin(host: number): Promise<void> {
    return this.#lab('rejoin', String(host))
  }

  /** Drops what one host sends to another; what it hears from that one still comes. */
  cutOneWay(from: number, to: number): Promise<void> {
    return this.#lab('cut1', String(from), String(to))
  }

  /** Puts hosts behind one router, which hides them: for `cut` it is host 200. */
  behindNat(...hosts: readonly number[]): Promise<void> {
    return this.#lab('nat', ...hosts.map(String))
  }

  /** Behind a router of its own, from 201 on; one that `takesPorts` takes another port for each destination of what it lets out. */
  behindRouter(router: number, host: number, { takesPorts }: { readonly takesPorts: boolean }): Promise<void> {
    return this.#lab('router', String(router), ...(takesPorts ? ['random'] : []), String(host))
  }

  /** Installs what the hosts need for an overlay. */
  wireguard(): Promise<void> {
    return this.#lab('wireguard')
  }

  /** Starts a container engine in the host, with the image of the lab; gives its address. */
  async engine(host: number): Promise<string> {
    await this.#lab('engine', 'up', String(host))
    return `unix://${join(this.#directory, `h${host}`, 'docker.sock')}`
  }

  /** Kills it; its containers live on until it is up again. */
  crashEngine(host: number): Promise<void> {
    return this.#lab('engine', 'crash', String(host))
  }

  cut(one: number, other: number): Promise<void> {
    return this.#lab('cut', String(one), String(other))
  }

  /** Undoes every cut between two hosts. */
  mendAll(): Promise<void> {
    return this.#lab('mend', 'all')
  }

  /** Loses that share of all frames between hosts. */
  lose(percent: number): Promise<void> {
    return this.#lab('lose', percent === 0 ? 'off' : String(percent))
  }

  /** What the host gets arrives so many ms later; 0 ends that. */
  slow(host: number, latency: number): Promise<void> {
    return this.#lab('slow', String(host), latency === 0 ? 'off' : String(latency))
  }

  async down(): Promise<void> {
    await this.#lab('down')
    rmSync(this.#directory, { recursive: true, force: true })
  }

  async #lab(...words: readonly string[]): Promise<void> {
    await promisify(execFile)('bash', [script, ...words], { env: { ...process.env, ...this.#environment } })
  }
}
