/**
 * A challenge to a provider: fill so much memory with what follows from a seed, then walk through it from a second seed that is told only then. Both seeds
 * follow from who asks, whom, when, and a number that nobody can guess, so an answer is none to anybody else, and none that was given before. Whoever
 * has not kept the memory has to make a lane anew for each step, which takes too long; whoever checks makes each lane that is met once, and needs no such memory.
 */
import { z } from 'zod'
import { canonicalJson } from '../../../lib/canonical-json.ts'
import { laneMib, lane as laneOf, seedFrom, Walk } from '../../../lib/memory-lanes.ts'
import { sha256 } from '../../../lib/sha256.ts'
import { party } from '../../../model/molt-agreement.ts'
import { instant } from '../../../model/molt-hardware.ts'
import { type Instant, type Millis, minute, second } from '../../../model/time.ts'

/** A terabyte. */
export const mostLanes = 1_048_576 / laneMib
/** Each costs whoever checks a lane. */
export const mostSteps = 512
/** So many that what answers may take besides is little beside making lanes for that many steps: with few of them half of the memory would be enough. */
export const usualSteps = 512

const nonce = z.string().regex(/^[0-9a-f]{64}$/)

export const Challenge = z.strictObject({
  network: z.string().min(1).max(64),
  /** Who asks. */
  verifier: party,
  provider: party,
  /** 32 bytes by chance: of the memory, and of the walk through it. */
  nonces: z.strictObject({ fill: nonce, walk: nonce }),
  issuedAt: instant,
  /** In milliseconds: an answer that comes later is none. */
  maxAge: z
    .int()
    .min(1_000)
    .max(30 * minute),
  lanes: z.int().min(1).max(mostLanes),
  steps: z.int().min(1).max(mostSteps),
})
export type Challenge = z.infer<typeof Challenge>

/** The walk's is not known to whoever knows that of the memory. */
export function seedsOf({ nonces, ...challenge }: Challenge): { readonly fill: string; readonly walk: string } {
  const bound = (kind: 'fill' | 'walk'): string =>
    sha256(`clawbernetes molt probe 1 ${kind}\n${nonces[kind]}\n${canonicalJson(challenge)}`)
  return { fill: bound('fill'), walk: bound('walk') }
}

/** What came back, and how long each part took, by the clock of who asked. */
export interface Told {
  readonly answer: string
  readonly filledIn: Millis
  readonly walkedIn: Millis
}

/** What the one who asks has worked out itself. */
export interface Own {
  readonly answer: string
  /** How long it takes this node to make a lane. */
  readonly laneTakes: Millis
}

export type ProbeProblem = 'expired' | 'other-verifier' | 'replayed' | 'wrong' | 'slow-fill' | 'slow-walk'

/** So long the way there and back, and the start of a program, may take besides. */
const slack = { fill: 3 * second, walk: second / 2 } as const
/** Of the time that making the lanes anew would take this node, so much may have gone by: others may be faster than this node. */
const part = 8

/** No longer than this node would need for it alone, where its owner has said nothing. */
export const longestFill = ({ lanes }: Challenge, { laneTakes }: Own): Millis => slack.fill + lanes * laneTakes
/** A fraction of what it would take to make the lanes for each step. */
export const longestWalk = ({ steps }: Challenge, { laneTakes }: Own): Millis =>
  Math.max(slack.walk, (steps * laneTakes) / part)

/** What is wrong with an answer; null for a good one. `within`: how long filling may take at most, where its buyer has said so. */
export function probeProblem(
  challenge: Challenge,
  told: Told,
  {
    self,
    own,
    seen,
    within,
    now,
  }: {
    readonly self: string
    readonly own: Own
    /** Answers that were taken before. */
    readonly seen: ReadonlySet<string>
    readonly within: Millis | null
    readonly now: Instant
  },
): ProbeProblem | null {
  if (challenge.verifier !== self) return 'other-verifier'
  if (now < challenge.issuedAt - minute || now > challenge.issuedAt + challenge.maxAge) return 'expired'
  if (seen.has(told.answer)) return 'replayed'
  if (told.answer !== own.answer) return 'wrong'
  if (told.filledIn > (within ?? longestFill(challenge, own))) return 'slow-fill'
  return told.walkedIn > longestWalk(challenge, own) ? 'slow-walk' : null
}

/**
 * What the right answer is. Makes each lane that the walk leads to once, keeps as few as `kept`, and yields now and then. `elapsed` tells how long it takes,
 * without what others do meanwhile.
 */
export function* workOut(challenge: Challenge, elapsed: () => Millis, kept = 8): Generator<undefined, Own> {
  const seeds = seedsOf(challenge)
  const [fill, walk] = [seedFrom(seeds.fill), new Walk(seedFrom(seeds.walk), challenge.lanes)]
  const lanes = new Map<number, Uint32Array>()
  let [made, took] = [0, 0]
  for (let step = 0; step < challenge.steps; step += 1) {
    const { lane, word } = walk.next
    let words = lanes.get(lane)
    if (words === undefined) {
      const making = laneOf(fill, lane)
      for (;;) {
        const begun = elapsed()
        const next = making.next()
        took += elapsed() - begun
        if (next.done === true) {
          words = next.value
          break
        }
        yield undefined
      }
      made += 1
      const [oldest] = lanes.keys()
      if (lanes.size >= kept && oldest !== undefined) lanes.delete(oldest)
      lanes.set(lane, words)
    }
    walk.take(words[word] ?? 0)
  }
  return { answer: walk.answer, laneTakes: took / Math.max(1, made) }
}
