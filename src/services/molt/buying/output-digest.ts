/** What a run has printed to standard output, by its digest. */
import type { Output } from '../../../core/molt/market/re-execution.ts'
import { linesOfChunk } from '../../../lib/log-chunk.ts'
import { sha256 } from '../../../lib/sha256.ts'
import type { LogsItem } from '../../../wire/molt-lease.ts'

/** More than that is not compared. */
export const mostOutput = 16 * 1_048_576

export type Digest =
  | { readonly ok: true; readonly digest: Pick<Output, 'sha256' | 'bytes'> }
  | { readonly ok: false; readonly problem: string }

/** Lines of standard error are the host's to say much in; they are not compared. Throws what reading throws. */
export async function digestOf(items: AsyncIterable<LogsItem>): Promise<Digest> {
  const parts: string[] = []
  let bytes = 0
  for await (const item of items) {
    if (item.note !== null) return { ok: false, problem: `not all of its output is there: ${item.note}` }
    for (const { stream, text, isAfterGap } of linesOfChunk(item)) {
      if (isAfterGap) return { ok: false, problem: 'not all of its output is there' }
      if (stream !== 'stdout') continue
      parts.push(text)
      bytes += Buffer.byteLength(text) + 1
    }
    if (bytes > mostOutput) return { ok: false, problem: `it has printed more than ${mostOutput} bytes` }
  }
  return { ok: true, digest: { sha256: sha256(parts.map((line) => `${line}\n`).join('')), bytes } }
}
