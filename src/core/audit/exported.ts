/** An audit log as a file: for each node a line that says what is known of its log, then its entries, then a line that ends them. */
import { z } from 'zod'
import type { AuditEntry, NotedHead } from '../../model/audit.ts'
import type { NodeId } from '../../model/ids.ts'
import { nodeId } from '../../model/ids.ts'
import { readLine } from './entry.ts'
import type { Verdict } from './verify.ts'
import { Verifier } from './verify.ts'

export const exportFormat = 'clawbernetes-audit/1'
export const formats = ['jsonl', 'csv'] as const
export type ExportFormat = (typeof formats)[number]

const count = z.int().min(0)
const Head = z.strictObject({ seq: count, hash: z.string().max(64), at: z.number().min(0) })

const Opening = z.strictObject({
  format: z.literal(exportFormat),
  node: z.string().min(1).max(256).transform(nodeId),
  name: z.string().max(128),
  exportedAt: z.number().min(0),
  /** What the mesh knows of this log. */
  heads: z.array(Head).max(64),
  /** The entry before the first one here, where older ones are left out. */
  after: z.strictObject({ seq: count, hash: z.string().max(64) }).nullable(),
})
type Opening = z.infer<typeof Opening>

const Closing = z.strictObject({ end: z.string().max(256), entries: count, last: count })

export interface Exported {
  readonly node: NodeId
  readonly name: string
  readonly exportedAt: number
  readonly heads: readonly NotedHead[]
}

const columns = [
  ...['node', 'seq', 'at', 'actor', 'via', 'operation', 'verb', 'resource', 'namespace', 'object'],
  ...['decision', 'outcome', 'request', 'count', 'prev', 'hash'],
] as const
const numbers: ReadonlySet<string> = new Set(['seq', 'at', 'count'])
const nullable: ReadonlySet<string> = new Set(['via', 'namespace', 'object'])

/** Makes the lines of a file, one log after the other. */
export class Exporter {
  readonly #format: ExportFormat
  #isBegun = false
  #entries = 0
  #last = 0

  constructor(format: ExportFormat) {
    this.#format = format
  }

  /** `first` is the first line that will follow, where older ones are left out. */
  open(log: Exported, first: string | null): string {
    this.#entries = 0
    this.#last = 0
    const entry = first === null ? undefined : readLine(first)?.entry
    const after = entry === undefined || entry.seq === 1 ? null : { seq: entry.seq - 1, hash: entry.prev }
    const heads = log.heads.map(({ seq, hash, at }) => ({ seq, hash, at }))
    const head = this.#isBegun || this.#format === 'jsonl' ? '' : `${columns.join(',')}\n`
    this.#isBegun = true
    return head + this.#aside({ format: exportFormat, ...log, heads, after })
  }

  line(line: string): string {
    const link = readLine(line)
    this.#entries += 1
    if (link !== null) this.#last = link.entry.seq
    if (this.#format === 'jsonl') return `${line}\n`
    // What cannot be read is kept as it is: whoever checks the file must find it.
    if (link === null) return `${cell(line)}\n`
    return `${columns.map((column) => cell(textOf({ ...link.entry, hash: link.hash }, column))).join(',')}\n`
  }

  close({ node }: Pick<Exported, 'node'>): string {
    return this.#aside({ end: node, entries: this.#entries, last: this.#last })
  }

  #aside(value: object): string {
    return this.#format === 'jsonl' ? `${JSON.stringify(value)}\n` : `# ${JSON.stringify(value)}\n`
  }
}

const textOf = (record: AuditEntry & { readonly hash: string }, column: (typeof columns)[number]): string =>
  String(record[column] ?? '')

const cell = (text: string): string => (/[",\n\r#]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

export interface FileVerdict extends Verdict {
  readonly node: NodeId
  readonly name: string
}

/** Checks a file line by line. What it returns from `end` names what is not right, or is a sentence on why it is no such file. */
export class ExportChecker {
  readonly #verdicts: FileVerdict[] = []
  #open: { readonly opening: Opening; readonly verifier: Verifier } | null = null
  #problem: string | null = null
  #entries = 0

  line(text: string): void {
    if (this.#problem !== null || text === '' || text === columns.join(',')) return
    const aside = asideIn(text)
    const opening = Opening.safeParse(aside)
    if (opening.success) return this.#begin(opening.data)
    if (this.#open === null) {
      this.#problem = 'it does not begin as one'
      return
    }
    const closing = Closing.safeParse(aside)
    if (closing.success && closing.data.end === this.#open.opening.node) return this.#close(closing.data)
    this.#entries += 1
    this.#open.verifier.line(text.startsWith('{') ? text : (lineOfRow(text) ?? text))
  }

  end(): { readonly verdicts: readonly FileVerdict[] } | { readonly problem: string } {
    if (this.#open !== null) this.#close(null)
    if (this.#problem === null && this.#verdicts.length === 0) this.#problem = 'there is nothing in it'
    return this.#problem === null ? { verdicts: this.#verdicts } : { problem: this.#problem }
  }

  #begin(opening: Opening): void {
    if (this.#open !== null) this.#close(null)
    const { node, heads, after } = opening
    this.#entries = 0
    this.#open = { opening, verifier: new Verifier({ node, heads, after }) }
  }

  /** Without a line that ends it, the file is cut off. */
  #close(closing: z.infer<typeof Closing> | null): void {
    if (this.#open === null) return
    const { opening, verifier } = this.#open
    this.#open = null
    const verdict = verifier.end()
    const isWhole = closing !== null && closing.entries === this.#entries && closing.last === (verdict.last?.seq ?? 0)
    const seq = (verdict.last?.seq ?? 0) + 1
    const fault = isWhole
      ? verdict.fault
      : (verdict.fault ?? { seq, kind: 'truncated' as const, detail: 'the file does not end where it was to end' })
    this.#verdicts.push({ node: opening.node, name: opening.name, ...verdict, fault })
  }
}

function asideIn(text: string): unknown {
  try {
    return JSON.parse(text.startsWith('# ') ? text.slice(2) : text) as unknown
  } catch {
    return null
  }
}

/** The line of which a row of the table was made; null for what is no such row. */
function lineOfRow(row: string): string | null {
  const cells = cellsIn(row)
  if (cells.length !== columns.length) return null
  const fields = columns.map((column, i): [string, unknown] => {
    const text = cells[i] ?? ''
    if (numbers.has(column)) return [column, Number(text)]
    return [column, text === '' && nullable.has(column) ? null : text]
  })
  const sorted = fields.toSorted(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify(Object.fromEntries(sorted))
}

function cellsIn(row: string): readonly string[] {
  const cells: string[] = []
  for (let at = 0; at <= row.length;) {
    if (row[at] !== '"') {
      const end = row.indexOf(',', at)
      cells.push(row.slice(at, end < 0 ? row.length : end))
      at = end < 0 ? row.length + 1 : end + 1
      continue
    }
    let end = at + 1
    while (end < row.length && (row[end] !== '"' || row[end + 1] === '"')) end += row[end] === '"' ? 2 : 1
    cells.push(row.slice(at + 1, end).replaceAll('""', '"'))
    at = end + 2
  }
  return cells
}
