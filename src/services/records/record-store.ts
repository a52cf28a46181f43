/**
 * The only door to the records of a MOLT network: what was said and signed by its nodes, kept by those that are closest to it. What is read here
 * is the best that is known, and not more: absence proves nothing, and nothing here locks, leads, or holds a balance.
 */
import type { Network } from '../../core/molt/network.ts'
import { type WarrantPayload, warrantId } from '../../core/records/rules/warrant.ts'
import type { OfferIndex } from '../../core/records/topic.ts'
import type { Judged } from '../../core/records/validate.ts'
import { isClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import { floorMargin, longestRecordLife, type RecordName, type RecordNamespace, recordKey } from '../../model/record.ts'
import { day, hour, type Millis } from '../../model/time.ts'
import type { Cancel, Clock } from '../../ports/clock.ts'
import type { Gossip } from '../../ports/gossip.ts'
import type { Disk } from '../../ports/journal.ts'
import type { Log } from '../../ports/log.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Random } from '../../ports/random.ts'
import type { RecordNet } from '../../ports/record-net.ts'
import type { Rpc, Unsubscribe } from '../../ports/rpc.ts'
import type { Service } from '../../ports/service.ts'
import type { Signer, Verifier } from '../../ports/signer.ts'
import { decodeRecord } from '../../wire/record.ts'
import { RecordDesk } from './desk.ts'
import type { RecordKeeper } from './keeper.ts'
import { MarketIndex } from './market-index.ts'
import { OwnRecords } from './own-records.ts'
import { RecordPublisher } from './publisher.ts'
import { RecordReader } from './reader.ts'
import { RecordRepublisher } from './republisher.ts'
import { Sequences } from './sequences.ts'
import { RecordStanding } from './standing.ts'
import type { Publication, ReadOptions, Receipt, RecordRead } from './types.ts'

/** What is over is thrown away as often. */
const sweep: Millis = hour
/** Whoever has found out says so for as long as the offender might hope to be forgotten; all who hear it remember it for good. */
const warrantLife: Millis = 30 * day

export interface RecordStoreDeps {
  readonly network: Network
  /** Of the key that this node has in that network. */
  readonly signer: Signer
  readonly verifier: Verifier
  readonly net: RecordNet
  /** The same that guards the table. */
  readonly keeper: RecordKeeper
  readonly rpc: Rpc
  readonly gossip: Gossip
  readonly disk: Disk
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly metrics: Metrics
}

export class RecordStore implements Service {
  readonly name = 'records'
  readonly #deps: RecordStoreDeps
  readonly #sequences: Sequences
  readonly #own: OwnRecords
  readonly #standing: RecordStanding
  readonly #reader: RecordReader
  readonly #publisher: RecordPublisher
  readonly #republisher: RecordRepublisher
  readonly #index: MarketIndex
  readonly #desk: RecordDesk
  readonly #life = new AbortController()
  #unsubscribe: Unsubscribe = () => {}
  #stopSweeping: Cancel = () => {}

  constructor(given: RecordStoreDeps) {
    const log = given.log.child('records')
    const deps = { ...given, log }
    this.#deps = deps
    this.#sequences = new Sequences(deps.disk, deps.clock)
    this.#own = new OwnRecords(deps.disk)
    this.#standing = new RecordStanding(deps)
    this.#reader = new RecordReader(deps)
    const parts = { own: this.#own, sequences: this.#sequences, standing: this.#standing, reader: this.#reader }
    this.#publisher = new RecordPublisher({ ...deps, ...parts })
    this.#republisher = new RecordRepublisher({ ...deps, ...parts, publisher: this.#publisher })
    this.#index = new MarketIndex({ ...deps, network: deps.network.id })
    this.#desk = new RecordDesk({ ...deps, ...parts })
  }

  /** What it has on disk. It starts before the host listens, and stops after it: nothing is taken while the floors are not known. */
  get files(): Service {
    return {
      name: 'record-files',
      start: async () => {
        await this.#deps.keeper.open()
        await this.#sequences.open()
        await this.#own.open()
        await this.#standing.open()
      },
      stop: () => this.#deps.keeper.close(),
    }
  }

  /** Once the host runs. */
  async start(): Promise<void> {
    this.#unsubscribe = this.#deps.keeper.onCaught((warrant) => this.#warn(warrant))
    await this.#countKept()
    this.#desk.start()
    this.#republisher.start()
    this.#sweepLater()
  }

  stop(): Promise<void> {
    this.#life.abort(new Error('the records are closed'))
    this.#stopSweeping()
    this.#unsubscribe()
    this.#index.stop()
    this.#republisher.stop()
    this.#desk.stop()
    this.#standing.close()
    return Promise.resolve()
  }

  /**
   * Says it, and goes on saying it. Returns when enough peers keep it, or all have been asked. Aborting it leaves open whether it was said:
   * what has got its number is said.
   */
  publish(publication: Publication, signal: AbortSignal): Promise<Receipt> {
    return this.#publisher.publish(publication, signal)
  }

  /** Takes it back: a tombstone is said in its place. Null when this node has said no such thing. */
  withdraw(name: RecordName, signal: AbortSignal): Promise<Receipt | null> {
    return this.#publisher.withdraw(name, signal)
  }

  /** Not issued anew any more; what is out lives to its end. */
  async letLapse(name: RecordName): Promise<void> {
    await this.#own.drop(recordKey(name))
  }

  read(name: RecordName, options: ReadOptions): Promise<RecordRead> {
    return this.#reader.read(name, options)
  }

  /** What a peer shows of its own. Throws as `Rpc.call` does. */
  shownBy(peer: NodeId, namespace: RecordNamespace, signal: AbortSignal): Promise<readonly Judged[]> {
    return this.#reader.shownBy(peer, namespace, signal)
  }

  /** Those of a kind that this node keeps for others, and that count. */
  async *kept(namespace: RecordNamespace): AsyncGenerator<Judged> {
    const { net, keeper } = this.#deps
    for await (const { key, value } of net.kept()) {
      const judged = key.startsWith(`/${namespace}/`) ? keeper.looks(key, value) : null
      if (judged !== null) yield judged
    }
  }

  /** Says from now on that this node has this to offer, and nothing else. */
  advertise(index: readonly OfferIndex[]): void {
    this.#index.say(index)
  }

  /** What those show who say that they have it. It ends after some seconds; whoever has enough leaves the loop. */
  find(index: OfferIndex, namespace: RecordNamespace, signal: AbortSignal): AsyncIterable<Judged> {
    return this.#index.find(index, namespace, signal)
  }

  /** Each record that is new here, whichever way it has come. */
  onSeen(listener: (judged: Judged) => void): Unsubscribe {
    return this.#deps.keeper.onSeen(listener)
  }

  /** Parties of whom there is a proof that they contradict themselves: nobody is to deal with them any more. */
  get closedOut(): RecordKeeper['closedOut'] {
    return this.#deps.keeper.closedOut
  }

  #warn(warrant: WarrantPayload): void {
    const { log } = this.#deps
    const name = { namespace: 'claw-warr', id: warrantId(warrant) } as const
    const until = this.#deps.clock.now() + warrantLife
    this.publish({ ...name, value: warrant, life: longestRecordLife, until }, this.#life.signal).catch(
      (error: unknown) => {
        if (isClawError(error)) log.warn('a warrant could not be published', { ...name, error })
        else if (!this.#life.signal.aborted) log.error('a warrant was lost', { ...name, error })
      },
    )
  }

  /** What earlier lives have kept has its place in the quotas, and its floor, also where the file of floors was lost. */
  async #countKept(): Promise<void> {
    const { net, keeper } = this.#deps
    for await (const { key, value } of net.kept()) {
      keeper.keeps(key, value)
      await keeper.take(key, value, { isOwn: true })
    }
  }

  #sweepLater(): void {
    this.#stopSweeping = this.#deps.clock.after(sweep, () => {
      this.#sweep().catch((error: unknown) => this.#deps.log.error('what is over could not be thrown away', { error }))
      this.#sweepLater()
    })
  }

  async #sweep(): Promise<void> {
    const { net, keeper, clock } = this.#deps
    const over: string[] = []
    for await (const { key, value } of net.kept()) {
      const record = decodeRecord(value)
      // Not as soon as it is over: the clock may have been set ahead, and back again.
      if (record === null || record.endOfLife + floorMargin < clock.now()) over.push(key)
    }
    for (const key of over) {
      await net.forget(key)
      keeper.keeps(key, null)
    }
  }
}
