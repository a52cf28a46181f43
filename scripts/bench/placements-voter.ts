/** One voter of the benchmark `placements`: a daemon without doors, agent and gossip, told what to do by the process that measures. */
import { cronerSchedules } from '../../src/adapters/croner/schedules.ts'
import { createHash } from 'node:crypto'
import { on } from 'node:events'
import { writeFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { systemRandom } from '../../src/adapters/system/random.ts'
import { openDisk } from '../../src/adapters/disk/disk.ts'
import { type Identity, newIdentity } from '../../src/adapters/keys/identity.ts'
import { createHost, type Host } from '../../src/adapters/libp2p/host.ts'
import { defaultHostSettings } from '../../src/adapters/libp2p/settings.ts'
import { pinoLog } from '../../src/adapters/pino/log.ts'
import { prometheusMetrics } from '../../src/adapters/prometheus/metrics.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { lan } from '../../src/core/consensus/settings.ts'
import type { Command } from '../../src/core/state/types.ts'
import { supported } from '../../src/core/state/versions.ts'
import { meshId, type NodeId, nodeId } from '../../src/model/ids.ts'
import { hour } from '../../src/model/time.ts'
import type { Disk } from '../../src/ports/journal.ts'
import type { Log } from '../../src/ports/log.ts'
import type { Metrics } from '../../src/ports/metrics.ts'
import { ConsensusService } from '../../src/services/consensus/service.ts'
import { ReplicatedState } from '../../src/services/control/replicated-state.ts'
import { ControlService } from '../../src/services/control/service.ts'
import type { Control, Executed, LeaderControl } from '../../src/services/control/types.ts'
import { defaultGateway, type GatewayDeps, GatewayService } from '../../src/services/gateway/service.ts'
import { admit, found, inventory, newMember, submit, token } from '../../test/support/control-samples.ts'
import { FakeMembership } from '../../test/support/fake-membership.ts'
import { WordAdmission } from '../../test/support/net.ts'

export interface VoterAddress {
  readonly id: NodeId
  readonly addresses: readonly string[]
}

export type Asked =
  | { readonly type: 'join'; readonly group: readonly VoterAddress[] }
  | { readonly type: 'fill'; readonly nodes: number; readonly gpus: number; readonly workloads: number }
  | { readonly type: 'place'; readonly until: number }
  | { readonly type: 'digest'; readonly at: number }

export interface Measured {
  readonly placements: number
  /** From the gateway's beginning until the last placement was applied by the leader, ms. */
  readonly took: number
  /** Of each placement, from the end of the plan that decided it until it was applied by the leader, ms. */
  readonly latencies: readonly number[]
  /** How long each plan took, with the snapshot that it looks at, ms. */
  readonly plans: readonly number[]
  readonly refused: number
  /** How much of the time the leader's main thread had something to do, or waited for a core. */
  readonly busy: number
  /** Processor time that the leader's process spent, ms. Under load from others it says more than the rate. */
  readonly cpu: number
  readonly index: number
}

export type Told =
  | ({ readonly type: 'ready' } & VoterAddress)
  | { readonly type: 'role'; readonly leads: boolean }
  | { readonly type: 'filled' }
  | ({ readonly type: 'placed' } & Measured)
  | { readonly type: 'digest'; readonly placements: string }

const tell = (told: Told): void => void process.send?.(told)

/** Commands under way while the mesh is filled. */
const atOnce = 256

export async function runVoter(folder: string): Promise<void> {
  const self = newIdentity()
  process.once('disconnect', () => process.exit())
  const asks = on(process, 'message') as AsyncIterator<[Asked]>
  const next = async (): Promise<Asked> => ((await asks.next()).value as [Asked])[0]
  const addresses = new Map<NodeId, readonly string[]>()
  const log = pinoLog({ level: 'info', format: 'json' })
  const host = await hostOf(self, addresses, log)
  tell({ type: 'ready', id: self.id, addresses: host.peers.addresses() })

  const joined = await next()
  if (joined.type !== 'join') throw new Error(`${joined.type} came too early`)
  for (const member of joined.group) addresses.set(member.id, member.addresses)
  const parts = await partsOf({
    self: self.id,
    host,
    log,
    disk: await openDisk(folder),
    founders: [...addresses.keys()],
  })
  const others = joined.group.filter(({ id }) => id > self.id)
  await Promise.all(others.map((peer) => host.peers.connect(peer.id, peer.addresses, AbortSignal.timeout(20_000))))
  tell({ type: 'role', leads: await hasLead(parts.control) })

  for (;;) {
    const asked = await next()
    if (asked.type === 'fill') {
      await fill(parts.control, asked, { self: self.id, voters: joined.group })
      tell({ type: 'filled' })
    } else if (asked.type === 'place') {
      tell({ type: 'placed', ...(await profiled(() => measure(parts, asked.until))) })
    } else if (asked.type === 'digest') {
      await parts.control.fresh({ atLeast: asked.at }, AbortSignal.timeout(20_000))
      tell({ type: 'digest', placements: digestOf(parts.control, asked.at) })
    }
  }
}

async function hostOf(identity: Identity, addresses: ReadonlyMap<NodeId, readonly string[]>, log: Log): Promise<Host> {
  const host = await createHost({
    ...{ identity, log, metrics: prometheusMetrics(), clock: systemClock, applies: supported },
    ...{ mesh: meshId('bench'), software: '0.0.0-bench', admission: new WordAdmission() },
    settings: { ...defaultHostSettings, mdns: false, listen: ['/ip4/127.0.0.1/tcp/0'] },
    addressesOf: (node) => addresses.get(node) ?? [],
  })
  await host.service.start()
  return host
}

type Parts = Pick<GatewayDeps, 'self' | 'clock' | 'log' | 'metrics' | 'control' | 'consensus'>

interface Ground {
  readonly self: NodeId
  readonly host: Host
  readonly log: Log
  readonly disk: Disk
  readonly founders: readonly NodeId[]
}

async function partsOf({ self, host: { rpc, peers }, log, disk, founders }: Ground): Promise<Parts> {
  const clock = systemClock
  const metrics = prometheusMetrics()
  const machine = new ReplicatedState({ log, metrics })
  const consensus = new ConsensusService(
    { self, clock, disk, rpc, peers, log: log.child('consensus'), metrics },
    { machine, settings: lan, founders },
  )
  const control = new ControlService({ self, clock, log: log.child('control'), rpc, consensus, machine })
  await consensus.start()
  await control.start()
  return { self, clock, log: log.child('gateway'), metrics, control, consensus }
}

/** Whether it is this one that leads, once somebody does. */
async function hasLead(control: Control): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const look = (): void => {
    const { role, leader } = control.status()
    if (leader !== null) resolve(role === 'leader')
  }
  const unsubscribe = control.onRole(look)
  look()
  const leads = await promise
  unsubscribe()
  return leads
}

