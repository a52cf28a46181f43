/** Everything that goes wrong in a simulated group, drawn from the seed. */
import type { NodeId } from '../model/ids.ts'
import type { Millis } from '../model/time.ts'
import type { Random } from '../ports/random.ts'
import type { SimHost } from './consensus-host.ts'
import type { FaultyNetwork } from './consensus-network.ts'

export interface Scene {
  readonly hosts: readonly SimHost[]
  readonly network: FaultyNetwork
  readonly random: Random
  /** Tells those that are connected to a peer that the connection broke. */
  readonly resetConnections: (peer: SimHost) => void
  readonly later: (wait: Millis, run: () => void) => void
  wiped: NodeId | null
}

const pick = <T>(random: Random, of: readonly T[]): T | undefined => of[Math.floor(random.next() * of.length)]

type Fault = (scene: Scene) => void

const split: Fault = ({ hosts, network, random }) => {
  const left = new Set(hosts.filter(() => random.next() < 0.5))
  for (const a of hosts) for (const b of hosts) if (left.has(a) !== left.has(b)) network.cut(a.id, b.id)
}

const isolate: Fault = ({ hosts, network, random }) => {
  const leaders = hosts.filter(({ raft, up }) => up && raft.phase === 'leader')
  const lonely = pick(random, random.next() < 0.7 && leaders.length > 0 ? leaders : hosts)
  if (lonely === undefined) return
  const oneWay = random.next()
  for (const { id } of hosts) {
    if (oneWay < 0.7) network.cut(id, lonely.id)
    if (oneWay > 0.3) network.cut(lonely.id, id)
  }
}

/** The leader lives, but nobody hears it and everybody sees its connections break: the others elect at once, and it knows nothing of it. */
const depose: Fault = (scene) => {
  const { hosts, network, random } = scene
  const leader = pick(
    random,
    hosts.filter(({ raft, up }) => up && raft.phase === 'leader'),
  )
  if (leader === undefined) return
  scene.resetConnections(leader)
  for (const { id } of hosts) {
    network.cut(id, leader.id)
    network.cut(leader.id, id)
  }
  // Before it notices by itself.
  scene.later(100 + random.next() * 1_000, () => network.heal())
}

/** Comes back before anybody has noticed. */
const blink: Fault = ({ hosts, random }) => {
  const host = pick(
    random,
    hosts.filter(({ up }) => up),
  )
  host?.crash()
  host?.restart()
}

const cutOne: Fault = ({ hosts, network, random }) => {
  const [from, to] = [pick(random, hosts), pick(random, hosts)]
  if (from !== undefined && to !== undefined) network.cut(from.id, to.id)
}

const weather: Fault = ({ network, random }) => {
  network.loss = random.next() < 0.5 ? 0 : random.next() * 0.3
  network.duplication = random.next() < 0.5 ? 0 : random.next() * 0.3
  network.delay = random.next() < 0.4 ? 5 : random.next() * 200
}

const crash: Fault = (scene) => {
  const { hosts, random } = scene
  const living = hosts.filter(({ up }) => up)
  const leaders = living.filter(({ raft }) => raft.phase === 'leader')
  const victim = pick(random, random.next() < 0.4 && leaders.length > 0 ? leaders : living)
  if (victim === undefined) return
  victim.crash()
  if (random.next() < 0.8) scene.resetConnections(victim)
}

const restart: Fault = ({ hosts, random }) =>
  pick(
    random,
    hosts.filter(({ up }) => !up),
  )?.restart()

const restartAll: Fault = (scene) => {
  for (const host of scene.hosts) {
    if (host.up) host.crash()
    host.restart()
  }
}

const pause: Fault = ({ hosts, random }) => {
  const host = pick(random, hosts)
  if (host?.up === true) host.paused = true
}

const resume: Fault = ({ hosts }) => {
  for (const host of hosts) {
    host.paused = false
    host.drain()
  }
}

const compact: Fault = ({ hosts, random }) => pick(random, hosts)?.compact(Math.floor(random.next() * 8))

/** One disk in a run may be lost, and only where a majority can do without it. */
const loseDisk: Fault = (scene) => {
  const { hosts, random } = scene
  const down = pick(
    random,
    hosts.filter(({ up }) => !up),
  )
  const voters = Math.min(...hosts.map(({ raft }) => raft.log.voters.length).filter((count) => count > 0))
  if (down === undefined || scene.wiped !== null || voters < 3 || random.next() > 0.5) return
  scene.wiped = down.id
  down.wipe()
  down.restart()
}

const brokenConnection: Fault = (scene) => {
  const host = pick(scene.random, scene.hosts)
  if (host !== undefined) scene.resetConnections(host)
}

const faults: readonly (readonly [number, Fault])[] = [
  [2, split],
  [3, isolate],
  [3, depose],
  [2, blink],
  [2, cutOne],
  [7, ({ network }) => network.heal()],
  [2, weather],
  [4, crash],
  [6, restart],
  [1, restartAll],
  [1, pause],
  [4, resume],
  [3, compact],
  [1, loseDisk],
  [1, brokenConnection],
]
const weights = faults.reduce((sum, [weight]) => sum + weight, 0)

export function breakSomething(scene: Scene): void {
  let draw = scene.random.next() * weights
  for (const [weight, fault] of faults) {
    draw -= weight
    if (draw < 0) return fault(scene)
  }
}

/** Dies just after it promised something or won, when that is most awkward, and is back soon. */
export function ambush(scene: Scene, host: SimHost): void {
  const { later, random } = scene
  host.crash()
  if (random.next() < 0.7) scene.resetConnections(host)
  later(random.next() * (random.next() < 0.6 ? 4 : 1_000), () => {
    if (!host.up) host.restart()
  })
}

/** Ends everything that is wrong. */
export function mend({ hosts, network }: Scene): void {
  network.heal()
  network.loss = 0
  network.duplication = 0
  network.delay = 5
  for (const host of hosts) {
    host.paused = false
    if (host.up) host.drain()
    else host.restart()
  }
}
