/** The program that answers challenges, as simulated tasks have it: it computes what `config/probe/claw-probe.c` does, in the memory of the node. */
import { lane, laneWords, seedFrom, Walk } from '../../lib/memory-lanes.ts'
import type { Clock } from '../../ports/clock.ts'

/** It is simulated: more than that is not there. */
const mostLanes = 64

export class SimulatedProbe {
  readonly #clock: Clock
  readonly #say: (line: string) => void
  readonly #end: (code: number) => void
  readonly #lanes: Uint32Array[] = []
  #input = ''
  #busy: Promise<void> = Promise.resolve()

  constructor(clock: Clock, say: (line: string) => void, end: (code: number) => void) {
    this.#clock = clock
    this.#say = say
    this.#end = end
  }

  write(data: Uint8Array): void {
    const lines = `${this.#input}${Buffer.from(data).toString('latin1')}`.split('\n')
    this.#input = lines.pop() ?? ''
    for (const line of lines) this.#busy = this.#busy.then(() => this.#answer(line))
  }

  endInput(): void {
    this.#busy = this.#busy.then(() => this.#end(0))
  }

  async #answer(line: string): Promise<void> {
    const [, verb, seed = '', count = ''] = /^(fill|walk) ([0-9a-f]{64}) (\d{1,7})$/.exec(line) ?? []
    if (verb === 'fill' && Number(count) <= mostLanes) return this.#fill(seed, Number(count))
    if (verb === 'walk' && this.#lanes.length > 0) return this.#walk(seed, Number(count))
    this.#say(verb === 'fill' ? 'there is not so much memory' : 'there is no such challenge')
    this.#end(1)
  }

  /** Others have their turn meanwhile. */
  async #fill(seed: string, count: number): Promise<void> {
    for (let number = 0; number < count; number += 1) {
      const making = lane(seedFrom(seed), number)
      for (let next = making.next(); ; next = making.next()) {
        if (next.done === true) {
          this.#lanes.push(next.value)
          break
        }
        await new Promise<void>((resolve) => void this.#clock.after(0, resolve))
      }
    }
    this.#say(`filled ${count}`)
  }

  #walk(seed: string, steps: number): void {
    const walk = new Walk(seedFrom(seed), this.#lanes.length)
    for (let step = 0; step < steps; step += 1) {
      const { lane: number, word } = walk.next
      walk.take(this.#lanes[number]?.[word & (laneWords - 1)] ?? 0)
    }
    this.#say(`answer ${walk.answer}`)
  }
}
