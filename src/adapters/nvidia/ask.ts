/** Asking nvidia-smi, whatever fields this driver's has. */
import type { ToolResult } from '../../ports/tool.ts'
import { parseRows, unknownField, type Column, type Row } from './query.ts'

/** Runs nvidia-smi with these arguments. */
export type Smi = (...args: readonly string[]) => Promise<ToolResult & { readonly problem: string | null }>

export const csv = '--format=csv,noheader,nounits'

export interface Answer {
  readonly rows: readonly Row[]
  readonly problem: string | null
  /** The tool answered, with an error. */
  readonly isRefusal: boolean
}

/**
 * Asks for the columns under the names that this driver knows, and leaves out those that it does not have. `refused` collects
 * those for the next time.
 */
export async function query(
  smi: Smi,
  columns: readonly Column[],
  refused: Set<string>,
  ...filter: readonly string[]
): Promise<Answer> {
  for (;;) {
    const asked = columns.filter((names) => names.some((name) => !refused.has(name)))
    const fields = asked.map((names) => names.find((name) => !refused.has(name)) ?? names[0])
    const result = await smi(`--query-gpu=${fields.join(',')}`, csv, ...filter)
    const unknown = result.code === 0 ? null : unknownField(result.stdout + result.stderr)
    if (unknown === null || !fields.includes(unknown))
      return { rows: parseRows(result.stdout, asked), problem: result.problem, isRefusal: (result.code ?? 0) !== 0 }
    refused.add(unknown)
  }
}
