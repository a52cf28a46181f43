/**
 * Reads records. Every answer is judged by itself: it takes several to agree on nothing, one that is right to be told, and its issuer to be
 * sure. What is on this node is read first, and nobody waits for the network who has it.
 */
import type { Judged } from '../../core/records/validate.ts'
import { compareStandings } from '../../core/records/selector.ts'
import { isClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import { type RecordName, type RecordNamespace, recordKey } from '../../model/record.ts'
import { type Millis, second } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { RecordNet } from '../../ports/record-net.ts'
import type { Rpc } from '../../ports/rpc.ts'
import { askRecords, decodeRecord } from '../../wire/record.ts'
import type { RecordKeeper } from './keeper.ts'
import { quorumOfPeers, type ReadOptions, type RecordRead } from './types.ts'
import { within } from './within.ts'

const patience = { peers: 10 * second, issuer: 2 * second, correction: 5 * second } as const satisfies Record<
  string,
  Millis
>
const mostCorrected = 8

export interface ReaderDeps {
  readonly net: RecordNet
  readonly keeper: RecordKeeper
  readonly rpc: Pick<Rpc, 'call'>
  readonly clock: Clock
  readonly log: Log
}

export class RecordReader {
  readonly #deps: ReaderDeps

  constructor(deps: ReaderDeps) {
    this.#deps = deps
  }

  async read(name: RecordName, { signal, isThorough = false, confirm = true }: ReadOptions): Promise<RecordRead> {
    signal.throwIfAborted()
    const key = recordKey(name)
    const answers = new Answers()
    const own = await this.local(key)
    signal.throwIfAborted()
    if (own !== null) answers.add(this.#deps.net.self, own)
    if (own === null || isThorough) await this.#askPeers(key, answers, signal)
    const confirmed = confirm && (await this.#askIssuer(name, answers, signal))
    return this.#told(answers, confirmed)
  }

  /** What this node has itself and would give to others: kept for them, or heard of lately. */
  async local(key: string): Promise<Judged | null> {
    const { net, keeper } = this.#deps
    const kept = await net.local(key)
    const all = [kept, keeper.bestOf(key)?.bytes ?? null].flatMap((bytes) => {
      const judged = bytes === null || !keeper.isAlive(key, bytes) ? null : keeper.looks(key, bytes)
      return judged === null ? [] : [judged]
    })
    return best(all)
  }

  /** What a peer shows of its own, as far as it counts. Throws as `Rpc.call` does. */
  async shownBy(peer: NodeId, namespace: RecordNamespace, signal: AbortSignal): Promise<readonly Judged[]> {
    const { rpc, keeper } = this.#deps
    const { records } = await rpc.call(peer, askRecords, { namespace, id: null }, signal)
    return records.flatMap((bytes) => {
      const record = decodeRecord(bytes)
      // Each may show its own, and nothing else in their place.
      if (record?.issuer !== peer || record.namespace !== namespace) return []
      return keeper.looks(recordKey(record), bytes) ?? []
    })
  }

  async #askPeers(key: string, answers: Answers, signal: AbortSignal): Promise<void> {
    const { net, keeper, clock, log } = this.#deps
    const limit = within(clock, patience.peers, signal)
    const without = new Set<NodeId>()
    try {
      for await (const { from, value } of net.ask(key, limit.signal)) {
        const taken = value === null ? null : await keeper.take(key, value)
        if (taken !== null && 'judged' in taken) answers.add(from, taken.judged)
        else without.add(from)
        if (answers.count >= quorumOfPeers) break
      }
    } catch (error) {
      signal.throwIfAborted()
      log.debug('not all peers have answered', { key, error })
    } finally {
      limit.clear()
    }
    signal.throwIfAborted()
    this.#correct(key, answers, without)
  }

  /** Gives peers that should have it what was found. They may do with it what they want: nothing here waits for them. */
  #correct(key: string, answers: Answers, without: ReadonlySet<NodeId>): void {
    const { net, clock, log } = this.#deps
    const found = answers.best
    if (found === null) return
    const behind = [...without, ...answers.others]
    const limit = within(clock, patience.correction, null)
    const give = async (): Promise<void> => {
      const closest = new Set(await net.closest(key))
      const wrong = behind.filter((peer) => closest.has(peer)).slice(0, mostCorrected)
      await Promise.all(wrong.map((peer) => net.correct(peer, key, found.bytes, limit.signal)))
    }
    give()
      .catch((error: unknown) => log.debug('a peer was not corrected', { key, error }))
      .finally(limit.clear)
      .catch((error: unknown) => log.error('a correction ended badly', { error }))
  }

  async #askIssuer({ namespace, id }: RecordName, answers: Answers, signal: AbortSignal): Promise<boolean> {
    const { net, keeper, rpc, clock, log } = this.#deps
    const issuer = answers.best?.record.issuer
    if (issuer === undefined) return false
    if (issuer === net.self) return true
    const limit = within(clock, patience.issuer, signal)
    try {
      const { records } = await rpc.call(issuer, askRecords, { namespace, id }, limit.signal)
      const [bytes] = records
      const taken = bytes === undefined ? null : await keeper.take(recordKey({ namespace, id }), bytes)
      if (taken === null || 'refusal' in taken) return false
      answers.add(issuer, taken.judged)
      return answers.best?.record.issuer === issuer && answers.best.standing.hash === taken.judged.standing.hash
    } catch (error) {
      signal.throwIfAborted()
      if (!isClawError(error) && !limit.signal.aborted) throw error
      log.debug('an issuer did not confirm its record', { issuer, error })
      return false
    } finally {
      limit.clear()
    }
  }

  #told(answers: Answers, confirmedByIssuer: boolean): RecordRead {
    const { best: found, sources } = answers
    const isPut = found !== null && found.record.kind === 'put'
    return {
      found,
      value: isPut ? found.value : null,
      sources,
      freshness: found === null ? null : Math.max(0, this.#deps.clock.now() - found.record.issuedAt),
      confirmedByIssuer,
    }
  }
}

/** Who has given what. */
class Answers {
  readonly #given = new Map<NodeId, Judged>()

  add(from: NodeId, judged: Judged): void {
    this.#given.set(from, judged)
  }

  get count(): number {
    return this.#given.size
  }

  get best(): Judged | null {
    return best([...this.#given.values()])
  }

  get sources(): readonly NodeId[] {
    return this.#who((isBest) => isBest)
  }

  /** Those who have given something else. */
  get others(): readonly NodeId[] {
    return this.#who((isBest) => !isBest)
  }

  #who(wanted: (isBest: boolean) => boolean): readonly NodeId[] {
    const hash = this.best?.standing.hash
    return [...this.#given].flatMap(([from, { standing }]) => (wanted(standing.hash === hash) ? [from] : []))
  }
}

const best = (all: readonly Judged[]): Judged | null =>
  all.reduce<Judged | null>(
    (leader, next) => (leader === null || compareStandings(next.standing, leader.standing) > 0 ? next : leader),
    null,
  )
