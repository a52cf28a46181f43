/** Takes in snapshots that come in parts, and hands on those that this peer can go on with. */
import { SnapshotAssembly } from '../../core/consensus/assembly.ts'
import type { Snapshot } from '../../core/consensus/types.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { SnapshotChunk, SnapshotReply } from '../../wire/raft.ts'
import type { Machine } from './types.ts'
import { noLeader } from './waiting.ts'

export interface ReceiverDeps {
  readonly machine: Pick<Machine, 'check'>
  /** Null while this peer takes no part. */
  readonly term: () => number | null
  /** Reads the state of it, so that it can be taken over at once. Throws VERSION_UNSUPPORTED and STATE_CORRUPT. */
  readonly prepare: (data: Uint8Array) => Promise<void>
  /** Resolves when the snapshot has been taken over, or is not wanted any more. */
  readonly received: (from: NodeId, term: number, snapshot: Snapshot) => Promise<void>
  /** The snapshot is of a version that this build does not apply. */
  readonly onUnsupported: () => void
}

export class SnapshotReceiver {
  readonly #deps: ReceiverDeps
  readonly #assembly = new SnapshotAssembly()
  /** One at a time: it takes as much memory as the state that is there. */
  #isPreparing = false

  constructor(deps: ReceiverDeps) {
    this.#deps = deps
  }

  /** Throws NO_LEADER for an old leader's, RATE_LIMITED while another is read, VERSION_UNSUPPORTED and STATE_CORRUPT. */
  async take(chunk: SnapshotChunk, from: NodeId): Promise<SnapshotReply> {
    const term = this.#deps.term()
    if (term === null || chunk.term < term) throw noLeader('the sender leads no more')
    if (this.#isPreparing) throw new ClawError('RATE_LIMITED', { who: 'the sender of a state' })
    const { wanted, snapshot } = this.#assembly.take(from, chunk)
    if (snapshot !== null) {
      // Before it replaces anything: what this peer has is of use to the build that can take over the rest.
      this.#check(snapshot)
      await this.#prepare(snapshot)
      await this.#deps.received(from, chunk.term, snapshot)
    }
    return { wanted }
  }

  async #prepare({ data }: Snapshot): Promise<void> {
    this.#isPreparing = true
    try {
      await this.#deps.prepare(data)
    } finally {
      this.#isPreparing = false
    }
  }

  #check({ data }: Snapshot): void {
    try {
      this.#deps.machine.check(data, [])
    } catch (error) {
      if (ClawError.is(error, 'VERSION_UNSUPPORTED')) this.#deps.onUnsupported()
      throw error
    }
  }
}
