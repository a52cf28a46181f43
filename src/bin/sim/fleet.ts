/** The peers of a simulation: real daemons, many to a process, those that are to be killed each in one of its own. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { layer } from '../../config/load.ts'
import type { Config } from '../../config/schema.ts'
import { Api } from '../../doors/cli/peer/api.ts'
import { HttpTransport } from '../../doors/cli/peer/http-transport.ts'
import type { Pace } from '../../daemon/paced-clock.ts'
import { ClawError } from '../../model/failure.ts'
import type { Scenario } from '../../sim/scenario.ts'
import { type HostProcess, startHostProcess } from './host-process.ts'
import { innerPort, type Network, outerPort } from './network.ts'

export type PeerState = 'new' | 'up' | 'crashed' | 'left'

export interface Peer {
  readonly name: string
  readonly address: string
  readonly config: Config
  readonly api: Api
  /** The same door; what it answers is confirmed by the leader. */
  readonly certainApi: Api
  state: PeerState
  host: HostProcess | null
}

export interface FleetInit {
  readonly scenario: Scenario
  readonly version: string
  readonly network: Network
  readonly pace: Pace
  /** Peers that are in a process of their own. */
  readonly alone: ReadonlySet<string>
  /** A process ended that nobody had killed, or a daemon gave up. */
  readonly onLoss: (words: string) => void
}

/** So many daemons share a process at most: their work shares its one thread. */
const perProcess = 25

export class Fleet {
  readonly directory = mkdtempSync(join(tmpdir(), 'claw-sim-'))
  readonly peers = new Map<string, Peer>()
  readonly #init: FleetInit
  readonly #hosts = new Set<HostProcess>()
  /** Second part of the addresses of this run, so that two runs on a machine do not meet. */
  readonly #block = 16 + (process.pid % 200)
  #isEnding = false

  constructor(init: FleetInit) {
    this.#init = init
    process.once('exit', this.#atExit)
  }

  get speed(): number {
    return this.#init.pace.speed
  }

  up(): readonly Peer[] {
    return [...this.peers.values()].filter(({ state }) => state === 'up')
  }

  get(name: string): Peer {
    const peer = this.peers.get(name)
    if (peer === undefined) throw new Error(`there is no ${name}`)
    return peer
  }

  /** Makes a peer with a folder and a wire of its own. Nothing is started. */
  async create(name: string): Promise<Peer> {
    const number = this.peers.size
    const address = `127.${this.#block}.${Math.floor(number / 250)}.${(number % 250) + 1}`
    const config = this.#configOf(name, address)
    const socket = join(config.dataDir, 'api.sock')
    const transport = new HttpTransport({ kind: 'socket', path: socket })
    const api = new Api(transport)
    const certainApi = new Api(transport, undefined, { consistency: 'linearizable' })
    const peer: Peer = { name, address, config, api, certainApi, state: 'new', host: null }
    await this.#init.network.attach(name, address)
    this.peers.set(name, peer)
    return peer
  }

  /** Makes it a member, on disk. Throws what joining throws. */
  async enrol(peer: Peer, token: string): Promise<void> {
    await this.#order(peer, 'enrol', token)
  }

  async start(peer: Peer): Promise<void> {
    await this.#order(peer, 'start', null)
    peer.state = 'up'
  }

  /** Shuts the daemon down in good order. */
  async stop(peer: Peer): Promise<void> {
    peer.state = 'left'
    await peer.host?.order({ type: 'stop', peer: peer.name })
  }

  /** Kills its process with SIGKILL. Returns all peers that were in it. */
  async crash(peer: Peer): Promise<readonly Peer[]> {
    const { host } = peer
    if (host === null) return []
    const lost = this.#lose(host)
    await host.kill()
    return lost
  }

  /** Ends all processes and removes all files. */
  async close(): Promise<void> {
    this.#isEnding = true
    await Promise.all([...this.#hosts].map((host) => host.kill()))
    process.removeListener('exit', this.#atExit)
    rmSync(this.directory, { recursive: true, force: true })
  }

  /** The last resort of an impatient user. The processes end by themselves when this one has. */
  readonly #atExit = (): void => {
    for (const { pid } of this.#hosts) process.kill(pid, 'SIGKILL')
    rmSync(this.directory, { recursive: true, force: true })
  }

  #lose(host: HostProcess): readonly Peer[] {
    this.#hosts.delete(host)
    const lost = this.up().filter((peer) => peer.host === host)
    for (const peer of this.peers.values()) if (peer.host === host) peer.host = null
    for (const peer of lost) peer.state = 'crashed'
    return lost
  }

  async #order(peer: Peer, type: 'enrol' | 'start', token: string | null): Promise<void> {
    peer.host ??= this.#hostFor(peer.name)
    peer.host.peers.add(peer.name)
    const { version, pace } = this.#init
    await peer.host.order({ type, peer: peer.name, config: peer.config, token, version, pace })
  }

  #hostFor(name: string): HostProcess {
    const { alone } = this.#init
    const shared = [...this.#hosts].find(
      ({ peers }) => peers.size < perProcess && ![...peers].some((one) => alone.has(one)),
    )
    return alone.has(name) || shared === undefined ? this.#newHost() : shared
  }

  #newHost(): HostProcess {
    const { onLoss } = this.#init
    const logFile = join(this.directory, `host-${this.#hosts.size}-${Math.round(performance.now())}.log`)
    const host = startHostProcess(logFile, (peer) => onLoss(`the daemon of ${peer} gave up`))
    this.#hosts.add(host)
    host.ended.then(
      (words) => {
        if (this.#isEnding || !this.#hosts.has(host)) return
        const names = this.#lose(host).map(({ name }) => name)
        onLoss(`the process of ${names.join(', ')} ended by itself: ${words}`)
      },
      () => {},
    )
    return host
  }

  #configOf(name: string, address: string): Config {
    const { gpus, timing } = this.#init.scenario
    return layer('the simulation', {
      dataDir: join(this.directory, name),
      node: { name },
      mesh: {
        name: 'simulation',
        listen: [`/ip4/${address}/tcp/${innerPort}`],
        announce: [`/ip4/${address}/tcp/${outerPort}`],
        dialFrom: address,
        mdns: false,
        timing,
      },
      api: { listen: `${address}:8080` },
      gpu: { autoDetect: false, simulate: gpus },
      executor: { kind: 'simulated' },
      logging: { level: 'warn', format: 'json' },
    })
  }
}

/** A token for one newcomer. A mesh lets in only so many at once; then this waits for its turn. */
export async function tokenFrom({ api }: Peer, signal: AbortSignal): Promise<string> {
  return (await patiently(() => api.call('token.create', {}, signal), signal)).token
}

/** Tries again while the mesh says that it is too much, or that it has no leader yet. */
export async function patiently<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let pause = 250; ; pause = Math.min(4_000, pause * 2)) {
    try {
      return await attempt()
    } catch (error) {
      const isPassing = ClawError.is(error, 'RATE_LIMITED') || ClawError.is(error, 'NO_LEADER')
      if (!isPassing || pause >= 4_000) throw error
    }
    await sleep(pause, undefined, { signal })
  }
}
