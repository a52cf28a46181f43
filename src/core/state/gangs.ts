/**
 * Keeps gangs whole. Whatever happened to one part, and by whichever command, the others follow: a gang of which some parts run and
 * others wait must not be.
 */
import type { GroupId } from '../../model/ids.ts'
import type { StopRequest, Workload } from '../../model/workload.ts'
import { isTerminal } from '../../model/workload.ts'
import { isGang, partsOf } from './groups.ts'
import { askToStop, change, fail } from './lifecycle.ts'
import { leave } from './moves.ts'
import type { Step } from './step.ts'

/** Looks at each gang of which the command changed a part. */
export function keepGangsWhole(step: Step): void {
  const touched = new Set<GroupId>()
  for (const changed of step.changes) {
    if (changed.type !== 'workload') continue
    const workload = step.state.workloads.get(changed.workload)
    const group = workload?.part?.group
    if (workload !== undefined && group !== undefined && isGang(workload)) touched.add(group)
  }
  for (const group of touched) keepWhole(step, group)
}

function keepWhole(step: Step, group: GroupId): void {
  const parts = partsOf(step.state, group)
  shareRetries(step, parts)
  const request = endOf(parts)
  if (request !== null) {
    for (const part of live(step, group)) if (part.stopRequested === null) askToStop(step, part, request)
    return
  }
  if (endIfPartial(step, group)) return
  const leaving = parts.find(({ eviction }) => eviction !== null) ?? parts.find(({ state }) => state === 'pending')
  if (leaving === undefined) return
  disband(step, group, leaving)
  // What no node had claimed waits from now on, and may be what cannot start without those that are over.
  if (step.state.version >= 2) endIfPartial(step, group)
}

/** Ends a gang of which a part waits that could only start alone. Says whether it did. */
function endIfPartial(step: Step, group: GroupId): boolean {
  const parts = partsOf(step.state, group)
  const over = parts.find(({ state }) => isTerminal(state))
  const isForgotten = parts.length < (parts[0]?.spec.parts?.count ?? 0)
  const waiting = parts.find(({ state }) => state === 'pending')
  if (waiting === undefined || (over === undefined && !isForgotten)) return false
  const reason = `${over?.name ?? 'another part'} has completed, and ${waiting.name} could only be tried again alone`
  fail(step, waiting, { code: 'GANG_FAILED', facts: { reason } })
  for (const part of live(step, group)) askToStop(step, part, { by: step.by, force: false, because: reason })
  return true
}

/** The whole gang has been tried as often as the part that was tried most. */
function shareRetries(step: Step, parts: readonly Workload[]): void {
  const retries = Math.max(0, ...parts.map((part) => part.retries))
  for (const part of parts) if (part.retries < retries && !isTerminal(part.state)) change(step, part, { retries })
}

/** That one of them was asked to stop, or has ended other than well, is the end of all. */
function endOf(parts: readonly Workload[]): Omit<StopRequest, 'at'> | null {
  const asked = parts.find(({ stopRequested }) => stopRequested !== null)?.stopRequested ?? null
  if (asked !== null) return asked
  const failed = parts.find(({ state }) => state === 'failed' || state === 'stopped')
  return failed === undefined
    ? null
    : { by: failed.submittedBy, force: false, because: `${failed.name} ${failed.state}` }
}

/** All that still have a place leave it. */
function disband(step: Step, group: GroupId, leaving: Workload): void {
  const last = leaving.eviction?.reason ?? lastTold(leaving)
  const reason = `its gang starts again, as ${leaving.name} does${last === undefined ? '' : `: ${last}`}`
  for (const part of live(step, group)) {
    const { placement, spec } = part
    if (placement === null) continue
    const grace = leaving.eviction?.grace ?? spec.stopGraceMs
    leave(step, { ...part, placement }, { at: step.at, by: step.by, reason, grace, target: null, avoid: false })
  }
}

/** Why its last attempt is over: it was refused, or it ended. */
function lastTold({ history, rejections }: Workload): string | undefined {
  const [ended, refused] = [history.at(-1), rejections.at(-1)]
  return (refused?.attempt ?? -1) >= (ended?.attempt ?? -1) ? refused?.reason : ended?.reason
}

const live = ({ state }: Step, group: GroupId): readonly Workload[] =>
  partsOf(state, group).filter((part) => !isTerminal(part.state))
