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
  /** Resolves when the snapshot has been taken over, or is not wanted any more. */
  readonly received: (from: NodeId, term: number, snapshot: Snapshot) => Promise<void>
  /** The snapshot is of a version that this build does not apply. */
  readonly onUnsupported: () => void
}

export class SnapshotReceiver {
  readonly #deps: ReceiverDeps
  readonly #assembly = new SnapshotAssembly()

  constructor(deps: ReceiverDeps) {
    this.#deps = deps
  }

  /** Throws NO_LEADER for an old leader's, and VERSION_UNSUPPORTED. */
  async take(chunk: SnapshotChunk, from: NodeId): Promise<SnapshotReply> {
    const term = this.#deps.term()
    if (term === null || chunk.term < term) throw noLeader('the sender leads no more')
    const { wanted, snapshot } = this.#assembly.take(from, chunk)
    if (snapshot !== null) {
      // Before it replaces anything: what this peer has is of use to the build that can take over the rest.
      this.#check(snapshot)
      await this.#deps.received(from, chunk.term, snapshot)
    }
    return { wanted }
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
