/** Work that is too long for one turn of the event loop, as a generator: each step of it is a slice, and others get their turn in between. */

export type Slices<Part, Result = void> = Generator<Part, Result, undefined>

/** All of it at once, for work that is known to be short, and where nothing can wait. */
export function atOnce<Result>(work: Slices<unknown, Result>): Result {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
  }
}

/** The parts, one after the other in one piece. */
export function joined(work: Iterable<Uint8Array>): Uint8Array {
  return new Uint8Array(Buffer.concat([...work]))
}

/** A slice at a time; `pause` lets others go first. Throws what the work throws, and what `pause` throws. */
export async function inTurns<Result>(work: Slices<unknown, Result>, pause: () => Promise<void>): Promise<Result> {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
    await pause()
  }
}

/** The parts, each made when it is asked for and with a pause behind it. */
export async function* partsInTurns<Part>(work: Iterable<Part>, pause: () => Promise<void>): AsyncGenerator<Part> {
  for (const part of work) {
    yield part
    await pause()
  }
}

/** Bytes in views of at most `most` each. */
export function* cut(bytes: Uint8Array, most: number): Slices<Uint8Array> {
  for (let at = 0; at < bytes.length; at += most) yield bytes.subarray(at, Math.min(bytes.length, at + most))
}
