/** What the benchmark of detection compares: ten daemons of ours and ten agents of serf, both on loopback. */
import { setTimeout as sleep } from 'node:timers/promises'
import { ask } from '../../test/support/ask.ts'
import { type Daemon, eventually, Mesh, type StatusReply } from '../../test/support/mesh.ts'
import { scrape } from './scrape.ts'
import { SerfCluster } from './serf.ts'

const names = Array.from({ length: 10 }, (_, at) => `node-${at + 1}`)
const patience = 120_000

/** When each survivor found out, in ms since the member died. */
export type Delays = readonly number[]
export type Death = 'kill' | 'silence'

export interface Verdicts {
  readonly lost: number
  /** Ours count every peer that believes in a suspicion, serf's those whose own probes began it. */
  readonly suspicions: number
}

export interface System {
  readonly name: string
  readonly size: number
  start(): Promise<void>
  /** Until all members take all for alive. */
  whole(): Promise<unknown>
  /** One dies; returns when all the others know, and the function that brings it back. */
  lose(member: number, death: Death): Promise<{ readonly delays: Delays; readonly restore: () => Promise<void> }>
  /** How often a member was taken for lost, and for suspect, by all of them together, since they were started. */
  verdicts(): Promise<Verdicts>
  stop(): Promise<void>
}

export function clawbernetes(): System {
  const mesh = new Mesh()
  return {
    name: 'clawbernetes',
    size: names.length,
    async start() {
      for (const name of names) await mesh.add(name, { gpus: '1xH100' })
      await mesh.voters(5)
      await this.whole()
    },
    whole: () =>
      eventually(
        'all daemons take each other for alive',
        patience,
        () => Promise.all(mesh.daemons.map(({ socket }) => ask<StatusReply>(socket, 'status'))),
        (replies) => replies.every(({ nodes }) => nodes.healthy === names.length),
      ),
    async lose(member, death) {
      const victim = mesh.get(member)
      const at = Date.now()
      if (death === 'kill') await victim.end('SIGKILL')
      else victim.signal('SIGSTOP')
      const delays = await lossesAt(
        mesh.daemons.filter((daemon) => daemon !== victim),
        { of: victim.name, at },
      )
      return {
        delays,
        restore: async () => (death === 'kill' ? victim.start() : victim.signal('SIGCONT')),
      }
    },
    async verdicts() {
      const all = await Promise.all(mesh.daemons.map(({ socket }) => scrape(socket, 'claw_membership_changes_total')))
      const count = (to: string): number => all.reduce((sum, values) => sum + (values.get(`{to="${to}"}`) ?? 0), 0)
      return { lost: count('lost'), suspicions: count('suspect') }
    },
    stop: () => mesh.stop(),
  }
}

/** Asks seldom, since the daemons remember the time. */
async function lossesAt(
  survivors: readonly Daemon[],
  { of, at }: { readonly of: string; readonly at: number },
): Promise<Delays> {
  const delays = new Map<Daemon, number>()
  const deadline = Date.now() + patience
  while (delays.size < survivors.length) {
    if (Date.now() > deadline) throw new Error(`${survivors.length - delays.size} daemons have not missed ${of}`)
    await sleep(1_000)
    for (const daemon of survivors) {
      if (delays.has(daemon)) continue
      const { connectivity } = await ask<{ connectivity: { liveness: string; since: string } }>(
        daemon.socket,
        'node.info',
        { node: of, consistency: 'stale' },
      )
      if (connectivity.liveness === 'lost') delays.set(daemon, Date.parse(connectivity.since) - at)
    }
  }
  return [...delays.values()]
}

export function serf(program: string): System {
  const cluster = new SerfCluster()
  return {
    name: 'serf',
    size: names.length,
    start: () => cluster.start(program, names),
    whole: () => cluster.whole(),
    async lose(member, death) {
      const victim = cluster.members[member]
      if (victim === undefined) throw new Error(`there is no agent ${member}`)
      const at = Date.now()
      if (death === 'kill') await victim.end()
      else victim.signal('SIGSTOP')
      const seen = await eventually(
        `all agents of serf have missed ${victim.name}`,
        patience,
        () => Promise.resolve(cluster.members.flatMap(({ failed }) => failed.get(victim.name) ?? [])),
        (times) => times.length === names.length - 1,
      )
      return {
        delays: seen.map((time) => time - at),
        restore: async () => (death === 'kill' ? victim.start() : victim.signal('SIGCONT')),
      }
    },
    verdicts() {
      const sum = (count: 'verdicts' | 'accusations'): number =>
        cluster.members.reduce((before, member) => before + member[count], 0)
      return Promise.resolve({ lost: sum('verdicts'), suspicions: sum('accusations') })
    },
    stop: () => cluster.stop(),
  }
}