/** The voters, nodes that only the state knows, and the queue. */
async function fill(
  control: Control,
  { nodes, gpus, workloads }: Extract<Asked, { readonly type: 'fill' }>,
  { self, voters }: { readonly self: NodeId; readonly voters: readonly VoterAddress[] },
): Promise<void> {
  const run = (command: Command, id: string): Promise<unknown> =>
    control.execute(command, { id, by: self, signal: AbortSignal.timeout(60_000) })
  const simulated = Array.from({ length: nodes }, (_, i) => nodeId(`simulated-${i}`))
  const others = [...voters.map(({ id }) => id).filter((id) => id !== self), ...simulated]
  await run(found(self), 'found')
  await each(others, async (node) => {
    await run(token(`t-${node}`, Date.now() + hour), `token-${node}`)
    await run(admit(`t-${node}`, newMember(node)), `admit-${node}`)
  })
  await each(simulated, (node) =>
    run({ type: 'report-inventory', node, inventory: inventory(node, gpus, { cpuCores: 256 }) }, `inventory-${node}`),
  )
  const queue = Array.from({ length: workloads }, (_, i) => `wl-${String(i).padStart(6, '0')}`)
  await each(queue, (id) => run(submit(id, { gpus: { count: 1, model: 'H100' } }), `submit-${id}`))
}

