/** One life of one simulated process: its clock, and the gate through which everything that happens to it must pass. */
import type { NodeId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { World } from '../world.ts'

export class Process {
  readonly id: NodeId
  /** Time as this process sees it. Its timers wait while it is paused and never fire once it is dead. */
  readonly clock: Clock
  /** How far its wall clock is off, in milliseconds. */
  skew: Millis = 0
  readonly #world: World
  #state: 'running' | 'paused' | 'dead' = 'running'
  #backlog: (() => void)[] = []

  constructor(world: World, id: NodeId) {
    this.id = id
    this.#world = world
    this.clock = {
      now: () => world.now() + this.skew,
      elapsed: () => world.elapsed(),
      after: (wait, run) => this.#after(wait, run),
    }
  }

  get alive(): boolean {
    return this.#state !== 'dead'
  }

  get running(): boolean {
    return this.#state === 'running'
  }

  /** Lets something happen to the process: now, when it goes on, or never. */
  run(event: () => void): void {
    if (this.#state === 'running') event()
    else if (this.#state === 'paused') this.#backlog.push(event)
  }

  pause(): void {
    if (this.#state === 'running') this.#state = 'paused'
  }

  /** Everything that had to wait happens at once, in order, as after SIGCONT. */
  resume(): void {
    if (this.#state !== 'paused') return
    this.#state = 'running'
    for (const event of this.#backlog.splice(0)) this.#world.after(0, () => this.run(event))
  }

  end(): void {
    this.#state = 'dead'
    this.#backlog = []
  }

  #after(wait: Millis, run: () => void): () => void {
    let cancelled = false
    const cancel = this.#world.after(wait, () =>
      this.run(() => {
        if (!cancelled) run()
      }),
    )
    return () => {
      cancelled = true
      cancel()
    }
  }
}
