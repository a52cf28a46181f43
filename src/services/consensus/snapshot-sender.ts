/** Sends snapshots in parts, to a few peers at a time. */
import type { Snapshot } from '../../core/consensus/types.ts'
import { inTurns } from '../../lib/slices.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Log } from '../../ports/log.ts'
import type { Rpc } from '../../ports/rpc.ts'
import { maxChunkBytes, raftSnapshot } from '../../wire/raft.ts'
import { checksumOf } from './checksum.ts'
import type { Pause } from './pause.ts'

export interface SenderDeps {
  readonly rpc: Pick<Rpc, 'call'>
  readonly log: Log
  readonly read: () => Promise<Snapshot | null>
  readonly pause: Pause
}

const atATime = 2

export class SnapshotSender {
  readonly #deps: SenderDeps
  #running = 0

  constructor(deps: SenderDeps) {
    this.#deps = deps
  }

  /** Returns the index that the peer has now, or null when it did not work. */
  async send(to: NodeId, term: number, signal: AbortSignal): Promise<number | null> {
    if (this.#running >= atATime) return null
    this.#running += 1
    try {
      const snapshot = await this.#deps.read()
      if (snapshot === null) return null
      await this.#sendParts(to, term, { snapshot, signal })
      return snapshot.index
    } catch (error) {
      if (!(error instanceof ClawError) && !signal.aborted) throw error
      this.#deps.log.debug('a snapshot did not arrive', { to, reason: String(error) })
      return null
    } finally {
      this.#running -= 1
    }
  }

  async #sendParts(
    to: NodeId,
    term: number,
    { snapshot, signal }: { readonly snapshot: Snapshot; readonly signal: AbortSignal },
  ): Promise<void> {
    const { index, voters, data } = snapshot
    const size = data.length
    const checksum = await inTurns(checksumOf(data), this.#deps.pause)
    const whole = { term, at: { index, term: snapshot.term }, voters, size, checksum }
    let rewinds = 0
    for (let offset = 0, done = false; !done;) {
      const part = data.subarray(offset, Math.min(size, offset + maxChunkBytes))
      const { wanted } = await this.#deps.rpc.call(to, raftSnapshot, { ...whole, offset, data: part }, signal)
      if (wanted > size) throw new ClawError('INVALID_REQUEST', { problem: 'more was wanted than there is' })
      if (wanted <= offset && wanted < size && ++rewinds > 2)
        throw new ClawError('INVALID_REQUEST', { problem: 'the same part was wanted again and again' })
      offset = wanted
      done = wanted === size
    }
  }
}
