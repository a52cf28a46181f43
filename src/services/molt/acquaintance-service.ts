/** Comes to know the other hosts of a MOLT network, by asking those that it is linked to. */
import { type Acquaintances, learn, mostAddresses, mostTold, stillUp } from '../../core/molt/acquaintances.ts'
import type { NodeId } from '../../model/ids.ts'
import { minute, type Millis } from '../../model/time.ts'
import { isClawError } from '../../model/failure.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Peers } from '../../ports/peers.ts'
import type { Random } from '../../ports/random.ts'
import type { Rpc } from '../../ports/rpc.ts'
import type { Service } from '../../ports/service.ts'
import { exchangePeers } from '../../wire/market.ts'

export interface AcquaintanceDeps {
  readonly rpc: Pick<Rpc, 'call' | 'serve'>
  readonly peers: Peers
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** One of those that are up is asked again this often. */
const askEvery: Millis = 5 * minute

export class AcquaintanceService implements Service {
  readonly name = 'acquaintances'
  readonly #deps: AcquaintanceDeps
  readonly #asking = new Map<NodeId, Promise<void>>()
  readonly #undo: (() => void)[] = []
  #known: Acquaintances = new Map()
  #stopped = new AbortController()
  #stopTimer: () => void = () => {}

  constructor(deps: AcquaintanceDeps) {
    this.#deps = deps
  }

  /** Parties that were heard of, without this node. */
  parties(): Iterable<NodeId> {
    return this.#known.keys()
  }

  addressesOf(party: NodeId): readonly string[] {
    return this.#known.get(party)?.addresses ?? []
  }

  start(): Promise<void> {
    const { rpc, peers } = this.#deps
    this.#stopped = new AbortController()
    this.#undo.push(
      rpc.serve(exchangePeers, ({ addresses }, from) => {
        const own = addresses.filter((address) => address.endsWith(`/p2p/${from}`))
        this.#learn(from, own)
        return Promise.resolve({ addresses: [...this.#told()] })
      }),
      peers.onChange(({ peer, up }) => {
        if (up) this.#ask(peer)
      }),
    )
    this.#askSoon()
    return Promise.resolve()
  }

  async stop(): Promise<void> {
    this.#stopTimer()
    this.#stopped.abort(new Error('the service stops'))
    for (const take of this.#undo.splice(0)) take()
    await Promise.all(this.#asking.values())
  }

  #askSoon(): void {
    const { clock, peers, random } = this.#deps
    this.#stopTimer = clock.after(askEvery, () => {
      const up = peers.up()
      this.#known = stillUp(this.#known, up, clock.elapsed())
      const one = up[Math.floor(random.next() * up.length)]
      if (one !== undefined) this.#ask(one)
      this.#askSoon()
    })
  }

  #ask(peer: NodeId): void {
    if (this.#asking.has(peer)) return
    const done = this.#exchange(peer).finally(() => this.#asking.delete(peer))
    this.#asking.set(peer, done)
  }

  async #exchange(peer: NodeId): Promise<void> {
    const { rpc, log } = this.#deps
    try {
      const request = { addresses: [...this.#own()] }
      const { addresses } = await rpc.call(peer, exchangePeers, request, this.#stopped.signal)
      this.#learn(peer, addresses)
    } catch (error) {
      if (!isClawError(error) && !this.#stopped.signal.aborted) throw error
      log.debug('a peer did not say whom it sees', { peer, error })
    }
  }

  #learn(from: NodeId, addresses: readonly string[]): void {
    const { clock, peers } = this.#deps
    const up = new Set(peers.up())
    const word = { addresses, from, self: peers.self, own: peers.addresses(), up, at: clock.elapsed() }
    this.#known = learn(this.#known, word)
  }

  #own(): readonly string[] {
    return this.#deps.peers.addresses().slice(0, mostAddresses)
  }

  /** Ourselves, and who is up: what others were told of may be gone. */
  #told(): readonly string[] {
    const up = this.#deps.peers.up().flatMap((party) => this.addressesOf(party))
    return [...this.#own(), ...up].slice(0, mostTold)
  }
}
