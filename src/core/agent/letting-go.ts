/**
 * What serves the requests to a deployment is given no more of them as soon as its end is asked for. Before it is stopped, all peers hear of
 * that and it answers what it has: within the time that it has to stop.
 */
import type { Millis } from '../../model/time.ts'
import { second } from '../../model/time.ts'
import type { AgentAction } from './action.ts'
import type { AgentView, Assigned } from './view.ts'

const longest: Millis = 2 * second

/** How much of its grace passes before it is told to stop. What a rollout stops was let go of before. */
export function lettingGo({ serves, ready, owner, startedAt }: Assigned, grace: Millis): Millis {
  const isAsked = serves === true && ready !== false && startedAt !== null && owner?.drainingSince === undefined
  return isAsked ? Math.min(longest, Math.floor(grace / 2)) : 0
}

/** What is done in place of stopping it; null when it is to be stopped now. */
export function letGoSteps(
  { at, letGo }: Pick<AgentView, 'at' | 'letGo'>,
  { placement: { id } }: Assigned,
  span: Millis,
): readonly AgentAction[] | null {
  if (span === 0) return null
  const since = letGo.get(id)
  if (since === undefined) return [{ do: 'let-go', placement: id }]
  // A clock that was set back must not keep it for as long as that.
  return at >= since && at - since < span ? [] : null
}
