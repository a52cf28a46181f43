/** Reads what a run of a job has handed on from the end of its output. */
import { resultIn, resultWithin } from '../../core/agent/run.ts'
import { linesOf } from '../../lib/log-block.ts'
import { ClawError } from '../../model/failure.ts'
import type { PlacementId } from '../../model/ids.ts'
import type { Executor } from '../../ports/executor.ts'

/** Null when there is none, or its output is gone: a result is not worth losing the end of the run for. */
export async function readResult(
  executor: Pick<Executor, 'logs'>,
  placement: PlacementId,
  signal: AbortSignal,
): Promise<string | null> {
  const lines: string[] = []
  try {
    for await (const block of executor.logs(placement, { follow: false, tail: resultWithin, from: null }, signal))
      lines.push(...linesOf(block).flatMap(({ stream, text }) => (stream === 'stdout' ? [text] : [])))
  } catch (error) {
    if (!(error instanceof ClawError)) throw error
  }
  return resultIn(lines, placement)
}
