/** Rows as text: boxed for people at a terminal, plain columns for pipes. */

export interface Column<Row> {
  readonly head: string
  readonly cell: (row: Row) => string
  /** Shown with `-o wide` only. */
  readonly wide?: true
}

type Table = <Row>(rows: readonly Row[], columns: readonly Column<Row>[]) => Promise<readonly string[]>

/** Without what would move the cursor or colour the terminal: names and messages come from other hosts. */
export const printable = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ')

const cells = <Row>(row: Row, columns: readonly Column<Row>[]): string[] =>
  columns.map(({ cell }) => printable(cell(row)))

export const boxed: Table = async (rows, columns) => {
  const { default: CliTable } = await import('cli-table3')
  const table = new CliTable({ head: columns.map(({ head }) => head), style: { head: [], border: [], compact: true } })
  table.push(...rows.map((row) => cells(row, columns)))
  return table.toString().split('\n')
}

export const plain: Table = (rows, columns) => {
  const lines = [columns.map(({ head }) => head.toUpperCase()), ...rows.map((row) => cells(row, columns))]
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)))
  return Promise.resolve(
    lines.map((line) =>
      line
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    ),
  )
}
