/**
 * What a node knows of the records of its network: the floor of each key, whose keys count no more, how far accounts have come. Only what was
 * judged goes in, and nothing ever sinks.
 */
import { Recent } from '../../lib/recent.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Instant } from '../../model/time.ts'
import type { Lesson } from './floor-line.ts'
import type { Floor, FloorStep } from './floors.ts'
import { floorEnds, stepFloor } from './floors.ts'
import type { Head } from './rules/rule.ts'
import type { HeadPayload } from './rules/head.ts'
import type { RevocationPayload } from './rules/revocation.ts'
import { recordWarrant, type WarrantPayload } from './rules/warrant.ts'
import type { Judged } from './validate.ts'

/** Judged records that are remembered as they are: to know them again, and to show them when their issuer contradicts one. */
const mostRemembered = 4_096

export interface Taken extends FloorStep {
  /** What shows that the issuer contradicts itself; null when it does not, or when the other record is not at hand. */
  readonly warrant: WarrantPayload | null
}

export class RecordBook {
  readonly #floors = new Map<string, Floor>()
  readonly #lessons = new Map<string, Lesson>()
  readonly #revoked = new Map<NodeId, NodeId | null>()
  readonly #caught = new Set<NodeId>()
  readonly #heads = new Map<string, Head>()
  /** By hash, and the best of each key. */
  readonly #judged = new Recent<string, Judged>(mostRemembered)
  readonly #best = new Recent<string, Judged>(mostRemembered)

  get size(): number {
    return this.#floors.size
  }

  floorOf(key: string): Floor | null {
    return this.#floors.get(key) ?? null
  }

  /** The record that has set the floor of a key, where it is still at hand. */
  bestOf(key: string): Judged | null {
    return this.#best.get(key) ?? null
  }

  /** These very bytes need not be checked again. */
  remember(judged: Judged): void {
    this.#judged.keep(judged.standing.hash, judged)
  }

  verified(hash: string): Judged | null {
    return this.#judged.get(hash) ?? null
  }

  barred(issuer: NodeId): 'revoked' | 'closed-out' | null {
    if (this.#caught.has(issuer)) return 'closed-out'
    return this.#revoked.has(issuer) ? 'revoked' : null
  }

  successorOf(key: NodeId): NodeId | null {
    return this.#revoked.get(key) ?? null
  }

  headOf(account: string): Head | null {
    return this.#heads.get(account) ?? null
  }

  lessonOf(key: string): Lesson {
    return this.#lessons.get(key) ?? {}
  }

  /** What would become of it. */
  weigh(judged: Judged): FloorStep {
    return stepFloor(this.floorOf(judged.key), { issuer: judged.record.issuer, standing: judged.standing })
  }

  /** Raises the floor where it is the best so far, and learns what it teaches. */
  take(judged: Judged): Taken {
    const { key, record } = judged
    const step = this.weigh(judged)
    const other = this.bestOf(key)
    const isShown = step.isConflict && other?.standing.hash === this.floorOf(key)?.standing.hash
    const warrant = isShown && other !== null ? recordWarrant(other.record, record) : null
    this.remember(judged)
    if (step.outcome === 'stale') return { ...step, warrant }
    this.#best.keep(key, judged)
    if (step.outcome === 'risen') this.#raise(judged)
    return { ...step, warrant }
  }

  /** As it was written down. What is known already and better stays. */
  restore(floor: Floor, lesson: Lesson): void {
    if (stepFloor(this.floorOf(floor.key), floor).outcome !== 'risen') return
    this.#floors.set(floor.key, floor)
    this.#learn(floor.key, lesson)
  }

  /** Somebody was caught, by a proof that is at hand. */
  close(offender: NodeId): void {
    this.#caught.add(offender)
  }

  /** Floors that keep out nothing any more, but for those that have taught something for good. */
  ended(now: Instant): readonly string[] {
    return [...this.#floors.values()]
      .filter((floor) => floorEnds(floor) < now && !this.#lessons.has(floor.key))
      .map(({ key }) => key)
  }

  forget(key: string): void {
    this.#floors.delete(key)
    this.#best.delete(key)
  }

  floors(): Iterable<Floor> {
    return this.#floors.values()
  }

  #raise({ key, name, record, standing, value }: Judged): void {
    this.#floors.set(key, { key, issuer: record.issuer, standing })
    if (record.kind === 'tombstone') return
    if (name.namespace === 'claw-rvk') {
      const { successor } = value as RevocationPayload
      this.#learn(key, { revoked: { key: name.id as NodeId, successor } })
    }
    if (name.namespace === 'claw-warr') this.#learn(key, { caught: (value as WarrantPayload).offender })
    if (name.namespace === 'claw-head') {
      const { sequence, head } = value as HeadPayload
      this.#heads.set(name.id, { sequence, head })
    }
  }

  #learn(key: string, lesson: Lesson): void {
    if (lesson.revoked === undefined && lesson.caught === undefined) return
    this.#lessons.set(key, lesson)
    if (lesson.revoked !== undefined) this.#revoked.set(lesson.revoked.key, lesson.revoked.successor)
    if (lesson.caught !== undefined) this.#caught.add(lesson.caught)
  }
}
