/** How far the nodes' audit logs had come, and when: what a node has told the others of its own log it cannot take back. */
import type { NotedHead } from '../../model/audit.ts'
import type { Step } from './step.ts'
import { accepted, emit, refused } from './step.ts'
import { limits } from './state.ts'
import type { CommandOf, Outcome } from './types.ts'

export function reportAuditHead(step: Step, { node, seq, hash }: CommandOf<'report-audit-head'>): Outcome {
  const { state, at } = step
  const member = state.members.get(node)
  if (member === undefined) return refused('NODE_NOT_FOUND', { node })
  const before = state.auditHeads.get(node) ?? []
  const newest = before.at(-1)
  if (newest?.seq === seq && newest.hash === hash) return accepted({ node })
  if (newest !== undefined && seq <= newest.seq) {
    const problem =
      seq === newest.seq ? `entry ${seq} is another one now` : `it ends at ${seq}, after it had come to ${newest.seq}`
    emit(step, {
      type: 'audit.conflict',
      node,
      message: `the audit log of ${member.name} is not what it was: ${problem}`,
    })
    return refused('AUDIT_BROKEN', { where: member.name, problem })
  }
  state.auditHeads.set(node, thinned([...before, { seq, hash, at }]))
  return accepted({ node })
}

/** The newest are all kept. Of the older ones that goes which leaves the smallest gap, so that they stay spread over the life of the log. */
function thinned(heads: readonly NotedHead[]): readonly NotedHead[] {
  if (heads.length <= limits.auditHeads) return heads
  let [least, smallest] = [1, Infinity]
  for (let i = 1; i < limits.auditHeads / 2; i += 1) {
    const gap = (heads[i + 1]?.at ?? 0) - (heads[i - 1]?.at ?? 0)
    if (gap < smallest) [least, smallest] = [i, gap]
  }
  return heads.toSpliced(least, 1)
}
