/** Sends what a stream handler yields, never further ahead of the reader than the window allows. */
import type { FailureBody } from '../../model/failure.ts'

/** The serving side's view of one open stream. */
export interface StreamLink {
  /** Ends when the reader leaves, or the connection breaks. */
  readonly signal: AbortSignal
  /** The serving side has seen the connection break. */
  readonly broken: () => void
  /** Waits until the reader can take one more item. */
  readonly ready: () => Promise<void>
  readonly send: (item: Uint8Array) => void
  /** The last word: null for a normal end. */
  readonly end: (failure: FailureBody | null) => void
}

export async function pump(items: AsyncIterable<Uint8Array>, link: StreamLink): Promise<void> {
  const iterator = items[Symbol.asyncIterator]()
  const gone = new Promise<null>((resolve) => {
    if (link.signal.aborted) resolve(null)
    else link.signal.addEventListener('abort', () => resolve(null), { once: true })
  })
  for (;;) {
    const next = await Promise.race([link.ready().then(() => iterator.next()), gone])
    if (next === null) {
      // A handler that waits for something else than the signal must not keep us: it is left behind.
      iterator.return?.().then(nothing, nothing)
      return
    }
    if (next.done === true) return
    link.send(next.value)
  }
}

const nothing = (): void => {}
