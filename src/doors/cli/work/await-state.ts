/** Waiting until a workload is where it should be. */
import { ClawError } from '../../../model/failure.ts'
import type { FailureKind } from '../../../model/failures.ts'
import { failures } from '../../../model/failures.ts'
import type { OutputOf } from '../../../operations/registry.ts'
import type { Api } from '../peer/api.ts'
import { notFinished, workloadExitCode } from '../exit-code.ts'
import { workloadStates } from './follow.ts'
import { looks } from '../show/looks.ts'
import type { Session } from '../line/command.ts'

export const conditions = ['running', 'ready', 'completed', 'done', 'deleted'] as const
export type Condition = (typeof conditions)[number]

type Workload = OutputOf<'workload.wait'>

export interface Awaited {
  readonly workload: Workload
  /** 0 when the condition holds; else what the workload ended with. */
  readonly exitCode: number
}

type Around = Pick<Session, 'out' | 'signal'>

/** Throws WORKLOAD_NOT_FOUND for what is not there, unless that is what is waited for. */
export async function awaitState(api: Api, wanted: Workload, condition: Condition, around: Around): Promise<Awaited> {
  if (condition === 'deleted') return gone(api, wanted, around)
  let last = wanted
  let told = ''
  for await (const state of workloadStates(api, wanted.id, around.signal)) {
    last = state
    if (state.state !== told) around.out.note(`${state.name} is ${state.state}`)
    told = state.state
    if (holds(condition, state)) return { workload: state, exitCode: 0 }
  }
  return { workload: last, exitCode: endedAs(condition, last) }
}

const isEnded = ({ state }: Workload): boolean => ['completed', 'failed', 'stopped'].includes(state)

/** A workload without a probe says nothing of being ready: then it is as soon as it runs. */
const isReady = (workload: Workload & { readonly ready?: boolean | null }): boolean =>
  workload.state === 'running' && (workload.ready ?? true)

const holds = (condition: Exclude<Condition, 'deleted'>, workload: Workload): boolean => {
  switch (condition) {
    case 'running':
      return workload.state === 'running'
    case 'ready':
      return isReady(workload)
    case 'completed':
      return workload.state === 'completed'
    case 'done':
      // Its exit code is the answer, so it has to be read off the end.
      return false
  }
}

/** It has ended: whoever waited for it to run is late when it completed, and wrong otherwise. */
function endedAs(condition: Condition, workload: Workload): number {
  if (!isEnded(workload)) return notFinished
  const code = workloadExitCode(workload, kindOf)
  return condition === 'ready' && code === 0 ? notFinished : code
}

async function gone(api: Api, workload: Workload, around: Around): Promise<Awaited> {
  const look = async (): Promise<boolean> => {
    try {
      await api.call('workload.info', { workload: workload.id }, around.signal)
      return false
    } catch (error) {
      if (ClawError.is(error, 'WORKLOAD_NOT_FOUND')) return true
      throw error
    }
  }
  for await (const isGone of looks(look, around)) if (isGone) return { workload, exitCode: 0 }
  return { workload, exitCode: notFinished }
}

const known: Readonly<Record<string, { readonly kind: FailureKind }>> = failures
const kindOf = (code: string): FailureKind => known[code]?.kind ?? 'internal'
