/** What users do with workloads: submit them, ask for their end, and let the ended ones be forgotten. */
import type { Workload } from '../../model/workload.ts'
import { isTerminal } from '../../model/workload.ts'
import { reindex } from './holdings.ts'
import { readinessOf } from '../queue/dependencies.ts'
import { change, end, fail } from './lifecycle.ts'
import { limits } from './state.ts'
import type { Step } from './step.ts'
import { accepted, emit, refused } from './step.ts'
import type { CommandOf, Outcome } from './types.ts'

export function submit(step: Step, { workload: id, name, spec }: CommandOf<'submit'>): Outcome {
  const { state, at, by, changes } = step
  const known = state.workloads.get(id)
  if (known !== undefined)
    return known.name === name && known.submittedBy === by
      ? accepted({ workload: id })
      : refused('INVALID_REQUEST', { problem: `the id ${id} belongs to another workload` })
  if (state.names.has(name)) return refused('NAME_TAKEN', { name })
  if (state.workloads.size >= limits.workloads) return refused('RATE_LIMITED', { who: by })

  const workload: Workload = { ...unborn, id, name, spec, submittedBy: by, submittedAt: at }
  state.workloads.set(id, workload)
  reindex(state, null, workload)
  changes.push({ type: 'workload', workload: id })
  emit(step, { type: 'workload.submitted', workload: id, message: `${name} was submitted by ${by}` })
  return accepted({ workload: id })
}

/** What a workload is before anything has happened to it. */
export const unborn = {
  state: 'pending',
  attempt: 0,
  placement: null,
  progress: null,
  startedAt: null,
  endedAt: null,
  exitCode: null,
  error: null,
  stopRequested: null,
  eviction: null,
  retries: 0,
  notBefore: null,
  preferredNode: null,
  history: [],
  rejections: [],
} as const

/** What no node has claimed ends at once; the rest ends when its node says so. A second request can only add force. */
export function requestStop(step: Step, { workload: id, force }: CommandOf<'request-stop'>): Outcome {
  const { state, at, by } = step
  const workload = state.workloads.get(id)
  if (workload === undefined) return refused('WORKLOAD_NOT_FOUND', { workload: id })
  if (isTerminal(workload.state)) return accepted({ workload: id })

  const earlier = workload.stopRequested
  const stopRequested = earlier === null ? { at, by, force } : { ...earlier, force: earlier.force || force }
  if (workload.placement?.state !== 'claimed') {
    const asked = change(step, workload, { stopRequested })
    end(step, asked, { state: 'stopped', endedAt: at, exitCode: null, error: null })
    return accepted({ workload: id })
  }
  change(step, workload, { stopRequested, state: 'stopping' })
  if (earlier === null)
    emit(step, {
      type: 'workload.stopping',
      node: workload.placement.node,
      workload: id,
      message: `${workload.name} is to stop, says ${by}`,
    })
  return accepted({ workload: id })
}

/** Only if every peer sees that it is hopeless. */
export function giveUp(step: Step, { workload: id }: CommandOf<'give-up'>): Outcome {
  const { state } = step
  const workload = state.workloads.get(id)
  if (workload === undefined) return refused('WORKLOAD_NOT_FOUND', { workload: id })
  const readiness = readinessOf(workload, state)
  if (workload.state !== 'pending' || readiness.state !== 'hopeless')
    return refused('INVALID_REQUEST', { problem: `${workload.name} does not wait in vain` })
  fail(step, workload, { code: 'DEPENDENCY_FAILED', facts: { reason: readiness.reason } })
  return accepted({ workload: id })
}

/** Forgets those of them that have ended; the rest stays. */
export function prune({ state, changes }: Step, { workloads }: CommandOf<'prune'>): Outcome {
  for (const id of workloads) {
    const workload = state.workloads.get(id)
    if (workload === undefined || !isTerminal(workload.state)) continue
    state.workloads.delete(id)
    changes.push({ type: 'workload', workload: id })
  }
  return accepted()
}
