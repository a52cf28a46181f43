/** Puts on disk what a step wants durable. */
import { hardState, type Raft } from '../../core/consensus/raft.ts'
import type { Effects, Input } from '../../core/consensus/types.ts'
import { cut } from '../../lib/slices.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Metrics } from '../../ports/metrics.ts'
import { sliceBytes } from './checksum.ts'
import type { Compactor } from './compactor.ts'
import type { RaftStore } from './raft-store.ts'

export interface SavingDeps {
  readonly store: Pick<RaftStore, 'writeSnapshot' | 'rewrite' | 'append'>
  readonly compactor: Pick<Compactor, 'settled'>
  readonly clock: Pick<Clock, 'elapsed'>
  readonly metrics: Pick<Metrics, 'observe'>
}

/** In the order that a crash in between allows. Throws DISK_FULL. */
export async function save(
  { store, compactor, clock, metrics }: SavingDeps,
  raft: Raft,
  { install, persist }: Effects,
  inputs: readonly Input[],
): Promise<void> {
  const from = clock.elapsed()
  if (install !== null) {
    await compactor.settled()
    await store.writeSnapshot(install, cut(install.data, sliceBytes))
  }
  const compacted = inputs.some(({ type }) => type === 'compacted')
  if (install !== null || compacted) await store.rewrite(hardState(raft), raft.log)
  else if (persist !== null) await store.append(persist)
  else return
  metrics.observe('claw_consensus_flush_ms', clock.elapsed() - from)
}
