/** Rows as text: boxed for people at a terminal, plain columns for pipes. */

export interface Column<Row> {
  readonly head: string
  readonly cell: (row: Row) => string
  /** Shown with `-o wide` only. */
  readonly wide?: true
  /** Changes without anything having happened, such as an age: no news to whoever watches. */
  readonly volatile?: true
}

interface Shape {
  readonly hasHeads: boolean
  /** Of the terminal; null for as wide as it gets. */
  readonly width: number | null
}

type Table = <Row>(rows: readonly Row[], columns: readonly Column<Row>[], shape: Shape) => Promise<readonly string[]>

/** Without what would move the cursor or colour the terminal: names and messages come from other hosts. */
export const printable = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ')

export const cellsOf = <Row>(row: Row, columns: readonly Column<Row>[]): string[] =>
  columns.map(({ cell }) => printable(cell(row)))

export const boxed: Table = async (rows, columns, { hasHeads, width }) => {
  const { default: CliTable } = await import('cli-table3')
  const heads = hasHeads ? columns.map(({ head }) => head) : []
  const cells = rows.map((row) => cellsOf(row, columns))
  const fitted = width === null ? cells : fit(cells, heads, width - 3 * columns.length - 1)
  const table = new CliTable({ head: heads, style: { head: [], border: [], compact: true } })
  table.push(...fitted)
  return table.toString().split('\n')
}

export const plain: Table = (rows, columns, { hasHeads }) => {
  const heads = hasHeads ? [columns.map(({ head }) => head.toUpperCase())] : []
  const lines = [...heads, ...rows.map((row) => cellsOf(row, columns))]
  const widths = columns.map((_, index) => Math.max(0, ...lines.map((line) => line[index]?.length ?? 0)))
  return Promise.resolve(
    lines.map((line) =>
      line
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    ),
  )
}

/** A column keeps at least this much. */
const least = 8

/** Cuts the widest columns until all of them have room. */
function fit(rows: readonly string[][], heads: readonly string[], room: number): string[][] {
  const widths = (rows[0] ?? []).map((_, index) =>
    Math.max(heads[index]?.length ?? 0, ...rows.map((row) => row[index]?.length ?? 0)),
  )
  const floor = widths.map((_, index) => Math.max(least, heads[index]?.length ?? 0))
  const total = (): number => widths.reduce((sum, width) => sum + width, 0)
  while (total() > room) {
    const spare = widths.map((width, index) => width - (floor[index] ?? 0))
    const widest = spare.indexOf(Math.max(...spare))
    if ((spare[widest] ?? 0) <= 0) break
    widths[widest] = (widths[widest] ?? 0) - 1
  }
  return rows.map((row) => row.map((cell, index) => cut(cell, widths[index] ?? 0)))
}

const cut = (text: string, width: number): string => (text.length <= width ? text : `${text.slice(0, width - 1)}…`)
