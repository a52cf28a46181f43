/** What users do with workloads: submit them, ask for their end, and let the ended ones be forgotten. */
import type { WorkloadId } from '../../model/ids.ts'
import { groupId, partId } from '../../model/ids.ts'
import type { Workload } from '../../model/workload.ts'
import { isTerminal } from '../../model/workload.ts'
import { keepDecision } from './decisions.ts'
import { forgetPart, partsOf } from './groups.ts'
import { reindex } from './holdings.ts'
import { readinessOf } from '../queue/dependencies.ts'
import { askToStop, fail } from './lifecycle.ts'
import { limits } from './state.ts'
import { completed, submissionObstacle } from './namespaces.ts'
import { recordExceptions } from './policies.ts'
import type { Step } from './step.ts'
import { accepted, emit, refused } from './step.ts'
import { WorkloadIdSchema, workloadName } from './schemas.ts'
import type { CommandOf, Outcome } from './types.ts'

export function submit(step: Step, { workload: id, name, spec: asked }: CommandOf<'submit'>): Outcome {
  const { state, by } = step
  const spec = completed(state, asked, 'ending')
  if (spec.parts !== undefined) return submitGroup(step, { id, name, spec })
  const known = state.workloads.get(id)
  if (known !== undefined)
    return known.name === name && known.submittedBy === by
      ? accepted({ workload: id })
      : refused('INVALID_REQUEST', { problem: `the id ${id} belongs to another workload` })
  if (state.names.has(name)) return refused('NAME_TAKEN', { name })
  if (state.workloads.size >= limits.workloads) return refused('RATE_LIMITED', { who: by })

  const obstacle = submissionObstacle(state, spec, 1)
  if (obstacle !== null) return obstacle
  add(step, { id, name, spec, part: null })
  emit(step, { type: 'workload.submitted', workload: id, message: `${name} was submitted by ${by}` })
  recordExceptions(step, { kind: 'workload', name, workload: id, spec, replicas: 1 })
  return accepted({ workload: id })
}

/** Each part is a workload of its own, with a name of its own. */
function submitGroup(step: Step, { id, name, spec }: Pick<Workload, 'id' | 'name' | 'spec'>): Outcome {
  const { state, by } = step
  const group = groupId(id)
  const known = partsOf(state, group)[0]
  if (known !== undefined || state.workloads.has(id))
    return known?.submittedBy === by && known.name === partName(name, known.part?.index ?? 0)
      ? accepted({ workload: id })
      : refused('INVALID_REQUEST', { problem: `the id ${id} belongs to another workload` })
  const count = spec.parts?.count ?? 0
  const last = { id: partId(group, count - 1), name: partName(name, count - 1) }
  if (!workloadName.safeParse(last.name).success || !WorkloadIdSchema.safeParse(last.id).success)
    return refused('INVALID_REQUEST', { problem: `${name} is too long: one of its parts would be ${last.name}` })
  const indexes = Array.from({ length: count }, (_, index) => index)
  const taken = [name, ...indexes.map((index) => partName(name, index))].find((one) => state.names.has(one))
  if (taken !== undefined) return refused('NAME_TAKEN', { name: taken })
  if (state.workloads.size + count > limits.workloads) return refused('RATE_LIMITED', { who: by })
  if (JSON.stringify(spec).length * count > limits.groupBytes)
    return refused('TOO_LARGE', { what: `${count} times the workload`, limit: limits.groupBytes })

  const obstacle = submissionObstacle(state, spec, count)
  if (obstacle !== null) return obstacle

  for (const index of indexes)
    add(step, { id: partId(group, index), name: partName(name, index), spec, part: { group, index } })
  const first = partId(group, 0)
  emit(step, { type: 'workload.submitted', workload: first, message: `${name} × ${count} was submitted by ${by}` })
  recordExceptions(step, { kind: 'workload', name, workload: first, spec, replicas: count })
  return accepted({ workload: id })
}

/** What part of a group is called. */
export const partName = (group: string, index: number): string => `${group}-${index}`

type Newborn = Pick<Workload, 'id' | 'name' | 'spec' | 'part' | 'owner' | 'run'>

/** A workload that waits for its first place. */
export function add({ state, at, by, changes }: Step, parts: Newborn): void {
  const workload: Workload = { ...unborn, ...parts, submittedBy: by, submittedAt: at }
  state.workloads.set(workload.id, workload)
  reindex(state, null, workload)
  changes.push({ type: 'workload', workload: workload.id })
}

/** What a workload is before anything has happened to it. */
export const unborn = {
  part: null,
  state: 'pending',
  attempt: 0,
  placement: null,
  progress: null,
  startedAt: null,
  lastCheckpoint: null,
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

/** A workload, or all parts of a group. The rest of a gang follows the part that is named. */
export function requestStop(step: Step, { workload: id, force, reason }: CommandOf<'request-stop'>): Outcome {
  const { state, by } = step
  const one = state.workloads.get(id as WorkloadId)
  const all = one === undefined ? partsOf(state, groupId(id)) : [one]
  if (all.length === 0) return refused('WORKLOAD_NOT_FOUND', { workload: id })
  for (const workload of all.filter((each) => !isTerminal(each.state)))
    askToStop(step, workload, { by, force, because: null, ...(reason !== undefined && { reason }) })
  return accepted({ workload: id as WorkloadId })
}

/** Why it waits, in the leader’s words. */
export function noteWait({ state, at }: Step, { workload: id, reason }: CommandOf<'note-wait'>): Outcome {
  const workload = state.workloads.get(id)
  if (workload?.state !== 'pending') return refused('WORKLOAD_NOT_FOUND', { workload: id })
  keepDecision(state, id, { at, type: 'workload.waits', message: `${workload.name} waits: ${reason}` })
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
export function prune(step: Step, { workloads }: CommandOf<'prune'>): Outcome {
  for (const id of workloads) {
    const workload = step.state.workloads.get(id)
    if (workload !== undefined && isTerminal(workload.state)) forgetWorkload(step, workload)
  }
  return accepted()
}

/** One that has ended. */
export function forgetWorkload({ state, changes }: Pick<Step, 'state' | 'changes'>, workload: Workload): void {
  const { id, part } = workload
  state.workloads.delete(id)
  reindex(state, workload, null)
  state.decisions.delete(id)
  if (part !== null) forgetPart(state, part)
  changes.push({ type: 'workload', workload: id })
}
