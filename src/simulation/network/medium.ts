/** What lies between two processes: delay, loss, duplication, and cuts in one direction or both. */
import type { NodeId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import type { World } from '../world.ts'
import type { Process } from './process.ts'

export interface Faults {
  /** Share of messages that never arrive, 0 to 1. Frames of a stream are late instead, as over TCP. */
  loss: number
  /** Share of notices and gossip messages that arrive twice. */
  duplication: number
  /** One-way delay, uniform between the two. */
  latency: { readonly min: Millis; readonly max: Millis }
}

/** One direction of one stream: what is sent on it arrives in order. */
export class Channel {
  readonly from: Process
  readonly to: Process
  /** False once the connection is gone: what is held then never arrives. */
  readonly isOpen: () => boolean
  readonly waiting: (() => void)[] = []
  clearAt: Millis = 0

  constructor(from: Process, to: Process, isOpen: () => boolean) {
    this.from = from
    this.to = to
    this.isOpen = isOpen
  }
}

interface SendOptions {
  readonly mayDouble?: boolean
  readonly carrier?: 'single' | 'gossip'
}

/** How long a lost or held frame takes to be sent again. */
const resendAfter: Millis = 200

export class Medium {
  /** How many messages were sent so far, by what carried them. */
  readonly sent = { single: 0, gossip: 0, frames: 0 }
  readonly faults: Faults = { loss: 0, duplication: 0, latency: { min: 1, max: 5 } }
  readonly #world: World
  readonly #cuts = new Map<NodeId, Set<NodeId>>()

  constructor(world: World) {
    this.#world = world
  }

  /** From now on nothing gets from one to the other. What is on its way is lost as well. */
  cut(from: NodeId, to: NodeId): void {
    const cuts = this.#cuts.get(from)
    if (cuts === undefined) this.#cuts.set(from, new Set([to]))
    else cuts.add(to)
  }

  mend(from: NodeId, to: NodeId): void {
    this.#cuts.get(from)?.delete(to)
  }

  mendAll(): void {
    this.#cuts.clear()
  }

  isCut(from: NodeId, to: NodeId): boolean {
    return this.#cuts.get(from)?.has(to) === true
  }

  latency(): Millis {
    const { min, max } = this.faults.latency
    return min + this.#world.next() * (max - min)
  }

  /** Sends one message on its own: it may be lost or overtaken, and may arrive twice where that is allowed. */
  send(from: Process, to: Process, arrive: () => void, options: SendOptions = {}): void {
    if (!from.alive) return
    this.sent[options.carrier ?? 'single'] += 1
    const { loss, duplication } = this.faults
    if (loss === 0 || this.#world.next() >= loss) this.#carry(from, to, arrive)
    if (options.mayDouble === true && duplication > 0 && this.#world.next() < duplication) this.#carry(from, to, arrive)
  }

  /** Sends what the kernel sends: never lost by chance, only by a cut. */
  signal(from: NodeId, to: Process, arrive: () => void): void {
    this.#world.after(this.latency(), () => {
      if (!this.isCut(from, to.id)) to.run(arrive)
    })
  }

  /** Sends the next frame of a stream: in order, late when lost, and held for as long as the way is cut. */
  sendFrame(on: Channel, arrive: () => void): void {
    if (!on.from.alive) return
    this.sent.frames += 1
    let delay = this.latency()
    while (this.faults.loss > 0 && delay < minuteOfResends && this.#world.next() < this.faults.loss)
      delay += resendAfter
    on.clearAt = Math.max(on.clearAt, this.#world.elapsed() + delay)
    on.waiting.push(arrive)
    const deliver = (): void => {
      if (!on.isOpen()) return
      if (this.isCut(on.from.id, on.to.id)) this.#world.after(resendAfter, deliver)
      else on.to.run(() => on.waiting.shift()?.())
    }
    this.#world.after(on.clearAt - this.#world.elapsed(), deliver)
  }

  #carry(from: Process, to: Process, arrive: () => void): void {
    this.#world.after(this.latency(), () => {
      if (!this.isCut(from.id, to.id)) to.run(arrive)
    })
  }
}

const minuteOfResends: Millis = 60_000
