/** What one node has of the output of one attempt, filtered there. */
import { z } from 'zod'
import { isOpen, LogFilter } from '../../core/logs/log-filter.ts'
import { nodeId, placementId, workloadId, type PlacementId } from '../../model/ids.ts'
import type { LogPiece } from '../../ports/log-store.ts'
import type { LogsView } from '../context.ts'
import type { Chunk as ChunkItem, Filter as FilterOf } from './log-input.ts'
import { Chunk, Filter, position, tail } from './log-input.ts'
import { stream } from '../operation.ts'
import { ClawError } from '../../model/failure.ts'

export const placementLogs = stream({
  name: 'placement.logs',
  about: 'Read the output of one attempt of a workload at the node that ran it.',
  input: z.strictObject({
    node: z.string().max(128),
    workload: z.string().max(128),
    attempt: z.int().min(1),
    follow: z.boolean(),
    tail: tail.nullable(),
    from: position.nullable(),
    filter: Filter,
  }),
  output: Chunk,
  permission: { verb: 'read', resource: 'workload' },
  namespace({ workload }, { control }) {
    const found = control.state.workloads.get(workloadId(workload))
    if (found === undefined) throw new ClawError('WORKLOAD_NOT_FOUND', { workload })
    return found.spec.namespace
  },
  where: ({ node }) => nodeId(node),
  handler({ workload, attempt, ...reading }, { logs }, { signal }) {
    return chunksOf(logs, placementId(workloadId(workload), attempt), reading, signal)
  },
})

export interface Reading {
  readonly follow: boolean
  readonly from: number | null
  readonly tail: number | null
  readonly filter: FilterOf
  readonly isQuick?: true
}

/** Reads, filters, and ends where nothing more can match. */
export async function* chunksOf(
  logs: LogsView,
  placement: PlacementId,
  { filter: settings, ...reading }: Reading,
  signal: AbortSignal,
): AsyncGenerator<ChunkItem> {
  // The last lines of all are found without reading the others.
  const isPlain = isOpen({ ...settings, tail: null })
  const filter = new LogFilter({ ...settings, tail: isPlain || reading.from !== null ? null : reading.tail })
  const query = { ...reading, tail: isPlain ? reading.tail : null, since: settings.since }
  for await (const piece of logs.read(placement, query, signal)) {
    if (piece.type === 'lines') yield* filter.push(piece.block)
    else if (piece.type === 'current') yield* filter.current()
    else yield { position: reading.from ?? 0, text: '', kinds: '', note: dropped(piece) }
    if (filter.isPast) break
  }
  yield* filter.current()
}

const dropped = ({ lines }: Extract<LogPiece, { type: 'dropped' }>): string =>
  `${lines === null ? 'older lines' : `${lines} older lines`} of it were dropped to make room`
