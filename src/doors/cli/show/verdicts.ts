/** What the scheduler says of each node, for people. */
import type { OutputOf } from '../../../operations/registry.ts'
import type { Style } from './output.ts'
import type { Column } from './table.ts'

type Verdicts = Pick<OutputOf<'workload.why'>, 'nodes' | 'wouldFit'>

const columns: readonly Column<Verdicts['nodes'][number]>[] = [
  { head: 'Node', cell: ({ node }) => node },
  { head: 'Verdict', cell: ({ obstacle }) => obstacle ?? 'fits' },
  { head: 'Id', cell: ({ nodeId }) => nodeId, wide: true },
]

/** The nodes in a table, and below it what would fit. */
export const verdictLines = async ({ nodes, wouldFit }: Verdicts, style: Style): Promise<readonly string[]> => [
  ...(await style.table(nodes, columns)),
  ...(wouldFit === null ? [] : ['', `It would fit ${wouldFit}.`]),
]
