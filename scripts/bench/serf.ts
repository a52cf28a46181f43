/** Agents of serf on loopback, with its timing for a LAN. What each of them believes is read from its own log, so asking costs nothing. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { eventually, freePort } from '../../test/support/mesh.ts'

interface Place {
  readonly name: string
  readonly address: string
  readonly rpc: string
}

export class SerfAgent {
  readonly name: string
  /** Members that it takes for failed, with the time of this machine's clock at which it said so. */
  readonly failed = new Map<string, number>()
  readonly alive = new Set<string>()
  /** How often it has taken a member for failed, and how often its own probes have made it suspect one. */
  verdicts = 0
  accusations = 0
  readonly #command: readonly string[]
  #child: ChildProcess | null = null

  constructor(program: string, { name, address, rpc }: Place, seeds: readonly string[]) {
    this.name = name
    this.#command = [
      ...[program, 'agent', '-profile=lan', '-log-level=info'],
      ...[`-node=${name}`, `-bind=${address}`, `-rpc-addr=${rpc}`],
      ...['-retry-interval=1s', ...seeds.map((seed) => `-retry-join=${seed}`)],
    ]
  }

  start(): Promise<void> {
    this.failed.clear()
    this.alive.clear()
    const [program = '', ...words] = this.#command
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] })
    createInterface(child.stdout).on('line', (line) => this.#read(line))
    this.#child = child
    return new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject))
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name)
  }

  /** Kills it and waits for its end. */
  async end(): Promise<void> {
    const child = this.#child
    this.#child = null
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('close', resolve))
    child.kill('SIGKILL')
    await ended
  }

  #read(line: string): void {
    if (/memberlist: Suspect \S+ has failed/.test(line)) this.accusations += 1
    const [, event, member = ''] = /serf: EventMember(Join|Failed): (\S+)/.exec(line) ?? []
    if (event === 'Join') {
      this.alive.add(member)
      this.failed.delete(member)
    } else if (event === 'Failed') {
      this.alive.delete(member)
      this.failed.set(member, Date.now())
      this.verdicts += 1
    }
  }
}

/** Agents that all know each other. */
export class SerfCluster {
  readonly members: SerfAgent[] = []

  async start(program: string, names: readonly string[]): Promise<void> {
    const places: Place[] = []
    for (const name of names)
      places.push({ name, address: `127.0.0.1:${await freePort()}`, rpc: `127.0.0.1:${await freePort()}` })
    const seeds = places.slice(0, 3).map(({ address }) => address)
    for (const place of places) this.members.push(new SerfAgent(program, place, seeds))
    for (const member of this.members) await member.start()
    await this.whole()
  }

  /** Until all take all for alive. */
  whole(): Promise<unknown> {
    return eventually(
      'all agents of serf take each other for alive',
      120_000,
      () => Promise.resolve(this.members.map(({ alive }) => alive.size)),
      (alive) => alive.every((count) => count === this.members.length),
    )
  }

  async stop(): Promise<void> {
    await Promise.all(this.members.splice(0).map((member) => member.end()))
  }
}
