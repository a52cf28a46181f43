/** What somebody, not the mesh itself, wants kept among the events. */
import { minute } from '../../model/time.ts'
import { isWorker } from '../access/standing.ts'
import { limits } from './state.ts'
import type { Step } from './step.ts'
import { accepted, emit, refused } from './step.ts'
import type { CommandOf, Outcome } from './types.ts'

export function tell(step: Step, { node, source, severity, message }: CommandOf<'tell'>): Outcome {
  const { state, at, by } = step
  if (!state.members.has(node)) return refused('NODE_NOT_FOUND', { node })
  const recent = state.events.filter((event) => event.source !== undefined && event.at > at - minute)
  const own = isWorker(state.members.get(node)) ? recent.filter((event) => event.node === node) : []
  if (recent.length >= limits.toldPerMinute || own.length >= limits.toldPerWorker)
    return refused('RATE_LIMITED', { who: by })
  emit(step, { type: `told.${severity}`, node, message, source, severity })
  return accepted({ node })
}
