/** Adds up what a pull says about its layers. */

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

const mib = 1_048_576
/** Images have at most 127 layers; more than this is not an image. */
const mostLayers = 1_000

export class PullProgress {
  readonly #layers = new Map<string, Layer>()

  add({ id, status, progressDetail }: PullEvent): void {
    if (id === undefined || status === undefined || !/^[0-9a-f]{12}$/.test(id)) return
    const before = this.#layers.get(id) ?? { current: 0, total: 0, done: false }
    if (this.#layers.size >= mostLayers && !this.#layers.has(id)) return
    this.#layers.set(id, after(before, status, progressDetail))
  }

  /** One line for people, such as `pulling image: 3 of 5 layers, 120 of 480 MiB`. */
  text(): string {
    const layers = [...this.#layers.values()]
    if (layers.length === 0) return 'pulling image'
    const sum = (of: (layer: Layer) => number): number => layers.reduce((total, layer) => total + of(layer), 0)
    const done = layers.filter((layer) => layer.done).length
    const [current, total] = [sum((layer) => layer.current), sum((layer) => layer.total)].map((bytes) =>
      Math.round(bytes / mib),
    )
    return `pulling image: ${done} of ${layers.length} layers${total === 0 ? '' : `, ${current} of ${total} MiB`}`
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
