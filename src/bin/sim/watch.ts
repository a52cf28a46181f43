/** Looks at the mesh of a simulation while it works, as a user could: by what its peers answer. */
import { ClawError } from '../../model/failure.ts'
import type { Instant, Millis } from '../../model/time.ts'
import type { LeaderSeen, LossSeen, Sample, Spread } from '../../sim/observed.ts'
import type { Fleet, Peer } from './fleet.ts'
import type { MeshTime } from './mesh-time.ts'

const sampleEvery: Millis = 1_000
const leaderEvery: Millis = 200
const spreadEvery: Millis = 5_000
/** A look that takes longer counts as unanswered. */
const patience: Millis = 2_000
/** A report of this age has had time to spread, and is seldom replaced by the next one already. */
const [youngest, oldest]: readonly [Millis, Millis] = [3_000, 6_500]
/** So many requests are under way at a time when all peers are asked. */
const lanes = 16

export interface WatchInit {
  readonly fleet: Fleet
  readonly time: MeshTime
  /** When the work began. */
  readonly startedAt: Instant
  readonly signal: AbortSignal
  /** Peers that are cut off at the moment: they cannot speak for the mesh. */
  readonly isCutOff: (peer: Peer) => boolean
  readonly onLeader: (seen: LeaderSeen) => void
}

export class Watch {
  readonly samples: Sample[] = []
  readonly leaders: LeaderSeen[] = []
  readonly spreads: Spread[] = []
  unanswered = 0
  readonly #init: WatchInit
  /** Of this machine: a mesh that lives slowly also answers slowly. */
  readonly #patience: Millis
  #turn = 0

  constructor(init: WatchInit) {
    this.#init = init
    this.#patience = init.time.real(patience)
  }

  /** Looks again and again until the signal ends it. */
  async run(): Promise<void> {
    await Promise.all([
      this.#repeat(sampleEvery, () => this.#sample()),
      this.#repeat(leaderEvery, () => this.#lookForLeader()),
      this.#repeat(spreadEvery, () => this.#followReport()),
    ])
  }

  get leader(): string | null {
    return this.leaders.at(-1)?.leader ?? null
  }

  /** A peer that can speak for the mesh; another one each time. Throws NODE_UNREACHABLE when there is none. */
  someone(): Peer {
    const { fleet, isCutOff } = this.#init
    const able = fleet.up().filter((peer) => !isCutOff(peer))
    this.#turn += 1
    const peer = able[this.#turn % able.length]
    if (peer === undefined) throw new ClawError('NODE_UNREACHABLE', { node: 'any', detail: 'no peer is up' })
    return peer
  }

  now(): Millis {
    return this.#init.time.now() - this.#init.startedAt
  }

  async #repeat(every: Millis, look: () => Promise<void>): Promise<void> {
    const { signal, time } = this.#init
    for (let due = time.now(); !signal.aborted; due = Math.max(due + every, time.now())) {
      try {
        await look()
      } catch (error) {
        if (signal.aborted) return
        if (!(error instanceof ClawError)) throw error
        this.unanswered += 1
      }
      await time.sleep(due + every - time.now(), signal).catch(() => {})
    }
  }

