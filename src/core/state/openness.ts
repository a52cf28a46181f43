/** What work a node lets in: its taints, and whether it is cordoned or drained. */
import type { Taint, TaintName } from '../../model/label.ts'
import { taintInWords } from '../../model/label.ts'
import type { Scheduling } from '../../model/node.ts'
import { limits } from './state.ts'
import type { Step } from './step.ts'
import { accepted, emit, refused } from './step.ts'
import type { CommandOf, Outcome } from './types.ts'

export function updateTaints(step: Step, { node, add, remove }: CommandOf<'update-taints'>): Outcome {
  const { state, changes, by, at } = step
  const member = state.members.get(node)
  if (member === undefined) return refused('NODE_NOT_FOUND', { node })
  const marks = new Set(add.map(({ key, effect }) => `${key}:${effect}`))
  if (marks.size < add.length) return refused('INVALID_REQUEST', { problem: 'a key can be given once for each effect' })
  const stay = member.taints.filter((taint) => ![...remove, ...add].some((name) => isCalled(taint, name)))
  const taints = [...stay, ...add]
  if (taints.length > limits.taints)
    return refused('INVALID_REQUEST', { problem: `a node has at most ${limits.taints} taints` })
  const { tainted, ...rest } = member
  const fresh = taints.filter((taint) => taint.effect === 'NoExecute')
  const isNews = fresh.some((taint) => !member.taints.some((old) => taintInWords(old) === taintInWords(taint)))
  // Builds that apply the first version do not know of it.
  const since = fresh.length === 0 || state.version < 2 ? undefined : isNews ? at : tainted
  state.members.set(node, { ...rest, taints, ...(since !== undefined && { tainted: since }) })
  changes.push({ type: 'member', node })
  const words = taints.map(taintInWords).join(', ')
  if (words === member.taints.map(taintInWords).join(', ')) return accepted({ node })
  emit(step, { type: 'node.taints', node, message: `${member.name} has ${words || 'no taints'} now, says ${by}` })
  return accepted({ node })
}

const isCalled = (taint: Taint, { key, effect }: TaintName): boolean =>
  taint.key === key && (effect === undefined || taint.effect === effect)

const words: Record<Scheduling['mode'], string> = {
  open: 'takes new work again',
  cordoned: 'takes no new work',
  draining: 'takes no new work, and what runs there moves away',
}

export function setScheduling(step: Step, { node, mode, reason, grace }: CommandOf<'set-scheduling'>): Outcome {
  const { state, changes, by, at } = step
  const member = state.members.get(node)
  if (member === undefined) return refused('NODE_NOT_FOUND', { node })
  const isNews = member.scheduling.mode !== mode
  const since = isNews ? at : member.scheduling.since
  state.members.set(node, { ...member, scheduling: { mode, reason, grace, since } })
  changes.push({ type: 'member', node })
  if (!isNews) return accepted({ node })
  const why = reason === '' ? '' : ` (${reason})`
  emit(step, { type: `node.${mode}`, node, message: `${member.name} ${words[mode]}${why}, says ${by}` })
  return accepted({ node })
}
