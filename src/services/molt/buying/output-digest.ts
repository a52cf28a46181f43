/** What a run has printed to standard output, by its digest. */
import type { Output } from '../../../core/molt/market/re-execution.ts'
import { isError, runsIn } from '../../../lib/log-chunk.ts'
import { Tally } from '../../../lib/passing.ts'
import type { LogsItem } from '../../../wire/molt-lease.ts'

/** More than that is not compared. */
export const mostOutput = 16 * 1_048_576
/** Of lines of either stream, and of changes from one to the other: each costs some time. */
export const mostLines = 1_048_576
/** Of all that the provider says, whatever it is. */
export const mostRead = 4 * mostOutput

export type Digest =
  | { readonly ok: true; readonly digest: Pick<Output, 'sha256' | 'bytes'> }
  | { readonly ok: false; readonly problem: string }

/** Lines of standard error are the host's to say much in; they are not compared, but they count. Throws what reading throws. */
export async function digestOf(items: AsyncIterable<LogsItem>): Promise<Digest> {
  const output = new Tally()
  let [read, lines] = [0, 0]
  for await (const item of items) {
    if (item.note !== null)
      return {
        ok: false,
        problem: `not all of its output is there: ${item.note}`,
      }
    read += sizeOf(item)
    if (read > mostRead) return { ok: false, problem: `it has said more than ${mostRead} bytes` }
    const added = addTo(output, item, mostLines - lines)
    if (added === 'gap') return { ok: false, problem: 'not all of its output is there' }
    if (added === 'too-many')
      return {
        ok: false,
        problem: `it has printed more than ${mostLines} lines`,
      }
    lines += added
    if (output.bytes > mostOutput)
      return {
        ok: false,
        problem: `it has printed more than ${mostOutput} bytes`,
      }
  }
  return { ok: true, digest: output.sum() }
}

const sizeOf = ({ text, kinds, positions, times }: LogsItem): number =>
  Buffer.byteLength(text) + kinds.length + positions.length + times.length

/** Run by run, so that no line is ever kept. Returns how many lines and runs there were. */
function addTo(output: Tally, { text, kinds }: LogsItem, most: number): number | 'gap' | 'too-many' {
  let [start, lines] = [0, 0]
  for (const { kind, count } of runsIn(kinds)) {
    if (kind === '-') return 'gap'
    if ((lines += 1) > most) return 'too-many'
    const begun = start
    for (let i = 0; i < count && start < text.length; i += 1) {
      if ((lines += 1) > most) return 'too-many'
      const end = text.indexOf('\n', start)
      start = end < 0 ? text.length : end + 1
    }
    if (isError(kind) || start === begun) continue
    output.add(Buffer.from(text.slice(begun, start)))
    if (!text.endsWith('\n', start)) output.add(Buffer.from('\n'))
  }
  return lines
}
