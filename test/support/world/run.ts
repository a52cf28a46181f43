/** A whole life of a mesh under one seed: work, people, faults, then peace, in which everything must come to its end. */
import { lan } from '../../../src/core/consensus/settings.ts'
import type { Settings } from '../../../src/core/consensus/types.ts'
import { supported } from '../../../src/core/state/versions.ts'
import { firstVersion, type VersionRange } from '../../../src/model/version.ts'
import { nodeId } from '../../../src/model/ids.ts'
import type { Millis } from '../../../src/model/time.ts'
import type { Log } from '../../../src/ports/log.ts'
import { silent } from '../../../src/ports/log.ts'
import { simNetwork } from '../../../src/simulation/network.ts'
import { seededRandom, World } from '../../../src/simulation/world.ts'
import { gpuDevice } from '../gpu-device.ts'
import type { Dice } from './dice.ts'
import { diceOf } from './dice.ts'
import { Ending } from './ending.ts'
import type { Scene } from './faults.ts'
import { breakSomething, mend } from './faults.ts'
import { foundMesh } from './founding.ts'
import type { HostDeps, HostSettings } from './host.ts'
import { Host } from './host.ts'
import { Users } from './users.ts'
import { Watch } from './watch.ts'

export interface WorldRun {
  readonly seed: number
  /** Left to the seed when left out. */
  readonly temper?: keyof typeof tempers
  /** What the daemons of this run say, with the time and the node. */
  readonly log?: (at: Millis, node: string, message: string, facts: unknown) => void
  /** Every life of a daemon is of the older or the newer build by chance, and in the end all are of the newer. */
  readonly upgrades?: true
  /** Puts another disk before the daemons, to see whether it is noticed. */
  readonly disk?: HostDeps['disk']
}

export interface WorldReport {
  readonly acknowledged: number
  readonly executions: number
  readonly evictions: number
  readonly preemptions: number
  readonly losses: number
  readonly retries: number
  readonly reads: number
  readonly entries: number
  readonly virtualMs: number
}

/** How long things go wrong, for how long one thing does, the mean times between two of these and between two submissions, how long work takes. In sieges and rifts leases run out. */
const tempers = {
  storm: { trouble: 5_000, faults: { from: 100, to: 4_000 }, pace: 600, people: 450, work: [300, 1_000, 2_000, 6_000] },
  squall: {
    trouble: 9_000,
    faults: { from: 100, to: 10_000 },
    pace: 1_200,
    people: 800,
    work: [300, 2_000, 6_000, 12_000],
  },
  siege: {
    trouble: 60_000,
    faults: { from: 5_000, to: 60_000 },
    pace: 8_000,
    people: 5_500,
    work: [2_000, 10_000, 30_000, 60_000],
  },
  rift: { trouble: 60_000, faults: { from: 35_000, to: 60_000 }, pace: 15_000, people: 1_200, work: [40_000, 60_000] },
  /** Most of what happens are upgrades and rollbacks. */
  renewal: {
    trouble: 60_000,
    faults: { from: 100, to: 4_000 },
    pace: 8_000,
    people: 4_000,
    work: [300, 2_000, 20_000],
  },
} as const
const often = ['storm', 'storm', 'storm', 'storm', 'storm', 'squall', 'squall', 'squall', 'siege', 'rift'] as const

/** Beats that are slower than on a real network: they are most of what happens, and the least interesting of it. */
const timing: Settings = { ...lan, heartbeat: 450, electionMin: 1_800, electionMax: 3_600, maxVoterLag: 40 }

/** After the last fault everything must have ended by then: lease and grace, avoided nodes, and all of the work in a row on one node. */
const recovery: Millis = 1_500_000
const step: Millis = 500

/** Plays one seed. Throws a Violation when an invariant breaks or the mesh does not recover. */
export async function playWorld(run: WorldRun): Promise<WorldReport> {
  return new Play(run).play()
}

class Play {
  readonly #world: World
  readonly #dice: Dice
  readonly #watch: Watch
  readonly #users: Users
  readonly #ending: Ending
  readonly #scene: Scene
  readonly #hosts: readonly Host[]
  readonly #trouble: Millis
  readonly #pace: Millis
  readonly #people: Millis
  readonly #upgrades: boolean
  #isCalm = false

