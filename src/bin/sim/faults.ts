/** Carries out what a plan does to the mesh, and writes down what became of it. */
import { ClawError } from '../../model/failure.ts'
import type { Instant, Millis } from '../../model/time.ts'
import type { Failover, FaultSeen, LossSeen } from '../../sim/observed.ts'
import type { PlannedFault } from '../../sim/plan.ts'
import { namesInWords, spanInWords } from '../../sim/words.ts'
import type { Fleet, Peer } from './fleet.ts'
import { enrolled } from './mesh.ts'
import type { MeshTime } from './mesh-time.ts'
import type { Network } from './network.ts'
import { within, type Watch } from './watch.ts'

/** A new leader, and a write through it, are waited for so long. */
const failoverPatience: Millis = 60_000
/** A peer that has not answered by then is left for another one. */
const attemptTime: Millis = 5_000
/** How long others are asked whether they have seen that a peer is gone. */
const lossPatience: Millis = 60_000

export interface FaultsInit {
  readonly fleet: Fleet
  readonly network: Network
  readonly watch: Watch
  readonly time: MeshTime
  readonly startedAt: Instant
  readonly signal: AbortSignal
  readonly onEvent: (words: string) => void
}

type FaultOf<Kind extends PlannedFault['kind']> = Extract<PlannedFault, { kind: Kind }>

export class Faults {
  readonly seen: FaultSeen[] = []
  readonly failovers: Failover[] = []
  readonly losses: LossSeen[] = []
  readonly notes: string[] = []
  /** Those that a partition has on its smaller side now. */
  readonly #cutOff = new Map<string, number>()
  readonly #watching: Promise<void>[] = []
  readonly #init: FaultsInit

  constructor(init: FaultsInit) {
    this.#init = init
  }

  isCutOff(peer: Peer): boolean {
    return (this.#cutOff.get(peer.name) ?? 0) > 0
  }

  /** Ends when the last fault is over and what follows from it was seen. */
  async run(faults: readonly PlannedFault[]): Promise<void> {
    await Promise.all(faults.map((fault) => this.#whenDue(fault)))
    await Promise.all(this.#watching)
  }

  async #whenDue(fault: PlannedFault): Promise<void> {
    const { time, startedAt, signal, onEvent } = this.#init
    try {
      await time.sleep(startedAt + fault.at - time.now(), signal)
      await this.#carryOut(fault)
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof ClawError)) throw error
      const words = `${fault.kind} at ${spanInWords(fault.at)} could not be carried out: ${error.message}`
      this.notes.push(words)
      onEvent(words)
    }
  }

  #carryOut(fault: PlannedFault): Promise<void> {
    switch (fault.kind) {
      case 'crash':
        return this.#crash(fault)
      case 'partition':
        return this.#partition(fault)
      case 'slow':
        return this.#slow(fault)
      case 'join':
        return this.#join(fault)
      case 'leave':
        return this.#leave(fault)
    }
  }

