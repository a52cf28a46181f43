/** Asks all witnesses at once, each again after a while as long as it has no answer, until there is enough. */
import { isClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import { second } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Random } from '../../ports/random.ts'

export interface GatherDeps {
  readonly witnesses: Iterable<NodeId>
  readonly clock: Clock
  readonly random: Random
}

export interface Gathering<Answer> {
  /** Null when this one has to be asked again. What goes wrong on the way counts as that. */
  readonly ask: (witness: NodeId, signal: AbortSignal) => Promise<Answer | null>
  readonly isEnough: (answers: ReadonlyMap<NodeId, Answer>) => boolean
  /** After so long there is what there is. */
  readonly patience: Millis
  /** Whether those who have not answered by then are asked on, until their patience is over. */
  readonly goesOn?: boolean
}

const firstPause: Millis = 200
const longestPause: Millis = 5 * second

/** The answers so far, as soon as they are enough or time is up. Throws the signal's reason. */
export async function gather<Answer>(
  { witnesses, clock, random }: GatherDeps,
  { ask, isEnough, patience, goesOn = false }: Gathering<Answer>,
  signal: AbortSignal,
): Promise<ReadonlyMap<NodeId, Answer>> {
  signal.throwIfAborted()
  const answers = new Map<NodeId, Answer>()
  const { promise: over, resolve, reject } = Promise.withResolvers<void>()
  const end = new AbortController()
  const finish = (): void => {
    resolve()
    if (!goesOn) end.abort(new Error('there is enough'))
  }
  const cancel = clock.after(patience, () => {
    resolve()
    end.abort(new Error('there is no more time'))
  })
  const onAbort = (): void => {
    reject(signal.reason)
    end.abort(signal.reason)
  }
  signal.addEventListener('abort', onAbort, { once: true })
  const one = async (witness: NodeId): Promise<void> => {
    for (let pause = firstPause; !end.signal.aborted; pause = Math.min(2 * pause, longestPause)) {
      const answer = await ask(witness, end.signal).catch((error: unknown) => {
        if (isClawError(error) || end.signal.aborted) return null
        throw error
      })
      // What comes when all is decided changes nothing any more.
      if (answer !== null && !end.signal.aborted) {
        answers.set(witness, answer)
        if (isEnough(answers)) finish()
        return
      }
      await waited(clock, pause * (0.5 + random.next()), end.signal)
    }
  }
  const asked = Promise.all([...witnesses].map(one))
  void asked.then(
    () => {
      cancel()
      signal.removeEventListener('abort', onAbort)
      resolve()
    },
    (error: unknown) => {
      cancel()
      reject(error)
      end.abort(error)
    },
  )
  await over
  return answers
}

/** Returns early when it is aborted. */
export async function waited(clock: Clock, wait: Millis, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const wake = (): void => resolve()
  const cancel = clock.after(wait, wake)
  signal.addEventListener('abort', wake, { once: true })
  await promise
  signal.removeEventListener('abort', wake)
  cancel()
}