  constructor({ seed, temper, log, disk, upgrades }: WorldRun) {
    const world = new World(seed)
    // Faults and users have chances of their own, so that they do not change with every message.
    const dice = diceOf(seededRandom(Math.imul(seed + 1, 0x9e3779b1)))
    const network = simNetwork(world)
    const ids = Array.from({ length: dice.pick([3, 3, 3, 3, 4, 4, 5, 5, 7]) }, (_, i) => nodeId(`node-${i}`))
    const watch = new Watch({
      priorityOf: (name) => this.#users.submission(name)?.priority ?? null,
      unwellAt: (node) => this.#hosts.find(({ id }) => id === node)?.unwellAt() ?? 0,
      elapsed: () => world.elapsed(),
    })
    const settings: HostSettings = {
      consensus: timing,
      compaction: { entries: dice.pick([40, 120, 400]), bytes: 1e6, keep: 10 },
      founders: ids.slice(0, dice.pick([1, 3, 3])),
      diskLatency: dice.pick([1, 1, 5, 20]),
      pull: dice.pick([200, 2_000, 6_000]),
    }
    const logOf = (node: string): Log => (log === undefined ? silent : logTo(world, node, log))
    const deps = { world, network, watch, log: logOf, settings, ...(disk === undefined ? {} : { disk }) }
    this.#hosts = ids.map((id) => new Host(id, gpusOf(id, dice.pick([0, 1, 2, 2, 4])), deps))
    this.#upgrades = upgrades === true
    if (this.#upgrades) for (const host of this.#hosts) host.nextBuild = () => firstVersion
    const mood = temper ?? (this.#upgrades ? 'renewal' : dice.pick(often))
    const { trouble, faults, pace, people, work } = tempers[mood]
    this.#world = world
    this.#dice = dice
    this.#watch = watch
    this.#users = new Users({ world, dice, hosts: this.#hosts, watch, work, saysWhy: this.#upgrades })
    this.#ending = new Ending({ hosts: this.#hosts, submissions: this.#users.submissions, watch })
    this.#scene = { world, dice, network, hosts: this.#hosts, span: faults, onlyCuts: mood === 'rift' }
    this.#trouble = trouble
    this.#pace = pace
    this.#people = people
  }

  async play(): Promise<WorldReport> {
    await foundMesh(this.#hosts, this.#world)
    this.#every(this.#people, () => this.#users.submit())
    this.#every(2_000, () => this.#users.read())
    this.#every(4 * this.#people, () => this.#users.meddle())
    this.#every(this.#pace, () => breakSomething(this.#scene))
    if (this.#upgrades) {
      this.#every(3_000, () => this.#rebuild())
      this.#every(3_000, () => this.#users.stopSome())
    }
    await this.#go(this.#trouble)
    this.#isCalm = true
    if (this.#upgrades) await this.#finishUpgrade()
    await this.#recover()
    return this.#report()
  }

  #every(mean: Millis, run: () => void): void {
    this.#world.after(mean * this.#dice.between(0.3, 1.7), () => {
      if (this.#isCalm) return
      run()
      this.#every(mean, run)
    })
  }

  async #go(span: Millis, isDone: () => boolean = () => false): Promise<void> {
    const end = this.#world.elapsed() + span
    while (this.#world.elapsed() < end && !isDone()) {
      await this.#world.runFor(step)
      if (this.#upgrades) this.#demandReadable()
      for (const bug of this.#scene.network.bugs) this.#watch.bug('a handler', bug)
      this.#watch.demandPeace()
    }
  }

  /** Upgrades a host, or rolls it back, or does the latter while all others are upgraded behind its back. */
  #rebuild(): void {
    const [dice, host] = [this.#dice, this.#dice.pick(this.#hosts)]
    const isBehind = dice.chance(0.1)
    if (isBehind)
      for (const other of this.#hosts) if (other !== host) this.#start(other, supported, dice.between(100, 500))
    const build = isBehind || dice.chance(0.15) ? firstVersion : supported
    this.#start(host, build, isBehind ? dice.between(6_000, 12_000) : dice.between(100, 3_000))
  }

  /** As that build, after some time in which it is down. */
  #start(host: Host, build: VersionRange, after: Millis): void {
    host.nextBuild = () => build
    host.crash({ power: false })
    this.#world.after(after, () => host.boot())
  }

  /** A build that is outdated has met the rise of the version, never an entry that was proposed too early. */
  #demandReadable(): void {
    for (const { id, daemon } of this.#hosts)
      if (daemon?.control.outdated?.message.includes('entry') === true)
        this.#watch.violate('nothing is in the log before its version', `${id}: ${daemon.control.outdated.message}`)
  }

  /** The last of them is upgraded; nobody is left behind, and all have gone on. */
  async #finishUpgrade(): Promise<void> {
    for (const host of this.#hosts) {
      host.nextBuild = () => supported
      host.crash({ power: false })
      host.boot()
    }
    const hasGoneOn = ({ daemon }: Host): boolean =>
      daemon?.isUp === true && daemon.control.outdated === null && daemon.control.state.version === supported.newest
    await this.#go(600_000, () => {
      mend(this.#scene)
      return this.#hosts.every(hasGoneOn)
    })
    if (!this.#hosts.every(hasGoneOn)) this.#watch.violate('an upgrade comes to its end', 'some have not gone on')
  }

  async #recover(): Promise<void> {
    let attended = -Infinity
    // Faults that end by themselves leave some hosts down again, and people keep at it until they are heard.
    const attend = (): void => {
      if (this.#world.elapsed() - attended < 5_000) return
      attended = this.#world.elapsed()
      mend(this.#scene)
      this.#users.open()
      for (const endless of this.#ending.endless()) this.#users.stop(endless, false)
    }
    await this.#go(recovery, () => {
      attend()
      return this.#ending.open().length === 0
    })
    this.#ending.demandEnds()
    await this.#go(60_000, () => {
      attend()
      return this.#ending.isQuiet()
    })
    this.#ending.demandQuiet()
    this.#watch.demandPeace()
  }

  #report(): WorldReport {
    return {
      ...this.#watch.counts,
      acknowledged: this.#users.submissions.filter(({ id }) => id !== null).length,
      executions: this.#watch.executions.length,
      reads: this.#users.reads,
      entries: this.#ending.entries(),
      virtualMs: this.#world.elapsed(),
    }
  }
}

const gpusOf = (node: string, count: number) =>
  Array.from({ length: count }, (_, index) => gpuDevice({ index, uuid: `GPU-${node}-${index}`, simulated: true }))

function logTo(world: World, node: string, log: NonNullable<WorldRun['log']>): Log {
  const say = (message: string, facts: unknown = {}): void => log(world.elapsed(), node, message, facts)
  return { debug: say, info: say, warn: say, error: say, child: () => logTo(world, node, log) }
}
