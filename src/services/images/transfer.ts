/** Takes an image from one member, piece by piece, and watches that it is no more and no slower than it may be. */
import type { Source } from '../../core/images/sources.ts'
import { mostArchiveBytes } from '../../core/images/sources.ts'
import { amountInWords, Meter } from '../../lib/meter.ts'
import { ClawError } from '../../model/failure.ts'
import type { Millis } from '../../model/time.ts'
import { second } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ImageStore, OnProgress, StoredImage } from '../../ports/images.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Rpc } from '../../ports/rpc.ts'
import { fetchImage } from '../../wire/image.ts'

export interface TransferDeps {
  readonly store: Pick<ImageStore, 'import'>
  readonly rpc: Pick<Rpc, 'stream'>
  readonly clock: Clock
  readonly metrics: Metrics
}

/** A member that sends nothing for so long has hung. */
const patience: Millis = 30 * second
/** People read no faster. */
const between: Millis = second

/** Throws IMAGE_CORRUPT, TOO_LARGE, and what the rpc throws. Nothing is left of it then. */
export async function takeFrom(
  { store, rpc, clock, metrics }: TransferDeps,
  { source, from }: { readonly source: Source; readonly from: string },
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<StoredImage> {
  const limit = mostArchiveBytes(source.bytes)
  const meter = new Meter()
  const hung = new AbortController()
  const end = AbortSignal.any([signal, hung.signal])
  let doneBytes = 0
  let toldAt = -Infinity

  const tell = (text: string): void => {
    const amount = { doneBytes, totalBytes: source.bytes, bytesPerSecond: meter.rate() }
    const words = amountInWords({ ...amount, doneBytes: Math.min(doneBytes, source.bytes) })
    onProgress({ ...amount, text: words === '' ? text : `${text}: ${words}`, layers: null })
  }
  const pieces = async function* (): AsyncIterable<Uint8Array> {
    const stream = rpc.stream(source.node, fetchImage, { id: source.id }, end)[Symbol.asyncIterator]()
    try {
      for (;;) {
        const cancel = clock.after(patience, () => hung.abort(silent(from)))
        const item = await stream
          .next()
          .catch((error: unknown) => {
            throw sourceFailure(error, source.id)
          })
          .finally(cancel)
        if (item.done === true) break
        const { data } = item.value
        doneBytes += data.length
        metrics.count('claw_image_bytes_total', { direction: 'in' }, data.length)
        if (doneBytes > limit) throw new ClawError('TOO_LARGE', { what: `The image from ${from}`, limit })
        meter.note(clock.elapsed(), doneBytes)
        if (clock.elapsed() - toldAt >= between) {
          toldAt = clock.elapsed()
          tell(`taking image from ${from}`)
        }
        yield data
      }
      tell(`unpacking image from ${from}`)
    } finally {
      await stream.return?.()
    }
  }
  return store.import(source.id, pieces(), signal)
}

/** What ails the member must not be taken for what ails us. */
function sourceFailure(error: unknown, image: string): unknown {
  if (!(error instanceof ClawError) || ClawError.is(error, 'RATE_LIMITED')) return error
  return new ClawError('IMAGE_PULL_FAILED', { image, detail: error.message }, { cause: error })
}

const silent = (from: string): ClawError =>
  new ClawError('DEADLINE_EXCEEDED', { what: `The next piece of the image from ${from}`, ms: patience })
