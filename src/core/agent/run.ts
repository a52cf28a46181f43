/** What a run of a job is told, and how it hands on a result: by a line of its standard output that begins with a mark of its own. */
import type { PlacementId } from '../../model/ids.ts'
import { longestResult } from '../../model/job.ts'
import type { Workload } from '../../model/workload.ts'

/** Among so many last lines the result is looked for. */
export const resultWithin = 200

/** Nobody else's output begins like this by accident, as it names the attempt. */
const markOf = (placement: PlacementId): string => `claw-result:${placement}:`

/** As Kubernetes calls it, and as parts of arrays are told here. */
export function runEnvironment({
  run,
  placement,
}: Pick<Workload, 'run' | 'placement'>): Readonly<Record<string, string>> {
  if (run === undefined) return {}
  const index = String(run.index)
  return {
    ...{ JOB_COMPLETION_INDEX: index, CLAW_INDEX: index, CLAW_COUNT: String(run.count), CLAW_JOB: run.job },
    ...(run.item !== undefined && { CLAW_ITEM: run.item }),
    ...(placement !== null && { CLAW_RESULT: markOf(placement.id) }),
  }
}

/** What stands behind the mark in the last line that begins with it; null when none does, or too much stands there. */
export function resultIn(lines: Iterable<string>, placement: PlacementId): string | null {
  const mark = markOf(placement)
  let result: string | null = null
  for (const line of lines) if (line.startsWith(mark)) result = line.slice(mark.length).replaceAll('\0', '').trim()
  return result === null || Buffer.byteLength(result) > longestResult ? null : result
}
