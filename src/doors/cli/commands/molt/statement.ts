import { statementPeriods } from '../../../../model/molt-lease.ts'
import type { OutputOf } from '../../../../operations/registry.ts'
import { command } from '../../line/command.ts'
import type { Column } from '../../show/table.ts'
import { orDash } from '../../show/words.ts'

type Line = OutputOf<'molt.statement'>['lines'][number]

/** Agreements by as much of their ids as other commands show. */
const shortened = (text: string): string => text.replace(/\b([0-9a-f]{12})[0-9a-f]{52}\b/g, '$1')

/** What comes back from an agreement has no purpose in the books of whoever paid in. */
const purposeOf = ({ kind, purpose, other }: Line): string =>
  purpose ?? (kind === 'refund' ? `not used of ${other.replace(/^agr-/, '')}` : orDash(purpose))

const columns: readonly Column<Line>[] = [
  { head: 'At', cell: ({ at }) => at },
  { head: 'Kind', cell: ({ kind }) => kind },
  { head: 'Change', cell: ({ change }) => change.inWords },
  { head: 'Balance', cell: ({ balance }) => balance.inWords },
  { head: 'Purpose', cell: (line) => shortened(purposeOf(line)) },
  { head: 'Other account', cell: ({ other }) => shortened(other) },
  { head: 'Line', cell: ({ line }) => line, wide: true },
]

const formats = ['csv', 'json'] as const

export default command({
  name: 'molt statement',
  about: 'List what has come and gone on the account of a node.',
  details:
    'With --export it is written to standard output as a file: csv for spreadsheets, in whole µMOLT, or json with every line and signature of the account ' +
    'from its first on, which `molt verify FILE` checks anywhere.',
  positionals: {},
  options: {
    period: {
      kind: 'text',
      value: 'PERIOD',
      choices: statementPeriods,
      about: 'The last days, the month so far, or all; 30d if left out',
    },
    export: { kind: 'text', value: 'FORMAT', choices: formats, about: 'Write a file to standard output' },
    node: { kind: 'text', value: 'NODE', about: 'Whose account; of the one you talk to if left out' },
  },
  examples: ['molt statement', 'molt statement --period all --export csv', 'molt statement --period all --export json'],

  async run({ period: asked, export: wanted, node }, { api: connect, out, signal }) {
    const period = statementPeriods.find((one) => one === asked)
    const format = formats.find((one) => one === wanted)
    const api = await connect()
    if (format === undefined) {
      await out.result(await api.call('molt.statement', { period, node }, signal), async ({ lines, left }, style) => [
        ...(await style.table(lines, columns)),
        ...(left === 0 ? [] : [`${left} older ones are left out: --export has all`]),
      ])
      return undefined
    }
    for await (const { text } of api.stream('molt.export', { period, format, node }, signal)) await out.text(text)
    return undefined
  },
})
