/** Everything that goes wrong in a simulated mesh, drawn from the seed. Each fault ends by itself, and all of them when the trouble is over. */
import type { NodeId } from '../../../src/model/ids.ts'
import type { Millis } from '../../../src/model/time.ts'
import type { SimNetwork } from '../../../src/simulation/network.ts'
import type { World } from '../../../src/simulation/world.ts'
import type { Dice } from './dice.ts'
import type { Host } from './host.ts'

export interface Scene {
  readonly world: World
  readonly dice: Dice
  readonly network: SimNetwork
  readonly hosts: readonly Host[]
  /** How long cuts and outages last: short ones shake elections, long ones let leases run out. */
  readonly span: { readonly from: Millis; readonly to: Millis }
  /** Every daemon lives, and some cannot hear each other. */
  readonly onlyCuts: boolean
}

type Fault = (scene: Scene) => void

const leaderOf = ({ hosts }: Scene): Host | undefined =>
  hosts.find(({ daemon }) => daemon?.isUp === true && daemon.control.status().role === 'leader')

/** The leader more often than its share. */
const victim = (scene: Scene): Host => {
  const leader = leaderOf(scene)
  return leader !== undefined && scene.dice.chance(0.35) ? leader : scene.dice.pick(scene.hosts)
}

const spanOf = ({ dice, span }: Scene): Millis => dice.between(span.from, span.to)

const crash = (scene: Scene, power: boolean): void => {
  const host = victim(scene)
  host.crash({ power })
  scene.world.after(Math.max(100, spanOf(scene) * 0.5), () => host.boot())
}

/** Stopped in good order and started anew, as in an upgrade. */
const restart: Fault = (scene) => {
  const host = victim(scene)
  host.stop()
  scene.world.after(8_000, () => {
    host.crash({ power: false })
    host.boot()
  })
}

const pause: Fault = (scene) => {
  const host = victim(scene)
  host.pause()
  scene.world.after(spanOf(scene), () => host.resume())
}

/** Cuts these ways, and mends them after a while. */
function cutFor(scene: Scene, ways: readonly (readonly [NodeId, NodeId])[]): void {
  for (const [from, to] of ways) scene.network.cut(from, to)
  scene.world.after(spanOf(scene), () => {
    for (const [from, to] of ways) scene.network.mend(from, to)
  })
}

const both = (a: NodeId, b: NodeId): readonly (readonly [NodeId, NodeId])[] => [
  [a, b],
  [b, a],
]

const split: Fault = (scene) => {
  const left = new Set(scene.hosts.filter(() => scene.dice.chance(0.5)))
  const pairs = scene.hosts.flatMap((a) => scene.hosts.map((b) => [a, b] as const))
  cutFor(
    scene,
    pairs.filter(([a, b]) => left.has(a) && !left.has(b)).flatMap(([a, b]) => both(a.id, b.id)),
  )
}

/** One host loses everybody, both ways or only one. */
const isolate: Fault = (scene) => {
  const { id } = victim(scene)
  const others = scene.hosts.filter((host) => host.id !== id)
  const [deaf, dumb] = scene.dice.pick([
    [true, true],
    [true, true],
    [true, false],
    [false, true],
  ])
  cutFor(
    scene,
    others.flatMap((other) => [...(deaf ? [[other.id, id] as const] : []), ...(dumb ? [[id, other.id] as const] : [])]),
  )
}

/** One pair loses each other; everybody else reaches both. */
const partial: Fault = (scene) => {
  const [a, b] = [victim(scene), scene.dice.pick(scene.hosts)]
  if (a !== b) cutFor(scene, both(a.id, b.id))
}

const weather: Fault = ({ network, dice }) => {
  Object.assign(network.faults, {
    loss: dice.chance(0.5) ? 0 : dice.between(0, 0.2),
    duplication: dice.chance(0.5) ? 0 : dice.between(0, 0.2),
    latency: { min: 1, max: dice.pick([5, 5, 50, 200]) },
  })
}

const reset: Fault = ({ network, hosts, dice }) => network.reset(dice.pick(hosts).id, dice.pick(hosts).id)

const skew: Fault = ({ network, hosts, dice }) =>
  network.skew(dice.pick(hosts).id, Math.round(dice.between(-15_000, 15_000)))

const fullDisk: Fault = (scene) => {
  const { disk } = victim(scene)
  disk.capacity = disk.used + Math.floor(scene.dice.between(0, 500))
  scene.world.after(spanOf(scene), () => {
    disk.capacity = Infinity
  })
}

/** The engine starts nothing for a while. */
const jam: Fault = (scene) => {
  const { engine } = scene.dice.pick(scene.hosts)
  engine.isJammed = true
  scene.world.after(spanOf(scene), () => {
    engine.isJammed = false
  })
}

const faults: readonly (readonly [number, Fault])[] = [
  [5, (scene) => crash(scene, false)],
  [3, (scene) => crash(scene, true)],
  [2, restart],
  [3, pause],
  [3, split],
  [5, isolate],
  [2, partial],
  [2, weather],
  [1, reset],
  [1, skew],
  [1, fullDisk],
  [2, jam],
]
const cuts: typeof faults = [
  [2, split],
  [5, isolate],
  [1, partial],
]

export function breakSomething(scene: Scene): void {
  const possible = scene.onlyCuts ? cuts : faults
  let draw = scene.dice.next() * possible.reduce((sum, [weight]) => sum + weight, 0)
  for (const [weight, fault] of possible) {
    draw -= weight
    if (draw < 0) return fault(scene)
  }
}

/** Ends everything that is wrong. */
export function mend({ network, hosts }: Scene): void {
  network.heal()
  Object.assign(network.faults, { loss: 0, duplication: 0, latency: { min: 1, max: 5 } })
  for (const host of hosts) {
    network.skew(host.id, 0)
    host.disk.capacity = Infinity
    host.engine.isJammed = false
    host.resume()
    if (!host.isStopping) host.boot()
  }
}
