/** Answers peers that ask this node for records directly, and takes in what the network tells. */
import type { Network } from '../../core/molt/network.ts'
import { isRecordNamespace, recordKey } from '../../model/record.ts'
import type { Gossip, Verdict } from '../../ports/gossip.ts'
import type { Log } from '../../ports/log.ts'
import type { Rpc, Unsubscribe } from '../../ports/rpc.ts'
import {
  askRecords,
  decodeRecord,
  mostShown,
  type RecordAnswer,
  type RecordAsk,
  recordSightings,
} from '../../wire/record.ts'
import type { RecordKeeper } from './keeper.ts'
import type { OwnRecords } from './own-records.ts'
import type { RecordReader } from './reader.ts'

export interface DeskDeps {
  readonly network: Pick<Network, 'id'>
  readonly keeper: RecordKeeper
  readonly own: OwnRecords
  readonly reader: RecordReader
  readonly rpc: Pick<Rpc, 'serve'>
  readonly gossip: Pick<Gossip, 'subscribe'>
  readonly log: Log
}

export class RecordDesk {
  readonly #deps: DeskDeps
  #undo: readonly Unsubscribe[] = []

  constructor(deps: DeskDeps) {
    this.#deps = deps
  }

  start(): void {
    const { rpc, gossip } = this.#deps
    this.#undo = [
      rpc.serve(askRecords, (asked) => this.#answer(asked)),
      gossip.subscribe(recordSightings, (bytes) => this.#heard(bytes)),
    ]
  }

  stop(): void {
    for (const undo of this.#undo) undo()
    this.#undo = []
  }

  async #answer({ namespace, id }: RecordAsk): Promise<RecordAnswer> {
    const { own, reader } = this.#deps
    if (!isRecordNamespace(namespace)) return { records: [] }
    if (id === null) {
      const mine = own.all.filter(({ name, record }) => name.namespace === namespace && record.kind === 'put')
      return { records: mine.slice(0, mostShown).map(({ bytes }) => bytes) }
    }
    const found = await reader.local(recordKey({ namespace, id }))
    return { records: found === null ? [] : [found.bytes] }
  }

  /** Looked at when it comes, written down right after: whoever passes it on does not wait for this node's disk. */
  #heard(bytes: Uint8Array): Verdict {
    const { network, keeper, log } = this.#deps
    const record = decodeRecord(bytes)
    // Whoever passes on what cannot be a record has not looked at it itself.
    if (record?.network !== network.id) return 'reject'
    const key = recordKey(record)
    const weighed = keeper.weigh(key, bytes)
    if (weighed === 'worthless') return 'reject'
    if (weighed === 'old') return 'ignore'
    keeper.take(key, bytes).catch((error: unknown) => log.error('a record that was heard is lost', { key, error }))
    return 'accept'
  }
}
