/** How fast bytes come, and how that reads. */

/** The rate is that of the last seconds: long enough to be calm, short enough to be true. */
const windowMs = 5_000

export class Meter {
  readonly #marks: { readonly at: number; readonly bytes: number }[] = []

  /** `bytes` so far, at a moment in milliseconds that never goes back. */
  note(at: number, bytes: number): void {
    const last = this.#marks.at(-1)
    // Ten marks a second say enough.
    if (last !== undefined && this.#marks.length > 1 && at - last.at < 100) this.#marks.pop()
    this.#marks.push({ at, bytes })
    while (this.#marks.length > 2 && at - (this.#marks[1]?.at ?? at) > windowMs) this.#marks.shift()
  }

  /** Bytes a second; null while there is nothing to tell it by. */
  rate(): number | null {
    const first = this.#marks[0]
    const last = this.#marks.at(-1)
    if (first === undefined || last === undefined || last.at - first.at < 200) return null
    return ((last.bytes - first.bytes) * 1_000) / (last.at - first.at)
  }
}

export interface Amount {
  readonly doneBytes: number
  readonly totalBytes: number | null
  readonly bytesPerSecond: number | null
}

const mib = 1_048_576

/** Such as `120 of 480 MiB, 85 MiB/s, 4 s left`; empty when nothing has come. */
export function amountInWords({ doneBytes, totalBytes, bytesPerSecond }: Amount): string {
  if (doneBytes === 0 && (totalBytes ?? 0) === 0) return ''
  const [done, total] = [doneBytes, totalBytes ?? 0].map((bytes) => Math.round(bytes / mib))
  const much = totalBytes === null ? `${done} MiB` : `${done} of ${total} MiB`
  if (bytesPerSecond === null || bytesPerSecond <= 0) return much
  const rate = bytesPerSecond / mib
  const fast = `${rate < 10 ? rate.toFixed(1) : Math.round(rate)} MiB/s`
  const left = totalBytes === null ? null : Math.max(0, totalBytes - doneBytes) / bytesPerSecond
  return [much, fast, ...(left === null || left === 0 ? [] : [`${leftInWords(left)} left`])].join(', ')
}

function leftInWords(seconds: number): string {
  if (seconds < 100) return `${Math.ceil(seconds)} s`
  return seconds < 6_000 ? `${Math.ceil(seconds / 60)} min` : `${Math.ceil(seconds / 3_600)} h`
}
