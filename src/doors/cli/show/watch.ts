/** `--watch`: the list, then a line for each row that is new, has changed, or is gone. */
import type { Session } from '../line/command.ts'
import { interrupted } from '../exit-code.ts'
import type { Looked } from './looks.ts'
import { looks } from './looks.ts'
import { cellsOf } from './table.ts'

/** Ends on Ctrl-C, with its exit code. */
export async function watch<Row>({ look, columns, key }: Looked<Row>, session: Session): Promise<number> {
  const { out } = session
  const steady = columns.filter(({ volatile }) => volatile !== true)
  let widths: readonly number[] = []
  let known: ReadonlyMap<string, { readonly row: Row; readonly shape: string }> | null = null
  for await (const rows of looks(look, session)) {
    const seen = new Map(rows.map((row) => [key(row), { row, shape: cellsOf(row, steady).join('\t') }]))
    const before = known
    known = seen
    const changed = rows.filter((row) => before?.get(key(row))?.shape !== seen.get(key(row))?.shape)
    if (before === null) widths = await begun(rows, { columns, session })
    else for (const row of changed) await out.item(row, lineOf(row, { columns, widths, isWide: out.format === 'wide' }))
    for (const [name, { row }] of before ?? [])
      if (!seen.has(name)) await out.item({ ...row, deleted: true }, `${name} is gone\n`)
  }
  return interrupted
}

interface Around<Row> {
  readonly columns: Looked<Row>['columns']
  readonly session: Session
}

/** Shows the first look, and tells how wide its columns are. */
async function begun<Row>(
  rows: readonly Row[],
  { columns, session: { out } }: Around<Row>,
): Promise<readonly number[]> {
  if (out.isForMachines) for (const row of rows) await out.item(row, '')
  else await out.result(rows, (found, style) => style.table(found, columns))
  return columns.map((column) =>
    Math.max(column.head.length, ...rows.map((row) => cellsOf(row, [column])[0]?.length ?? 0)),
  )
}

interface Line<Row> {
  readonly columns: Looked<Row>['columns']
  readonly widths: readonly number[]
  readonly isWide: boolean
}

function lineOf<Row>(row: Row, { columns, widths, isWide }: Line<Row>): string {
  const cells = cellsOf(row, columns).map((cell, index) => cell.padEnd(widths[index] ?? 0))
  const shown = cells.filter((_, index) => isWide || columns[index]?.wide !== true)
  return `${shown.join('  ').trimEnd()}\n`
}