  async #sample(): Promise<void> {
    const { api } = this.someone()
    const [status, nodes] = await within(this.#patience, this.#init.signal, (signal) =>
      Promise.all([api.call('status', {}, signal), api.call('node.list', {}, signal)]),
    )
    const online = nodes.filter((node) => node.status !== 'offline')
    this.samples.push({
      at: this.now(),
      running: status.workloads.running,
      pending: status.workloads.pending,
      gpusUsed: nodes.flatMap(({ gpus }) => gpus).filter(({ state }) => state === 'used' || state === 'shared').length,
      gpusReachable: online.reduce((sum, { gpus }) => sum + gpus.length, 0),
      gpusTotal: status.gpus.total,
      nodesOnline: online.length,
      nodesTotal: nodes.length,
    })
  }

  /**
   * A higher term than any before has a new leader; an old leader that does not know it yet is not believed. A peer that has yet to hear who
   * the members are knows the leader by its id alone: the next look finds its name.
   */
  async #lookForLeader(): Promise<void> {
    const { fleet } = this.#init
    const { api } = this.someone()
    const { leader, term } = await within(this.#patience, this.#init.signal, (signal) =>
      api.call('gateway.status', {}, signal),
    )
    const last = this.leaders.at(-1)
    if (leader === null || !fleet.peers.has(leader) || (last !== undefined && term <= last.term)) return
    const seen = { at: Math.max(0, this.now()), leader, term }
    this.leaders.push(seen)
    this.#init.onLeader(seen)
  }

  /** Finds a node whose report has had time to spread, and asks every other peer when it came. */
  async #followReport(): Promise<void> {
    const { fleet, time, signal, isCutOff } = this.#init
    const able = fleet.up().filter((peer) => !isCutOff(peer))
    for (let tries = 0; tries < 6; tries += 1) {
      const node = able[Math.floor(Math.random() * able.length)]
      if (node === undefined || able.length < 2) return
      const own = await this.#metricsAt(node, node, signal)
      const age = own.at === null ? 0 : time.now() - Date.parse(own.at)
      if (own.at === null || age < youngest || age > oldest) continue
      const spread = await this.#askAll(node, own.at, able)
      if (spread !== null) this.spreads.push(spread)
      return
    }
  }

  /** Null when some have a newer report already, which says nothing of this one. */
  async #askAll(node: Peer, at: string, able: readonly Peer[]): Promise<Spread | null> {
    const { signal } = this.#init
    const others = able.filter((peer) => peer !== node)
    const answers = await inLanes(others, (peer) => this.#metricsAt(peer, node, signal))
    const held = answers.filter((answer) => answer !== null)
    if (held.some((answer) => answer.at !== null && answer.at > at)) return null
    const delays = held.flatMap((answer) =>
      answer.at === at && answer.receivedAt !== null
        ? [Math.max(0, Date.parse(answer.receivedAt) - Date.parse(at))]
        : [],
    )
    return { at: this.now(), of: node.name, delays, missing: held.length - delays.length }
  }

  #metricsAt(peer: Peer, of: Peer, signal: AbortSignal) {
    return within(this.#patience, signal, (limited) => peer.api.call('node.metrics', { node: of.name }, limited))
  }

  /** When each peer saw that one was gone, asked until all have or until it is time. */
  async lossOf(
    name: string,
    { at, within: limit }: { readonly at: Millis; readonly within: Millis },
  ): Promise<LossSeen> {
    const { fleet, time, startedAt, signal, isCutOff } = this.#init
    const began = startedAt + at
    const seen = new Map<string, Millis>()
    const open = (): readonly Peer[] =>
      fleet.up().filter((peer) => !seen.has(peer.name) && peer.name !== name && !isCutOff(peer))
    const deadline = time.now() + limit
    while (!signal.aborted && time.now() < deadline && open().length > 0) {
      await time.sleep(Math.min(3_000, deadline - time.now()), signal).catch(() => {})
      await inLanes(open(), async ({ api, name: asked }) => {
        const info = await within(this.#patience, signal, (limited) => api.call('node.info', { node: name }, limited))
        const { liveness, since } = info.connectivity
        if (liveness === 'lost' || liveness === 'left') seen.set(asked, Math.max(0, Date.parse(since) - began))
      })
    }
    return { at, peer: name, delays: [...seen.values()], missing: open().length }
  }
}

/** Null for those that gave no answer. */
async function inLanes<T>(peers: readonly Peer[], ask: (peer: Peer) => Promise<T>): Promise<readonly (T | null)[]> {
  const queue = [...peers]
  const answers: (T | null)[] = []
  const lane = async (): Promise<void> => {
    for (let peer = queue.shift(); peer !== undefined; peer = queue.shift())
      answers.push(
        await ask(peer).catch((error: unknown) => {
          if (error instanceof ClawError) return null
          throw error
        }),
      )
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return answers
}

/** Throws DEADLINE_EXCEEDED when there is no answer in time. */
export async function within<T>(ms: Millis, signal: AbortSignal, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
  signal.throwIfAborted()
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(new Error('no answer in time')), ms)
  const end = (): void => limit.abort(signal.reason)
  signal.addEventListener('abort', end, { once: true })
  try {
    return await ask(limit.signal)
  } catch (error) {
    signal.throwIfAborted()
    if (limit.signal.aborted)
      throw new ClawError('DEADLINE_EXCEEDED', { what: 'A look at a peer', ms }, { cause: error })
    throw error
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', end)
  }
}
