/** A schedule in virtual time: leaders that die, nodes that do the work, and an account of what was done for which moment. */
import type { Command } from '../../src/core/state/types.ts'
import { ClawError } from '../../src/model/failure.ts'
import type { CronSettings } from '../../src/model/cron.ts'
import type { NodeId, PlacementId } from '../../src/model/ids.ts'
import { cronId } from '../../src/model/ids.ts'
import type { Instant, Millis } from '../../src/model/time.ts'
import type { ControlPeer } from './control-peers.ts'
import { deadline } from './control-peers.ts'
import { bob, cyd, inventory, spec } from './control-samples.ts'
import { GatewayMesh } from './gateway-mesh.ts'

const tick = cronId('cron-tick')

const settings: CronSettings = {
  ...{ schedule: '* * * * * *', timeZone: 'UTC', concurrency: 'allow', missed: 'run-all' },
  ...{ startingDeadlineMs: 1_000, keepCompleted: 3, keepFailed: 1 },
}

/** Does what a node is given, once each, and says so until somebody hears it. */
class Worker {
  readonly #peer: ControlPeer
  readonly #mesh: GatewayMesh
  readonly working: Promise<void>[] = []
  readonly #taken = new Set<PlacementId>()
  readonly #done: Instant[]

  constructor(peer: ControlPeer, mesh: GatewayMesh, done: Instant[]) {
    this.#peer = peer
    this.#mesh = mesh
    this.#done = done
    peer.control.onChange(() => this.#look())
  }

  #look(): void {
    const { id, control } = this.#peer
    for (const workload of control.state.workloads.values()) {
      const { placement, run } = workload
      if (run === undefined || placement?.node !== id || placement.state !== 'placed') continue
      if (this.#taken.has(placement.id)) continue
      this.#taken.add(placement.id)
      const origin = control.state.jobs.get(run.job)?.origin
      this.working.push(this.#work(placement.id, origin?.type === 'cron' ? origin.at : null))
    }
  }

  async #work(placement: PlacementId, moment: Instant | null): Promise<void> {
    const { id: node } = this.#peer
    const isOurs = await this.#tell(`${placement}:claim`, { type: 'claim', placement, node })
    if (!isOurs || moment === null) return
    this.#done.push(moment)
    const end = { endedAt: this.#mesh.world.now(), exitCode: 0, error: null }
    await this.#tell(`${placement}:ended`, { type: 'report-ended', placement, node, ...end })
  }

  /** Again and again while there is no leader. */
  async #tell(id: string, command: Command): Promise<boolean> {
    const { control, id: by } = this.#peer
    for (;;) {
      try {
        await control.execute(command, { id, by, signal: deadline(this.#mesh.world, 5_000) })
        return true
      } catch (error) {
        if (ClawError.is(error, 'PLACEMENT_SUPERSEDED')) return false
        if (!(error instanceof ClawError)) throw error
      }
    }
  }
}

export interface ScheduleRun {
  readonly moments: number
  readonly kills: number
  /** How long the mesh has no leader after each, at most. */
  readonly without: Millis
  /** A moment every second when left out. */
  readonly minutes?: true
  /** Clocks of the nodes are set off by one of these at each death; all are right where it is left out. */
  readonly skews?: readonly Millis[]
}

/** What was done, by the moment for which; and the first moment and the last that came. */
export async function playSchedule({ moments, kills, without, minutes, skews = [0] }: ScheduleRun) {
  const every = minutes === true ? 60_000 : 1_000
  const schedule = minutes === true ? '* * * * *' : '* * * * * *'
  const mesh = await GatewayMesh.start()
  const nodes: readonly NodeId[] = [...mesh.peers.map(({ id }) => id)]
  for (const node of [bob, cyd]) await mesh.join(node)
  const done: Instant[] = []
  const workers = mesh.peers.map((peer) => new Worker(peer, mesh, done))
  // The mesh is of the newest state version once every member has said that it applies it.
  for (const { id } of mesh.peers)
    await mesh.run({ type: 'report-inventory', node: id, inventory: inventory(id, 2, { versions: { state: '1..2' } }) })
  await mesh.world.runUntil(() => mesh.state().version === 2, 60_000)
  const job = {
    completions: 1,
    parallelism: 1,
    backoffLimit: 0,
    backoffMs: 0,
    deadlineMs: null,
    ttlMs: null,
    items: null,
  }
  await mesh.run({
    type: 'create-cron',
    cron: tick,
    name: 'tick',
    spec: spec(),
    settings: { ...settings, schedule },
    job,
  })
  const from = mesh.state().crons.get(tick)?.last ?? 0
  const { world, group } = mesh
  for (let kill = 0; kill < kills; kill += 1) {
    await world.runFor((moments * every) / kills - without)
    // In the middle of whatever it does: what it had proposed reaches the others, or not.
    group.elect(null)
    for (const node of nodes) mesh.network.skew(node, skews[Math.floor(world.next() * skews.length)] ?? 0)
    await world.runFor(Math.floor(world.next() * without))
    group.elect(nodes[Math.floor(world.next() * nodes.length)] ?? null)
    await world.runFor(without)
  }
  for (const node of nodes) mesh.network.skew(node, 0)
  // Until the time that some leader has seen has come for all.
  await world.runUntil(() => world.now() > (mesh.state().crons.get(tick)?.last ?? 0), 12 * 3_600_000)
  await world.runUntil(() => done.length >= moments, 600_000)
  await mesh.run({ type: 'suspend-cron', cron: tick })
  await world.runFor(10_000)
  await Promise.all(workers.flatMap(({ working }) => working))
  const cron = mesh.state().crons.get(tick)
  return {
    done,
    from,
    last: cron?.last ?? 0,
    fired: cron?.fired ?? 0,
    missed: cron?.missedCount ?? 0,
    term: group.term,
  }
}
