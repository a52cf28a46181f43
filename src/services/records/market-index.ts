/** By what offers are found: this node says of itself what it has, each hour anew, and asks who else has it. */
import { type OfferIndex, topicOf, topicsAt } from '../../core/records/topic.ts'
import type { Judged } from '../../core/records/validate.ts'
import { Inbox } from '../../lib/inbox.ts'
import { isClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import { type RecordNamespace, recordKey } from '../../model/record.ts'
import { type Millis, minute, second } from '../../model/time.ts'
import type { Cancel, Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Random } from '../../ports/random.ts'
import type { RecordNet } from '../../ports/record-net.ts'
import type { Rpc } from '../../ports/rpc.ts'
import { askRecords, decodeRecord } from '../../wire/record.ts'
import type { RecordKeeper } from './keeper.ts'
import { within } from './within.ts'

/** Often enough for a new hour to be no longer without it than the old one is still looked up. */
const sayEvery: Millis = 20 * minute
const patience = { saying: 30 * second, finding: 10 * second, provider: 3 * second } as const satisfies Record<
  string,
  Millis
>
const mostProviders = 64

export interface MarketIndexDeps {
  readonly network: string
  readonly net: RecordNet
  readonly keeper: RecordKeeper
  readonly rpc: Pick<Rpc, 'call'>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export class MarketIndex {
  readonly #deps: MarketIndexDeps
  readonly #life = new AbortController()
  #said: readonly OfferIndex[] = []
  #stopSaying: Cancel = () => {}

  constructor(deps: MarketIndexDeps) {
    this.#deps = deps
  }

  stop(): void {
    this.#life.abort(new Error('the records are closed'))
    this.#stopSaying()
  }

  /** From now on this node says that it has this, and nothing else. What it said before is forgotten within hours. */
  say(index: readonly OfferIndex[]): void {
    this.#said = index
    this.#stopSaying()
    this.#sayAll()
  }

  /** Records of that kind that those show who say that they have it: as they answer, several at a time. Throws what the signal says. */
  async *find(index: OfferIndex, namespace: RecordNamespace, signal: AbortSignal): AsyncGenerator<Judged> {
    const { network, clock, net } = this.#deps
    signal.throwIfAborted()
    const inbox = new Inbox<Judged>()
    const limit = within(clock, patience.finding, signal)
    const asked = new Map<NodeId, Promise<void>>()
    const search = async (topic: Uint8Array): Promise<void> => {
      for await (const { node } of net.findProviders(topic, limit.signal)) {
        if (asked.has(node) || asked.size >= mostProviders) continue
        asked.set(node, this.#ask(node, namespace, { inbox, signal: limit.signal }))
      }
    }
    const all = async (): Promise<void> => {
      await Promise.allSettled(topicsAt(network, index, clock.now()).map(search))
      await Promise.all(asked.values())
    }
    all()
      .then(
        () => inbox.end(),
        (error: unknown) => inbox.fail(error),
      )
      .finally(limit.clear)
      .catch((error: unknown) => this.#deps.log.error('a search ended badly', { error }))
    try {
      yield* inbox
      signal.throwIfAborted()
    } finally {
      inbox.end()
      limit.end()
    }
  }

  async #ask(
    node: NodeId,
    namespace: RecordNamespace,
    { inbox, signal }: { readonly inbox: Inbox<Judged>; readonly signal: AbortSignal },
  ): Promise<void> {
    const { rpc, net, keeper, clock, log } = this.#deps
    if (node === net.self) return
    const limit = within(clock, patience.provider, signal)
    try {
      const { records } = await rpc.call(node, askRecords, { namespace, id: null }, limit.signal)
      for (const bytes of records) {
        const record = decodeRecord(bytes)
        // Each may show its own, and nothing else in their place.
        if (record?.issuer !== node || record.namespace !== namespace) continue
        const taken = await keeper.take(recordKey(record), bytes)
        if ('judged' in taken) inbox.put(taken.judged)
      }
    } catch (error) {
      if (!isClawError(error) && !limit.signal.aborted) throw error
      log.debug('a provider did not show its records', { node, error })
    } finally {
      limit.clear()
    }
  }

  #sayAll(): void {
    const { network, net, clock, random, log } = this.#deps
    if (this.#said.length === 0 || this.#life.signal.aborted) return
    const limit = within(clock, patience.saying, this.#life.signal)
    const topics = this.#said.map((index) => topicOf(network, index, clock.now()))
    Promise.all(topics.map((topic) => net.provide(topic, limit.signal)))
      .catch((error: unknown) => log.debug('not everybody has heard what this node has', { error }))
      .finally(limit.clear)
      .catch((error: unknown) => log.error('saying what this node has ended badly', { error }))
    this.#stopSaying = clock.after(sayEvery * (0.9 + random.next() / 10), () => this.#sayAll())
  }
}
