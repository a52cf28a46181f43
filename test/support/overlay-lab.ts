/** Hosts of the lab with an overlay over them: real daemons, real WireGuard, some of them behind a router. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { OutputOf } from '../../src/operations/registry.ts'
import { hasHosts, LabHosts, labCache } from './lab-hosts.ts'
import { type Daemon, eventually, Mesh } from './mesh.ts'

const labDockerCli = join(labCache, 'engine/usr/bin/docker')

export type OverlayStatus = OutputOf<'network.status'>

/** Root, a lab, and devices for WireGuard in user space. */
export const hasOverlayLab = hasHosts && existsSync('/dev/net/tun')

/** Runs a command on a host to its end; gives what it has printed. */
export async function on(hosts: LabHosts, host: number, ...command: readonly string[]): Promise<string> {
  const [program = '', ...words] = [...hosts.on(host), ...command]
  return (await promisify(execFile)(program, words, { maxBuffer: 16 * 1_048_576 })).stdout
}

export class OverlayLab {
  readonly mesh = new Mesh()
  readonly hosts: LabHosts
  readonly #streams: ChildProcess[] = []
  #isGoingDown = false

  readonly #hasEngines: boolean
  readonly #engines = new Map<number, string>()

  private constructor(hosts: LabHosts, hasEngines: boolean) {
    this.hosts = hosts
    this.#hasEngines = hasEngines
  }

  /** Daemons on the first `count` hosts of `all`; the named ones are behind one router. `engines`: each runs containers on one of its own. */
  static async up(
    count: number,
    { all, hidden, engines = false }: { all: number; hidden: readonly number[]; engines?: boolean },
  ): Promise<OverlayLab> {
    const lab = new OverlayLab(await LabHosts.up(all), engines)
    try {
      await lab.hosts.wireguard()
      await lab.hosts.behindNat(...hidden)
      for (let host = 1; host <= count; host += 1) await lab.add(host)
    } catch (error) {
      await lab.down()
      throw error
    }
    return lab
  }

  async add(host: number): Promise<Daemon> {
    const plan = { mdns: true, prefix: this.hosts.on(host) }
    if (!this.#hasEngines) return this.mesh.add(`gpu-${host}`, plan)
    const engine = await this.hosts.engine(host)
    this.#engines.set(host, engine)
    return this.mesh.add(`gpu-${host}`, { ...plan, extra: ['--executor', 'docker', '--docker-host', engine] })
  }

  /** Runs the engine's own command against that of a host; gives what it has printed. */
  async docker(host: number, ...words: readonly string[]): Promise<string> {
    const address = this.#engines.get(host) ?? 'none'
    return (await promisify(execFile)(labDockerCli, ['-H', address, ...words])).stdout
  }

  of(host: number): Daemon {
    const daemon = this.mesh.daemons.find(({ name }) => name === `gpu-${host}`)
    if (daemon === undefined) throw new Error(`no daemon on host ${host}`)
    return daemon
  }

  status(host = 1): Promise<OverlayStatus> {
    return this.of(host).json<OverlayStatus>('network', 'status')
  }

  /** Waits until each of them answers each other over the overlay. */
  async allReach(hosts: readonly number[], limit = 60_000): Promise<void> {
    for (const from of hosts)
      await Promise.all(hosts.filter((host) => host !== from).map((to) => this.#reaches(from, to, limit)))
  }

  async #reaches(from: number, to: number, limit: number): Promise<void> {
    await eventually(
      `host ${from} reaches host ${to}`,
      limit,
      () => this.of(from).json<OutputOf<'network.ping'>>('network', 'ping', `gpu-${to}`, '--count', '1'),
      ({ received }) => received === 1,
    )
  }

  /** Newcomers cannot dial hosts behind the router, so the lead is to be where they can: at host 1. */
  async leadAtFirst(): Promise<void> {
    const leader = async (): Promise<string | null> =>
      (await this.of(1).json<{ leader: string | null }>('gateway', 'status')).leader
    if ((await leader()) !== 'gpu-1') await this.of(1).cli('gateway', 'transfer', 'gpu-1')
    await eventually('gpu-1 leads', 30_000, leader, (name) => name === 'gpu-1')
  }

  /** Runs a command on a host to its end. */
  run(host: number, ...command: readonly string[]): Promise<string> {
    return on(this.hosts, host, ...command)
  }

  /** Starts a command on a host; it ends with the lab at the latest. Throws where that is going down. */
  start(host: number, ...command: readonly string[]): ChildProcess {
    if (this.#isGoingDown) throw new Error('the lab is going down')
    const [program = '', ...words] = [...this.hosts.on(host), ...command]
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#streams.push(child)
    return child
  }

  async down(): Promise<void> {
    this.#isGoingDown = true
    for (const child of this.#streams) child.kill('SIGKILL')
    await this.mesh.stop()
    await this.hosts.down()
  }
}
