/** Adds up what a pull says about its layers. */
import { amountInWords, Meter } from '../../lib/meter.ts'
import type { Millis } from '../../model/time.ts'
import type { ImageProgress } from '../../ports/images.ts'

export interface PullEvent {
  readonly id?: string | undefined
  readonly status?: string | undefined
  readonly progressDetail?: { readonly current?: number | undefined; readonly total?: number | undefined } | undefined
}

interface Layer {
  readonly current: number
  readonly total: number
  readonly done: boolean
}

/** Images have at most 127 layers; more than this is not an image. */
const mostLayers = 1_000

export class PullProgress {
  readonly #layers = new Map<string, Layer>()
  readonly #meter = new Meter()

  add({ id, status, progressDetail }: PullEvent): void {
    if (id === undefined || status === undefined || !/^[0-9a-f]{12}$/.test(id)) return
    const before = this.#layers.get(id) ?? { current: 0, total: 0, done: false }
    if (this.#layers.size >= mostLayers && !this.#layers.has(id)) return
    this.#layers.set(id, after(before, status, progressDetail))
  }

  /** As it stands; the text is one line such as `pulling image: 3 of 5 layers, 120 of 480 MiB, 85 MiB/s, 5 s left`. */
  at(now: Millis): ImageProgress {
    const layers = [...this.#layers.values()]
    const sum = (of: (layer: Layer) => number): number => layers.reduce((total, layer) => total + of(layer), 0)
    const doneBytes = sum((layer) => layer.current)
    const totalBytes = sum((layer) => layer.total)
    this.#meter.note(now, doneBytes)
    const amount = { doneBytes, totalBytes, bytesPerSecond: this.#meter.rate() }
    const done = layers.filter((layer) => layer.done).length
    const parts = [`${done} of ${layers.length} layers`, amountInWords(amount)].filter((part) => part !== '')
    const text = layers.length === 0 ? 'pulling image' : `pulling image: ${parts.join(', ')}`
    return {
      text,
      doneBytes,
      totalBytes: totalBytes === 0 ? null : totalBytes,
      bytesPerSecond: amount.bytesPerSecond,
      layers: { done, total: layers.length },
    }
  }
}

/** Only downloads count: unpacking reports the same bytes again. */
function after(before: Layer, status: string, detail: PullEvent['progressDetail']): Layer {
  if (status === 'Already exists') return { ...before, done: true }
  if (status === 'Pull complete') return { ...before, current: before.total, done: true }
  if (status === 'Download complete') return { ...before, current: before.total }
  if (status !== 'Downloading') return before
  const total = Math.max(before.total, detail?.total ?? 0)
  return { ...before, total, current: Math.max(before.current, Math.min(detail?.current ?? 0, total)) }
}
