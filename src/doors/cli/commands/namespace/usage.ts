import type { OutputOf } from '../../../../operations/registry.ts'
import { command } from '../../line/command.ts'
import type { Column } from '../../show/table.ts'

type Usage = OutputOf<'namespace.usage'>
interface Row {
  readonly namespace: string
  readonly day: string | null
  readonly took: Omit<Usage['namespaces'][number]['days'][number], 'day'>
}

export default command({
  name: 'namespace usage',
  about: 'Show what namespaces took, and what it costs.',
  details:
    'Hours of GPUs, cores and memory as they were asked for, from the day of --since on; what runs is counted as far as it has run. Prices are set with `price set`.',
  positionals: { namespace: { about: 'Only this one', optional: true } },
  options: {
    since: {
      kind: 'text',
      value: 'TIME',
      about: 'From that day on: 30d, as when left out, or an ISO time; at most 92 days',
    },
    'by-day': { kind: 'flag', about: 'A row for each day' },
    csv: { kind: 'flag', about: 'As CSV, a row for each namespace, day and GPU model' },
  },
  examples: [
    'namespace usage',
    'namespace usage team-a --since 30d --by-day',
    'namespace usage --csv',
    'namespace usage --since 7d --json',
  ],

  async run({ namespace, since, 'by-day': isByDay, csv }, { api: connect, out, signal }) {
    const api = await connect()
    const usage = await api.call('namespace.usage', { namespace, since }, signal)
    if (csv) {
      await out.text(`${csvOf(usage).join('\n')}\n`)
      return undefined
    }
    await out.result(usage, async (all, style) => {
      const table = await style.table(rowsOf(all, isByDay), columnsOf(all, isByDay))
      const unpriced = [...new Set(all.namespaces.flatMap((one) => one.unpriced))]
      return [
        ...table,
        ...(all.currency === null
          ? ['', 'No prices are set: clawbernetes price set --gpu H100=2.50 --currency EUR']
          : []),
        ...(unpriced.length === 0
          ? []
          : ['', `No price is set for ${unpriced.join(', ')}: what they did is not in the cost`]),
      ]
    })
    return undefined
  },
})

const rowsOf = ({ namespaces }: Usage, isByDay: boolean): readonly Row[] =>
  namespaces.flatMap(({ namespace, days, ...took }): readonly Row[] =>
    isByDay ? days.map(({ day, ...one }) => ({ namespace, day, took: one })) : [{ namespace, day: null, took }],
  )

const columnsOf = ({ currency }: Usage, isByDay: boolean): readonly Column<Row>[] => [
  { head: 'Namespace', cell: ({ namespace }) => namespace },
  ...(isByDay ? [{ head: 'Day', cell: ({ day }: Row) => day ?? '' }] : []),
  { head: 'GPU-hours', cell: ({ took }) => took.gpuHoursTotal.toFixed(2) },
  { head: 'CPU-hours', cell: ({ took }) => took.cpuHours.toFixed(2) },
  { head: 'GiB-hours', cell: ({ took }) => took.memoryGibHours.toFixed(2) },
  ...(currency === null ? [] : [{ head: `Cost, ${currency}`, cell: ({ took }: Row) => (took.cost ?? 0).toFixed(2) }]),
  {
    head: 'Of',
    cell: ({ took }) =>
      Object.entries(took.gpuHours)
        .map(([model, hours]) => `${model} ${hours.toFixed(2)}`)
        .join(', '),
    wide: true,
  },
]

/** One row for each model, and one for what is of none; the cost stands where all of the day is told. */
function csvOf({ namespaces, currency }: Usage): readonly string[] {
  const rows = namespaces.flatMap(({ namespace, days }) =>
    days.flatMap(({ day, gpuHours, cpuHours, memoryGibHours, cost }) => [
      ...Object.entries(gpuHours).map(([model, hours]) => [namespace, day, model, hours, '', '', '', '']),
      [namespace, day, '', '', cpuHours, memoryGibHours, cost ?? '', currency ?? ''],
    ]),
  )
  const head = ['namespace', 'day', 'gpu_model', 'gpu_hours', 'cpu_hours', 'memory_gib_hours', 'cost', 'currency']
  return [head, ...rows].map((row) => row.map((cell) => field(String(cell))).join(','))
}

/** A spreadsheet takes what begins like a formula for one. */
const field = (text: string): string => {
  const plain = /^[=+\-@]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text
  return /[",\n\r]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain
}
