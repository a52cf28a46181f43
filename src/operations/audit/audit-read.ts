/** The audit log of one node, from its disk. What is asked of the whole mesh is put together from these. */
import { z } from 'zod'
import { AuditFilter, isWanted } from '../../core/audit/filter.ts'
import { readLine } from '../../core/audit/entry.ts'
import { nodeId } from '../../model/ids.ts'
import type { AuditReader } from '../../ports/audit.ts'
import type { OperationContext } from '../context.ts'
import { stream } from '../operation.ts'

/** Most characters of lines in one item. */
const itemChars = 256 * 1_024

/** What auditors and administrators may read, and nobody else. */
export const auditing = { verb: 'read', resource: 'audit' } as const

export const auditRead = stream({
  name: 'audit.read',
  about: 'Read lines of the audit log of one node as they stand on its disk.',
  input: z.strictObject({
    node: z.string().max(128),
    from: z.int().min(1).default(1).describe('From the entry with this number on'),
    filter: AuditFilter.optional().describe('Only good entries for which this holds; all lines when left out'),
    follow: z.boolean().default(false).describe('Go on as entries are added'),
  }),
  output: z.object({ lines: z.string().describe('Whole lines, each with its newline') }),
  permission: auditing,
  where: ({ node }) => nodeId(node),
  async *handler({ from, filter, follow }, { audit }, { signal }) {
    const growth = new Growth(audit, signal)
    const reader = audit.read(from)
    try {
      for (;;) {
        yield* linesOf(reader, { from, filter })
        if (!follow || signal.aborted) return
        await growth.wait()
      }
    } finally {
      growth.close()
      await reader.close()
    }
  },
})

interface Wanted {
  readonly from: number
  readonly filter: AuditFilter | undefined
}

async function* linesOf(reader: AuditReader, { from, filter }: Wanted): AsyncGenerator<{ lines: string }> {
  for (let block = await reader.next(); block !== null; block = await reader.next()) {
    const lines = filter === undefined ? block : chosen(block, { from, filter })
    for (const part of parts(lines)) yield { lines: part }
  }
}

const chosen = (block: string, { from, filter }: Wanted): string =>
  block
    .split('\n')
    .filter((line) => {
      const entry = readLine(line)?.entry
      return entry !== undefined && entry.seq >= from && isWanted(entry, filter ?? {})
    })
    .map((line) => `${line}\n`)
    .join('')

/** Cut between lines where that is possible. */
function* parts(text: string): Generator<string> {
  for (let at = 0; at < text.length;) {
    const most = Math.min(text.length, at + itemChars)
    const end = most === text.length ? most : Math.max(text.lastIndexOf('\n', most - 1) + 1, at)
    const next = end === at ? most : end
    yield text.slice(at, next)
    at = next
  }
}

/** What was added while nobody looked rings at once. */
class Growth {
  #rung = false
  #wake: () => void = () => {}
  readonly #unsubscribe: () => void
  readonly #signal: AbortSignal
  readonly #onAbort = (): void => this.#wake()

  constructor(audit: OperationContext['audit'], signal: AbortSignal) {
    this.#signal = signal
    this.#unsubscribe = audit.onGrowth(() => {
      this.#rung = true
      this.#wake()
    })
    signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  async wait(): Promise<void> {
    if (!this.#rung && !this.#signal.aborted) await new Promise<void>((resolve) => (this.#wake = resolve))
    this.#rung = false
    this.#wake = () => {}
  }

  close(): void {
    this.#unsubscribe()
    this.#signal.removeEventListener('abort', this.#onAbort)
  }
}
