/** Has this host answer for the names of the mesh: where its settings say, and, while there is an overlay, at its own address in that. */
import { addressesOf } from '../../core/naming/addresses.ts'
import { forwardable } from '../../core/naming/forward.ts'
import { NameIndex } from '../../core/naming/names.ts'
import { resolveName } from '../../core/naming/resolve.ts'
import { addressOf } from '../../core/overlay/addresses.ts'
import { addressKey, Buckets } from '../../lib/buckets.ts'
import { covers, parseCidr, parseIpv4 } from '../../lib/cidr.ts'
import { isSameJson } from '../../lib/canonical-json.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Answer, Question } from '../../model/naming.ts'
import { placeOf, usualPort, zone } from '../../model/naming.ts'
import { second } from '../../model/time.ts'
import type { WorkloadSpec } from '../../model/workload.ts'
import { networkOf } from '../../model/workload.ts'
import type { Clock } from '../../ports/clock.ts'
import type { TaskResolver } from '../../ports/executor.ts'
import type { Log } from '../../ports/log.ts'
import type { NameDesk, NameServers, OpenNameServer } from '../../ports/name-server.ts'
import type { Unsubscribe } from '../../ports/rpc.ts'
import type { Service } from '../../ports/service.ts'
import type { Control } from '../control/types.ts'
import { Loop } from '../gateway/loop.ts'

export interface NamingDeps {
  readonly self: NodeId
  readonly control: Pick<Control, 'state' | 'onChange'>
  readonly clock: Clock
  readonly log: Log
  readonly servers: NameServers
  /** Ranges of networks that only containers of this host are in. */
  readonly innerRanges: () => readonly string[]
  /** At which this host is reached, whoever reaches it there. */
  readonly hostAddresses: () => readonly string[]
}

/** What the owner of the host has said. */
export interface NamingSetup {
  readonly serves: boolean
  /** HOST:PORT, besides the address in the overlay. */
  readonly listen: readonly string[]
  /** Other names are asked of these; of those of this host where there are none. */
  readonly upstreams: readonly string[]
  readonly forwards: boolean
}

/** Questions from one address. */
const perSecond = 100
const atOnce = 400
const mostTurns = 10_000

export class NamingService implements Service {
  readonly name = 'naming'
  readonly #deps: NamingDeps
  readonly #setup: NamingSetup
  readonly #loop: Loop
  readonly #open = new Map<string, OpenNameServer>()
  /** Where something else listens, or this host may not. */
  readonly #refused = new Set<string>()
  readonly #buckets: Buckets
  readonly #turns = new Map<string, number>()
  readonly #listeners = new Set<() => void>()
  #problems: readonly string[] = []
  /** As they were told. */
  #known: readonly string[] = []
  /** Those of them that may be asked now. */
  #upstreams: readonly string[] = []
  #left: readonly string[] = []
  #names: NameIndex | null = null
  #unsubscribe: Unsubscribe = () => {}

  constructor(deps: NamingDeps, setup: NamingSetup) {
    this.#deps = deps
    this.#setup = setup
    this.#buckets = new Buckets(perSecond, () => deps.clock.elapsed(), { burst: atOnce })
    this.#loop = new Loop(deps, { every: 10 * second, pause: second / 5 }, () => this.#listen())
  }

  async start(): Promise<void> {
    const { control, servers } = this.#deps
    this.#unsubscribe = control.onChange((changes) => this.#names?.heed(changes))
    if (!this.#setup.serves) return
    const { forwards, upstreams } = this.#setup
    this.#known = !forwards ? [] : upstreams.length > 0 ? upstreams : await servers.upstreams()
    this.#loop.start(() =>
      control.onChange((changes) => {
        if (changes.some(({ type }) => type === 'overlay')) this.#loop.wake()
      }),
    )
  }

