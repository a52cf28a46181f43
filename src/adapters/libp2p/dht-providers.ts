/**
 * Who says that it has what is looked for. kad-dht takes as many of these as anybody cares to send and keeps each for two days; ours are kept in
 * memory, so many for a topic and for a peer, and for as long as a topic is looked up.
 */
import { type Millis, hour } from '../../model/time.ts'

/** Topics are of an hour; whoever looks asks for that of the hour before as well. */
const life: Millis = 3 * hour
const mostOfPeer = 64
const mostOfTopic = 512
const mostTopics = 4_096
/** So many are told of a topic at once: chance decides which, so that nobody can crowd out the others for good. */
const mostTold = 64

interface Entry {
  readonly value: Uint8Array
  readonly at: Millis
}

export interface ProviderClock {
  readonly elapsed: () => Millis
  readonly chance: () => number
}

export class DhtProviders {
  readonly #clock: ProviderClock
  readonly #topics = new Map<string, Map<string, Entry>>()
  readonly #ofPeer = new Map<string, number>()

  constructor(clock: ProviderClock) {
    this.#clock = clock
  }

  /** False when there is no room for it. */
  put(topic: string, peer: string, value: Uint8Array): boolean {
    const known = this.#topics.get(topic)
    const isNew = known?.has(peer) !== true
    if (isNew && !this.#hasRoom(peer, known)) this.#sweep()
    if (isNew && !this.#hasRoom(peer, this.#topics.get(topic))) return false
    const entries = this.#topics.get(topic) ?? new Map<string, Entry>()
    this.#topics.set(topic, entries)
    entries.set(peer, { value, at: this.#clock.elapsed() })
    if (isNew) this.#ofPeer.set(peer, (this.#ofPeer.get(peer) ?? 0) + 1)
    return true
  }

  delete(topic: string, peer: string): void {
    const entries = this.#topics.get(topic)
    if (entries?.delete(peer) !== true) return
    if (entries.size === 0) this.#topics.delete(topic)
    const left = (this.#ofPeer.get(peer) ?? 1) - 1
    if (left > 0) this.#ofPeer.set(peer, left)
    else this.#ofPeer.delete(peer)
  }

  /** Of one topic; all of them, of all topics, when none is named. */
  of(topic: string | null): readonly (readonly [topic: string, peer: string, value: Uint8Array])[] {
    this.#sweep()
    if (topic === null)
      return [...this.#topics].flatMap(([name, entries]) =>
        Array.from(entries, ([peer, { value }]) => [name, peer, value] as const),
      )
    const all = Array.from(this.#topics.get(topic) ?? [], ([peer, { value }]) => [topic, peer, value] as const)
    return sample(all, mostTold, this.#clock.chance)
  }

  #hasRoom(peer: string, entries: Map<string, Entry> | undefined): boolean {
    const isRoomForPeer = (this.#ofPeer.get(peer) ?? 0) < mostOfPeer
    return isRoomForPeer && (entries === undefined ? this.#topics.size < mostTopics : entries.size < mostOfTopic)
  }

  #sweep(): void {
    const now = this.#clock.elapsed()
    for (const [topic, entries] of [...this.#topics])
      for (const [peer, { at }] of [...entries]) if (now - at > life) this.delete(topic, peer)
  }
}

/** So many of them, each as likely as the others. */
function sample<T>(all: readonly T[], count: number, chance: () => number): readonly T[] {
  if (all.length <= count) return all
  const rest = [...all]
  return Array.from({ length: count }, () => rest.splice(Math.floor(chance() * rest.length), 1)).flat()
}
