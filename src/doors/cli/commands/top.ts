import { formatMib } from '../../../lib/units.ts'
import { ClawError } from '../../../model/failure.ts'
import { listCommand } from '../show/list-command.ts'
import type { Column } from '../show/table.ts'
import type { Subject, Usage } from '../show/usage.ts'
import { subjects, usageOf } from '../show/usage.ts'
import { orDash, percent } from '../show/words.ts'

/** `12Gi/64Gi`. */
const share = (used: number | null, all: number | null): string => {
  if (used === null) return all === null ? '—' : `—/${formatMib(all)}`
  return all === null ? formatMib(used) : `${formatMib(used)}/${formatMib(all)}`
}

const name: Column<Usage> = { head: 'Name', cell: (row) => row.name }
const node: Column<Usage> = { head: 'Node', cell: (row) => orDash(row.node) }
const cpu: Column<Usage> = { head: 'CPU', cell: ({ cpuPercent }) => percent(cpuPercent) }
const memory: Column<Usage> = { head: 'Memory', cell: (row) => share(row.memoryUsedMib, row.memoryMib) }
const gpus: Column<Usage> = { head: 'GPUs', cell: (row) => row.gpus }
const gpuUse: readonly Column<Usage>[] = [
  { head: 'GPU use', cell: ({ gpuUtilization }) => percent(gpuUtilization) },
  { head: 'GPU memory', cell: (row) => share(row.gpuMemoryUsedMib, row.gpuMemoryMib) },
]
const heat: readonly Column<Usage>[] = [
  { head: 'Temperature', cell: ({ temperatureC }) => (temperatureC === null ? '—' : `${temperatureC} °C`) },
  { head: 'Power', cell: ({ powerW }) => (powerW === null ? '—' : `${powerW} W`) },
]
const state = (head: string): Column<Usage> => ({ head, cell: (row) => row.state })
const id: Column<Usage> = { head: 'Id', cell: (row) => row.id, wide: true }

const columns: Record<Subject, readonly Column<Usage>[]> = {
  nodes: [name, state('Status'), cpu, memory, gpus, ...gpuUse, ...heat, id],
  workloads: [name, node, state('State'), cpu, memory, gpus, ...gpuUse, id],
  gpus: [name, { ...gpus, head: 'Model' }, state('Held by'), ...gpuUse, ...heat, id],
}

function subjectOf(text: string): Subject {
  const subject = subjects.find((one) => one === text || one === `${text}s`)
  if (subject !== undefined) return subject
  throw new ClawError('INVALID_REQUEST', { problem: `there is no top of ${text}; take ${subjects.join(', ')}` })
}

export default listCommand({
  name: 'top',
  about: 'Show what nodes, workloads or GPUs use now.',
  details:
    'CPU is percent of all cores for a node and of one core for a workload. With --live it goes on, drawn in place.',
  positionals: { what: { about: 'nodes, workloads or gpus; nodes if left out', optional: true, completes: 'subject' } },
  options: {},
  examples: [
    'top',
    'top workloads --sort-by cpuPercent:desc',
    'top gpus --filter "gpuUtilization<10"',
    'top nodes -o json',
  ],
  columns: ({ what = 'nodes' }) => columns[subjectOf(what)],
  key: (row) => row.id,
  rows: async ({ what = 'nodes' }, { api, signal }) => usageOf(subjectOf(what), await api(), signal),
})
