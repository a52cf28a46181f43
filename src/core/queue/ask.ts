/** What the queue hands out as one: a workload by itself, or all that waits of a gang. */
import type { GroupId } from '../../model/ids.ts'
import type { Workload } from '../../model/workload.ts'
import { isGang } from '../state/groups.ts'

export interface Ask {
  /** The workload, or of a gang the part with the lowest rank that waits. Decisions bear its id. */
  readonly lead: Workload
  /** In the order of their ranks. */
  readonly parts: readonly Workload[]
}

export function asksOf(pending: readonly Workload[]): readonly Ask[] {
  const gangs = new Map<GroupId, Workload[]>()
  const asks: Ask[] = []
  for (const workload of pending) {
    if (workload.part === null || !isGang(workload)) {
      asks.push({ lead: workload, parts: [workload] })
      continue
    }
    const gang = gangs.get(workload.part.group)
    if (gang === undefined) gangs.set(workload.part.group, [workload])
    else gang.push(workload)
  }
  for (const gang of gangs.values()) {
    const parts = gang.toSorted(byIndex)
    const [lead] = parts
    if (lead !== undefined) asks.push({ lead, parts })
  }
  return asks
}

/** The oldest first; of a group, the lowest number. */
export function compareAge(a: Workload, b: Workload): number {
  if (a.submittedAt !== b.submittedAt) return a.submittedAt - b.submittedAt
  return a.part?.group === b.part?.group && a.part !== null ? byIndex(a, b) : a.id < b.id ? -1 : 1
}

const byIndex = (a: Workload, b: Workload): number => (a.part?.index ?? 0) - (b.part?.index ?? 0)