/** As many as may be under way at once. */
async function each<T>(all: readonly T[], work: (one: T) => Promise<unknown>): Promise<void> {
  const rest = all.values()
  const worker = async (): Promise<void> => {
    for (const one of rest) await work(one)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}

/** Has the gateway begin, and watches what it commits until so much is placed. */
async function measure(parts: Parts, until: number): Promise<Measured> {
  const latencies: number[] = []
  const plans: number[] = []
  let refused = 0
  let decided = 0
  let index = 0
  const { promise: done, resolve, reject } = Promise.withResolvers<number>()
  parts.control.onRole(({ role }) => {
    if (role !== 'leader') reject(new Error('the lead was lost: the machine is too busy for this to measure anything'))
  })
  const control = watched(parts.control, async (command, execute) => {
    const asked = decided
    if (command.type !== 'place') return execute()
    const executed = await execute().catch((error: unknown) => {
      refused += 1
      throw error
    })
    latencies.push(performance.now() - asked)
    index = executed.index
    if (latencies.length === until) resolve(performance.now())
    return executed
  })
  const metrics: Metrics = {
    count: (name, labels, by) => parts.metrics.count(name, labels, by),
    gauge: (name, value, labels) => parts.metrics.gauge(name, value, labels),
    observe(name, value, labels) {
      parts.metrics.observe(name, value, labels)
      if (name !== 'claw_scheduler_plan_ms') return
      plans.push(value)
      decided = performance.now()
    },
  }
  const sealMeshKey = (): Promise<void> => Promise.reject(new Error('nobody is to become a voter'))
  const scheduling = { ...defaultGateway.scheduling, claimWithin: hour }
  const gateway = new GatewayService(
    {
      ...parts,
      random: systemRandom,
      schedules: cronerSchedules,
      control,
      metrics,
      sealMeshKey,
      membership: new FakeMembership(),
    },
    { ...defaultGateway, scheduling },
  )
  const loop = performance.eventLoopUtilization()
  const spent = process.cpuUsage()
  const started = performance.now()
  await gateway.start()
  const took = (await done) - started
  const { utilization } = performance.eventLoopUtilization(loop)
  const { user, system } = process.cpuUsage(spent)
  const cpu = (user + system) / 1_000
  return { placements: latencies.length, took, latencies, plans, refused, busy: utilization, cpu, index }
}

type Watch = (command: Command, execute: () => Promise<Executed>) => Promise<Executed>

const watched = (control: LeaderControl, watch: Watch): LeaderControl => ({
  get state() {
    return control.state
  },
  get outdated() {
    return control.outdated
  },
  status: () => control.status(),
  lead: () => control.lead(),
  onChange: (listener) => control.onChange(listener),
  onRole: (listener) => control.onRole(listener),
  execute: (command, options) => control.execute(command, options),
  decree: (command, options) => watch(command, () => control.decree(command, options)),
  fresh: (freshness, signal) => control.fresh(freshness, signal),
})

/** What is placed where, at that index or after it: nothing but reasons for waiting comes then. */
function digestOf({ state }: Control, at: number): string {
  if (state.index < at) throw new Error(`it has applied ${state.index}, not ${at}`)
  const placed = Array.from(state.workloads.values(), ({ id, placement }) => [id, placement])
  return createHash('sha256').update(JSON.stringify(placed)).digest('hex')
}

async function profiled<T>(work: () => Promise<T>): Promise<T> {
  const folder = process.env['CLAW_BENCH_PROFILE']
  if (folder === undefined) return work()
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.start')
  const result = await work()
  const { profile } = await session.post('Profiler.stop')
  writeFileSync(join(folder, `placements-${process.pid}.cpuprofile`), JSON.stringify(profile))
  return result
}