  async #crash({ target, restartAfter }: FaultOf<'crash'>): Promise<void> {
    const { fleet, watch, time, signal } = this.#init
    const [peer] = await this.#named([target])
    if (peer === undefined || peer.state !== 'up')
      throw new ClawError('NODE_UNREACHABLE', { node: peer?.name ?? target, detail: 'it is not up' })
    const hitLeader = peer.name === watch.leader
    const at = watch.now()
    const lost = await fleet.crash(peer)
    const names = lost.map(({ name }) => name)
    if (lost.length > 1) this.notes.push(`${namesInWords(names, 40)} crashed together: they shared a process`)
    this.#record({
      at,
      until: null,
      kind: 'crash',
      hitLeader,
      peers: names,
    })
    if (hitLeader) this.#followFailover(peer.name, at, 'crash of the leader')
    this.#watching.push(
      watch.lossOf(peer.name, { at, within: Math.min(lossPatience, restartAfter ?? Infinity) }).then((loss) => {
        this.losses.push(loss)
      }),
    )
    if (restartAfter === null) return
    await time.sleep(restartAfter, signal)
    await Promise.all(lost.map((one) => fleet.start(one)))
    this.#record({ at: watch.now(), until: null, kind: 'restart', hitLeader: false, peers: names })
  }

  async #partition({ span, peers }: FaultOf<'partition'>): Promise<void> {
    const { network, watch, time, signal } = this.#init
    const names = (await this.#named(peers)).map(({ name }) => name)
    const { leader } = watch
    const hitLeader = leader !== null && names.includes(leader)
    const at = watch.now()
    const mend = network.cut(names)
    for (const name of names) this.#cutOff.set(name, (this.#cutOff.get(name) ?? 0) + 1)
    this.#record({ at, until: at + span, kind: 'partition', hitLeader, peers: names })
    if (hitLeader) this.#followFailover(leader, at, 'partition of the leader')
    try {
      await time.sleep(span, signal)
    } finally {
      mend()
      for (const name of names) this.#cutOff.set(name, (this.#cutOff.get(name) ?? 0) - 1)
    }
    this.#init.onEvent(`the partition of ${namesInWords(names)} is over`)
  }

  async #slow({ span, latency, peers }: FaultOf<'slow'>): Promise<void> {
    const { network, watch, time, signal } = this.#init
    const names = (await this.#named(peers)).map(({ name }) => name)
    const hitLeader = watch.leader !== null && names.includes(watch.leader)
    const at = watch.now()
    const mend = network.slow(names, time.real(latency))
    this.#record({ at, until: at + span, kind: 'slow', hitLeader, peers: names }, `, ${spanInWords(latency)} each way`)
    try {
      await time.sleep(span, signal)
    } finally {
      mend()
    }
  }

  async #join({ peers }: FaultOf<'join'>): Promise<void> {
    const { fleet, watch, signal } = this.#init
    const at = watch.now()
    await Promise.all(
      peers.map(async (name) => fleet.start(await enrolled(fleet, name, { by: watch.someone(), signal }))),
    )
    this.#record({ at, until: watch.now(), kind: 'join', hitLeader: false, peers })
  }

  async #leave({ target }: FaultOf<'leave'>): Promise<void> {
    const { fleet, watch, signal } = this.#init
    const [peer] = await this.#named([target])
    if (peer === undefined || peer.state !== 'up')
      throw new ClawError('NODE_UNREACHABLE', { node: peer?.name ?? target, detail: 'it is not up' })
    const hitLeader = peer.name === watch.leader
    const at = watch.now()
    const others = fleet.up().filter((one) => one !== peer && !this.isCutOff(one))
    await others[0]?.api.call('node.remove', { node: peer.name, force: true }, signal)
    await fleet.stop(peer)
    this.#record({ at, until: watch.now(), kind: 'leave', hitLeader, peers: [peer.name] })
  }

  /** The peers of these names; `leader` is whoever leads now. */
  async #named(targets: readonly string[]): Promise<readonly Peer[]> {
    const { fleet, watch, signal } = this.#init
    if (!targets.includes('leader')) return targets.map((name) => fleet.get(name))
    const { leader } = await watch.someone().api.call('gateway.status', {}, signal)
    const known = leader ?? watch.leader
    if (known === null) throw new ClawError('NO_LEADER', { detail: 'there is nobody to hit' })
    return [...new Set(targets.map((name) => (name === 'leader' ? known : name)))].map((name) => fleet.get(name))
  }

  #record(fault: Omit<FaultSeen, 'words'>, more = ''): void {
    const leading = fault.hitLeader ? ', which led' : ''
    const words = `${fault.kind} of ${namesInWords(fault.peers)}${leading}${more}`
    this.seen.push({ ...fault, words })
    this.#init.onEvent(words)
  }

  #followFailover(from: string, at: Millis, cause: string): void {
    this.#watching.push(
      Promise.all([this.#elected(from, at), this.#writable(at)]).then(([elected, writableAfter]) => {
        const failover = { at, cause, from, to: elected?.leader ?? null, writableAfter }
        this.failovers.push({ ...failover, electedAfter: elected === null ? null : Math.max(0, elected.at - at) })
      }),
    )
  }

  /** Asks until a peer that can speak for the mesh names another leader. */
  async #elected(from: string, at: Millis): Promise<{ readonly leader: string; readonly at: Millis } | null> {
    const { watch, time, signal } = this.#init
    return this.#retried(at, async () => {
      const { leader } = await within(time.real(attemptTime), signal, (limited) =>
        watch.someone().api.call('gateway.status', {}, limited),
      )
      return leader === null || leader === from ? null : { leader, at: watch.now() }
    })
  }

  /** One small write, tried until the mesh has committed it. */
  async #writable(at: Millis): Promise<Millis | null> {
    const { fleet, watch, time, signal } = this.#init
    return this.#retried(at, async () => {
      const { api, name } = watch.someone()
      const labels = { 'simulation-probe': String(Math.round(at)) }
      await within(time.real(attemptTime), signal, (limited) =>
        api.call('node.label', { node: fleet.get(name).name, labels }, limited),
      )
      return watch.now() - at
    })
  }

  async #retried<T>(at: Millis, attempt: () => Promise<T | null>): Promise<T | null> {
    const { watch, time, signal } = this.#init
    while (!signal.aborted && watch.now() - at < failoverPatience) {
      const found = await attempt().catch((error: unknown) => {
        if (error instanceof ClawError || signal.aborted) return null
        throw error
      })
      if (found !== null) return found
      await time.sleep(50, signal).catch(() => {})
    }
    return null
  }
}
