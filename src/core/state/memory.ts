/**
 * Whose commands are remembered where. A command that comes again has the outcome of the first of its id, so whoever chooses ids could
 * answer for others, or have theirs forgotten by choosing many. Members may do all that anyway and share one memory; a node that only
 * works has a small one of its own.
 */
import { Recent } from '../../lib/recent.ts'
import type { NodeId } from '../../model/ids.ts'
import { isWorker } from '../access/standing.ts'
import type { Result, State } from './state.ts'
import { limits } from './state.ts'
import type { MeshState } from './types.ts'

/** What was handed in by this peer is remembered apart, under its name; null for what is remembered with that of all others. */
export const apartFrom = (
  { version, members }: Pick<MeshState, 'version' | 'members'>,
  via: NodeId | null,
): NodeId | null => (via !== null && version >= 2 && isWorker(members.get(via)) ? via : null)

/** What a command of that id led to; undefined for one that is not remembered. */
export function remembered(state: State, id: string, via: NodeId | null): Result | undefined {
  const apart = apartFrom(state, via)
  return apart === null ? state.results.get(id) : state.workerResults.get(apart)?.get(id)
}

/** Where the outcome of a command that this peer handed in belongs. */
export function memoryOf(state: State, via: NodeId | null): Recent<string, Result> {
  const apart = apartFrom(state, via)
  if (apart === null) return state.results
  const memory = state.workerResults.get(apart) ?? new Recent<string, Result>(limits.workerResults)
  state.workerResults.set(apart, memory)
  return memory
}
