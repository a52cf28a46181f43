/** One simulated task: plain data, and how it goes on as time passes. */
import type { LogLine } from '../../lib/log-block.ts'
import type { CheckpointSignal } from '../../model/checkpoint.ts'
import { ClawError } from '../../model/failure.ts'
import type { Instant, Millis } from '../../model/time.ts'
import type { WorkloadError } from '../../model/workload.ts'
import type { Task, TaskState, TaskStatus } from '../../ports/executor.ts'
import { stepsOf, type Step, type Trap } from './script.ts'

export interface SimulatedTask {
  readonly ids: Pick<Task, 'placement' | 'workload' | 'mesh' | 'node'>
  readonly devices: readonly string[]
  readonly ports: Task['ports']
  readonly startedAt: Instant
  readonly env: Readonly<Record<string, string>>
  /** When its time-out ends it. */
  readonly deadline: Instant | null
  readonly timeout: Millis | null
  steps: readonly Step[]
  /** Next step to take. */
  cursor: number
  /** The moment up to which it has been played. */
  at: Instant
  /** End of the wait that it is in. */
  waitsUntil: Instant | null
  /** Since when it is held still; null while it is not. */
  pausedAt: Instant | null
  /** What it does about signals, by their names without SIG; the ordinary thing about those that are not there. */
  readonly traps: Map<string, Trap>
  stopAsked: boolean
  state: TaskState
  lines: LogLine[]
  lastPosition: number
}

/** Oldest lines are dropped beyond so many. */
const maxLines = 20_000
/** Longest line, in characters; longer ones come in pieces. */
const maxLine = 16_384

export const killedCode = 137
const terminatedCode = 143

export function simulatedTask(task: Task, now: Instant): SimulatedTask {
  const { placement, workload, mesh, node, spec } = task
  const timeout = spec.timeoutMs ?? null
  const visible = task.devices.map(({ uuid }) => uuid).join(',')
  const { secretEnv = {}, files = [] } = task
  const env = { ...task.env, ...spec.env, ...secretEnv, NVIDIA_VISIBLE_DEVICES: visible === '' ? 'void' : visible }
  return {
    ids: { placement, workload, mesh, node },
    devices: task.devices.map(({ uuid }) => uuid),
    ports: task.ports,
    startedAt: now,
    env,
    deadline: timeout === null ? null : now + timeout,
    timeout,
    steps: stepsOf({ command: [...(spec.entrypoint ?? []), ...spec.command], env, files }),
    cursor: 0,
    at: now,
    waitsUntil: null,
    pausedAt: null,
    traps: new Map(),
    stopAsked: false,
    state: { state: 'running', startedAt: now },
    lines: [],
    lastPosition: 0,
  }
}

export const statusOf = ({ ids, devices, ports, state }: SimulatedTask): TaskStatus => ({
  placement: ids.placement,
  workload: ids.workload,
  handle: `sim-${ids.placement}`,
  devices,
  ...(ports !== undefined && { ports }),
  status: state,
})

/** Plays everything that is due by now, each thing at its own time. */
export function advance(task: SimulatedTask, now: Instant): void {
  const limit = Math.min(task.pausedAt ?? now, task.deadline ?? now)
  while (task.state.state === 'running') {
    if (task.waitsUntil !== null && task.waitsUntil > limit) {
      if (task.deadline !== null && task.deadline <= now) timeOut(task, task.deadline)
      return
    }
    task.at = task.waitsUntil ?? task.at
    task.waitsUntil = null
    take(task, task.steps[task.cursor++] ?? { type: 'exit', code: 0 })
  }
}

/** When something happens next by itself, or null. */
export function nextAt({ state, waitsUntil, pausedAt, deadline }: SimulatedTask): Instant | null {
  if (state.state !== 'running') return null
  return waitsUntil === null || pausedAt !== null ? deadline : Math.min(waitsUntil, deadline ?? waitsUntil)
}

/** It is held still from now on. Only its time-out goes on. */
export function pause(task: SimulatedTask, now: Instant): void {
  advance(task, now)
  if (task.state.state === 'running') task.pausedAt ??= now
}

/** It goes on where it was; the time between does not count as waiting. */
export function resume(task: SimulatedTask, now: Instant): void {
  if (task.pausedAt === null) return
  const missed = now - task.pausedAt
  task.pausedAt = null
  if (task.waitsUntil !== null) task.waitsUntil += missed
  advance(task, now)
}

/** What SIGTERM does; who is held still hears it when told to go on, which the end of it does. */
export function terminate(task: SimulatedTask, now: Instant): void {
  resume(task, now)
  const trap = task.traps.get('TERM') ?? 'default'
  if (task.state.state !== 'running' || trap === 'ignore') return
  task.at = now
  task.waitsUntil = null
  task.cursor = 0
  task.steps = trap === 'default' ? [{ type: 'exit', code: terminatedCode }] : trap
  advance(task, now)
}

/** Numbers of signals: who is ended by one exits with 128 more. Those that end nobody by themselves are not there. */
const deadly: Readonly<Partial<Record<CheckpointSignal, number>>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGUSR1: 10,
  SIGUSR2: 12,
  SIGALRM: 14,
}

/** What a signal does at once: a handler runs, and then the task goes on with what it was doing. */
export function signalled(task: SimulatedTask, name: CheckpointSignal, now: Instant): void {
  if (name === 'SIGTERM') return terminate(task, now)
  advance(task, now)
  if (task.state.state !== 'running') return
  const trap = task.traps.get(name.slice('SIG'.length)) ?? 'default'
  const number = deadly[name]
  if (trap === 'ignore' || (trap === 'default' && number === undefined)) return
  const rest: Step[] = task.waitsUntil === null ? [] : [{ type: 'wait', span: task.waitsUntil - now }]
  const handler: readonly Step[] = trap === 'default' ? [{ type: 'exit', code: 128 + (number ?? 0) }] : trap
  task.steps = [...handler, ...rest, ...task.steps.slice(task.cursor)]
  task.at = now
  task.waitsUntil = null
  task.cursor = 0
  advance(task, now)
}

export function end(task: SimulatedTask, exitCode: number, at: Instant): void {
  const error = exitCode === 0 || task.stopAsked ? null : new ClawError('NONZERO_EXIT', { exitCode })
  task.state = { state: 'ended', exitCode, endedAt: at, error: error === null ? null : asData(error) }
}

function timeOut(task: SimulatedTask, at: Instant): void {
  const error = asData(new ClawError('WORKLOAD_TIMEOUT', { seconds: (task.timeout ?? 0) / 1_000 }))
  task.state = { state: 'ended', exitCode: terminatedCode, endedAt: at, error }
}

function take(task: SimulatedTask, step: Step): void {
  switch (step.type) {
    case 'print':
      return print(task, step.stream, step.text)
    case 'wait':
      task.waitsUntil = task.at + step.span
      return
    case 'trap':
      for (const name of step.signals) task.traps.set(name, step.then)
      return
    case 'exit':
      return end(task, step.code, task.at)
  }
}

function print(task: SimulatedTask, stream: LogLine['stream'], text: string): void {
  for (let start = 0; start === 0 || start < text.length; start += maxLine)
    task.lines.push({ position: ++task.lastPosition, at: task.at, stream, text: text.slice(start, start + maxLine) })
  if (task.lines.length > maxLines) task.lines = task.lines.slice(-maxLines)
}

const asData = ({ code, message }: ClawError): WorkloadError => ({ code, message })