  async stop(): Promise<void> {
    this.#unsubscribe()
    await this.#loop.stop()
    await Promise.all(Array.from(this.#open.values(), (server) => server.close()))
    this.#open.clear()
  }

  /** The interface of the overlay may be there now. */
  wake(): void {
    this.#loop.wake()
  }

  /** What keeps this host from answering, in words. */
  problems(): readonly string[] {
    return this.#problems
  }

  /** Tells when `problems` has something else to say. */
  onProblems(listener: () => void): Unsubscribe {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** By the state that the caller sees; `turn` as for everybody. */
  answer(question: Question): Answer {
    const { state } = this.#deps.control
    this.#names ??= new NameIndex(state)
    const key = `${question.type} ${question.name.toLowerCase()}`
    const turn = this.#turns.get(key) ?? 0
    const answer = resolveName(question, {
      ...{ names: this.#names, turn },
      addressesOf: (workload) => addressesOf(state, workload),
    })
    if (answer.kind === 'found' && answer.records.length > 0) this.#turn(key, turn + 1)
    return answer
  }

  /**
   * Null where its containers are to ask whom the engine says: this host does not answer in the overlay, they are strangers’, or they have no
   * way into the overlay, so that what they would be told leads nowhere. `isInOverlay`: they have an address of their own there.
   */
  resolverFor(spec: WorkloadSpec, isInOverlay = false): TaskResolver | null {
    const { namespace, isolation } = spec
    const own = this.#ownAddress()
    const place = `${own}:${usualPort}`
    // The interface is there where containers are in the overlay, and this host answers at it soon.
    const isSoon = isInOverlay && this.#setup.serves && !this.#refused.has(place)
    if (own === null || !(this.#open.has(place) || isSoon)) return null
    if (isolation === 'guest' || (networkOf(spec) !== 'host' && !isInOverlay)) return null
    this.#chooseUpstreams(this.#places())
    const others = this.#upstreams.filter((one) => parseIpv4(one) !== null && !one.startsWith('127.'))
    return { servers: [own, ...others].slice(0, 3), search: [`${namespace}.${zone}`] }
  }

  #turn(key: string, next: number): void {
    this.#turns.delete(key)
    this.#turns.set(key, next)
    const [oldest] = this.#turns.keys()
    if (this.#turns.size > mostTurns && oldest !== undefined) this.#turns.delete(oldest)
  }

  readonly #desk: NameDesk = {
    answer: (question) => this.answer(question),
    upstreams: () => this.#upstreams,
    admits: (source) => this.#isNear(source) && this.#buckets.take(addressKey(source)) === 0,
  }

  /** It is this host, or in the overlay, or a container of this host: for anybody else it is no resolver. */
  #isNear(source: string): boolean {
    const plain = source.replace(/^::ffff:(?=\d+\.)/, '')
    if (plain === '::1') return true
    const base = parseIpv4(plain)
    if (base === null) return false
    const settings = this.#deps.control.state.overlay?.settings
    const overlay = settings === undefined ? [] : [settings.nodes, settings.containers]
    return ['127.0.0.0/8', ...overlay, ...this.#deps.innerRanges()].some((text) => {
      const range = parseCidr(text)
      return range !== null && covers(range, { base, bits: 32 })
    })
  }

  #ownAddress(): string | null {
    const { control, self } = this.#deps
    const { overlay } = control.state
    const own = overlay?.nodes.get(self)
    return !overlay || own === undefined || own.lanes.length === 0 ? null : addressOf(overlay.settings, own.slot)
  }

  /** ADDRESS:PORT where this host is to answer. */
  #places(): readonly string[] {
    const own = this.#ownAddress()
    return [...this.#setup.listen, ...(own === null ? [] : [`${own}:${usualPort}`])]
  }

  async #listen(): Promise<void> {
    const wanted = this.#places()
    this.#chooseUpstreams(wanted)
    for (const [place, server] of this.#open)
      if (!wanted.includes(place)) {
        this.#open.delete(place)
        await server.close()
      }
    const problems: string[] = []
    for (const place of wanted) {
      const problem = this.#open.has(place) ? null : await this.#openAt(place)
      this.#refused.delete(place)
      if (problem === null) continue
      problems.push(problem)
      this.#refused.add(place)
    }
    if (isSameJson(problems, this.#problems)) return
    this.#problems = problems
    for (const listener of this.#listeners) listener()
  }

  /** Asking itself, or another member, would go in circles. */
  #chooseUpstreams(listening: readonly string[]): void {
    const { control, hostAddresses, log } = this.#deps
    const members = control.state.overlay?.settings.nodes ?? null
    const chosen = forwardable(this.#known, { listening, hostAddresses: hostAddresses(), members })
    this.#upstreams = chosen
    const left = this.#known.filter((one) => !chosen.includes(one))
    if (isSameJson(left, this.#left)) return
    this.#left = left
    if (left.length > 0) log.info('leaves out resolvers that would ask back', { left, upstreams: chosen })
  }

  async #openAt(place: string): Promise<string | null> {
    const { servers, log } = this.#deps
    const { host: address, port } = placeOf(place)
    try {
      this.#open.set(place, await servers.open({ address, port }, this.#desk))
      log.info('answers for the names of the mesh', { address: place })
      return null
    } catch (error) {
      if (ClawError.is(error, 'ADDRESS_IN_USE')) return `names: something else listens at ${place}`
      if (!(error instanceof Error && 'code' in error)) throw error
      // The interface of the overlay comes later, or is set up by hand.
      return error.code === 'EADDRNOTAVAIL' ? null : `names: cannot listen at ${place}: ${error.message}`
    }
  }
}
