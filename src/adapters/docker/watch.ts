/** One stream of the engine's events, opened again whenever it breaks. */
import { setTimeout as delay } from 'node:timers/promises'
import type Dockerode from 'dockerode'
import type { Millis } from '../../model/time.ts'
import type { Log } from '../../ports/log.ts'
import { detailOf } from './engine-failure.ts'
import { ask } from './engine.ts'
import { JsonLines } from './json-lines.ts'
import { managedBy } from './labels.ts'

const shortest: Millis = 250
const longest: Millis = 5_000

export interface WatchDeps {
  readonly docker: Dockerode
  readonly log: Log
  /** The stream is open: what happened before must be looked up, what happens from now on will be told. */
  readonly onOpen: (signal: AbortSignal) => Promise<void>
  /** Something happened to the container that has these labels. */
  readonly onEvent: (labels: Readonly<Record<string, string>>) => void
}

export class EngineWatch {
  readonly #deps: WatchDeps
  readonly #end = new AbortController()
  #running: Promise<void> | null = null
  #wait = shortest

  constructor(deps: WatchDeps) {
    this.#deps = deps
  }

  /** May be called again; there is one stream. */
  start(): void {
    this.#running ??= this.#run()
  }

  async stop(): Promise<void> {
    this.#end.abort(new Error('the executor was closed'))
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#end.signal.aborted) {
      try {
        await this.#follow(this.#end.signal)
      } catch (error) {
        if (this.#end.signal.aborted) return
        this.#deps.log.warn('lost the events of the container engine', {
          problem: detailOf(error),
          retryMs: this.#wait,
        })
      }
      await delay(this.#wait, undefined, { signal: this.#end.signal }).catch(ignoreAbort)
      this.#wait = Math.min(this.#wait * 2, longest)
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { docker, onOpen, onEvent } = this.#deps
    // The type says that a filter is one text; the engine wants lists.
    const filters = JSON.stringify({ type: ['container'], label: [managedBy], event: ['start', 'die', 'destroy'] })
    const events = await ask(signal, (abortSignal) => docker.getEvents({ filters, abortSignal }), null)
    await onOpen(signal)
    this.#wait = shortest
    const lines = new JsonLines()
    for await (const chunk of events)
      for (const event of lines.push(chunk as Buffer)) {
        const labels = labelsIn(event)
        if (labels !== null) onEvent(labels)
      }
  }
}

const ignoreAbort = (error: unknown): void => {
  if (!(error instanceof Error && error.name === 'AbortError')) throw error
}

function labelsIn(event: unknown): Readonly<Record<string, string>> | null {
  if (typeof event !== 'object' || event === null || !('Actor' in event)) return null
  const actor = event.Actor
  if (typeof actor !== 'object' || actor === null || !('Attributes' in actor)) return null
  const attributes = actor.Attributes
  if (typeof attributes !== 'object' || attributes === null) return null
  return Object.fromEntries(
    Object.entries(attributes).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  )
}
