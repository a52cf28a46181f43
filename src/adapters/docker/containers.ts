/** Keeps the table of tasks true to what the engine says of their containers, and ends those that run too long. */
import type Dockerode from 'dockerode'
import type { CheckpointSignal } from '../../model/checkpoint.ts'
import { ClawError } from '../../model/failure.ts'
import type { MeshId, NodeId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import { minute } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import { overlayAddress } from './address.ts'
import { detailOf, engineFailure, statusOf } from './engine-failure.ts'
import { ask } from './engine.ts'
import { withInitFailure } from './init-failure.ts'
import { managedBy, ranImage, readLabels } from './labels.ts'
import { removeContainer } from './launch.ts'
import { lostState, taskState } from './outcome.ts'
import type { Held, TaskTable } from './task-table.ts'

export interface ContainersDeps {
  readonly docker: Dockerode
  readonly clock: Clock
  readonly log: Log
  readonly tasks: TaskTable
  /** Ends when the executor is closed. */
  readonly closed: AbortSignal
}

/** Whose containers: those of one node of one mesh. */
export interface Scope {
  readonly mesh: MeshId
  readonly node: NodeId
}

export class Containers {
  readonly #deps: ContainersDeps

  constructor(deps: ContainersDeps) {
    this.#deps = deps
  }

  /** Asks the engine how a container is, and tells those who listen. */
  async refresh(held: Held): Promise<void> {
    const { docker, clock, tasks, closed } = this.#deps
    if (held.handle === null || held.starting !== null || held.state.state === 'ended') return
    const container = docker.getContainer(held.handle)
    try {
      const info = await ask(closed, (abortSignal) => container.inspect({ abortSignal }))
      const { stopAsked, timedOut, labels } = held
      const bare = taskState(info.State, { stopAsked, timedOut, ...labels })
      const address = overlayAddress(info, labels)
      const state =
        bare.state === 'starting' ? bare : { ...bare, image: ranImage(info), ...(bare.state === 'running' && address) }
      tasks.update(held, await withInitFailure(docker, info, state, closed))
    } catch (error) {
      if (statusOf(error) !== 404) throw engineFailure(error)
      tasks.update(held, lostState('its container was removed by someone else', clock.now()))
    }
    this.#armTimeout(held)
  }

  /** Brings a task to its end, whoever wants it. Returns when the container has stopped. */
  async end(held: Held, grace: Millis): Promise<void> {
    const { docker, closed } = this.#deps
    if (held.handle === null || held.state.state === 'ended') return
    const container = docker.getContainer(held.handle)
    try {
      if (grace > 0) await ask(closed, () => container.stop({ t: Math.ceil(grace / 1_000) }), grace + minute)
      else {
        await ask(closed, (abortSignal) => container.kill({ signal: 'SIGKILL', abortSignal }))
        await ask(closed, (abortSignal) => container.wait({ condition: 'not-running', abortSignal }))
      }
    } catch (error) {
      // Stopped already, or gone.
      if (![304, 404, 409].includes(statusOf(error) ?? 0)) throw engineFailure(error)
    }
    await this.refresh(held)
  }

  /** The first process of a container is the engine's init, which hands it on to the task's own. */
  async signal(held: Held, name: CheckpointSignal): Promise<void> {
    const { docker, closed } = this.#deps
    if (held.handle === null || held.state.state !== 'running') return
    const container = docker.getContainer(held.handle)
    try {
      await ask(closed, (abortSignal) => container.kill({ signal: name, abortSignal }))
    } catch (error) {
      // Stopped already, or gone.
      if (![404, 409].includes(statusOf(error) ?? 0)) throw engineFailure(error)
    }
  }

  async pause(held: Held, isPaused: boolean): Promise<void> {
    const { docker, closed } = this.#deps
    if (held.handle === null || held.state.state !== 'running') return
    const container = docker.getContainer(held.handle)
    try {
      await ask(closed, (abortSignal) =>
        isPaused ? container.pause({ abortSignal }) : container.unpause({ abortSignal }),
      )
    } catch (error) {
      // Engines have one and the same status for what is so already and for what went wrong.
      if (!(await this.#isSo(container, isPaused))) throw engineFailure(error)
    }
  }

  /** Whether it is paused or not, as wanted; one that does not run, or is gone, is as wanted in any case. */
  async #isSo(container: Dockerode.Container, isPaused: boolean): Promise<boolean> {
    try {
      const { State } = await ask(this.#deps.closed, (abortSignal) => container.inspect({ abortSignal }))
      return !State.Running || State.Paused === isPaused
    } catch (error) {
      if (statusOf(error) === 404) return true
      throw engineFailure(error)
    }
  }

  /** Takes up containers that we do not know: an earlier daemon's, or such as were made while the engine went away. */
  async discover({ mesh, node }: Scope, signal: AbortSignal): Promise<void> {
    const { docker, tasks } = this.#deps
    const filters = { label: [managedBy, `claw.mesh=${mesh}`, `claw.node=${node}`] }
    const list = (abortSignal: AbortSignal): Promise<Dockerode.ContainerInfo[]> =>
      docker.listContainers({ all: true, filters, abortSignal })
    for (const { Id, State, Labels } of await ask(signal, list)) {
      const labels = readLabels(Labels)
      if (labels === null) continue
      const known = tasks.get(labels.placement)
      if (known !== null) {
        // Another look has found it and may not have seen yet how it is; whoever asks wants to know.
        if (known.state.state === 'starting') await this.refresh(known)
        continue
      }
      // It never ran: a start was cut off in the middle.
      if (State === 'created') await removeContainer(docker, Id)
      else await this.refresh(tasks.hold(labels, { state: 'starting', progress: 'found again' }, Id))
    }
  }

  /** For what nobody waits for. Trouble with the engine is only noted: when it is back, everything is looked at again. */
  background(work: Promise<void>, message: string): void {
    work.catch((error: unknown) => {
      if (this.#deps.closed.aborted) return
      if (!(error instanceof ClawError)) throw error
      this.#deps.log.warn(message, { problem: detailOf(error) })
    })
  }

  #armTimeout(held: Held): void {
    const { clock } = this.#deps
    held.cancelTimeout()
    const { labels, state } = held
    if (labels.timeout === null || state.state !== 'running' || held.stopAsked) return
    const left = state.startedAt + labels.timeout - clock.now()
    held.cancelTimeout = clock.after(left, () => {
      held.timedOut = true
      this.background(this.end(held, labels.stopGrace), 'a task that ran too long could not be stopped')
    })
  }
}
