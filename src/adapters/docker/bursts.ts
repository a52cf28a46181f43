/** What a stream has, whole, each time that it is asked: the engine sends each line by itself, and lines are cheap only by the hundred. */
import type { Readable } from 'node:stream'

/** After less than so much there is a pause, in which more can gather. What is quiet comes at once all the same: the pause is behind it. */
const enough = 65_536
const pauseMs = 5

/** Ends with the stream. Throws what ended it, also when it was cut off. */
export async function* bursts(stream: Readable): AsyncGenerator<Buffer, undefined> {
  let failure: Error | null = null
  let isOver = false
  let wake = (): void => {}
  const onReadable = (): void => wake()
  const onEnd = (): void => {
    isOver = true
    wake()
  }
  const onError = (error: Error): void => {
    failure ??= error
    onEnd()
  }
  const onClose = (): void => {
    if (!stream.readableEnded) onError(Object.assign(new Error('the connection was cut'), { code: 'ECONNRESET' }))
  }
  stream.on('readable', onReadable).on('end', onEnd).on('error', onError).on('close', onClose)
  try {
    for (;;) {
      const burst = stream.read() as Buffer | null
      if (burst !== null) {
        yield burst
        if (burst.length < enough && !isOver) await new Promise((resolve) => setTimeout(resolve, pauseMs))
      } else if (isOver) break
      else await new Promise<void>((resolve) => (wake = resolve))
    }
    if (failure !== null) throw failure as Error
  } finally {
    // Errors of a stream that nobody reads any more are nobody's.
    stream.off('readable', onReadable).off('end', onEnd).off('close', onClose)
    stream.destroy()
  }
}
